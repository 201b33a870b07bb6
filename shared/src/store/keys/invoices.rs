//! Invoices and credit notes. A series is `invoice` or `credit_note`.

use super::{Key, Table};
use crate::{
    id::{EventId, OrderId},
    tenant::Tenant,
};

/// The partition of the events table that holds a store's documents of a series, by number.
pub fn invoices(tenant: Tenant, series: &str) -> String {
    format!("{tenant}/invoices/{series}")
}

/// A document.
pub fn invoice(tenant: Tenant, series: &str, number: u64) -> Key {
    Key::of(Table::Events, invoices(tenant, series), format!("{number:012}"))
}

/// The partition that holds which documents an order has, by the events that they are for.
pub fn invoices_of_order(tenant: Tenant, order: OrderId) -> String {
    format!("{tenant}/invoices/order/{order}")
}

/// Which document an event of an order has.
pub fn invoice_of_event(tenant: Tenant, order: OrderId, event: EventId) -> Key {
    Key::state(invoices_of_order(tenant, order), event.to_string())
}
