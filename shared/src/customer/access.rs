//! Logging in.

use std::fmt;

use serde::Deserialize;
use utoipa::ToSchema;

use super::storage;
use crate::{
    audit::{Action, Actor},
    contact::{Email, Line},
    credential::{self, Password, Proven},
    http::{Call, Code, Problem},
    id::CustomerId,
    limit::attempts,
    principal::Who,
    runtime::App,
};

/// A log-in.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    /// The address that they registered with.
    pub email: Email,
    /// Their password.
    pub password: Password,
    /// What the device calls itself, for the list of devices.
    #[serde(default)]
    pub device: Option<Line>,
}

impl fmt::Debug for LogIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogIn(…)")
    }
}

/// What an email address is the name of, for counting tries.
pub(super) const ACCOUNT: &str = "customer";

/// Whose log-in it is, and by which password: commit that it is [`Proven::still`] theirs with the session. The answer, and the time it takes, are the same for a wrong password and for an address that
/// nobody registered with.
///
/// # Errors
/// [`Problem`]: 401 where address and password don't belong together, 429 where too many were tried.
pub async fn log_in(app: &App, call: &Call<LogIn>) -> Result<(CustomerId, Proven), Problem> {
    let (tenant, attempt) = (call.tenant()?, &call.body);
    let account = attempts::account(app, tenant, ACCOUNT, &attempt.email).await.map_err(Problem::internal)?;
    // Before anything is looked up or hashed: what is refused here costs little and tells nothing.
    let pass = attempts::check(app, tenant, &account, &call.address).await?;
    let customer = storage::by_email(app, tenant, &attempt.email).await?;
    let right = credential::check(app, tenant, customer.map(Who::Customer), &attempt.password).await?;
    match (customer, right) {
        (Some(customer), Some(proven)) => {
            attempts::succeeded(app, pass).await?;
            Ok((customer, proven))
        }
        _ => {
            let note = customer.map(|id| {
                call.audit(app, Actor::Anonymous, Action::SessionRefused, format!("/v1/customers/{id}"))
            });
            attempts::failed(app, pass, note.transpose()?).await?;
            Err(wrong())
        }
    }
}

/// What a log-in is answered with that is not let in.
pub fn wrong() -> Problem {
    Problem::new(Code::InvalidCredentials, "No account has this email address and this password.")
}
