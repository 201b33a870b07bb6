//! What a provider says of an order's money, held against what the books say. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    account::{Account, Side},
    entry::Entry,
};
use crate::{
    id::OrderId,
    money::{Currency, Money, MoneyError},
    payment::{ProviderPayment, RefundStatus},
};

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// What was taken.
    Captured,
    /// What was given back.
    Refunded,
    /// What the provider charges, where it says so.
    Fees,
}

/// What one side says of an order's money, in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// What was taken.
    pub captured: Money,
    /// What was given back.
    pub refunded: Money,
    /// What the provider charges; nothing where this side doesn't say.
    pub fees: Option<Money>,
}

/// Something that isn't the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = LedgerDifference)]
pub enum Difference {
    /// Both sides speak of the order, or one of them doesn't know it, and the amounts are not the same.
    Amount {
        /// Whose money it is.
        order: OrderId,
        /// What is not the same.
        what: Compared,
        /// What the provider says.
        provider: Money,
        /// What the books say.
        ledger: Money,
    },
    /// The provider has a payment that Souk never asked for.
    UnknownPayment {
        /// The provider's name of it.
        reference: String,
        /// What was taken.
        captured: Money,
    },
}

impl Record {
    fn none(currency: Currency) -> Self {
        Self { captured: Money::zero(currency), refunded: Money::zero(currency), fees: None }
    }

    /// What the entries of an order say.
    ///
    /// # Errors
    /// [`MoneyError`] where they are in two currencies.
    pub fn of_entries<'e>(
        entries: impl IntoIterator<Item = &'e Entry>,
        currency: Currency,
    ) -> Result<Self, MoneyError> {
        let (mut record, mut fees) = (Self::none(currency), Money::zero(currency));
        for entry in entries.into_iter().filter(|entry| entry.kind.starts_with("order.")) {
            let of = |account, side| Money::new(entry.lines.amount(account, side), entry.lines.currency());
            let fee = of(Account::Fees, Side::Debit).minus(of(Account::Fees, Side::Credit))?;
            let disputed = of(Account::Disputes, Side::Debit).minus(of(Account::Disputes, Side::Credit))?;
            let (taken, given) =
                (of(Account::ProviderClearing, Side::Debit), of(Account::ProviderClearing, Side::Credit));
            // What the provider keeps for itself or for a bank leaves the account too, and was not given back.
            let kept = fee.plus(disputed)?;
            // What came back of a refund was not taken, but never arrived.
            if entry.kind == "order.refund_failed" {
                record.refunded = record.refunded.minus(taken)?;
                continue;
            }
            record.captured = record.captured.plus(taken)?.minus(kept.negated()?.or_zero())?;
            record.refunded = record.refunded.plus(given)?.minus(kept.or_zero())?;
            fees = fees.plus(fee)?;
        }
        record.fees = (!fees.is_zero()).then_some(fees);
        Ok(record)
    }

    /// What the provider says of an order's payments.
    ///
    /// # Errors
    /// [`MoneyError`] where they are in two currencies.
    pub fn of_payments<'p>(
        payments: impl IntoIterator<Item = &'p ProviderPayment>,
        currency: Currency,
    ) -> Result<Self, MoneyError> {
        let mut record = Self::none(currency);
        for payment in payments {
            record.captured = record.captured.plus(payment.captured)?;
            record.refunded = record.refunded.plus(refunded(payment)?)?;
            record.fees = match (record.fees, payment.fee) {
                (Some(sum), Some(fee)) => Some(sum.plus(fee)?),
                (sum, fee) => sum.or(fee),
            };
        }
        Ok(record)
    }
}

/// What arrived: what is still on its way back is not in the books yet.
fn refunded(payment: &ProviderPayment) -> Result<Money, MoneyError> {
    let on_its_way = payment.refunds.iter().filter(|refund| refund.status == RefundStatus::Pending);
    let on_its_way = Money::sum(on_its_way.map(|refund| refund.amount), payment.refunded.currency())?;
    Ok(payment.refunded.minus(on_its_way)?.or_zero())
}

/// What is not the same of an order.
pub fn compare(order: OrderId, provider: &Record, ledger: &Record) -> Vec<Difference> {
    let none = Money::zero(provider.captured.currency());
    let mut pairs = vec![
        (Compared::Captured, provider.captured, ledger.captured),
        (Compared::Refunded, provider.refunded, ledger.refunded),
    ];
    // A provider that says nothing of its fees contradicts nothing.
    if let Some(fees) = provider.fees {
        pairs.push((Compared::Fees, fees, ledger.fees.unwrap_or(none)));
    }
    let differ = pairs.into_iter().filter(|(_, provider, ledger)| provider != ledger);
    differ.map(|(what, provider, ledger)| Difference::Amount { order, what, provider, ledger }).collect()
}

