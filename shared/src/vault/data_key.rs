//! The key of a subject, in the vault's table: made at first use, wrapped by KMS, destroyed once.

use aws_sdk_kms::{
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::DataKeySpec,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Cipher, Subject, sealed::Generation};
use crate::{
    http::{Code, Problem},
    runtime::{App, JobError, StartError},
    store::{self, StoreError, Write, WriteError, keys},
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

/// A subject's item. Without a wrapped key it is a tombstone, which says only when.
#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generation: Option<String>,
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
    let tombstone = Entry { generation: None, wrapped: None, erased_at: Some(app.now()), expires: None };
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
    Ok(read(app, tenant, subject).await?.is_some_and(|entry| entry.wrapped.is_some()))
}

async fn read(app: &App, tenant: Tenant, subject: Subject) -> Result<Option<Entry>, StoreError> {
    store::get(app, "person-key", &keys::person(tenant, subject)).await
}

async fn make(app: &App, tenant: Tenant, subject: Subject) -> Result<(Entry, DataKey), VaultError> {
    let call = app.kms().generate_data_key().key_id(app.settings().require("PERSONAL_DATA_KEY")?);
    let call = call
        .key_spec(DataKeySpec::Aes256)
        .encryption_context("tenant", tenant.to_string())
        .encryption_context("subject", subject.to_string());
    let answer = call.send().await.map_err(|error| failed(&error))?;
    let incomplete = || VaultError::Kms("the answer has no key".to_owned());
    let (plain, wrapped) = answer.plaintext().zip(answer.ciphertext_blob()).ok_or_else(incomplete)?;
    let cipher = Cipher::new(plain.as_ref()).map_err(|_| incomplete())?;
    let generation = Generation::from_be_bytes(app.entropy().bytes());
    let entry = Entry {
        generation: Some(format!("{generation:016x}")),
        wrapped: Some(BASE64_STANDARD.encode(wrapped)),
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
    let (Some(generation), Some(wrapped)) = (&entry.generation, &entry.wrapped) else {
        return Ok(None);
    };
    let changed = || VaultError::Tampered("a person's key".to_owned());
    let generation = Generation::from_str_radix(generation, 16).map_err(|_| changed())?;
    let wrapped = BASE64_STANDARD.decode(wrapped).map_err(|_| changed())?;
    let call = app.kms().decrypt().key_id(app.settings().require("PERSONAL_DATA_KEY")?);
    let call = call
        .ciphertext_blob(Blob::new(wrapped))
        .encryption_context("tenant", tenant.to_string())
        .encryption_context("subject", subject.to_string());
    let answer = call.send().await.map_err(|error| failed(&error))?;
    let plain = answer.plaintext().ok_or_else(changed)?;
    let cipher = Cipher::new(plain.as_ref()).map_err(|_| changed())?;
    Ok(Some(DataKey { cipher, generation }))
}

/// What an SDK call failed with.
fn failed<E>(error: &SdkError<E>) -> VaultError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    SdkError<E>: std::error::Error,
{
    match error.code() {
        Some(code) => VaultError::Kms(format!("{code}: {}", error.message().unwrap_or_default())),
        None => VaultError::Kms(DisplayErrorContext(error).to_string()),
    }
}
