//! Does what follows from what happened to orders: lists, books, documents, mails.

use souk::{
    follow,
    runtime::{App, Function, Record, stream},
};

/// The function.
pub fn function() -> Function {
    stream(
        "follow-orders",
        |app: App, records: Vec<Record>| async move { follow::follow(&app, records).await },
    )
}
