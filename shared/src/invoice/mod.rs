//! Invoices and credit notes.
//!
//! `rules` says which events of an order have a document, and what it says; it is pure, and computes from the
//! beginning each time. `issue` writes documents down, numbered without gaps; `hear` issues what an event tells of. A
//! document holds nothing personal: whom it is for is read from the order when it is rendered. `layout` sets it on
//! pages, `pdf` draws them, `link` lets whoever holds a link read it for an hour.

mod hear;
mod issue;
mod layout;
mod link;
mod model;
mod pdf;
mod position;
mod read;
mod ruler;
mod rules;
mod sum;

pub use hear::{EVENTS, hear, issue_up_to};
pub use issue::{IssueError, Issued, issue};
pub use layout::{Buyer, Page, Set, lay_out};
pub use link::{Link, LinkToken};
pub use model::{Document, DocumentKind, Draft, PaidBy, Payment, Seller};
pub use pdf::render;
pub use position::Position;
pub use read::{InvoiceView, ListInvoices, OpenDocument, OrderInvoice, list, of_order, rendered};
pub use rules::{RuleError, drafts};
pub use sum::Sum;
