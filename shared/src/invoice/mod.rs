//! Invoices and credit notes: numbered without gaps, in each of a store's two modes.
//!
//! `model` says what an invoice says, and is pure; `issue` keeps one for each event that calls for it; `number` gives
//! numbers; `view` shows them, `link` lets whoever has one fetch the document, `document` writes it.

mod document;
mod issue;
mod link;
mod model;
mod number;
mod view;

pub use document::write;
pub use issue::{ORDER_EVENTS, hear, issue};
pub use link::{Token, read_link};
pub use model::{Invoice, InvoiceKind, InvoiceLine, draft};
pub use number::number;
pub use view::{InvoiceView, OrderInvoices, of_order, open};
