//! `POST /oauth/token`: tokens for a code, for a refresh token, or for the client itself.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    authenticate::authenticate,
    client::{Client, GrantType},
    code,
    fields::Fields,
    refusal::{Failure, Refusal, Why},
    scopes,
};
use crate::{
    http::{Call, Reply},
    id::SessionId,
    identity::rights,
    principal::{Scope, Who},
    runtime::App,
    session::{self, Refreshed},
    token::{self, AccessToken, LIFETIME},
};

/// A request for tokens: a form. The client proves itself by HTTP Basic, or by `client_id` and `client_secret`.
#[derive(Deserialize, ToSchema)]
pub struct TokenForm {
    /// `authorization_code`, `refresh_token` or `client_credentials`.
    pub grant_type: Option<String>,
    /// The authorization code.
    pub code: Option<String>,
    /// Where the code was sent to.
    pub redirect_uri: Option<String>,
    /// What the code challenge was made of.
    pub code_verifier: Option<String>,
    /// The refresh token.
    pub refresh_token: Option<String>,
    /// Less than what could be had, separated by spaces.
    pub scope: Option<String>,
    /// The client.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<String>,
}

/// Tokens.
#[derive(Serialize, ToSchema)]
pub struct TokenAnswer {
    /// For the `Authorization` header.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// How long the access token is good, in seconds.
    pub expires_in: i64,
    /// For the next ones. It is good once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// What the access token may do, separated by spaces.
    pub scope: String,
}

// Holds tokens, which debug output must not tell.
impl std::fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenAnswer({})", self.scope)
    }
}

/// What a token is to be made of.
struct Granted {
    who: Who,
    session: Option<SessionId>,
    scopes: BTreeSet<Scope>,
    refresh_token: Option<String>,
}

/// Answers a request for tokens.
///
/// # Errors
/// [`Failure`] as RFC 6749, section 5.2, says.
pub async fn token<B, Q>(app: &App, call: &Call<B, Q>) -> Result<Reply<TokenAnswer>, Failure> {
    let fields = Fields::of_form(&call.headers, &call.raw_body)?.once_each()?;
    let asked = fields.require("grant_type", "The grant_type is missing.")?;
    let grant = GrantType::ALL.into_iter().find(|grant| grant.as_str() == asked);
    let client = authenticate(app, &call.headers, &fields).await?;
    let unknown = Refusal::new(Why::UnsupportedGrantType, "There is no such grant_type.");
    let grant = grant.ok_or(unknown)?;
    if !client.uses(grant) {
        return Err(Refusal::new(Why::UnauthorizedClient, "The client was not registered for this.").into());
    }
    let granted = match grant {
        GrantType::AuthorizationCode => of_code(app, call, &client, &fields).await?,
        GrantType::RefreshToken => of_refresh_token(app, call, &client, &fields).await?,
        GrantType::ClientCredentials => of_itself(&client, &fields)?,
    };
    let scope = scopes::written(&granted.scopes);
    let token = AccessToken {
        tenant: client.tenant(),
        who: granted.who,
        session: granted.session,
        client: client.id.to_string(),
        scopes: granted.scopes.into_iter().collect(),
    };
    let access_token = token::sign(app, &call.issuer(app), &token).await?;
    let (token_type, expires_in) = ("Bearer", LIFETIME.as_secs());
    let refresh_token = granted.refresh_token;
    Ok(Reply::ok(TokenAnswer { access_token, token_type, expires_in, refresh_token, scope }))
}

async fn of_code<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    client: &Client,
    fields: &Fields,
) -> Result<Granted, Failure> {
    let (session, refresh, scopes) = code::redeem(app, call, client, fields).await?;
    let refresh_token = client.uses(GrantType::RefreshToken).then_some(refresh);
    Ok(Granted { who: session.who, session: Some(session.id), scopes, refresh_token })
}

async fn of_refresh_token<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    client: &Client,
    fields: &Fields,
) -> Result<Granted, Failure> {
    let token = fields.require("refresh_token", "The refresh_token is missing.")?;
    let asked = fields.get("scope");
    let too_wide = AtomicBool::new(false);
    // Looked at before the token is used up: a client that asks for too much may ask again.
    let accepts = |session: &session::Session| {
        let own = session.client == Some(client.id);
        let most = session.scopes.as_ref().unwrap_or(&client.scopes);
        let wide = own && scopes::requested(asked, most).is_err();
        too_wide.store(wide, Ordering::Relaxed);
        own && !wide
    };
    let refreshed = session::refresh(app, call, token, accepts).await?;
    if too_wide.load(Ordering::Relaxed) {
        let why = "A scope is not known, or was not granted.";
        return Err(Refusal::new(Why::InvalidScope, why).into());
    }
    let ended = Refusal::new(Why::InvalidGrant, "The refresh token is not good, or not this client's.");
    let Refreshed::Next { tenant, session, token } = refreshed else {
        return Err(ended.into());
    };
    let most = session.scopes.as_ref().unwrap_or(&client.scopes);
    let mut narrowed = scopes::requested(asked, most)?;
    let Some(rights) = rights::of(app, tenant, session.who).await? else {
        session::end(app, tenant, session.who, session.id).await?;
        return Err(ended.into());
    };
    narrowed.retain(|scope| rights.contains(scope) && client.scopes.contains(scope));
    Ok(Granted { who: session.who, session: Some(session.id), scopes: narrowed, refresh_token: Some(token) })
}

fn of_itself(client: &Client, fields: &Fields) -> Result<Granted, Refusal> {
    let scopes = scopes::requested(fields.get("scope"), &client.scopes)?;
    Ok(Granted { who: Who::Client(client.id), session: None, scopes, refresh_token: None })
}
