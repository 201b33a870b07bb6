//! SES, version 2 of its API: emails are checked, kept, and go nowhere.
//! <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>

mod address;
mod eml;
mod send;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CloudError, Place, files, sqs::ids::Ids};

/// So many emails are remembered whole, the latest; of those before them, what they say is left to the folder.
const WHOLE: usize = 500;

/// An email that was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// The `MessageId` that the sender was told.
    pub id: String,
    /// When it was sent.
    pub sent: Timestamp,
    /// The sender, with a display name if it has one.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
    /// Who gets a copy.
    pub cc: Vec<String>,
    /// Who gets a copy unseen.
    pub bcc: Vec<String>,
    /// Where answers go.
    pub reply_to: Vec<String>,
    /// The subject. Empty for one sent raw.
    pub subject: String,
    /// The plain text.
    pub text: Option<String>,
    /// The HTML.
    pub html: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// Tags of the sender.
    pub tags: Vec<(String, String)>,
    /// The configuration set.
    pub configuration_set: Option<String>,
    /// The whole message, for one sent raw.
    pub raw: Option<String>,
}

/// The emails that one account in one region has sent.
pub struct Ses {
    place: Place,
    folder: Option<PathBuf>,
    outbox: Mutex<Outbox>,
}

#[derive(Default)]
struct Outbox {
    emails: Vec<Email>,
    ids: Ids,
    /// Addresses and domains that may send. Empty: all may.
    identities: BTreeSet<String>,
}

impl Outbox {
    /// Remembers an email.
    fn push(&mut self, email: Email) {
        self.emails.push(email);
        let old = self.emails.len().checked_sub(WHOLE + 1).and_then(|place| self.emails.get_mut(place));
        if let Some(Email { text, html, raw, .. }) = old {
            (*text, *html, *raw) = (None, None, None);
        }
    }
}

impl Ses {
    pub(crate) fn open(place: Place, data: Option<&Path>) -> Result<Self, CloudError> {
        let folder = data.map(|data| data.join("outbox"));
        let mut outbox = Outbox::default();
        if let Some(folder) = &folder {
            let path = folder.join("emails.jsonl");
            let kept = files::read(&path).map_err(CloudError::files(&path))?.unwrap_or_default();
            // A line that a kill cut short was never answered for. It must go, or the next one would be joined to it.
            let whole = kept.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            if whole < kept.len() {
                files::write(&path, &kept[..whole]).map_err(CloudError::files(&path))?;
            }
            let lines = kept[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            for line in lines {
                let email = serde_json::from_slice(line).map_err(|error| CloudError::Unreadable {
                    path: path.clone(),
                    reason: error.to_string(),
                })?;
                outbox.push(email);
            }
        }
        Ok(Self { place, folder, outbox: Mutex::new(outbox) })
    }

    /// The emails sent so far, the oldest first. All but the last 500 have lost what they say.
    pub fn messages(&self) -> Vec<Email> {
        self.outbox().emails.clone()
    }

    /// The email that was sent last, if any was.
    pub fn last<T>(&self, told: impl FnOnce(&Email) -> T) -> Option<T> {
        self.outbox().emails.last().map(told)
    }

    /// Lets an address, or every address of a domain, send. Once one is verified, the others are refused; before
    /// that all may send.
    pub fn verify(&self, identity: &str) {
        self.outbox().identities.insert(identity.to_ascii_lowercase());
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
