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
    id::{EditId, RefundId},
    money::{Money, MoneyError},
    order::{EditCharge, Order, OrderEvent, Refund, RefundCause, RefundShare, RefundWay},
    payment::{DisputeStatus, RefundStatus},
    pricing::{Pricing, TenderKind},
    totals::Totals,
};

/// What an event of an order posts, if anything. `order` is as it was before the event.
///
/// # Errors
/// [`Unbalanced`] where the order's own numbers don't come out even.
pub fn of_order(order: &Order, event: &OrderEvent) -> Result<Option<Lines>, Unbalanced> {
    let draft = match event {
        OrderEvent::PaymentCaptured { amount, fee, .. } if !is_booked(order) => {
            charged(sale(order, *amount)?, *fee)?
        }
        OrderEvent::PaymentCaptured { amount, fee, .. } => {
            let draft = Draft::new().debit(Account::ProviderClearing, *amount)?;
            charged(draft.credit(Account::Receivable, *amount)?, *fee)?
        }
        OrderEvent::RefundShareReturned { refund, shares } => {
            let until = usize::try_from(*shares).unwrap_or(usize::MAX);
            refunded(order, *refund, until)?
        }
        OrderEvent::RefundSucceeded { refund } => refunded(order, *refund, usize::MAX)?,
        OrderEvent::RefundFailed { refund, .. } => came_back(order, *refund)?,
        OrderEvent::PaymentRefunded { amount } if is_booked(order) => {
            returned(order, order.refunded, *amount)?.credit(Account::ProviderClearing, *amount)?
        }
        // It was taken and given back before the order heard of it: nothing was ever sold.
        OrderEvent::PaymentRefunded { amount } => Draft::new()
            .debit(Account::ProviderClearing, *amount)?
            .credit(Account::ProviderClearing, *amount)?,
        OrderEvent::DisputeOpened { amount, fee, .. } => {
            let draft = Draft::new().debit(Account::Disputes, *amount)?;
            charged(draft.credit(Account::ProviderClearing, *amount)?, *fee)?
        }
        // What is lost stays where it is.
        OrderEvent::DisputeClosed { amount, outcome: DisputeStatus::Won, .. } => {
            Draft::new().debit(Account::ProviderClearing, *amount)?.credit(Account::Disputes, *amount)?
        }
        OrderEvent::Edited { edit, charged: charge } => edited(order, *edit, charge.as_ref())?,
        OrderEvent::Canceled { .. } if is_booked(order) => unwound(order)?,
        _ => return Ok(None),
    };
    draft.balanced()
}

/// The types of the events of orders that post something.
pub const ORDER_EVENTS: [&str; 9] = [
    "order.payment_captured",
    "order.payment_refunded",
    "order.refund_share_returned",
    "order.refund_succeeded",
    "order.refund_failed",
    "order.dispute_opened",
    "order.dispute_closed",
    "order.edited",
    "order.canceled",
];

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

/// What was paid before the sale was booked: by gift cards and store credit, and for edits.
fn deposited(order: &Order) -> Result<Money, MoneyError> {
    order.tendered()?.minus(outside(order))?.plus(order.captured)
}

/// What came past the providers.
fn outside(order: &Order) -> Money {
    let none = Money::zero(order.total().currency());
    order.placed.paid_outside.as_ref().map_or(none, |paid| paid.amount)
}

/// What the provider keeps for itself.
fn charged(draft: Draft, fee: Option<Money>) -> Result<Draft, MoneyError> {
    match fee {
        Some(fee) => draft.debit(Account::Fees, fee)?.credit(Account::ProviderClearing, fee),
        None => Ok(draft),
    }
}

/// The tax in goods and in sending, which has to come out of prices that hold it.
fn held(totals: &Totals, pricing: Option<&Pricing>) -> Result<(Money, Money), MoneyError> {
    let none = Money::zero(totals.total.currency());
    let shipping = pricing.and_then(|pricing| pricing.shipping.as_ref());
    Ok(match (totals.tax_included, shipping) {
        (None, _) => (none, none),
        (Some(tax), None) => (tax, none),
        (Some(tax), Some(shipping)) => (tax.minus(shipping.tax()?)?, shipping.tax()?),
    })
}

/// What is sold, by `totals`.
fn sold(draft: Draft, totals: &Totals, pricing: Option<&Pricing>) -> Result<Draft, MoneyError> {
    let (in_goods, in_shipping) = held(totals, pricing)?;
    draft
        .debit(Account::Discounts, totals.discount)?
        .credit(Account::Sales, totals.subtotal.minus(in_goods)?)?
        .credit(Account::Shipping, totals.shipping.minus(in_shipping)?)?
        .credit(Account::Tax, totals.whole_tax())
}

/// The whole sale, of which the provider took `captured`.
fn sale(order: &Order, captured: Money) -> Result<Draft, MoneyError> {
    let (deposited, outside) = (deposited(order)?, outside(order));
    let owed = order.total().minus(deposited)?.minus(outside)?.minus(captured)?;
    let draft = Draft::new()
        .debit(Account::ProviderClearing, captured)?
        .debit(Account::Deposits, deposited)?
        .debit(Account::OutsidePayments, outside)?
        .debit(Account::Receivable, owed)?;
    sold(draft, &order.totals, order.pricing.as_ref())
}

/// The debits of giving back `amount`, after `before` was given back already: so much of it is tax.
fn returned(order: &Order, before: Money, amount: Money) -> Result<Draft, MoneyError> {
    let share = order.totals.tax_of(before, amount)?;
    Draft::new().debit(Account::Refunds, amount.minus(share)?)?.debit(Account::Tax, share)
}

