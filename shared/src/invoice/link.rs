//! Links to documents: which document, until when, and the proof that Souk wrote it. Nothing is stored of a link.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::hmac;
use serde::Deserialize;

use super::model::DocumentKind;
use crate::{http::Problem, runtime::App, tenant::Tenant};

/// How long a link works.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// A token as the holder of a link sends it back. Never logged: whoever has it can read the document.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct LinkToken(String);

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken(…)")
    }
}

/// What a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Whose document.
    pub tenant: Tenant,
    /// Its series.
    pub kind: DocumentKind,
    /// Its number.
    pub number: u64,
}

impl Link {
    /// The token of a link that works from now on, and when it ends.
    ///
    /// # Errors
    /// A 500 where the key can't be had.
    pub async fn write(self, app: &App) -> Result<(String, Timestamp), Problem> {
        let expires = app.now() + LIFETIME;
        let (tenant, kind) = (self.tenant, self.kind.as_str());
        let (store, mode, seconds) = (tenant.store(), tenant.mode(), expires.as_second());
        let said = format!("{store}.{mode}.{kind}.{}.{seconds}", self.number);
        let proof = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key(app).await?, said.as_bytes()));
        Ok((format!("{said}.{proof}"), Timestamp::from_second(expires.as_second()).unwrap_or(expires)))
    }

    /// What `token` leads to, if Souk wrote it and it still works. The proof is of the text as it is, so no other
    /// spelling of the same passes.
    ///
    /// # Errors
    /// A 500 where the key can't be had.
    pub async fn read(app: &App, token: &LinkToken) -> Result<Option<Self>, Problem> {
        let Some((said, proof)) = token.0.rsplit_once('.') else { return Ok(None) };
        let Ok(proof) = BASE64_URL_SAFE_NO_PAD.decode(proof) else { return Ok(None) };
        if hmac::verify(&key(app).await?, said.as_bytes(), &proof).is_err() {
            return Ok(None);
        }
        Ok(parsed(said).filter(|(_, expires)| app.now() < *expires).map(|(link, _)| link))
    }
}

fn parsed(said: &str) -> Option<(Link, Timestamp)> {
    let mut parts = said.split('.');
    let mut part = || parts.next();
    let tenant = Tenant::of_own_record(part()?.parse().ok()?, part()?.parse().ok()?);
    let (kind, number) = (part()?.parse().ok()?, part()?.parse().ok()?);
    let expires = Timestamp::from_second(part()?.parse().ok()?).ok()?;
    Some((Link { tenant, kind, number }, expires))
}

async fn key(app: &App) -> Result<hmac::Key, Problem> {
    app.derived_key("invoice-links").await.map_err(Problem::internal)
}
