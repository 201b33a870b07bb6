//! Finds what is overdue: orders that nobody is looking after, and what the audit log misses.

use souk::{
    runtime::{App, Function, InvocationError, schedule},
    sweep,
};

/// The function.
pub fn function() -> Function {
    schedule("sweep", |app: App| async move {
        let queue = app.settings().require("ADVANCE_ORDERS_QUEUE_URL");
        let queue = queue.map_err(|error| InvocationError::new("Configuration", error))?;
        sweep::sweep(&app, queue).await.map(drop)
    })
}
