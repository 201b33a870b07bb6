//! Looks at calls before they run, and may refuse them: for what no policy can say.
//!
//! A guard goes with a piece of work, such as one invocation of a function, and not with a client, which many pieces
//! of work share at the same time. So it travels with the task that does the work. What a task spawns, it doesn't
//! reach; there the caller's own guard decides.

use std::{future::Future, sync::Arc};

use crate::CallInfo;

/// Decides which calls may run, whatever the policy says.
pub trait Guard: Send + Sync {
    /// Asked before a call is held against the policy.
    ///
    /// # Errors
    /// Why the call may not run; the caller gets it as a refusal of access.
    fn admit(&self, call: &CallInfo) -> Result<(), String>;
}

tokio::task_local! {
    static GUARD: Arc<dyn Guard>;
}

/// Does `work`, all of whose calls through [`crate::Cloud::http_client`] `guard` looks at.
pub async fn guarded<F: Future>(guard: Arc<dyn Guard>, work: F) -> F::Output {
    GUARD.scope(guard, work).await
}

/// The guard of the work that this task does now: for who does some of it elsewhere.
pub fn present_guard() -> Option<Arc<dyn Guard>> {
    GUARD.try_with(Arc::clone).ok()
}
