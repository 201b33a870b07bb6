//! Logging in.

use std::fmt;

use serde::Deserialize;
use utoipa::ToSchema;

use super::storage;
use crate::{
    contact::{Email, Line},
    credential::{self, Password},
    http::{Call, Code, Problem},
    id::CustomerId,
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

/// Whose log-in it is. The answer, and the time it takes, are the same for a wrong password and for an address that
/// nobody registered with.
///
/// # Errors
/// [`Problem`]: 401 where address and password don't belong together, 429 where too many were tried.
pub async fn log_in(app: &App, call: &Call<LogIn>) -> Result<CustomerId, Problem> {
    let (tenant, attempt) = (call.tenant()?, &call.body);
    let customer = storage::by_email(app, tenant, &attempt.email).await?;
    let right = credential::check(app, tenant, customer.map(Who::Customer), &attempt.password).await?;
    match customer {
        Some(customer) if right => Ok(customer),
        _ => Err(wrong()),
    }
}

/// What a log-in is answered with that is not let in.
pub fn wrong() -> Problem {
    Problem::new(Code::InvalidCredentials, "No account has this email address and this password.")
}
