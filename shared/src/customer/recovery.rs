//! What links from mails do: verify an address, set a new password.

use serde::Deserialize;
use utoipa::ToSchema;

use super::storage::{self, replace};
use crate::{
    contact::Email,
    credential::{self, Password},
    http::{Code, Problem},
    id::CustomerId,
    link::{self, Link, LinkToken, Purpose},
    principal::Who,
    runtime::App,
    session,
    store::{self, WriteError},
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
        ask(app, tenant, Purpose::ResetPassword, customer).await?;
    }
    Ok(())
}

/// Sends a link to verify the address of `customer`, if it is not verified yet.
///
/// # Errors
/// [`Problem`]: 404 where there is no such customer.
pub async fn ask_to_verify(app: &App, tenant: Tenant, customer: CustomerId) -> Result<(), Problem> {
    let customer = storage::living(app, tenant, customer).await?.ok_or_else(Problem::not_found)?;
    if !customer.email_verified {
        ask(app, tenant, Purpose::VerifyEmail, customer.id).await?;
    }
    Ok(())
}

async fn ask(app: &App, tenant: Tenant, purpose: Purpose, customer: CustomerId) -> Result<(), Problem> {
    let (_, link) = Link::new(app, tenant, purpose, &customer.to_string())?;
    Ok(store::commit(app, vec![link]).await?)
}

/// Sets a new password by a link, and ends every session: whoever had the old one is out.
///
/// # Errors
/// [`Problem`]: 422 where the link does not work or the password may not be chosen. The link is good once, also where
/// several use it at the same time.
pub async fn reset(app: &App, new: &NewPassword) -> Result<(), Problem> {
    let (tenant, link, id) = open(app, Purpose::ResetPassword, &new.token).await?;
    let customer = storage::living(app, tenant, id).await?.ok_or_else(invalid)?;
    let who = Who::Customer(id);
    // The customer is written in any case: one who is erased meanwhile must get no password again.
    let customer = verified(app, tenant, &customer)?;
    let password = credential::set(app, tenant, who, &new.password)?;
    spend(app, vec![link::spend(tenant, &link), password, customer]).await?;
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
