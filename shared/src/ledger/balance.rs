//! What accounts come to, without reading entries.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    account::{Account, Side},
    posting::{self, SHARDS},
};
use crate::{
    http::{Call, Code, Problem},
    money::{Currency, MoneyError},
    runtime::App,
    store::{Query, StoreError, keys},
    tenant::Tenant,
};

/// Items of balances that are read at once.
const AT_ONCE: usize = 500;

crate::text_type! {
    /// A month, in UTC.
    Period, example "2026-03", length 7..=7, pattern "^[0-9]{4}-(0[1-9]|1[0-2])$", check |text| {
        let (year, month) = (text.get(..4).unwrap_or_default(), text.get(5..).unwrap_or_default());
        let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        let month: u8 = month.parse().ok().filter(|_| digits(month)).unwrap_or(0);
        if digits(year) && text.get(4..5) == Some("-") && (1..=12).contains(&month) {
            Ok(())
        } else {
            Err("must be a month such as 2026-03".to_owned())
        }
    }
}

impl Period {
    /// The month of a time.
    pub fn of(at: Timestamp) -> Option<Self> {
        format!("{:.7}", at.to_string()).parse().ok()
    }
}

/// Which months.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Periods {
    /// Only from this month on.
    #[param(value_type = Option<String>, example = "2026-03")]
    pub from: Option<Period>,
    /// Only up to this month, which counts.
    #[param(value_type = Option<String>, example = "2026-03")]
    pub to: Option<Period>,
}

impl Periods {
    /// One month.
    pub fn only(period: Period) -> Self {
        Self { from: Some(period.clone()), to: Some(period) }
    }

    fn query(&self, tenant: Tenant) -> Query {
        let query = Query::partition(keys::ledger_balances(tenant)).strongly();
        let query = match &self.from {
            Some(from) => query.at_least(format!("{from}/")),
            None => query,
        };
        match &self.to {
            // Comes after every currency and shard of the month.
            Some(to) => query.at_most(format!("{to}/~")),
            None => query,
        }
    }
}

/// What an account got on its two sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turnover {
    /// On the left one, in minor units.
    pub debit: i64,
    /// On the right one, in minor units.
    pub credit: i64,
}

impl Turnover {
    /// Its balance on `side`; below zero where the other side has more.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn on(self, side: Side) -> Result<i64, MoneyError> {
        let (this, other) = match side {
            Side::Debit => (self.debit, self.credit),
            Side::Credit => (self.credit, self.debit),
        };
        this.checked_sub(other).ok_or(MoneyError::Overflow)
    }
}

/// What all accounts got, by currency.
pub type Turnovers = BTreeMap<(Currency, Account), Turnover>;

#[derive(Deserialize)]
struct Shard {
    period: Period,
    currency: Currency,
    #[serde(flatten)]
    amounts: BTreeMap<String, serde_json::Value>,
}

async fn shards(app: &App, tenant: Tenant, periods: &Periods) -> Result<Vec<Shard>, StoreError> {
    let (query, mut from, mut shards) = (periods.query(tenant), None, Vec::new());
    loop {
        let page = query.page::<Shard>(app, "ledger balance", AT_ONCE, from.as_deref()).await?;
        shards.extend(page.items);
        from = page.next;
        if from.is_none() {
            return Ok(shards);
        }
    }
}

fn sum<'s>(shards: impl IntoIterator<Item = &'s Shard>) -> Result<Turnovers, StoreError> {
    let mut sums = Turnovers::new();
    for shard in shards {
        add(&mut sums, shard)
            .map_err(|error| StoreError::Unreadable { kind: "ledger balance", reason: error.to_string() })?;
    }
    Ok(sums)
}

/// What accounts got in `periods`, read strongly.
///
/// # Errors
/// [`StoreError`].
pub async fn turnovers(app: &App, tenant: Tenant, periods: &Periods) -> Result<Turnovers, StoreError> {
    sum(&shards(app, tenant, periods).await?)
}

fn add(sums: &mut Turnovers, shard: &Shard) -> Result<(), MoneyError> {
    for account in Account::ALL {
        let amount =
            |side: Side| match shard.amounts.get(&posting::attribute(account.as_str(), side.as_str())) {
                None => Ok(0),
                Some(value) => value.as_i64().ok_or(MoneyError::Overflow),
            };
        let (debit, credit) = (amount(Side::Debit)?, amount(Side::Credit)?);
        if debit == 0 && credit == 0 {
            continue;
        }
        let sum = sums.entry((shard.currency, *account)).or_default();
        sum.debit = sum.debit.checked_add(debit).ok_or(MoneyError::Overflow)?;
        sum.credit = sum.credit.checked_add(credit).ok_or(MoneyError::Overflow)?;
    }
    Ok(())
}

/// An account and what it comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AccountBalance {
    /// Which.
    pub account: Account,
    /// The side on which it grows.
    pub normal_side: Side,
    /// In which currency.
    pub currency: Currency,
    /// All that was booked on its left side, in minor units.
    pub debit: i64,
    /// All that was booked on its right side, in minor units.
    pub credit: i64,
    /// What it comes to on the side on which it grows; below zero where the other side has more.
    pub balance: i64,
}

