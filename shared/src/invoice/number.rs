//! Numbers without gaps, however many invoices come at once.
//!
//! An invoice waits until it has a number. Whoever wants one for theirs gives numbers to all that wait, as many as fit a
//! transaction: the counter moves by so many, on condition that it is where it was read, and each of the invoices gets
//! its number, on condition that it has none. So there is no number without an invoice, no invoice has two, and of many
//! who come at once each gives numbers to many.

use serde::{Deserialize, Serialize};

use super::model::Invoice;
use crate::{
    id::InvoiceId,
    runtime::App,
    store::{self, Query, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

/// So many invoices get numbers at once: three items each, and the counter, of the hundred that a transaction may have.
const AT_ONCE: usize = 32;

/// How often one tries to get a number, before the message that wants it comes again.
const TRIES: u32 = 40;

/// The last number that was given.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Counter {
    last: u64,
}

/// An invoice that waits, or the place of one in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) invoice: InvoiceId,
    /// Its place among those that wait.
    pub(super) waiting: String,
}

/// Gives the invoice `id` a number, if it has none, and answers it.
///
/// # Errors
/// [`StoreError`]; `Busy` where too many others want one.
pub async fn number(app: &App, tenant: Tenant, id: InvoiceId) -> Result<Invoice, StoreError> {
    for tries in 0..TRIES {
        let lost =
            || StoreError::Unreadable { kind: "invoice", reason: "there is no such invoice".to_owned() };
        let invoice: Option<Invoice> = store::get(app, "invoice", &keys::invoice(tenant, id)).await?;
        let invoice = invoice.ok_or_else(lost)?;
        if invoice.number.is_some() {
            return Ok(invoice);
        }
        store::pause(app, tries).await;
        match store::commit(app, next(app, tenant).await?).await {
            // Somebody else was there first, and maybe gave this one its number.
            Ok(()) | Err(WriteError::Refused(_) | WriteError::Store(StoreError::Busy(_))) => {}
            Err(WriteError::Store(error)) => return Err(error),
        }
    }
    Err(StoreError::Busy("too many invoices want numbers".to_owned()))
}

/// The writes that give numbers to the first of those that wait.
async fn next(app: &App, tenant: Tenant) -> Result<Vec<Write>, StoreError> {
    let key = keys::invoice_counter(tenant);
    let counter: Counter = store::get(app, "invoice counter", &key).await?.unwrap_or_default();
    let query = Query::partition(keys::waiting_invoices(tenant)).strongly();
    let waiting = query.page::<Place>(app, "invoice", AT_ONCE, None).await?.items;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let (mut writes, mut last) = (Vec::with_capacity(1 + 3 * waiting.len()), counter.last);
    for place in waiting {
        last += 1;
        writes.push(
            Write::update(keys::invoice(tenant, place.invoice), "SET #number = :number")
                .when("attribute_exists(pk) AND attribute_not_exists(#number)")
                .name("#number", "number")
                .number(":number", i64::try_from(last).unwrap_or(i64::MAX)),
        );
        let waits = keys::waiting_invoice(tenant, &place.waiting);
        writes.push(Write::delete(waits).when("attribute_exists(pk)"));
        writes.push(Write::create("invoice_number", keys::invoice_number(tenant, last), &place)?);
    }
    let read = i64::try_from(counter.last).unwrap_or(i64::MAX);
    writes.push(
        Write::put("invoice_counter", key, &Counter { last })?
            .when("attribute_not_exists(pk) OR #last = :read")
            .name("#last", "last")
            .number(":read", read),
    );
    Ok(writes)
}
