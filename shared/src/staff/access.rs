//! Logging in.

use std::{collections::BTreeSet, fmt};

use serde::Deserialize;
use utoipa::ToSchema;

use super::{member, second_factor};
use crate::{
    audit::{Action, Actor},
    contact::{Email, Line},
    credential::{self, Password, Proven},
    http::{Call, Code, Problem},
    id::StaffId,
    limit::attempts,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedIn {
    /// Who.
    pub id: StaffId,
    /// Whether it is only to set up a second factor, because the store asks for one and they have none.
    pub to_enroll: bool,
    /// By which password: commit that it is [`Proven::still`] theirs with what is begun.
    pub proven: Proven,
}

impl LoggedIn {
    /// What the session may do at most.
    pub fn limits(&self) -> Option<BTreeSet<Scope>> {
        self.to_enroll.then(enrolling)
    }
}

/// What somebody may do who has to set up a second factor first.
pub(super) fn enrolling() -> BTreeSet<Scope> {
    [Scope::AccountOwn].into()
}

/// What an email address is the name of, for counting tries.
pub(super) const ACCOUNT: &str = "staff";

/// Whose log-in it is. The answer, and the time it takes, are the same for a wrong password and for an address that
/// belongs to nobody.
///
/// # Errors
/// 401 where the credentials are wrong or a code is needed; 403 where the store asks for a second factor and the member
/// has to set one up first, at `POST /v1/staff/sessions`; 429 where too many were tried.
pub async fn log_in<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    tenant: Tenant,
    attempt: &LogIn,
) -> Result<LoggedIn, Problem> {
    let logged_in = log_in_or_enroll(app, call, tenant, attempt).await?;
    if logged_in.to_enroll {
        let detail = "This store asks its staff for a second factor. Log in to the dashboard and set one up.";
        return Err(Problem::new(Code::SecondFactorMissing, detail));
    }
    Ok(logged_in)
}

/// What came of a try.
enum Outcome {
    Right(LoggedIn),
    /// The password is right, and a code is needed as well.
    CodeMissing,
    Wrong,
}

/// As [`log_in`], but lets in whoever has to set up a second factor first: for that and nothing else.
///
/// # Errors
/// 401 where the credentials are wrong, or a code is needed; 429 where too many were tried.
pub async fn log_in_or_enroll<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    tenant: Tenant,
    attempt: &LogIn,
) -> Result<LoggedIn, Problem> {
    let account = attempts::account(app, tenant, ACCOUNT, &attempt.email).await.map_err(Problem::internal)?;
    // Before anything is looked up or hashed: what is refused here costs little and tells nothing.
    let pass = attempts::check(app, tenant, &account, &call.address).await?;
    let member = member::by_email(app, tenant, &attempt.email).await?;
    match tried(app, call, tenant, attempt, member).await? {
        Outcome::Right(logged_in) => {
            attempts::succeeded(app, pass).await?;
            Ok(logged_in)
        }
        // Counted like a wrong one: it would otherwise make the tries at codes that go before it forgotten.
        Outcome::CodeMissing => {
            let detail = "Send the code that your authenticator shows, too.";
            Err(Problem::new(Code::SecondFactorNeeded, detail).at("code"))
        }
        Outcome::Wrong => {
            let refused = |id| {
                let resource = format!("/v1/staff/{id}");
                call.note(app, Actor::Anonymous, Action::SessionRefused, resource).write(tenant)
            };
            attempts::failed(app, pass, member.map(refused).transpose()?).await?;
            Err(wrong())
        }
    }
}

/// What a log-in is answered with that is not let in.
pub fn wrong() -> Problem {
    let detail = "No member of the staff has this email address, this password and this code.";
    Problem::new(Code::InvalidCredentials, detail)
}

async fn tried<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    tenant: Tenant,
    attempt: &LogIn,
    member: Option<StaffId>,
) -> Result<Outcome, Problem> {
    let right = credential::check(app, tenant, member.map(Who::Staff), &attempt.password).await?;
    let (Some(id), Some(proven)) = (member, right) else {
        return Ok(Outcome::Wrong);
    };
    Ok(match (second_factor::confirmed(app, tenant, id).await?, &attempt.code) {
        (None, _) => {
            let to_enroll = second_factor::is_required(app, tenant).await?;
            Outcome::Right(LoggedIn { id, to_enroll, proven })
        }
        (Some(_), None) => Outcome::CodeMissing,
        (Some(factor), Some(code)) => {
            if second_factor::accepts(app, call, tenant, id, &factor, code).await? {
                Outcome::Right(LoggedIn { id, to_enroll: false, proven })
            } else {
                Outcome::Wrong
            }
        }
    })
}
