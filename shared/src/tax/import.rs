//! Tables that a store may start from. What is imported is the store's own afterwards; nothing changes it later.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{NewTaxRate, Payer, TaxRate, storage};
use crate::{
    http::{Call, CommitError, Problem, Reply},
    id::TaxRateId,
    runtime::App,
};

/// A table that a store may start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StarterTable {
    /// The standard rates of the member states of the European Union.
    EuStandard,
    /// The sales taxes of the states of the US, without those of counties and cities.
    UsStates,
}

/// Which table to import.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportTaxRates {
    /// Which.
    pub table: StarterTable,
}

/// What was imported.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportedTaxRates {
    /// Which table.
    pub table: StarterTable,
    /// The day whose rates it has.
    pub as_of: String,
    /// The rows that were added.
    pub data: Vec<TaxRate>,
    /// How many rows were left out, because the store has one for their place already.
    pub skipped: usize,
}

#[derive(Deserialize)]
struct Table {
    as_of: String,
    rates: Vec<NewTaxRate>,
}

impl StarterTable {
    const fn text(self) -> &'static str {
        match self {
            Self::EuStandard => include_str!("tables/eu-standard.json"),
            Self::UsStates => include_str!("tables/us-states.json"),
        }
    }

    fn read(self) -> Result<Table, serde_json::Error> {
        serde_json::from_str(self.text())
    }
}

/// Adds the rows of a table for whose place the store has none yet. Twice at once adds them once: the rows' ids are derived
/// from their places.
///
/// # Errors
/// 409 where there would be too many, or somebody else is importing.
pub async fn import(app: &App, call: &Call<ImportTaxRates>) -> Result<Reply<ImportedTaxRates>, Problem> {
    let (tenant, now) = (call.tenant()?, app.now());
    let Table { as_of, rates } = call.body.table.read().map_err(Problem::internal)?;
    let known = storage::all(app, tenant).await?;
    let mut data = Vec::new();
    let all = rates.len();
    for new in rates {
        let place = serde_json::to_vec(&new.place).map_err(Problem::internal)?;
        let id = TaxRateId::derived(Timestamp::UNIX_EPOCH, &[tenant.to_string().as_bytes(), &place]);
        if !known.iter().any(|row| row.id == id || row.stands_for(&new, now)) {
            data.push(TaxRate::new(id, new, now)?);
        }
    }
    let skipped = all - data.len();
    let mut writes = Vec::with_capacity(data.len() + 1);
    for rate in &data {
        writes.push(storage::addition(tenant, rate)?);
    }
    let counted = writes.len();
    if counted > 0 {
        writes.push(storage::BOUNDED.more(tenant, u32::try_from(counted).unwrap_or(u32::MAX)));
    }
    let reply = Reply::ok(ImportedTaxRates { table: call.body.table, as_of, data, skipped });
    let too_many = |error: CommitError| {
        if error.refused(counted) { storage::BOUNDED.exceeded() } else { error.into() }
    };
    call.commit(app, writes, reply).await.map_err(too_many)
}

impl TaxRate {
    /// Whether it says already, for longer than now, what everybody pays where `new` does.
    fn stands_for(&self, new: &NewTaxRate, now: Timestamp) -> bool {
        let same = self.place == new.place && self.layer == new.layer && self.category == new.category;
        same && self.payer == Payer::Any && self.until.is_none_or(|until| until > now)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::tax::vat;

    #[test]
    fn every_table_can_be_read() {
        for (table, rows) in [(StarterTable::EuStandard, 27), (StarterTable::UsStates, 51)] {
            let read = table.read().unwrap();
            let places: BTreeSet<_> = read.rates.iter().map(|rate| rate.place.clone()).collect();
            assert_eq!((read.rates.len(), places.len()), (rows, rows), "{table:?}");
        }
        for rate in StarterTable::EuStandard.read().unwrap().rates {
            // The bounds of Article 97 of Directive 2006/112/EC, and what no member state is above.
            assert!((150_000..=270_000).contains(&rate.rate.parts()), "{}", rate.name);
            assert!(vat::member_of(&rate.place.country, "").is_some(), "{}", rate.name);
        }
        for rate in StarterTable::UsStates.read().unwrap().rates {
            assert!(rate.place.region.is_some_and(|region| region.as_str().len() == 2), "{}", rate.name);
        }
    }
}
