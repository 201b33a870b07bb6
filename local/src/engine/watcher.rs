//! Turns AWS calls into happenings.

use std::{
    fmt,
    sync::{Arc, OnceLock, Weak},
};

use souk_cloud::{CallRecord, Cloud, Observer, Outcome};
use tokio::sync::broadcast;

use super::happening::Happening;

/// Tells the market of every call, and whoever else wants to know.
pub(super) struct Watcher {
    happenings: broadcast::Sender<Happening>,
    also: Vec<Arc<dyn Observer>>,
    /// Known once the cloud is open, which needs its observer first.
    cloud: OnceLock<Weak<Cloud>>,
}

impl Watcher {
    pub(super) fn new(happenings: broadcast::Sender<Happening>, also: Vec<Arc<dyn Observer>>) -> Arc<Self> {
        Arc::new(Self { happenings, also, cloud: OnceLock::new() })
    }

    /// Tells it of the cloud that it watches.
    pub(super) fn watch(&self, cloud: &Arc<Cloud>) {
        let _ = self.cloud.set(Arc::downgrade(cloud));
    }
}

impl Observer for Watcher {
    fn called(&self, record: &CallRecord) {
        for also in &self.also {
            also.called(record);
        }
        if self.happenings.receiver_count() == 0 {
            return;
        }
        let _ = self.happenings.send(Happening::Call(Box::new(record.clone())));
        if record.operation != "SendEmail" || record.outcome != Outcome::Done {
            return;
        }
        let cloud = self.cloud.get().and_then(Weak::upgrade);
        let mail = cloud.and_then(|cloud| {
            cloud.ses.last(|mail| Happening::Mail {
                subject: mail.subject.clone(),
                recipients: mail.to.len() + mail.cc.len() + mail.bcc.len(),
            })
        });
        if let Some(mail) = mail {
            let _ = self.happenings.send(mail);
        }
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}
