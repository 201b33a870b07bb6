//! Where hashes are kept: one item a person, apart from what is known of them.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::password::{Password, is_outdated};
use crate::{
    http::Problem,
    principal::Who,
    runtime::App,
    store::{self, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

#[derive(Serialize, Deserialize)]
struct Credential {
    hash: String,
    /// Drawn with each password, and kept where its hash is made anew.
    stamp: String,
}

/// Which password it was that was right. A hash takes its time: meanwhile another may have been chosen, and whoever had
/// the old one shut out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proven(String);

impl Proven {
    /// The condition that the password of `who` is still that one. What is begun by a password is committed with it.
    pub fn still(&self, tenant: Tenant, who: Who) -> Write {
        self.holds(Write::check(keys::credential(tenant, who)))
    }

    /// `write`, which puts another password in this one's place, and no other's.
    #[must_use]
    pub fn holds(&self, write: Write) -> Write {
        write.when("stamp = :proven").text(":proven", &self.0)
    }
}

/// The write that sets somebody's password.
///
/// # Errors
/// 422 where the password may not be chosen.
pub fn set(app: &App, tenant: Tenant, who: Who, password: &Password) -> Result<Write, Problem> {
    password
        .acceptable()
        .map_err(|reason| Problem::invalid("password", format!("The password {reason}.")))?;
    let hash = password.hash(app).map_err(Problem::internal)?;
    let stamp = BASE64_URL_SAFE_NO_PAD.encode(app.entropy().bytes::<16>());
    Ok(Write::put("credential", keys::credential(tenant, who), &Credential { hash, stamp })?)
}

/// Whether `password` is that of `who`. Where there is nobody, it is not, and that takes as long to find out. A hash
/// whose parameters are no longer today's is made anew.
///
/// # Errors
/// [`StoreError`].
pub async fn check(
    app: &App,
    tenant: Tenant,
    who: Option<Who>,
    password: &Password,
) -> Result<Option<Proven>, StoreError> {
    // Nobody's key is looked up as well: the read takes time, too.
    let key = keys::credential(tenant, who.unwrap_or(Who::Key(crate::id::KeyId::from_bits(0))));
    let credential: Option<Credential> = store::get(app, "credential", &key).await?;
    let matches = password.matches(credential.as_ref().map(|credential| credential.hash.as_str()));
    let Some(Credential { hash: old, stamp }) = credential.filter(|_| matches) else {
        return Ok(None);
    };
    if is_outdated(&old)
        && let Ok(hash) = password.hash(app)
    {
        // Not where the password was changed meanwhile.
        let renewed = Write::put("credential", key, &Credential { hash, stamp: stamp.clone() })?
            .when("#hash = :old")
            .name("#hash", "hash")
            .text(":old", old);
        if let Err(WriteError::Store(error)) = store::commit(app, vec![renewed]).await {
            return Err(error);
        }
    }
    Ok(Some(Proven(stamp)))
}
