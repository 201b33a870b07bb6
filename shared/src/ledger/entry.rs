//! An entry of a ledger: lines whose two sides are equal. One that isn't can't be made.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account::{Account, Side};
use crate::{
    id::{EventId, LedgerEntryId, OrderId},
    money::{Currency, Money, MoneyError},
};

/// A line of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LedgerLine)]
pub struct Line {
    /// Which account.
    pub account: Account,
    /// On which side of it.
    pub side: Side,
    /// How much; above zero.
    pub amount: Money,
}

/// Why lines are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unbalanced {
    /// The amounts can't be reckoned together.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The two sides differ.
    #[error("the debits come to {debit} and the credits to {credit}")]
    Differ {
        /// What the left side comes to.
        debit: Money,
        /// What the right side comes to.
        credit: Money,
    },
    /// A line of an entry that was read is of nothing, or of less.
    #[error("an amount is not above zero")]
    NotAbove,
    /// There are no lines.
    #[error("there are no lines")]
    Empty,
}

/// Lines in one currency whose debits equal their credits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Vec<Line>", into = "Vec<Line>")]
#[schema(value_type = Vec<Line>)]
pub struct Lines(Vec<Line>);

impl Lines {
    /// What all lines of a side come to.
    fn of_side(lines: &[Line], side: Side, currency: Currency) -> Result<Money, MoneyError> {
        Money::sum(lines.iter().filter(|line| line.side == side).map(|line| line.amount), currency)
    }

    /// Their currency.
    pub fn currency(&self) -> Currency {
        self.0[0].amount.currency()
    }

    /// The accounts that they are of.
    pub fn accounts(&self) -> BTreeSet<Account> {
        self.0.iter().map(|line| line.account).collect()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Line> {
        self.0.iter()
    }

    /// What `account` gets on `side`.
    pub fn amount(&self, account: Account, side: Side) -> i64 {
        let of = |line: &&Line| line.account == account && line.side == side;
        self.0.iter().find(of).map_or(0, |line| line.amount.amount())
    }
}

impl TryFrom<Vec<Line>> for Lines {
    type Error = Unbalanced;

    fn try_from(lines: Vec<Line>) -> Result<Self, Unbalanced> {
        let currency = lines.first().ok_or(Unbalanced::Empty)?.amount.currency();
        if lines.iter().any(|line| line.amount.amount() <= 0) {
            return Err(Unbalanced::NotAbove);
        }
        let debit = Self::of_side(&lines, Side::Debit, currency)?;
        let credit = Self::of_side(&lines, Side::Credit, currency)?;
        if debit == credit { Ok(Self(lines)) } else { Err(Unbalanced::Differ { debit, credit }) }
    }
}

impl From<Lines> for Vec<Line> {
    fn from(lines: Lines) -> Self {
        lines.0
    }
}

/// Lines that are being put together: one for each account and side.
#[derive(Clone, Debug, Default)]
pub struct Draft(Vec<Line>);

impl Draft {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `amount` to the left side of `account`; what is below zero goes to the right side.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn debit(self, account: Account, amount: Money) -> Result<Self, MoneyError> {
        self.add(account, Side::Debit, amount)
    }

    /// Adds `amount` to the right side of `account`; what is below zero goes to the left side.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn credit(self, account: Account, amount: Money) -> Result<Self, MoneyError> {
        self.add(account, Side::Credit, amount)
    }

    fn add(mut self, account: Account, side: Side, amount: Money) -> Result<Self, MoneyError> {
        if amount.is_zero() {
            return Ok(self);
        }
        let (side, amount) =
            if amount.amount() < 0 { (side.other(), amount.negated()?) } else { (side, amount) };
        match self.0.iter_mut().find(|line| line.account == account && line.side == side) {
            Some(line) => line.amount = line.amount.plus(amount)?,
            None => self.0.push(Line { account, side, amount }),
        }
        Ok(self)
    }

    /// The lines, if there are any.
    ///
    /// # Errors
    /// [`Unbalanced`].
    pub fn balanced(self) -> Result<Option<Lines>, Unbalanced> {
        if self.0.is_empty() { Ok(None) } else { Lines::try_from(self.0).map(Some) }
    }
}

/// An entry. It is never changed: what was wrong is put right by another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LedgerEntry)]
pub struct Entry {
    /// Its id, which follows from the event's: an event has one entry.
    pub id: LedgerEntryId,
    /// When what it tells of happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The event that it tells of.
    pub event: EventId,
    /// What happened, such as `order.payment_captured`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id of what it happened to.
    pub subject: String,
    /// The order that it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// What was moved.
    pub lines: Lines,
}

impl Entry {
    /// The entry of the event `event`, which happened to `subject` at `at`.
    pub fn new(
        event: EventId,
        at: Timestamp,
        kind: &str,
        subject: &str,
        order: Option<OrderId>,
        lines: Lines,
    ) -> Self {
        let id = LedgerEntryId::derived(at, &[&event.bits().to_be_bytes()]);
        Self { id, at, event, kind: kind.to_owned(), subject: subject.to_owned(), order, lines }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(amount: i64, code: &str) -> Money {
        Money::new(amount, code.parse().unwrap())
    }

    #[test]
    fn lines_that_differ_are_no_entry() {
        let line =
            |side, amount: i64, code| Line { account: Account::Sales, side, amount: money(amount, code) };
        let refused = |lines: Vec<Line>| Lines::try_from(lines).unwrap_err();
        assert_eq!(refused(vec![]), Unbalanced::Empty);
        let differ = Unbalanced::Differ { debit: money(2, "EUR"), credit: money(1, "EUR") };
        assert_eq!(refused(vec![line(Side::Debit, 2, "EUR"), line(Side::Credit, 1, "EUR")]), differ);
        let mixed = refused(vec![line(Side::Debit, 2, "EUR"), line(Side::Credit, 2, "USD")]);
        assert!(matches!(mixed, Unbalanced::Money(_)));
        let below = vec![line(Side::Debit, -2, "EUR"), line(Side::Credit, -2, "EUR")];
        assert_eq!(refused(below), Unbalanced::NotAbove);
        let most = vec![line(Side::Debit, i64::MAX, "EUR"), line(Side::Debit, 1, "EUR")];
        assert_eq!(refused(most), Unbalanced::Money(MoneyError::Overflow));
    }

    #[test]
    fn what_was_kept_unbalanced_is_not_read() {
        let kept = r#"[{"account":"sales","side":"credit","amount":{"amount":5,"currency":"EUR"}}]"#;
        assert!(serde_json::from_str::<Lines>(kept).is_err());
    }

    proptest! {
        #[test]
        fn a_draft_is_balanced_or_refused(parts in prop::collection::vec((0..15_usize, any::<bool>(), -1_000_i64..1_000), 0..12)) {
            let mut draft = Draft::new();
            let mut sum = 0;
            for (account, debit, amount) in parts {
                let (account, money) = (Account::ALL[account], money(amount, "JPY"));
                sum += if debit { amount } else { -amount };
                draft = if debit { draft.debit(account, money) } else { draft.credit(account, money) }.unwrap();
            }
            match draft.balanced() {
                Ok(lines) => {
                    prop_assert_eq!(sum, 0);
                    let text = serde_json::to_string(&lines).unwrap();
                    prop_assert_eq!(serde_json::from_str::<Option<Lines>>(&text).unwrap(), lines);
                }
                Err(_) => prop_assert_ne!(sum, 0),
            }
        }
    }
}
