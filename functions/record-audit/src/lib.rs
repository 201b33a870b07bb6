//! Chains what was done into the audit log.

use souk::{
    audit,
    runtime::{App, Function, Record, stream},
};

/// The function.
pub fn function() -> Function {
    stream("record-audit", |app: App, records: Vec<Record>| async move { audit::record(&app, records).await })
}
