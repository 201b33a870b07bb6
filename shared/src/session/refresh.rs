//! Refreshing: each refresh token is good once, and its reuse ends the family.
//!
//! A client whose answer was lost, or that refreshes in several tabs at once, sends the same token again within
//! moments. It gets the same successor, because the successor follows from the token: a hundred refreshes at once are
//! one. Later, or once the successor was used itself, the token can only have been stolen, by whoever sends it or by
//! whoever sent it before: then nobody is left with a good one (RFC 9700, section 4.14).

use jiff::SignedDuration;
use ring::hmac;

use super::{
    model::{RefreshRecord, Session},
    storage::{alive, end_told, refresh_write, token_of},
};
use crate::{
    audit::Action,
    http::{Call, Problem},
    runtime::App,
    store::{self, Write, WriteError, keys},
    tenant::Tenant,
};

/// How long a repeat of a refresh is taken for the same refresh.
const REPEAT: SignedDuration = SignedDuration::from_secs(10);

/// Every refresh token has so many characters.
const LENGTH: usize = 67;

/// What came of a refresh token.
#[derive(Debug)]
pub enum Refreshed {
    /// The session goes on, with this token.
    Next {
        /// Whose store.
        tenant: Tenant,
        /// The session.
        session: Box<Session>,
        /// The refresh token that replaces the one given.
        token: String,
    },
    /// The token was used before: the session has ended.
    Reused {
        /// Whose store.
        tenant: Tenant,
        /// The session that was ended.
        record: RefreshRecord,
    },
    /// There is no such token, or its session has ended.
    Unknown,
}

/// Exchanges a refresh token for the next one. `accepts` says whether the caller may use tokens of this session.
///
/// # Errors
/// [`Problem`] where storage fails; the token is still good then.
pub async fn refresh<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    token: &str,
    accepts: impl Fn(&Session) -> bool,
) -> Result<Refreshed, Problem> {
    if token.len() != LENGTH || !token.starts_with("rt_") {
        return Ok(Refreshed::Unknown);
    }
    let key = keys::refresh_token(token);
    let next = successor(app, token).await?;
    // The second time, somebody else has just used it.
    for _ in 0..2 {
        let record: Option<RefreshRecord> = store::get(app, "refresh", &key).await?;
        let Some(record) = record.filter(|record| record.expires > app.now().as_second()) else {
            return Ok(Refreshed::Unknown);
        };
        let tenant = record.tenant();
        let Some(session) = alive(app, tenant, record.who, record.session).await?.filter(&accepts) else {
            return Ok(Refreshed::Unknown);
        };
        if let Some(used_at) = record.used_at {
            return repeated(app, call, tenant, session, record, used_at, next).await;
        }
        match rotate(app, tenant, &session, key.clone(), &next).await {
            Ok(session) => {
                return Ok(Refreshed::Next { tenant, session: Box::new(session), token: next });
            }
            Err(WriteError::Refused(_)) => {}
            Err(WriteError::Store(error)) => return Err(error.into()),
        }
    }
    Err(WriteError::Refused(Vec::new()).into())
}

/// The token that follows `token`.
async fn successor(app: &App, token: &str) -> Result<String, Problem> {
    let key = app.derived_key("refresh tokens").await.map_err(Problem::internal)?;
    Ok(token_of(hmac::sign(&key, token.as_bytes()).as_ref()))
}

async fn rotate(
    app: &App,
    tenant: Tenant,
    session: &Session,
    used: store::Key,
    next: &str,
) -> Result<Session, WriteError> {
    let now = app.now();
    let (idle, _) = Session::lifetimes(session.who, session.client);
    let ends = (now + idle).min(session.ends_at).as_second();
    let session = Session { used_at: now, expires: ends, ..session.clone() };
    let writes = vec![
        Write::update(used, "SET used_at = :now")
            .when("attribute_exists(pk) AND attribute_not_exists(used_at)")
            .number(":now", now.as_millisecond()),
        refresh_write(tenant, &session, next)?,
        // Not where the session was ended meanwhile: that must last.
        Write::put("session", keys::session(tenant, session.who, session.id), &session)?
            .when("attribute_exists(pk)"),
    ];
    store::commit(app, writes).await.map(|()| session)
}

async fn repeated<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    tenant: Tenant,
    session: Session,
    record: RefreshRecord,
    used_at: i64,
    next: String,
) -> Result<Refreshed, Problem> {
    let since = app.now().as_millisecond().saturating_sub(used_at).unsigned_abs();
    let following: Option<RefreshRecord> = store::get(app, "refresh", &keys::refresh_token(&next)).await?;
    let untouched = following.is_some_and(|following| following.used_at.is_none());
    if untouched && u128::from(since) <= REPEAT.as_millis().unsigned_abs() {
        return Ok(Refreshed::Next { tenant, session: Box::new(session), token: next });
    }
    let resource = format!("/v1/sessions/{}", record.session);
    let note = call.note(app, record.who, Action::RefreshTokenReused, resource);
    end_told(app, tenant, record.who, record.session, &note).await?;
    Ok(Refreshed::Reused { tenant, record })
}
