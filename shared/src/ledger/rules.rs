//! Which event posts what. Pure: an event and what it happened to, to lines.
//!
//! Money is booked when it moves. A capture books the whole sale: what the provider took, what gift cards and store
//! credit had paid in advance, and what is still owed, against goods, shipping and tax. What is given back is booked
//! against `refunds`, with its share of the tax; shares are reckoned from the beginning each time, so that parts come to
//! the whole.

use super::{
    account::Account,
    entry::{Draft, Lines, Unbalanced},
};
use crate::{
    gift_card::{Change, Happened},
    money::{Money, MoneyError},
    order::{Order, OrderEvent},
    pricing::TenderKind,
};

/// What an event of an order posts, if anything. `order` is as it was before the event.
///
/// # Errors
/// [`Unbalanced`] where the order's own numbers don't come out even.
pub fn of_order(order: &Order, event: &OrderEvent) -> Result<Option<Lines>, Unbalanced> {
    let draft = match event {
        OrderEvent::PaymentCaptured { amount } if !is_booked(order) => sale(order, *amount)?,
        // Another payment, after an edit made the order dearer.
        OrderEvent::PaymentCaptured { amount } => {
            Draft::new().debit(Account::ProviderClearing, *amount)?.credit(Account::Receivable, *amount)?
        }
        OrderEvent::PaymentRefunded { amount } if is_booked(order) => {
            returned(order, order.refunded, *amount)?.credit(Account::ProviderClearing, *amount)?
        }
        // It was taken and given back before the order heard of it: nothing was ever sold.
        OrderEvent::PaymentRefunded { amount } => Draft::new()
            .debit(Account::ProviderClearing, *amount)?
            .credit(Account::ProviderClearing, *amount)?,
        OrderEvent::Canceled { .. } if is_booked(order) => unwound(order)?,
        _ => return Ok(None),
    };
    draft.balanced()
}

/// The types of the events of orders that post something.
pub const ORDER_EVENTS: [&str; 3] = ["order.payment_captured", "order.payment_refunded", "order.canceled"];

/// What a change of a gift card or of store credit posts, if anything.
///
/// # Errors
/// [`Unbalanced`].
pub fn of_change(of: &TenderKind, happened: Happened, change: &Change) -> Result<Option<Lines>, Unbalanced> {
    let owed = match of {
        TenderKind::GiftCard { .. } => Account::GiftCardLiability,
        TenderKind::StoreCredit { .. } => Account::StoreCredit,
    };
    let (debit, credit) = match happened {
        Happened::Issued => (Account::GiftCardIssuance, owed),
        Happened::Granted => (Account::CreditGranted, owed),
        Happened::Redeemed => (owed, Account::Deposits),
        Happened::Returned => (Account::Deposits, owed),
        Happened::Expired => (owed, Account::GiftCardBreakage),
        Happened::Disabled | Happened::Enabled => return Ok(None),
    };
    Draft::new().debit(debit, change.amount)?.credit(credit, change.amount)?.balanced()
}

/// Whether the order's sale was booked: its money, or what there was of it, was taken.
fn is_booked(order: &Order) -> bool {
    order.timeline.iter().any(|entry| entry.kind == "order.payment_captured")
}

/// What gift cards and store credit paid.
fn tendered(order: &Order) -> Result<Money, MoneyError> {
    let none = order.total().currency();
    Money::sum(order.placed.tenders.iter().map(|tender| tender.amount), none)
}

/// The whole sale, of which the provider took `captured`.
fn sale(order: &Order, captured: Money) -> Result<Draft, MoneyError> {
    let totals = &order.placed.totals;
    let of_shipping = order.placed.pricing.as_ref().and_then(|pricing| pricing.shipping.as_ref());
    // Where prices hold the tax, it has to come out of what is booked as goods and as shipping.
    let (in_goods, in_shipping) = match (totals.tax_included, of_shipping) {
        (None, _) => (Money::zero(totals.total.currency()), Money::zero(totals.total.currency())),
        (Some(tax), None) => (tax, Money::zero(totals.total.currency())),
        (Some(tax), Some(shipping)) => (tax.minus(shipping.tax()?)?, shipping.tax()?),
    };
    let tendered = tendered(order)?;
    let owed = totals.total.minus(tendered)?.minus(captured)?;
    Draft::new()
        .debit(Account::ProviderClearing, captured)?
        .debit(Account::Deposits, tendered)?
        .debit(Account::Receivable, owed)?
        .debit(Account::Discounts, totals.discount)?
        .credit(Account::Sales, totals.subtotal.minus(in_goods)?)?
        .credit(Account::Shipping, totals.shipping.minus(in_shipping)?)?
        .credit(Account::Tax, totals.whole_tax())
}

/// The debits of giving back `amount`, after `before` was given back already: so much of it is tax.
fn returned(order: &Order, before: Money, amount: Money) -> Result<Draft, MoneyError> {
    let share = order.placed.totals.tax_of(before, amount)?;
    Draft::new().debit(Account::Refunds, amount.minus(share)?)?.debit(Account::Tax, share)
}

/// What a canceled order leaves, after the provider gave back what it took: what gift cards and store credit paid is
/// owed again, and nobody owes the rest.
fn unwound(order: &Order) -> Result<Draft, MoneyError> {
    let tendered = tendered(order)?;
    let owed = order.total().minus(tendered)?.minus(order.captured)?;
    let left = tendered.plus(owed)?;
    returned(order, order.refunded, left)?
        .credit(Account::Deposits, tendered)?
        .credit(Account::Receivable, owed)
}
