//! What the entries of a month come to, up to a moment of it: kept, so that nobody has to read those again.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::{
    account::{Account, Side},
    entry::Entry,
    period::Period,
    turnover::{self, Turnovers},
};
use crate::{
    runtime::App,
    store::{self, StoreError, Write, keys},
    tenant::Tenant,
};

const KIND: &str = "ledger_balance";

/// What is kept of a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// Which month.
    pub(super) period: Period,
    /// All of its entries that stand before this moment are in `sums`, and none that stands after it. None are, where it
    /// is absent. It only ever gets later, and never later than the month's end.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "as_in_keys")]
    pub(super) until: Option<Timestamp>,
    /// Counts what was done to it.
    #[serde(default)]
    version: u64,
    /// What accounts got, by `EUR/sales/credit`.
    #[serde(flatten)]
    amounts: BTreeMap<String, serde_json::Value>,
}

impl Checkpoint {
    /// What is kept of `period`, if anything is.
    pub(super) async fn get(app: &App, tenant: Tenant, period: &Period) -> Result<Option<Self>, StoreError> {
        store::get(app, "ledger balance", &keys::ledger_balance(tenant, period.as_str())).await
    }

    /// Whether an entry that stands here belongs into it.
    pub(super) fn covers(&self, place: &str) -> bool {
        self.until.is_some_and(|until| *place < *keys::ledger_time(until))
    }

    /// What accounts got.
    pub(super) fn sums(&self) -> Result<Turnovers, StoreError> {
        let unreadable = |reason: String| StoreError::Unreadable { kind: "ledger balance", reason };
        let mut sums = Turnovers::new();
        for (name, amount) in &self.amounts {
            // The others are the item's own.
            let Some((currency, account, side)) = parts(name) else { continue };
            let currency = currency.parse().map_err(unreadable)?;
            let account: Account =
                account.parse().map_err(|_| unreadable("an account is not known".to_owned()))?;
            let side = [Side::Debit, Side::Credit].into_iter().find(|one| one.as_str() == side);
            let side = side.ok_or_else(|| unreadable("an account has no such side".to_owned()))?;
            let amount = amount.as_i64().ok_or_else(|| unreadable("an amount is too large".to_owned()))?;
            turnover::add(&mut sums, currency, account, side, amount)
                .map_err(|error| unreadable(error.to_string()))?;
        }
        Ok(sums)
    }
}

/// So that conditions can compare it with places.
fn as_in_keys<S: Serializer>(until: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    until.map(keys::ledger_time).serialize(serializer)
}

fn parts(name: &str) -> Option<(&str, &str, &str)> {
    let (currency, rest) = name.split_once('/')?;
    let (account, side) = rest.split_once('/')?;
    Some((currency, account, side))
}

fn attribute(currency: &str, account: Account, side: Side) -> String {
    format!("{currency}/{account}/{}", side.as_str())
}

/// Puts what a month comes to up to `until` in place of what was kept, if that is still what was read: nobody moved it
/// on, and nothing was booked late.
pub(super) fn moved(
    tenant: Tenant,
    period: &Period,
    read: Option<&Checkpoint>,
    until: Timestamp,
    sums: &Turnovers,
) -> Result<Write, StoreError> {
    let version = read.map_or(0, |read| read.version);
    let next = Checkpoint {
        period: period.clone(),
        until: Some(until),
        version: version + 1,
        amounts: BTreeMap::new(),
    };
    let mut write = Write::put(KIND, keys::ledger_balance(tenant, period.as_str()), &next)?;
    for ((currency, account), turnover) in sums {
        for (side, amount) in [(Side::Debit, turnover.debit), (Side::Credit, turnover.credit)] {
            if amount != 0 {
                let name = attribute(currency.code(), *account, side);
                write = write.with(&name, AttributeValue::N(amount.to_string()));
            }
        }
    }
    Ok(match read {
        None => write.when("attribute_not_exists(pk)"),
        Some(read) => write
            .when("#version = :version")
            .name("#version", "version")
            .value(":version", AttributeValue::N(read.version.to_string())),
    })
}

/// What has to happen together with the booking of a late `entry` that stands at `place`, by what was read of its month:
/// where that covers it, its lines are added; where not, whoever is summing entries at this moment, and may not have met
/// this one, is kept from writing that down. Refused where the checkpoint has passed the place since it was read.
pub(super) fn told_of(
    tenant: Tenant,
    period: &Period,
    read: Option<&Checkpoint>,
    place: &str,
    entry: &Entry,
) -> Write {
    let covered = read.is_some_and(|read| read.covers(place));
    let lines: Vec<_> = if covered { entry.lines.iter().collect() } else { Vec::new() };
    let sums: String = (0..lines.len()).map(|line| format!(", #a{line} :a{line}")).collect();
    let update = format!("SET #kind = :kind, #period = :period ADD #version :one{sums}");
    let condition =
        if covered { "#until > :place" } else { "attribute_not_exists(#until) OR #until <= :place" };
    let write = Write::update(keys::ledger_balance(tenant, period.as_str()), update)
        .when(condition)
        .name("#kind", "kind")
        .name("#period", "period")
        .name("#version", "version")
        .name("#until", "until")
        .text(":kind", KIND)
        .text(":period", period.as_str())
        .text(":place", place)
        .number(":one", 1);
    lines.into_iter().enumerate().fold(write, |write, (place, line)| {
        let name = attribute(line.amount.currency().code(), line.account, line.side);
        write.name(format!("#a{place}"), name).number(format!(":a{place}"), line.amount.amount())
    })
}
