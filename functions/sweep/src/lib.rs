//! Finds the orders that nobody is looking after.

use souk::{
    order,
    runtime::{App, Function, InvocationError, schedule},
};

/// The function.
pub fn function() -> Function {
    schedule("sweep", |app: App| async move {
        let queue = app.settings().require("ADVANCE_ORDERS_QUEUE_URL");
        let queue = queue.map_err(|error| InvocationError::new("Configuration", error))?;
        order::sweep(&app, queue).await.map(drop)
    })
}
