//! What is known of members as people, at rest: the one place of this module that seals and opens it.

use std::{fmt, marker::PhantomData};

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    contact::{Email, Line},
    http::Problem,
    id::StaffId,
    runtime::App,
    tenant::Tenant,
};

/// How a member is reached, and what to call them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Where mails go, and what they log in with.
    pub email: Email,
    /// What to call them.
    pub name: Line,
}

// Debug output ends up in logs sooner or later.
impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contact(…)")
    }
}

/// A `T`, encrypted.
#[derive(Serialize, Deserialize)]
#[serde(bound = "", transparent)]
pub struct Sealed<T>(String, PhantomData<fn() -> T>);

impl<T> Clone for Sealed<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<T> fmt::Debug for Sealed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// The key of one member, and what their `field` is bound to.
async fn key(app: &App, tenant: Tenant, id: StaffId, field: &str) -> Result<(LessSafeKey, String), Problem> {
    let root = app.derived_key("staff").await.map_err(Problem::internal)?;
    let key = hmac::sign(&root, format!("{tenant}/{id}").as_bytes());
    let key = UnboundKey::new(&AES_256_GCM, key.as_ref()).map_err(Problem::internal)?;
    Ok((LessSafeKey::new(key), format!("{tenant}/{id}/{field}")))
}

/// Seals `value` as the `field` of a member.
///
/// # Errors
/// A 500 where the key can't be had.
pub(super) async fn seal<T: Serialize>(
    app: &App,
    tenant: Tenant,
    id: StaffId,
    field: &str,
    value: &T,
) -> Result<Sealed<T>, Problem> {
    let (key, bound) = key(app, tenant, id, field).await?;
    let nonce: [u8; NONCE_LEN] = app.entropy().bytes();
    let mut bytes = serde_json::to_vec(value).map_err(Problem::internal)?;
    key.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(bound.as_bytes()),
        &mut bytes,
    )
    .map_err(Problem::internal)?;
    Ok(Sealed(BASE64_STANDARD_NO_PAD.encode([&nonce[..], &bytes].concat()), PhantomData))
}

/// What was sealed as the `field` of a member; nothing where they were erased.
///
/// # Errors
/// A 500 where the key can't be had or somebody changed what was sealed.
pub(super) async fn open<T: DeserializeOwned>(
    app: &App,
    tenant: Tenant,
    id: StaffId,
    field: &str,
    sealed: &Sealed<T>,
) -> Result<Option<T>, Problem> {
    let tampered = || Problem::internal(format!("{field} of {id} does not open"));
    let (key, bound) = key(app, tenant, id, field).await?;
    let bytes = BASE64_STANDARD_NO_PAD.decode(&sealed.0).map_err(|_| tampered())?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN).ok_or_else(tampered)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| tampered())?;
    let mut plain = sealed.to_vec();
    let plain = key.open_in_place(nonce, Aad::from(bound.as_bytes()), &mut plain).map_err(|_| tampered())?;
    serde_json::from_slice(plain).map(Some).map_err(|_| tampered())
}

/// A keyed hash of an address: the same for the same address of a store, capitals or not, and without the deployment's
/// root secret no way to try addresses out.
///
/// # Errors
/// A 500 where the key can't be had.
pub(super) async fn email_hash(app: &App, tenant: Tenant, email: &Email) -> Result<String, Problem> {
    let key = app.derived_key("email").await.map_err(Problem::internal)?;
    let text = format!("{tenant} {}", email.as_str().to_lowercase());
    Ok(hmac::sign(&key, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}
