//! `POST /oauth/introspect`: RFC 7662.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    authenticate::authenticate_confidential, client::Client, fields::Fields, refusal::Failure, scopes,
};
use crate::{
    http::{Call, Reply},
    identity,
    runtime::App,
    session::{self, RefreshRecord, Session},
    store::{self, StoreError, keys},
    token::{self, TokenError},
};

/// What there is to know of a token. Of one that is not good, or not of the client's store, nothing.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Introspection {
    /// Whether it is good.
    pub active: bool,
    /// What it may do, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The client that it was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// `Bearer` for an access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    /// When it ends, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// When it was issued, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// Who holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// Whom it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// Its own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
}

/// Tells a client what a token is good for, as the next request with it would find.
///
/// # Errors
/// [`Failure`] where the client does not prove who it is.
pub async fn introspect<B, Q>(app: &App, call: &Call<B, Q>) -> Result<Reply<Introspection>, Failure> {
    let fields = Fields::of_form(&call.headers, &call.raw_body)?.once_each()?;
    let client = authenticate_confidential(app, &call.headers, &fields).await?;
    let token = fields.require("token", "The token is missing.")?;
    let issuer = call.issuer(app);
    let found = if token::looks_like_jwt(token) {
        access(app, &client, &issuer, token).await?
    } else {
        refresh(app, &client, &issuer, token).await?
    };
    Ok(Reply::ok(found.unwrap_or_default()))
}

async fn access(
    app: &App,
    client: &Client,
    issuer: &str,
    token: &str,
) -> Result<Option<Introspection>, StoreError> {
    let claims = match token::verify(app, issuer, token).await {
        Ok(claims) if claims.tenant() == client.tenant() => claims,
        Ok(_) | Err(TokenError::Invalid(_)) => return Ok(None),
        Err(TokenError::Store(error)) => return Err(error),
    };
    let principal = identity::of_claims(app, &claims).await?;
    Ok(principal.map(|principal| Introspection {
        active: true,
        scope: Some(scopes::written(principal.scopes())),
        client_id: Some(claims.client_id),
        token_type: Some("Bearer"),
        exp: Some(claims.exp),
        iat: Some(claims.iat),
        sub: Some(claims.sub.to_string()),
        aud: Some(claims.aud),
        iss: Some(claims.iss),
        jti: Some(claims.jti),
    }))
}

/// A refresh token is nobody's business but its client's.
async fn refresh(
    app: &App,
    client: &Client,
    issuer: &str,
    token: &str,
) -> Result<Option<Introspection>, StoreError> {
    let Some((record, session)) = session_of_refresh_token(app, token).await? else {
        return Ok(None);
    };
    if session.client != Some(client.id) || record.used_at.is_some() {
        return Ok(None);
    }
    Ok(Some(Introspection {
        active: true,
        scope: session.scopes.as_ref().map(scopes::written),
        client_id: Some(client.id.to_string()),
        exp: Some(session.expires),
        iat: Some(session.used_at.as_second()),
        sub: Some(session.who.to_string()),
        iss: Some(issuer.to_owned()),
        ..Introspection::default()
    }))
}

/// The refresh token's record and its session, if that is alive.
pub(super) async fn session_of_refresh_token(
    app: &App,
    token: &str,
) -> Result<Option<(RefreshRecord, Session)>, StoreError> {
    // What is longer is not worth hashing.
    if !token.starts_with("rt_") || token.len() > 128 {
        return Ok(None);
    }
    let record: Option<RefreshRecord> = store::get(app, "refresh", &keys::refresh_token(token)).await?;
    let Some(record) = record.filter(|record| app.now().as_second() < record.expires) else {
        return Ok(None);
    };
    let session = session::alive(app, record.tenant(), record.who, record.session).await?;
    Ok(session.map(|session| (record, session)))
}