/// The shares of a refund that have not arrived yet, up to the one at `until`.
fn refunded(order: &Order, id: RefundId, until: usize) -> Result<Draft, MoneyError> {
    let Some(refund) = order.refunds.iter().find(|refund| refund.id() == id) else {
        return Ok(Draft::new());
    };
    let mut draft = Draft::new();
    for (share, tax) in shares(order, refund)?.into_iter().take(until).skip(refund.returned) {
        let from = match share.way {
            RefundWay::Payment { .. } => Account::ProviderClearing,
            RefundWay::GiftCard { .. } | RefundWay::StoreCredit { .. } => Account::Deposits,
            RefundWay::Outside => Account::OutsidePayments,
            // What was given for it is owed since, and paid by this.
            RefundWay::Exchange { .. } => Account::Receivable,
        };
        draft = match refund.request.cause {
            // The edit took it out of the sale.
            RefundCause::Edited { .. } => draft.debit(Account::Receivable, share.amount)?,
            _ => draft.debit(Account::Refunds, share.amount.minus(tax)?)?.debit(Account::Tax, tax)?,
        };
        draft = draft.credit(from, share.amount)?;
    }
    Ok(draft)
}

/// The last share of a refund that had succeeded: the bank sent it back days later. What of one that is under way fails
/// was never booked.
fn came_back(order: &Order, id: RefundId) -> Result<Draft, MoneyError> {
    let succeeded = |refund: &&Refund| refund.id() == id && refund.status == RefundStatus::Succeeded;
    let Some(refund) = order.refunds.iter().find(succeeded) else { return Ok(Draft::new()) };
    let Some((share, tax)) = shares(order, refund)?.pop() else { return Ok(Draft::new()) };
    let draft = Draft::new().debit(Account::ProviderClearing, share.amount)?;
    match refund.request.cause {
        RefundCause::Edited { .. } => draft.credit(Account::Receivable, share.amount),
        _ => draft.credit(Account::Refunds, share.amount.minus(tax)?)?.credit(Account::Tax, tax),
    }
}

/// The shares of a refund, each with its tax.
fn shares<'r>(order: &Order, refund: &'r Refund) -> Result<Vec<(&'r RefundShare, Money)>, MoneyError> {
    let shares = &refund.request.shares;
    let weights = shares.iter().map(|share| u64::try_from(share.amount.amount()).unwrap_or(0));
    let taxes = tax_of_refund(order, refund.id())?.split(&weights.collect::<Vec<_>>());
    Ok(shares.iter().zip(taxes).collect())
}

/// How much of a refund is tax: what its lines and its sending say, and of an amount for nothing in particular its share
/// of the order's. Whatever completes the order's refunds takes the tax that is left, and none takes more.
///
/// # Errors
/// [`MoneyError`].
pub fn tax_of_refund(order: &Order, id: RefundId) -> Result<Money, MoneyError> {
    let none = Money::zero(order.total().currency());
    let (mut given, mut loosely, mut taxed) = (none, none, none);
    let whole = order.totals.whole_tax();
    for refund in order.refunds.iter().filter(|refund| refund.status != RefundStatus::Failed) {
        let request = &refund.request;
        // What an edit made cheaper is no longer part of the order.
        if matches!(request.cause, RefundCause::Edited { .. }) {
            if request.refund == id {
                break;
            }
            continue;
        }
        let parts = &request.parts;
        let lines = parts.lines.iter().map(|line| line.tax);
        let exact = Money::sum(lines.chain(parts.shipping.as_ref().map(|part| part.tax)), whole.currency())?;
        let loose = parts.adjustment.unwrap_or(none);
        let left = whole.minus(taxed)?.or_zero();
        given = given.plus(request.amount)?;
        let tax = if given == order.total() {
            left.least(request.amount)?
        } else {
            exact.plus(order.totals.tax_of(loosely, loose)?)?.least(left)?
        };
        loosely = loosely.plus(loose)?;
        if request.refund == id {
            return Ok(tax);
        }
        taxed = taxed.plus(tax)?;
    }
    Ok(none)
}

/// An edit: the sale becomes another one, and something may have been charged for it.
fn edited(order: &Order, id: EditId, charge: Option<&EditCharge>) -> Result<Draft, MoneyError> {
    let none = Money::zero(order.total().currency());
    let (amount, fee) = charge.map_or((none, None), |charge| (charge.amount, charge.fee));
    let draft = charged(Draft::new().debit(Account::ProviderClearing, amount)?, fee)?;
    let edit = order.edits.iter().find(|edit| edit.id() == id);
    let Some(edit) = edit.filter(|_| is_booked(order)) else {
        // The sale is booked with the capture.
        return draft.credit(Account::Deposits, amount);
    };
    let (now, before) = (&edit.request.totals, &order.totals);
    let owed = now.total.minus(before.total)?.minus(amount)?;
    let draft = sold(draft.debit(Account::Receivable, owed)?, now, edit.request.pricing.as_ref())?;
    unsold(draft, before, order.pricing.as_ref())
}

/// What is no longer sold, by `totals`.
fn unsold(draft: Draft, totals: &Totals, pricing: Option<&Pricing>) -> Result<Draft, MoneyError> {
    let (in_goods, in_shipping) = held(totals, pricing)?;
    draft
        .credit(Account::Discounts, totals.discount)?
        .debit(Account::Sales, totals.subtotal.minus(in_goods)?)?
        .debit(Account::Shipping, totals.shipping.minus(in_shipping)?)?
        .debit(Account::Tax, totals.whole_tax())
}

/// What a canceled order leaves once all that was paid went back: nobody owes the rest.
fn unwound(order: &Order) -> Result<Draft, MoneyError> {
    let paid = deposited(order)?.plus(outside(order))?;
    let owed = order.total().minus(paid)?;
    returned(order, paid, owed)?.credit(Account::Receivable, owed)
}
