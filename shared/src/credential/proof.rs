//! Showing once more that it is oneself, in a session that somebody else may have got hold of.

use crate::{
    audit::Action,
    http::{Call, Problem},
    limit::attempts,
    principal::Who,
    runtime::App,
};

/// What `proof` shows that the caller is `who` by, who is logged in; nothing where it does not. It is looked at only as often as guesses at a
/// log-in are: a stolen token must not become a way to find out the password.
///
/// # Errors
/// 429 where it comes too soon, and those of `proof`, which then counts as wrong.
pub async fn prove<B, Q, T>(
    app: &App,
    call: &Call<B, Q>,
    who: Who,
    proof: impl Future<Output = Result<Option<T>, Problem>>,
) -> Result<Option<T>, Problem> {
    let tenant = call.tenant()?;
    let pass = attempts::check(app, tenant, &who.to_string(), &call.address).await?;
    let right = proof.await?;
    if right.is_some() {
        attempts::succeeded(app, pass).await?;
    } else {
        let note = call.audit(app, who, Action::ProofRefused, who.to_string())?;
        attempts::failed(app, pass, Some(note)).await?;
    }
    Ok(right)
}
