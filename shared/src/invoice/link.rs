//! Links to documents: whoever has one can fetch the document, until it ends.

use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::hmac;

use crate::{http::Problem, id::InvoiceId, runtime::App, tenant::Tenant};

/// How long a link works.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// What a link ends with: which document, until when, and the proof that Souk said so. Never logged.
#[derive(Clone)]
pub struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Token {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.len() < 300 { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

fn signed(tenant: Tenant, id: InvoiceId, ends: i64) -> String {
    format!("{tenant}/{id}/{ends}")
}

/// A token for the document `id`, and when it ends.
pub(super) async fn write(app: &App, tenant: Tenant, id: InvoiceId) -> Result<(Token, Timestamp), Problem> {
    let ends = (app.now() + LIFETIME).as_second();
    let key = app.derived_key("invoice-links").await.map_err(Problem::internal)?;
    let proof = hmac::sign(&key, signed(tenant, id, ends).as_bytes());
    let proof = BASE64_URL_SAFE_NO_PAD.encode(proof.as_ref());
    let ends_at = Timestamp::from_second(ends).map_err(Problem::internal)?;
    Ok((Token(format!("{}.{}.{id}.{ends}.{proof}", tenant.store(), tenant.mode())), ends_at))
}

/// Which document a token is for, if Souk wrote it and it has not ended.
///
/// # Errors
/// A 500 where the key can't be had.
pub async fn read_link(app: &App, token: &Token) -> Result<Option<(Tenant, InvoiceId)>, Problem> {
    let parts: Vec<_> = token.0.split('.').collect();
    let [store, mode, id, ends, proof] = parts[..] else {
        return Ok(None);
    };
    let (Ok(store), Ok(mode), Ok(id), Ok(ends)) = (store.parse(), mode.parse(), id.parse(), ends.parse())
    else {
        return Ok(None);
    };
    // Not yet anybody's: the proof below says whether Souk wrote it.
    let (tenant, ends): (_, i64) = (Tenant::of_own_record(store, mode), ends);
    let Ok(proof) = BASE64_URL_SAFE_NO_PAD.decode(proof) else {
        return Ok(None);
    };
    let key = app.derived_key("invoice-links").await.map_err(Problem::internal)?;
    let genuine = hmac::verify(&key, signed(tenant, id, ends).as_bytes(), &proof).is_ok();
    Ok((genuine && app.now().as_second() < ends).then_some((tenant, id)))
}
