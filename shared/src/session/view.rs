//! Sessions as callers see them.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Session;
use crate::{
    contact::Line,
    http::Problem,
    id::{ClientId, SessionId},
    principal::Scope,
    runtime::App,
    tenant::Tenant,
    token::{self, AccessToken, LIFETIME},
};

/// What a log-in or a refresh is answered with.
#[derive(Serialize, ToSchema)]
pub struct SessionTokens {
    /// The session's id.
    pub id: SessionId,
    /// For the `Authorization` header.
    pub access_token: String,
    /// For the next refresh. It is good once.
    pub refresh_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// How long the access token is good, in seconds.
    pub expires_in: i64,
}

// Holds tokens, which debug output must not tell.
impl std::fmt::Debug for SessionTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionTokens({})", self.id)
    }
}

/// The tokens of `session`, which may do what `scopes` say.
///
/// # Errors
/// A 500 where the signing keys can't be had.
pub async fn tokens(
    app: &App,
    issuer: &str,
    tenant: Tenant,
    session: &Session,
    scopes: Vec<Scope>,
    refresh_token: String,
) -> Result<SessionTokens, Problem> {
    // Without an integration between, it is the store's own storefront or dashboard.
    let client = session.client.map_or_else(|| tenant.store().to_string(), |client| client.to_string());
    let token = AccessToken { tenant, who: session.who, session: Some(session.id), client, scopes };
    let access_token = token::sign(app, issuer, &token).await?;
    let expires_in = LIFETIME.as_secs();
    Ok(SessionTokens { id: session.id, access_token, refresh_token, token_type: "Bearer", expires_in })
}

/// A session in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Its id.
    pub id: SessionId,
    /// Whether it is the one that asks.
    pub current: bool,
    /// What the device calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Line>,
    /// The integration that acts in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last refreshed.
    #[schema(value_type = String, format = DateTime)]
    pub used_at: Timestamp,
}

impl SessionView {
    /// `session`, as the holder of `current` sees it.
    pub fn of(session: Session, current: Option<SessionId>) -> Self {
        Self {
            id: session.id,
            current: Some(session.id) == current,
            device: session.device,
            client: session.client,
            created_at: session.created_at,
            used_at: session.used_at,
        }
    }
}
