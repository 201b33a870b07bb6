//! What an invoice says. It is written once and never changed, but for its number, which it gets once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    contact::Line,
    id::{EventId, InvoiceId, OrderId},
    identity::Seller,
    ledger,
    money::{Money, MoneyError},
    order::{Order, OrderEvent},
    pricing::TaxTotal,
    totals::Totals,
};

/// What kind of document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceKind {
    /// It says what was sold.
    Invoice,
    /// It takes some of an invoice back.
    CreditNote,
}

/// A line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// What it is for.
    pub name: Line,
    /// How many.
    pub quantity: u32,
    /// What one costs.
    pub unit_price: Money,
    /// What all of them cost, before discounts.
    pub total: Money,
}

/// An invoice or a credit note. Whom it is for is not part of it: that is personal, and kept with the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Its id, which follows from the event's.
    pub id: InvoiceId,
    /// Its number, once it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// What kind of document it is.
    pub kind: InvoiceKind,
    /// The order that it is for.
    pub order: OrderId,
    /// What people call the order.
    pub order_number: String,
    /// When what it tells of happened.
    pub at: Timestamp,
    /// Who sells, as it was then.
    pub seller: Seller,
    /// What was sold. A credit note of an amount has none.
    pub lines: Vec<InvoiceLine>,
    /// What was sold comes to.
    pub totals: Totals,
    /// The taxes, one for each name and rate.
    pub taxes: Vec<TaxTotal>,
    /// What the document is about: the total, or what is taken back.
    pub amount: Money,
    /// Of that, the tax.
    pub tax: Money,
}

/// What `event` of `order`, which is as it was before, calls for; nothing where it calls for no document.
///
/// # Errors
/// [`MoneyError`].
pub fn draft(
    order: &Order,
    event: &OrderEvent,
    id: EventId,
    at: Timestamp,
    seller: Seller,
) -> Result<Option<Invoice>, MoneyError> {
    let totals = &order.totals;
    let was_invoiced = order.timeline.iter().any(|entry| entry.kind == "order.payment_captured");
    let (kind, amount, tax) = match event {
        OrderEvent::PaymentCaptured { .. } if !was_invoiced => {
            (InvoiceKind::Invoice, totals.total, totals.whole_tax())
        }
        OrderEvent::RefundSucceeded { refund } if was_invoiced => {
            let found = order.refunds.iter().find(|one| one.id() == *refund);
            let Some(found) = found else { return Ok(None) };
            (InvoiceKind::CreditNote, found.request.amount, ledger::tax_of_refund(order, *refund)?)
        }
        OrderEvent::PaymentRefunded { amount } if was_invoiced => {
            (InvoiceKind::CreditNote, *amount, totals.tax_of(order.refunded, *amount)?)
        }
        _ => return Ok(None),
    };
    let whole = kind == InvoiceKind::Invoice;
    let lines = if whole { lines(order) } else { Vec::new() };
    let taxes = order.pricing.as_ref().filter(|_| whole).map(|pricing| pricing.taxes.clone());
    Ok(Some(Invoice {
        id: InvoiceId::derived(at, &[&id.bits().to_be_bytes()]),
        number: None,
        kind,
        order: order.id,
        order_number: order.placed.number.clone(),
        at,
        seller,
        lines,
        totals: totals.clone(),
        taxes: taxes.unwrap_or_default(),
        amount,
        tax,
    }))
}

fn lines(order: &Order) -> Vec<InvoiceLine> {
    let line = |line: &crate::pricing::PricedLine| InvoiceLine {
        name: line.name.clone(),
        quantity: line.quantity.get(),
        unit_price: line.unit_price,
        total: line.total,
    };
    order.lines.iter().map(line).collect()
}
