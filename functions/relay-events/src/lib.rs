//! Publishes what the tables record.

use souk::{
    relay,
    runtime::{App, Function, Record, stream},
};

/// The function.
pub fn function() -> Function {
    stream(
        "relay-events",
        |app: App, records: Vec<Record>| async move { relay::publish(&app, records).await },
    )
}
