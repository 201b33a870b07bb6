//! What accounts got on their two sides.

use std::collections::BTreeMap;

use super::{
    account::{Account, Side},
    entry::Entry,
};
use crate::money::{Currency, MoneyError};

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

/// Adds `amount` to what an account got on a side.
pub(super) fn add(
    sums: &mut Turnovers,
    currency: Currency,
    account: Account,
    side: Side,
    amount: i64,
) -> Result<(), MoneyError> {
    let sum = sums.entry((currency, account)).or_default();
    let sum = match side {
        Side::Debit => &mut sum.debit,
        Side::Credit => &mut sum.credit,
    };
    *sum = sum.checked_add(amount).ok_or(MoneyError::Overflow)?;
    Ok(())
}

/// Adds all lines of an entry.
pub(super) fn add_entry(sums: &mut Turnovers, entry: &Entry) -> Result<(), MoneyError> {
    entry
        .lines
        .iter()
        .try_for_each(|line| add(sums, line.amount.currency(), line.account, line.side, line.amount.amount()))
}

/// Adds all of `more`.
pub(super) fn add_all(sums: &mut Turnovers, more: &Turnovers) -> Result<(), MoneyError> {
    more.iter().try_for_each(|((currency, account), turnover)| {
        add(sums, *currency, *account, Side::Debit, turnover.debit)?;
        add(sums, *currency, *account, Side::Credit, turnover.credit)
    })
}
