//! The key of a subject, in the vault's table: made at first use, wrapped by the key of the store, destroyed once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Cipher, Subject, kms, sealed::Generation, store_key};
use crate::{
    http::{Code, Problem},
    runtime::{App, JobError, StartError},
    store::{self, Bytes, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

/// How often a key is looked for again that somebody else makes or destroys at the same moment.
const TRIES: usize = 3;

/// Why something can't be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The subject was erased: nothing more is kept of it.
    #[error("the subject was erased")]
    Erased,
    /// The vault's table can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key that wraps people's is not there: it is lost, or was never made.
    #[error("the store has no key")]
    NoStoreKey,
    /// KMS did not do what was asked.
    #[error("KMS: {0}")]
    Kms(String),
    /// What is there is not what was sealed.
    #[error("{0} does not open: it was changed, or belongs elsewhere")]
    Tampered(String),
    /// The value can't be written down.
    #[error("{0} can't be sealed: {1}")]
    Unwritable(String, String),
}

impl From<StartError> for VaultError {
    fn from(error: StartError) -> Self {
        Self::Store(error.into())
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Erased => Self::new(Code::Erased, "What was known of this person was erased."),
            VaultError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<VaultError> for JobError {
    fn from(error: VaultError) -> Self {
        Self::new("vault", error)
    }
}

/// A subject's item. Without a key it is a tombstone, which says only when.
#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generation: Option<String>,
    /// The key, wrapped by the store's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Bytes>,
    /// The key, wrapped by KMS itself, as all were before stores had keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wrapped: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    erased_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<i64>,
}

/// A subject's key, unwrapped.
#[derive(Debug)]
pub(super) struct DataKey {
    pub(super) cipher: Cipher,
    pub(super) generation: Generation,
}

/// The subject's key, if it has one.
pub(super) async fn find(app: &App, tenant: Tenant, subject: Subject) -> Result<Option<DataKey>, VaultError> {
    match read(app, tenant, subject).await? {
        Some(entry) => unwrap(app, tenant, subject, &entry).await,
        None => Ok(None),
    }
}

/// The subject's key, made now if it has none. Of two that make one at once, one does, and both use it.
pub(super) async fn find_or_make(app: &App, tenant: Tenant, subject: Subject) -> Result<DataKey, VaultError> {
    for _ in 0..TRIES {
        let entry = read(app, tenant, subject).await?;
        if let Some(entry) = &entry {
            if let Some(key) = unwrap(app, tenant, subject, entry).await? {
                return Ok(key);
            }
            if !subject.may_return() {
                return Err(VaultError::Erased);
            }
        }
        let (entry_of_new, key) = make(app, tenant, subject).await?;
        let write = Write::put("person-key", keys::person(tenant, subject), &entry_of_new)?;
        let write = match entry.and_then(|entry| entry.erased_at) {
            None => write.when("attribute_not_exists(pk)"),
            Some(at) => write.when("erased_at = :erased_at").text(":erased_at", at.to_string()),
        };
        match store::commit(app, vec![write]).await {
            Ok(()) => return Ok(key),
            // Somebody else was first, or this is the second try of a write whose answer was lost.
            Err(WriteError::Refused(_)) => {}
            Err(WriteError::Store(error)) => return Err(error.into()),
        }
    }
    Err(StoreError::Busy("the subject's key keeps changing".to_owned()).into())
}

/// Erases `subject`: what was sealed for it never opens again. Erasing twice is erasing once.
///
/// # Errors
/// [`VaultError`]; the subject is not erased then.
pub async fn destroy(app: &App, tenant: Tenant, subject: Subject) -> Result<(), VaultError> {
    let tombstone =
        Entry { generation: None, key: None, wrapped: None, erased_at: Some(app.now()), expires: None };
    let write = Write::put("person-key", keys::person(tenant, subject), &tombstone)?;
    match store::commit(app, vec![write]).await {
        Ok(()) => Ok(()),
        Err(WriteError::Store(error)) => Err(error.into()),
        Err(WriteError::Refused(_)) => Err(StoreError::Busy("the subject's key".to_owned()).into()),
    }
}

/// Whether something may be known of `subject`: whether it has a key.
///
/// # Errors
/// [`StoreError`].
pub async fn knows(app: &App, tenant: Tenant, subject: Subject) -> Result<bool, StoreError> {
    Ok(read(app, tenant, subject).await?.is_some_and(|entry| entry.generation.is_some()))
}

async fn read(app: &App, tenant: Tenant, subject: Subject) -> Result<Option<Entry>, StoreError> {
    store::get(app, "person-key", &keys::person(tenant, subject)).await
}

/// What a subject's key is bound to, wrapped: the store and mode, the subject, and which of its keys it is.
fn context(tenant: Tenant, subject: Subject, generation: Generation) -> Vec<u8> {
    // No part has a space in it, so no two contexts read the same.
    format!("person-key {tenant} {subject} {generation:016x}").into_bytes()
}

async fn make(app: &App, tenant: Tenant, subject: Subject) -> Result<(Entry, DataKey), VaultError> {
    let of_store = store_key::the(app, tenant).await?;
    let (plain, generation) = (app.entropy().bytes::<32>(), Generation::from_be_bytes(app.entropy().bytes()));
    let unwritable = |_| VaultError::Unwritable("a person's key".to_owned(), "it is too long".to_owned());
    let cipher = Cipher::new(&plain).map_err(unwritable)?;
    let wrapped = of_store.seal(app.entropy(), &context(tenant, subject, generation), &plain);
    let entry = Entry {
        generation: Some(format!("{generation:016x}")),
        key: Some(Bytes(wrapped.map_err(unwritable)?)),
        wrapped: None,
        erased_at: None,
        expires: subject.key_expires(app.now()),
    };
    Ok((entry, DataKey { cipher, generation }))
}

async fn unwrap(
    app: &App,
    tenant: Tenant,
    subject: Subject,
    entry: &Entry,
) -> Result<Option<DataKey>, VaultError> {
    let Some(generation) = &entry.generation else {
        return Ok(None);
    };
    let changed = || VaultError::Tampered("a person's key".to_owned());
    let generation = Generation::from_str_radix(generation, 16).map_err(|_| changed())?;
    let cipher = match (&entry.key, &entry.wrapped) {
        (Some(key), _) => {
            // Where the store's key is gone, people's are not erased but lost: that must not look like an erasure.
            let of_store = store_key::the(app, tenant).await?;
            let plain =
                of_store.open(&context(tenant, subject, generation), &key.0).map_err(|_| changed())?;
            Cipher::new(&plain).map_err(|_| changed())?
        }
        (None, Some(wrapped)) => {
            let bound = [("tenant", tenant.to_string()), ("subject", subject.to_string())];
            kms::unwrap(app, bound, wrapped).await?
        }
        (None, None) => return Err(changed()),
    };
    Ok(Some(DataKey { cipher, generation }))
}
