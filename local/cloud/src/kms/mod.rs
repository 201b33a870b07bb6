//! KMS: symmetric keys that encrypt, and data keys under them.
//! <https://docs.aws.amazon.com/kms/latest/APIReference/>
//!
//! Not emulated: aliases, rotation, deletion, grants, key policies (as with a policy that leaves it all to IAM), and
//! keys that sign or that are somebody else's.

mod key;
mod operations;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use key::Key;
pub use key::id_of;
use serde_json::Value;

use crate::{AwsError, CloudError, Place, files, iam::Ask};

/// The keys of one account in one region.
pub struct Kms {
    place: Place,
    file: Option<PathBuf>,
    keys: Mutex<BTreeMap<String, Key>>,
    /// Counts what was drawn, so that nothing is drawn twice in one moment.
    drawn: AtomicU64,
}

impl Kms {
    pub(crate) fn open(place: Place, data: Option<&Path>) -> Result<Self, CloudError> {
        let file = data.map(|data| data.join("keys.json"));
        let mut keys = BTreeMap::new();
        if let Some(path) = &file
            && let Some(bytes) = files::read(path).map_err(CloudError::files(path))?
        {
            keys = serde_json::from_slice(&bytes)
                .map_err(|error| CloudError::Unreadable { path: path.clone(), reason: error.to_string() })?;
        }
        Ok(Self { place, file, keys: Mutex::new(keys), drawn: AtomicU64::new(0) })
    }

    /// Makes the key with this id, of `material`, unless it is there.
    ///
    /// # Errors
    /// The folder can't be written.
    pub fn ensure(
        &self,
        id: &str,
        description: &str,
        material: impl FnOnce() -> [u8; 32],
    ) -> Result<(), AwsError> {
        self.change(|keys| {
            if !keys.contains_key(id) {
                keys.insert(id.to_owned(), Key::new(&self.place, id, description, &material()));
            }
            Ok(())
        })
    }

    /// Runs one operation.
    ///
    /// # Errors
    /// As the operation documents.
    pub fn call(&self, operation: &str, input: &Value) -> Result<Value, AwsError> {
        let count = self.drawn.fetch_add(1, Ordering::Relaxed);
        self.change(|keys| operations::run(&self.place, keys, count, operation, input))
    }

    /// The permission that an operation needs, and on what, with the encryption context as condition keys.
    ///
    /// # Errors
    /// As [`Kms::call`], for a ciphertext that names no key.
    pub(crate) fn needs(&self, operation: &str, input: &Value) -> Result<Ask, AwsError> {
        let resource = match (operation, input.get("KeyId").and_then(Value::as_str)) {
            ("CreateKey" | "ListKeys", _) => "*".to_owned(),
            ("Decrypt", _) => key::arn(&self.place, &operations::key_of_ciphertext(input)?),
            (_, Some(id)) => key::arn(&self.place, key::id_in(id)),
            (_, None) => "*".to_owned(),
        };
        let mut ask = Ask::new(format!("kms:{operation}"), resource);
        let context = operations::context(input)?;
        if !context.is_empty() {
            ask = ask.with("kms:EncryptionContextKeys", context.keys().cloned().collect());
        }
        for (name, value) in context {
            ask = ask.with(&format!("kms:EncryptionContext:{name}"), vec![value]);
        }
        Ok(ask)
    }

    fn change<T>(
        &self,
        work: impl FnOnce(&mut BTreeMap<String, Key>) -> Result<T, AwsError>,
    ) -> Result<T, AwsError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let before = keys.clone();
        let answer = work(&mut keys)?;
        if *keys != before
            && let Err(error) = self.save(&keys)
        {
            *keys = before;
            return Err(AwsError::new("KMSInternalException", error.to_string())
                .with_status(http::StatusCode::INTERNAL_SERVER_ERROR));
        }
        Ok(answer)
    }

    fn save(&self, keys: &BTreeMap<String, Key>) -> std::io::Result<()> {
        match &self.file {
            Some(path) => files::write(path, &serde_json::to_vec_pretty(keys)?),
            None => Ok(()),
        }
    }
}
