//! What accounts come to, for whoever reads it.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    account::{Account, Side},
    carry,
    period::{Period, Periods},
    turnover::{self, Turnover, Turnovers},
};
use crate::{
    http::{Call, Code, Problem},
    money::{Currency, MoneyError},
    runtime::App,
    store::StoreError,
    tenant::Tenant,
};

/// What accounts got in `periods`, read strongly.
///
/// # Errors
/// [`StoreError`].
pub async fn turnovers(app: &App, tenant: Tenant, periods: &Periods) -> Result<Turnovers, StoreError> {
    total(carry::by_period(app, tenant, periods).await?.values())
}

fn total<'s>(months: impl IntoIterator<Item = &'s Turnovers>) -> Result<Turnovers, StoreError> {
    let mut sums = Turnovers::new();
    for month in months {
        turnover::add_all(&mut sums, month)
            .map_err(|error| StoreError::Unreadable { kind: "ledger balance", reason: error.to_string() })?;
    }
    Ok(sums)
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
    let months = carry::by_period(app, tenant, &Periods::until(period.clone())).await?;
    let of = |sums: &Turnovers| sums.get(&(currency, account)).copied().unwrap_or_default();
    let before = total(months.iter().filter(|(month, _)| *month < period).map(|(_, sums)| sums))?;
    Ok((of(&before), months.get(period).map(of).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
