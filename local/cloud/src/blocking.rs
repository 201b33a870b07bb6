//! Where work that blocks runs, so that it holds no worker of a multi-threaded runtime.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Runs `work` to its end on this thread, having handed the thread's other tasks away where there is another
/// thread to take them. A `current_thread` runtime, as tests and simulations use, runs it in line.
pub(crate) fn run<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
