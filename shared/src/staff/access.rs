//! Logging in.

use std::{collections::BTreeSet, fmt};

use serde::Deserialize;
use utoipa::ToSchema;

use super::{member, second_factor};
use crate::{
    contact::{Email, Line},
    credential::{self, Password},
    http::{Code, Problem},
    id::StaffId,
    principal::{Scope, Who},
    runtime::App,
    tenant::Tenant,
};

/// A log-in.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    /// Where they were invited.
    pub email: Email,
    /// Their password.
    pub password: Password,
    /// What their authenticator shows, or a recovery code, where they have a second factor.
    #[serde(default)]
    #[schema(example = "287082")]
    pub code: Option<String>,
    /// What the device calls itself, for the list of devices.
    #[serde(default)]
    pub device: Option<Line>,
}

impl fmt::Debug for LogIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogIn(…)")
    }
}

/// Who logged in, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoggedIn {
    /// Who.
    pub id: StaffId,
    /// Whether it is only to set up a second factor, because the store asks for one and they have none.
    pub to_enroll: bool,
}

impl LoggedIn {
    /// What the session may do at most.
    pub fn limits(self) -> Option<BTreeSet<Scope>> {
        self.to_enroll.then(enrolling)
    }
}

/// What somebody may do who has to set up a second factor first.
pub(super) fn enrolling() -> BTreeSet<Scope> {
    [Scope::AccountOwn].into()
}

/// Whose log-in it is. The answer, and the time it takes, are the same for a wrong password and for an address that
/// belongs to nobody.
///
/// # Errors
/// 401 where the credentials are wrong or a code is needed; 403 where the store asks for a second factor and the member
/// has to set one up first, at `POST /v1/staff/sessions`.
pub async fn log_in(app: &App, tenant: Tenant, attempt: &LogIn, source: &str) -> Result<StaffId, Problem> {
    let logged_in = log_in_or_enroll(app, tenant, attempt, source).await?;
    if logged_in.to_enroll {
        let detail = "This store asks its staff for a second factor. Log in to the dashboard and set one up.";
        return Err(Problem::new(Code::SecondFactorMissing, detail));
    }
    Ok(logged_in.id)
}

/// As [`log_in`], but lets in whoever has to set up a second factor first: for that and nothing else. `_source` is the
/// address they come from.
///
/// # Errors
/// 401 where the credentials are wrong, or a code is needed.
pub async fn log_in_or_enroll(
    app: &App,
    tenant: Tenant,
    attempt: &LogIn,
    _source: &str,
) -> Result<LoggedIn, Problem> {
    let wrong = || {
        let detail = "No member of the staff has this email address, this password and this code.";
        Problem::new(Code::InvalidCredentials, detail)
    };
    let member = member::by_email(app, tenant, &attempt.email).await?;
    let right = credential::check(app, tenant, member.map(Who::Staff), &attempt.password).await?;
    let id = member.filter(|_| right).ok_or_else(wrong)?;
    match (second_factor::confirmed(app, tenant, id).await?, &attempt.code) {
        (None, _) => Ok(LoggedIn { id, to_enroll: second_factor::is_required(app, tenant).await? }),
        (Some(_), None) => {
            let detail = "Send the code that your authenticator shows, too.";
            Err(Problem::new(Code::SecondFactorNeeded, detail).at("code"))
        }
        (Some(factor), Some(code)) => {
            let accepted = second_factor::accepts(app, tenant, id, &factor, code).await?;
            accepted.then_some(LoggedIn { id, to_enroll: false }).ok_or_else(wrong)
        }
    }
}
