//! Issuing what an event calls for, once.

use super::{
    model::{self, Invoice},
    number::{self, Place},
};
use crate::{
    event::CloudEvent,
    identity::StoreProfile,
    order,
    runtime::{App, JobError},
    store::{self, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

/// The types of the events that call for a document.
pub const ORDER_EVENTS: [&str; 3] =
    ["order.payment_captured", "order.refund_succeeded", "order.payment_refunded"];

/// Issues what `event` calls for. The event is only a hint: what the document says is read from the facts.
///
/// # Errors
/// [`JobError`]: the message comes again.
pub async fn hear(app: &App, event: &CloudEvent) -> Result<(), JobError> {
    let tenant = event.tenant();
    let id = event.subject.parse().map_err(|error| JobError::new("unreadable_message", error))?;
    let told = order::told(app, tenant, id, event.id).await?;
    let told = told.ok_or_else(|| JobError::new("unknown_event", "the order has no such event"))?;
    let Some(order) = told.before else {
        return Ok(());
    };
    let profile = StoreProfile::load(app, tenant).await?;
    let profile = profile.ok_or_else(|| JobError::new("unknown_store", "the store has no profile"))?;
    let seller = profile.seller();
    let invoice = model::draft(&order, &told.event, event.id, told.at, seller);
    match invoice.map_err(|error| JobError::new("unbalanced", error))? {
        Some(invoice) => Ok(issue(app, tenant, invoice).await.map(drop)?),
        None => Ok(()),
    }
}

/// Keeps `invoice`, which has no number yet, and gives it one. One that is there already stays as it is.
///
/// # Errors
/// [`StoreError`]; done again, it goes on.
pub async fn issue(app: &App, tenant: Tenant, invoice: Invoice) -> Result<Invoice, StoreError> {
    let waiting = keys::invoice_position(invoice.at, invoice.id);
    let place = Place { invoice: invoice.id, waiting: waiting.clone() };
    let of_order = keys::invoice_of_order(tenant, invoice.order, &waiting);
    let writes = vec![
        Write::create("invoice", keys::invoice(tenant, invoice.id), &invoice)?,
        Write::create("invoice_waiting", keys::waiting_invoice(tenant, &waiting), &place)?,
        Write::create("invoice_of_order", of_order, &place)?,
    ];
    match store::commit(app, writes).await {
        Ok(()) | Err(WriteError::Refused(_)) => number::number(app, tenant, invoice.id).await,
        Err(WriteError::Store(error)) => Err(error),
    }
}
