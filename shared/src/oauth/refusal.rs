//! Errors as OAuth clients see them: RFC 6749, sections 4.1.2.1 and 5.2.

use http::StatusCode;
use serde_json::json;

use crate::{
    http::{Problem, Reply},
    store::{StoreError, WriteError},
};

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal;)*) => {
        /// What went wrong, for programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Why { $($(#[doc = $doc])* $name,)* }

        impl Why {
            /// As it stands in `error`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

reasons! {
    /// A parameter is missing, given twice or malformed.
    InvalidRequest = "invalid_request";
    /// The client is not known, or did not prove who it is.
    InvalidClient = "invalid_client";
    /// The code or refresh token is not good, or another client's.
    InvalidGrant = "invalid_grant";
    /// The client was not registered for this.
    UnauthorizedClient = "unauthorized_client";
    /// There is no such grant type.
    UnsupportedGrantType = "unsupported_grant_type";
    /// There is no such response type.
    UnsupportedResponseType = "unsupported_response_type";
    /// A scope is unknown, or more than can be had.
    InvalidScope = "invalid_scope";
    /// The person said no, or may not do what was asked for.
    AccessDenied = "access_denied";
    /// Parameters can't be sent in a signed request.
    RequestNotSupported = "request_not_supported";
}

/// A request that OAuth has an answer of its own for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// For programs.
    pub why: Why,
    /// For their authors.
    pub description: &'static str,
}

impl Refusal {
    /// A refusal.
    pub const fn new(why: Why, description: &'static str) -> Self {
        Self { why, description }
    }
}

/// Why there are no tokens: a refusal, or a failure inside.
#[derive(Debug)]
pub enum Failure {
    /// The client's doing.
    Refused(Refusal),
    /// Ours.
    Problem(Problem),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        Self::Problem(error.into())
    }
}

/// The answer: what was asked for, or the refusal as RFC 6749 says it.
///
/// # Errors
/// [`Problem`] where it failed inside.
pub fn answered<R>(outcome: Result<Reply<R>, Failure>) -> Result<Reply<R>, Problem> {
    let refusal = match outcome {
        Ok(reply) => return Ok(reply),
        Err(Failure::Problem(problem)) => return Err(problem),
        Err(Failure::Refused(refusal)) => refusal,
    };
    let body = json!({ "error": refusal.why.as_str(), "error_description": refusal.description });
    let reply = Reply::bytes("application/json", body.to_string());
    Ok(match refusal.why {
        Why::InvalidClient => {
            reply.status(StatusCode::UNAUTHORIZED).header("www-authenticate", "Basic realm=\"souk\"")
        }
        _ => reply.status(StatusCode::BAD_REQUEST),
    })
}
