//! What links from mails do: verify an address, set a new password.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    access::ACCOUNT,
    storage::{self, replace},
};
use crate::{
    audit::Action,
    contact::Email,
    credential::{self, Password},
    http::{Call, Code, Problem},
    id::CustomerId,
    limit::attempts,
    link::{self, Link, LinkToken, Purpose},
    principal::Who,
    runtime::App,
    session,
    store::{self, StoreError, WriteError},
    tenant::Tenant,
};

/// The token of a link that verifies an address.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// As the mail's link carries it.
    pub token: LinkToken,
}

/// A new password, with the token of a link that allows it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// As the mail's link carries it.
    pub token: LinkToken,
    /// The password from now on.
    pub password: Password,
}

/// What a link that can't be used is answered with, whatever is wrong with it.
fn invalid() -> Problem {
    Problem::new(Code::InvalidLink, "This link does not work, or no longer. Ask for a new one.").at("token")
}

/// Sends a link to set a new password, if anybody registered with `email`.
///
/// # Errors
/// [`Problem`] where storage fails.
pub async fn ask_to_reset(app: &App, tenant: Tenant, email: &Email) -> Result<(), Problem> {
    if let Some(customer) = storage::by_email(app, tenant, email).await? {
        let link = reset_link(app, tenant, email, customer).await?;
        store::commit(app, vec![link]).await?;
    }
    Ok(())
}

/// The write of a link by which `customer` chooses a new password.
pub(super) async fn reset_link(
    app: &App,
    tenant: Tenant,
    email: &Email,
    customer: CustomerId,
) -> Result<store::Write, StoreError> {
    let account = attempts::account(app, tenant, ACCOUNT, email).await?;
    let subject = customer.to_string();
    Ok(Link::of_account(app, tenant, Purpose::ResetPassword, &subject, account)?.1)
}

/// Sends a link to verify the address of `customer`, if it is not verified yet.
///
/// # Errors
/// [`Problem`]: 404 where there is no such customer.
pub async fn ask_to_verify(app: &App, tenant: Tenant, customer: CustomerId) -> Result<(), Problem> {
    let customer = storage::living(app, tenant, customer).await?.ok_or_else(Problem::not_found)?;
    if !customer.email_verified {
        let (_, link) = Link::new(app, tenant, Purpose::VerifyEmail, &customer.id.to_string())?;
        store::commit(app, vec![link]).await?;
    }
    Ok(())
}

/// Sets a new password by a link, and ends every session: whoever had the old one is out. Whoever has the link is let
/// in next, whatever others tried.
///
/// # Errors
/// [`Problem`]: 422 where the link does not work or the password may not be chosen. The link is good once, also where
/// several use it at the same time.
pub async fn reset(app: &App, call: &Call<NewPassword>) -> Result<(), Problem> {
    let new = &call.body;
    let (tenant, link, id) = open(app, Purpose::ResetPassword, &new.token).await?;
    let customer = storage::living(app, tenant, id).await?.ok_or_else(invalid)?;
    let who = Who::Customer(id);
    let told = call.note(app, who, Action::PasswordReset, format!("/v1/customers/{id}"));
    let writes = vec![
        link::spend(tenant, &link),
        credential::set(app, tenant, who, &new.password)?,
        // The customer is written in any case: one who is erased meanwhile must get no password again.
        verified(app, tenant, &customer)?,
        told.write(tenant)?,
    ];
    spend(app, writes).await?;
    if let Some(account) = &link.account {
        attempts::forgiven(app, tenant, account, &call.address).await?;
    }
    Ok(session::end_all(app, tenant, who, None).await?)
}

/// Marks an address as verified, by a link.
///
/// # Errors
/// [`Problem`]: 422 where the link does not work.
pub async fn verify(app: &App, verification: &Verification) -> Result<(), Problem> {
    let (tenant, link, id) = open(app, Purpose::VerifyEmail, &verification.token).await?;
    let customer = storage::living(app, tenant, id).await?.ok_or_else(invalid)?;
    let mut writes = vec![link::spend(tenant, &link)];
    if !customer.email_verified {
        writes.push(verified(app, tenant, &customer)?);
    }
    spend(app, writes).await
}

async fn open(app: &App, purpose: Purpose, token: &LinkToken) -> Result<(Tenant, Link, CustomerId), Problem> {
    let (tenant, id) = link::read(app, purpose, token).await?.ok_or_else(invalid)?;
    let link = link::find(app, tenant, id, purpose).await?.ok_or_else(invalid)?;
    let customer = link.subject.parse().map_err(Problem::internal)?;
    Ok((tenant, link, customer))
}

fn verified(app: &App, tenant: Tenant, customer: &super::Customer) -> Result<store::Write, Problem> {
    let mut changed = customer.changed(app.now());
    changed.email_verified = true;
    Ok(replace(tenant, &changed)?)
}

async fn spend(app: &App, writes: Vec<store::Write>) -> Result<(), Problem> {
    match store::commit(app, writes).await {
        Err(WriteError::Refused(places)) if places.contains(&0) => Err(invalid()),
        done => Ok(done?),
    }
}
