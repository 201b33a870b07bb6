//! Providers say later than a payment was taken what they keep of it, some of them. Then that has an entry of its own.

use super::{
    account::Account,
    compare::{Compared, Difference},
    entry::{Draft, Entry, Unbalanced},
};
use crate::{id::EventId, money::Money, order::Order};

/// What such an entry follows from: no event of the order tells of it.
pub const KIND: &str = "order.fee_charged";

/// What the provider charges and what is booked of it, where that is all that differs and more is charged than booked.
pub(super) fn told_late(found: &[Difference]) -> Option<(Money, Money)> {
    match found {
        [Difference::Amount { what: Compared::Fees, provider, ledger, .. }]
            if provider.currency() == ledger.currency() && provider.amount() > ledger.amount() =>
        {
            Some((*provider, *ledger))
        }
        _ => None,
    }
}

/// The entry of what is not `booked` yet of the `fee` that the provider charges for an order's payments, as of when the
/// money was taken. Its place follows from the order and the fee: it is posted once, however many find that it is missing.
pub(super) fn entry(order: &Order, fee: Money, booked: Money) -> Result<Option<Entry>, Unbalanced> {
    let rest = fee.minus(booked)?;
    let lines =
        Draft::new().debit(Account::Fees, rest)?.credit(Account::ProviderClearing, rest)?.balanced()?;
    let taken = order.timeline.iter().find(|entry| entry.kind == "order.payment_captured");
    let at = taken.map_or(order.placed_at, |entry| entry.at);
    let (subject, comes_to) = (order.id.to_string(), fee.amount().to_be_bytes());
    let event = EventId::derived(at, &[subject.as_bytes(), KIND.as_bytes(), &comes_to]);
    Ok(lines.map(|lines| Entry::new(event, at, KIND, &subject, Some(order.id), lines)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::OrderId;

    fn euros(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    fn differs(what: Compared, provider: i64, ledger: i64) -> Difference {
        let (provider, ledger) = (euros(provider), euros(ledger));
        Difference::Amount { order: OrderId::from_bits(1), what, provider, ledger }
    }

    #[test]
    fn only_a_fee_that_is_told_late_is_booked() {
        let late = differs(Compared::Fees, 43, 0);
        assert_eq!(told_late(std::slice::from_ref(&late)), Some((euros(43), euros(0))));
        assert_eq!(told_late(&[differs(Compared::Fees, 43, 20)]), Some((euros(43), euros(20))));
        assert_eq!(told_late(&[]), None);
        assert_eq!(told_late(&[differs(Compared::Fees, 20, 43)]), None, "a person looks into that");
        assert_eq!(told_late(&[differs(Compared::Captured, 43, 0)]), None);
        // Where more differs, something is missing in the books, and its fee with it.
        assert_eq!(told_late(&[differs(Compared::Captured, 1000, 0), late]), None);
    }
}
