//! What KMS is asked for: a key that it wraps, and the key that it wrapped.

use aws_sdk_kms::{
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::DataKeySpec,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{Cipher, VaultError};
use crate::runtime::App;

/// The key of the deployment that wraps the others.
const SETTING: &str = "PERSONAL_DATA_KEY";

/// What a wrapped key is bound to: it is unwrapped in the same context only, which CloudTrail shows.
type Bound = [(&'static str, String); 2];

/// A new key, and the same wrapped, in base64.
pub(super) async fn make(app: &App, bound: Bound) -> Result<(Cipher, String), VaultError> {
    let mut call = app.kms().generate_data_key().key_id(app.settings().require(SETTING)?);
    for (name, value) in bound {
        call = call.encryption_context(name, value);
    }
    let answer = call.key_spec(DataKeySpec::Aes256).send().await.map_err(|error| failed(&error))?;
    let incomplete = || VaultError::Kms("the answer has no key".to_owned());
    let (plain, wrapped) = answer.plaintext().zip(answer.ciphertext_blob()).ok_or_else(incomplete)?;
    let cipher = Cipher::new(plain.as_ref()).map_err(|_| incomplete())?;
    Ok((cipher, BASE64_STANDARD.encode(wrapped)))
}

/// The key that was wrapped in the same context.
pub(super) async fn unwrap(app: &App, bound: Bound, wrapped: &str) -> Result<Cipher, VaultError> {
    let changed = || VaultError::Tampered("a wrapped key".to_owned());
    let wrapped = BASE64_STANDARD.decode(wrapped).map_err(|_| changed())?;
    let mut call = app.kms().decrypt().key_id(app.settings().require(SETTING)?);
    for (name, value) in bound {
        call = call.encryption_context(name, value);
    }
    let answer = call.ciphertext_blob(Blob::new(wrapped)).send().await.map_err(|error| failed(&error))?;
    let plain = answer.plaintext().ok_or_else(changed)?;
    Cipher::new(plain.as_ref()).map_err(|_| changed())
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
