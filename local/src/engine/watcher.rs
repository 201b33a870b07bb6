//! Turns AWS calls into happenings.

use std::{fmt, sync::Arc};

use souk_cloud::{CallRecord, Observer};
use tokio::sync::broadcast;

use super::happening::Happening;

/// Tells the market of every call, and whoever else wants to know.
pub(super) struct Watcher {
    pub happenings: broadcast::Sender<Happening>,
    pub also: Option<Arc<dyn Observer>>,
}

impl Observer for Watcher {
    fn called(&self, record: &CallRecord) {
        if let Some(also) = &self.also {
            also.called(record);
        }
        if self.happenings.receiver_count() > 0 {
            let _ = self.happenings.send(Happening::Call(Box::new(record.clone())));
        }
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}
