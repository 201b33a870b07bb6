//! Where hashes are kept: one item a person, apart from what is known of them.

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
    Ok(Write::put("credential", keys::credential(tenant, who), &Credential { hash })?)
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
) -> Result<bool, StoreError> {
    // Nobody's key is looked up as well: the read takes time, too.
    let key = keys::credential(tenant, who.unwrap_or(Who::Key(crate::id::KeyId::from_bits(0))));
    let credential: Option<Credential> = store::get(app, "credential", &key).await?;
    let hash = credential.as_ref().map(|credential| credential.hash.as_str());
    let matches = password.matches(hash);
    if let (true, Some(old)) = (matches, hash)
        && is_outdated(old)
        && let Ok(hash) = password.hash(app)
    {
        // Not where the password was changed meanwhile.
        let renewed = Write::put("credential", key, &Credential { hash })?
            .when("#hash = :old")
            .name("#hash", "hash")
            .text(":old", old);
        if let Err(WriteError::Store(error)) = store::commit(app, vec![renewed]).await {
            return Err(error);
        }
    }
    Ok(matches)
}
