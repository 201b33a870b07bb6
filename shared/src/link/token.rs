//! The token of a link: which link, and the proof that Souk wrote it.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::hmac;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Purpose;
use crate::{http::Problem, id::LinkId, runtime::App, tenant::Tenant};

/// A token as a reader of a mail sends it back. Never logged, never stored.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct LinkToken(String);

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken(…)")
    }
}

async fn key(app: &App) -> Result<hmac::Key, Problem> {
    app.derived_key("links").await.map_err(Problem::internal)
}

fn signed(tenant: Tenant, purpose: Purpose, id: LinkId) -> String {
    format!("{tenant}/{id}/{}", purpose.event())
}

/// The token of the link `id`.
///
/// # Errors
/// A 500 where the key can't be had.
pub async fn write(app: &App, tenant: Tenant, purpose: Purpose, id: LinkId) -> Result<String, Problem> {
    let proof = hmac::sign(&key(app).await?, signed(tenant, purpose, id).as_bytes());
    let proof = BASE64_URL_SAFE_NO_PAD.encode(proof.as_ref());
    Ok(format!("{}.{}.{id}.{proof}", tenant.store(), tenant.mode()))
}

/// Whose link a token is of, and which, if Souk wrote it for `purpose`.
///
/// # Errors
/// A 500 where the key can't be had.
pub async fn read(
    app: &App,
    purpose: Purpose,
    token: &LinkToken,
) -> Result<Option<(Tenant, LinkId)>, Problem> {
    let mut parts = token.0.split('.');
    let mut part = || parts.next().unwrap_or_default();
    let (store, mode, id, proof) = (part(), part(), part(), part());
    let (Ok(store), Ok(mode), Ok(id)) = (store.parse(), mode.parse(), id.parse()) else {
        return Ok(None);
    };
    // Not yet anybody's: the proof below says whether Souk wrote it.
    let tenant = Tenant::of_own_record(store, mode);
    let Ok(proof) = BASE64_URL_SAFE_NO_PAD.decode(proof) else {
        return Ok(None);
    };
    let genuine = hmac::verify(&key(app).await?, signed(tenant, purpose, id).as_bytes(), &proof).is_ok();
    Ok((genuine && parts.next().is_none()).then_some((tenant, id)))
}
