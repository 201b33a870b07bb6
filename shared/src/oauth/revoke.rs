//! `POST /oauth/revoke`: RFC 7009.

use super::{
    authenticate::authenticate, fields::Fields, introspect::session_of_refresh_token, refusal::Failure,
};
use crate::{
    audit::{Action, Note},
    http::{Call, Nothing, Reply},
    id::{ClientId, SessionId},
    principal::Who,
    runtime::App,
    session,
    token::{self, TokenError},
};

/// Revokes a token of the client that asks, and all that rests on the same grant. What is no token of its own is left
/// alone, and answered the same.
///
/// # Errors
/// [`Failure`] where the client does not prove who it is.
pub async fn revoke<B, Q>(app: &App, call: &Call<B, Q>) -> Result<Reply<Nothing>, Failure> {
    let fields = Fields::of_form(&call.headers, &call.raw_body)?.once_each()?;
    let client = authenticate(app, &call.headers, &fields).await?;
    let token = fields.require("token", "The token is missing.")?;
    let done = Reply::ok(Nothing {});
    if let Some((record, session)) = session_of_refresh_token(app, token).await? {
        if session.client == Some(client.id) {
            let told = told(app, call, client.id, session.id);
            session::end_told(app, record.tenant(), session.who, session.id, &told).await?;
        }
        return Ok(done);
    }
    if !token::looks_like_jwt(token) {
        return Ok(done);
    }
    let claims = match token::verify(app, &call.issuer(app), token).await {
        Ok(claims) if claims.client_id == client.id.to_string() => claims,
        Ok(_) | Err(TokenError::Invalid(_)) => return Ok(done),
        Err(TokenError::Store(error)) => return Err(error.into()),
    };
    match claims.sid {
        Some(session) => {
            let told = told(app, call, client.id, session);
            session::end_told(app, claims.tenant(), claims.sub, session, &told).await?;
        }
        None => token::revoke(app, &claims).await?,
    }
    Ok(done)
}

fn told<B, Q>(app: &App, call: &Call<B, Q>, client: ClientId, session: SessionId) -> Note {
    call.note(app, Who::Client(client), Action::ConsentRevoked, format!("/v1/sessions/{session}"))
}
