//! New passwords: by who knows the present one, or by a link.

use std::fmt;

use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    access::ACCOUNT,
    member,
    second_factor::{self, own},
};
use crate::{
    audit::Action,
    contact::Email,
    credential::{self, Password},
    http::{Call, Code, Nothing, Problem, Reply},
    id::StaffId,
    limit::attempts,
    link::{self, Link, LinkToken, Purpose},
    principal::Who,
    runtime::App,
    session,
    store::{self, Write, WriteError},
    tenant::Tenant,
};

/// A change of password by a member who knows the present one.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeStaffPassword {
    /// The present one.
    pub current_password: Password,
    /// The one from now on.
    pub password: Password,
    /// What their authenticator shows, or a recovery code, where they have a second factor.
    #[serde(default)]
    #[schema(example = "287082")]
    pub code: Option<String>,
}

impl fmt::Debug for ChangeStaffPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChangeStaffPassword(…)")
    }
}

/// Who of the staff is to choose a new password.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgottenStaffPassword {
    /// The address that they log in with.
    pub email: Email,
}

/// A new password of a member, with the token of a link that allows it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStaffPassword {
    /// As the mail's link carries it.
    pub token: LinkToken,
    /// The password from now on.
    pub password: Password,
}

/// What a link that can't be used is answered with, whatever is wrong with it.
fn invalid() -> Problem {
    Problem::new(Code::InvalidLink, "This link does not work, or no longer. Ask for a new one.").at("token")
}

/// The write that sets a member's password. Not where they were removed meanwhile.
fn set(app: &App, tenant: Tenant, id: StaffId, password: &Password) -> Result<Write, Problem> {
    Ok(credential::set(app, tenant, Who::Staff(id), password)?.when("attribute_exists(pk)"))
}

/// Changes the caller's password, and ends their other sessions.
///
/// # Errors
/// 401 where the present password or the code is wrong, or a code is needed; 422 where the new password may not be
/// chosen; 429 where too many were tried.
pub async fn change_password(app: &App, call: &Call<ChangeStaffPassword>) -> Result<Reply<Nothing>, Problem> {
    let (tenant, id, session) = own(app, call).await?;
    let (who, change) = (Who::Staff(id), &call.body);
    let factor = second_factor::confirmed(app, tenant, id).await?;
    if factor.is_some() && change.code.is_none() {
        let detail = "Send the code that your authenticator shows, too.";
        return Err(Problem::new(Code::SecondFactorNeeded, detail).at("code"));
    }
    // Before the code, which is used up.
    let write = set(app, tenant, id, &change.password)?;
    let proof = async {
        let right = credential::check(app, tenant, Some(who), &change.current_password).await?;
        match (&factor, &change.code) {
            (Some(factor), Some(code)) if right.is_some() => {
                let accepted = second_factor::accepts(app, call, tenant, id, factor, code).await?;
                Ok(right.filter(|_| accepted))
            }
            _ => Ok(right),
        }
    };
    let Some(proven) = credential::prove(app, call, who, proof).await? else {
        let detail = match factor {
            Some(_) => "The present password or the code is wrong.",
            None => "This is not the present password.",
        };
        return Err(Problem::new(Code::InvalidCredentials, detail).at("current_password"));
    };
    let write = proven.holds(write);
    let reply = call.commit(app, vec![write], Reply::empty()).await?;
    session::end_all(app, tenant, who, Some(session.id)).await?;
    Ok(reply)
}

/// Sends a link to choose a new password, if `email` is a member's.
///
/// # Errors
/// [`Problem`] where storage fails.
pub async fn ask_to_reset(app: &App, tenant: Tenant, email: &Email) -> Result<(), Problem> {
    if let Some(id) = member::by_email(app, tenant, email).await? {
        let account = attempts::account(app, tenant, ACCOUNT, email).await.map_err(Problem::internal)?;
        let purpose = Purpose::ResetStaffPassword;
        let (_, link) = Link::of_account(app, tenant, purpose, &id.to_string(), account)?;
        store::commit(app, vec![link]).await?;
    }
    Ok(())
}

/// Sets a new password by a link, and ends every session. The link stands in for the password only: a second factor is
/// asked for as before. Whoever has the link is let in next, whatever others tried.
///
/// # Errors
/// [`Problem`]: 422 where the link does not work or the password may not be chosen. The link is good once, also where
/// several use it at the same time.
pub async fn reset(app: &App, call: &Call<NewStaffPassword>) -> Result<(), Problem> {
    let new = &call.body;
    let (tenant, id) = link::read(app, Purpose::ResetStaffPassword, &new.token).await?.ok_or_else(invalid)?;
    let link = link::find(app, tenant, id, Purpose::ResetStaffPassword).await?.ok_or_else(invalid)?;
    let id: StaffId = link.subject.parse().map_err(Problem::internal)?;
    let who = Who::Staff(id);
    let told = call.note(app, who, Action::PasswordReset, format!("/v1/staff/{id}"));
    let writes = vec![link::spend(tenant, &link), set(app, tenant, id, &new.password)?, told.write(tenant)?];
    match store::commit(app, writes).await {
        // Used already, or the member left.
        Err(WriteError::Refused(_)) => return Err(invalid()),
        done => done?,
    }
    if let Some(account) = &link.account {
        attempts::forgiven(app, tenant, account, &call.address).await?;
    }
    Ok(session::end_all(app, tenant, who, None).await?)
}
