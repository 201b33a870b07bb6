//! What a client finds out by itself: RFC 8414 and the public keys.

use serde_json::json;

use super::client::GrantType;
use crate::{
    http::{Call, Nothing, Problem, Reply},
    principal::Scope,
    runtime::App,
    token::SigningKeys,
};

/// How long caches may keep either. A new key is announced a day before it signs.
const AN_HOUR: &str = "public, max-age=3600";

/// `GET /.well-known/oauth-authorization-server`.
pub fn metadata<B, Q>(app: &App, call: &Call<B, Q>) -> Reply<Nothing> {
    let issuer = call.issuer(app);
    let at = |path: &str| format!("{issuer}{path}");
    let scopes: Vec<_> = Scope::grantable().iter().map(|scope| scope.as_str()).collect();
    let body = json!({
        "issuer": issuer,
        "authorization_endpoint": at("/oauth/authorize"),
        "token_endpoint": at("/oauth/token"),
        "revocation_endpoint": at("/oauth/revoke"),
        "introspection_endpoint": at("/oauth/introspect"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "service_documentation": at("/"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": GrantType::ALL.map(GrantType::as_str),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    Reply::bytes("application/json", body.to_string()).cache(AN_HOUR)
}

/// `GET /.well-known/jwks.json`.
///
/// # Errors
/// A 500 where the keys can't be had.
pub async fn jwks(app: &App) -> Result<Reply<Nothing>, Problem> {
    let keys = SigningKeys::load(app).await.map_err(Problem::internal)?;
    Ok(Reply::bytes("application/json", keys.jwks().to_string()).cache(AN_HOUR))
}