/// The accounts of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Accounts {
    /// Each account that anything was booked on, by currency.
    pub data: Vec<AccountBalance>,
}

/// What the accounts come to, in the months that the query says.
///
/// # Errors
/// [`Problem`] where the months are none, or storage fails.
pub async fn accounts<B>(app: &App, call: &Call<B, Periods>) -> Result<Accounts, Problem> {
    let mut data = Vec::new();
    for ((currency, account), sum) in turnovers(app, call.tenant()?, of_query(&call.query)?).await? {
        data.push(AccountBalance {
            account,
            normal_side: account.side(),
            currency,
            debit: sum.debit,
            credit: sum.credit,
            balance: sum.on(account.side())?,
        });
    }
    Ok(Accounts { data })
}

fn of_query(periods: &Periods) -> Result<&Periods, Problem> {
    match (&periods.from, &periods.to) {
        (Some(from), Some(to)) if from > to => {
            Err(Problem::new(Code::InvalidQuery, "This month is before the first one.").at("to"))
        }
        _ => Ok(periods),
    }
}

/// An account's balance, on the side that has more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrialLine {
    /// Which account.
    pub account: Account,
    /// In which currency.
    pub currency: Currency,
    /// The balance, where the left side has more, in minor units; else 0.
    pub debit: i64,
    /// The balance, where the right side has more, in minor units; else 0.
    pub credit: i64,
}

/// What the balances of a currency come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrialTotal {
    /// Which currency.
    pub currency: Currency,
    /// Of the left sides.
    pub debit: i64,
    /// Of the right sides: the same.
    pub credit: i64,
}

/// A trial balance: every account's balance, and the proof that both sides are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrialBalance {
    /// Each account that anything was booked on, by currency.
    pub data: Vec<TrialLine>,
    /// Each currency.
    pub totals: Vec<TrialTotal>,
}

impl TrialBalance {
    /// Of what was booked.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn of(turnovers: &Turnovers) -> Result<Self, MoneyError> {
        let mut trial = Self::default();
        for ((currency, account), sum) in turnovers {
            let balance = sum.on(Side::Debit)?;
            let credit = balance.checked_neg().ok_or(MoneyError::Overflow)?.max(0);
            let (currency, account, debit) = (*currency, *account, balance.max(0));
            trial.data.push(TrialLine { account, currency, debit, credit });
            // By currency: the map is in this order.
            if trial.totals.last().is_none_or(|last| last.currency != currency) {
                trial.totals.push(TrialTotal { currency, debit: 0, credit: 0 });
            }
            if let Some(total) = trial.totals.last_mut() {
                total.debit = total.debit.checked_add(debit).ok_or(MoneyError::Overflow)?;
                total.credit = total.credit.checked_add(credit).ok_or(MoneyError::Overflow)?;
            }
        }
        Ok(trial)
    }
}

/// The trial balance of the months that the query says.
///
/// # Errors
/// [`Problem`] where the months are none, or storage fails.
pub async fn trial_balance<B>(app: &App, call: &Call<B, Periods>) -> Result<TrialBalance, Problem> {
    let sums = turnovers(app, call.tenant()?, of_query(&call.query)?).await?;
    Ok(TrialBalance::of(&sums)?)
}

/// What `account` got before `period`, and in it.
///
/// # Errors
/// [`StoreError`].
pub async fn opening(
    app: &App,
    tenant: Tenant,
    account: Account,
    currency: Currency,
    period: &Period,
) -> Result<(Turnover, Turnover), StoreError> {
    let until = Periods { from: None, to: Some(period.clone()) };
    let shards = shards(app, tenant, &until).await?;
    let (before, within): (Vec<_>, Vec<_>) = shards.iter().partition(|shard| shard.period < *period);
    let of = |sums: &Turnovers| sums.get(&(currency, account)).copied().unwrap_or_default();
    Ok((of(&sum(before)?), of(&sum(within)?)))
}

const _: () = assert!(SHARDS < 10, "the place of a shard has one digit");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_month() {
        for right in ["2026-01", "2026-12"] {
            assert!(right.parse::<Period>().is_ok(), "{right}");
        }
        for wrong in ["2026-00", "2026-13", "2026-1", "2026/01", "20 6-01", "2026-+1", "２026-1"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_balance_is_on_the_side_that_has_more() {
        let eur: Currency = "EUR".parse().unwrap();
        let sums = Turnovers::from([
            ((eur, Account::ProviderClearing), Turnover { debit: 1000, credit: 400 }),
            ((eur, Account::Sales), Turnover { debit: 0, credit: 600 }),
        ]);
        let trial = TrialBalance::of(&sums).unwrap();
        let shown: Vec<_> = trial.data.iter().map(|line| (line.debit, line.credit)).collect();
        assert_eq!(shown, [(600, 0), (0, 600)]);
        assert_eq!(trial.totals, [TrialTotal { currency: eur, debit: 600, credit: 600 }]);
    }
}