/// A provider's payments by the order that they are of, and those that are of none.
pub fn by_order(
    payments: Vec<ProviderPayment>,
) -> (BTreeMap<OrderId, Vec<ProviderPayment>>, Vec<Difference>) {
    let (mut known, mut unknown) = (BTreeMap::<_, Vec<_>>::new(), Vec::new());
    for payment in payments {
        match payment.key {
            Some(key) => known.entry(key.order).or_default().push(payment),
            None if payment.captured.is_zero() => {}
            None => {
                let (reference, captured) = (payment.reference, payment.captured);
                unknown.push(Difference::UnknownPayment { reference, captured });
            }
        }
    }
    (known, unknown)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        id::{EventId, RefundId},
        ledger::Draft,
        payment::{PaymentKey, ProviderRefund, ProviderStatus},
    };

    fn euros(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    fn entry(kind: &str, draft: Draft) -> Entry {
        let lines = draft.balanced().unwrap().unwrap();
        Entry::new(EventId::from_bits(1), Timestamp::UNIX_EPOCH, kind, "ord", None, lines)
    }

    fn payment(captured: i64, refunded: i64, fee: Option<i64>) -> ProviderPayment {
        ProviderPayment {
            key: Some(PaymentKey::of(OrderId::from_bits(1))),
            status: ProviderStatus::Captured,
            amount: euros(captured),
            captured: euros(captured),
            refunded: euros(refunded),
            refunds: Vec::new(),
            fee: fee.map(euros),
            disputes: Vec::new(),
            action: None,
            fingerprint: None,
            decline: None,
            reference: "pi_1".to_owned(),
        }
    }

    fn books() -> Record {
        let eur = euros(0).currency();
        let captured = Draft::new()
            .debit(Account::ProviderClearing, euros(1000))
            .and_then(|draft| draft.credit(Account::Sales, euros(1000)))
            .and_then(|draft| draft.debit(Account::Fees, euros(30)))
            .and_then(|draft| draft.credit(Account::ProviderClearing, euros(30)));
        let refunded = Draft::new()
            .debit(Account::Refunds, euros(400))
            .and_then(|draft| draft.credit(Account::ProviderClearing, euros(400)));
        let entries = [
            entry("order.payment_captured", captured.unwrap()),
            entry("order.payment_refunded", refunded.unwrap()),
        ];
        Record::of_entries(&entries, eur).unwrap()
    }

    fn differences(provider: &ProviderPayment) -> Vec<(Compared, i64, i64)> {
        let provider = Record::of_payments([provider], euros(0).currency()).unwrap();
        let found = compare(OrderId::from_bits(1), &provider, &books());
        let amounts = found.into_iter().map(|difference| match difference {
            Difference::Amount { what, provider, ledger, .. } => (what, provider.amount(), ledger.amount()),
            Difference::UnknownPayment { .. } => unreachable!(),
        });
        amounts.collect()
    }

    #[test]
    fn what_is_the_same_is_no_difference() {
        assert_eq!(differences(&payment(1000, 400, Some(30))), []);
        assert_eq!(differences(&payment(1000, 400, None)), []);
    }

    #[test]
    fn every_amount_is_compared() {
        assert_eq!(differences(&payment(999, 400, Some(30))), [(Compared::Captured, 999, 1000)]);
        assert_eq!(differences(&payment(1000, 500, Some(30))), [(Compared::Refunded, 500, 400)]);
        assert_eq!(differences(&payment(1000, 400, Some(31))), [(Compared::Fees, 31, 30)]);
    }

    #[test]
    fn what_is_on_its_way_back_is_not_expected_yet() {
        let refund = |status| ProviderRefund { id: RefundId::from_bits(1), amount: euros(100), status };
        let mut pending = payment(1000, 500, None);
        pending.refunds.push(refund(RefundStatus::Pending));
        assert_eq!(differences(&pending), []);
        pending.refunds[0].status = RefundStatus::Succeeded;
        assert_eq!(differences(&pending), [(Compared::Refunded, 500, 400)]);
    }

    #[test]
    fn a_payment_that_nobody_asked_for_is_told() {
        let strange = ProviderPayment { key: None, ..payment(700, 0, None) };
        let untaken = ProviderPayment { key: None, ..payment(0, 0, None) };
        let (known, unknown) = by_order(vec![strange, untaken, payment(1, 0, None)]);
        assert_eq!(known.len(), 1);
        let expected = Difference::UnknownPayment { reference: "pi_1".to_owned(), captured: euros(700) };
        assert_eq!(unknown, [expected]);
    }
}
