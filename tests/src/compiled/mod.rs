//! The functions' compiled binaries as Lambda runs them: a process each, with a Runtime API to take events from and an
//! emulated cloud to work on.

mod endpoint;
mod market;
mod pool;
mod process;
mod runtime_api;
mod samples;
mod scene;

pub use market::Market;
pub use pool::{Chances, Counts, Pool};
pub use process::{Process, Spec};
pub use runtime_api::{Event, RuntimeApi, Said};
pub use samples::{Sample, holds, load};
