//! Where sessions are kept.

use jiff::Timestamp;

use super::model::{NewSession, RefreshRecord, Session};
use crate::{
    audit::Note,
    id::SessionId,
    principal::Who,
    runtime::App,
    store::{self, StoreError, Table, Write, WriteError, keys},
    tenant::Tenant,
    text::hex,
};

/// Begins a session: the session, its first refresh token, and what is to be written for it.
///
/// # Errors
/// [`StoreError`] where it can't be written down.
pub fn begin(
    app: &App,
    tenant: Tenant,
    new: NewSession,
) -> Result<(Session, String, Vec<Write>), StoreError> {
    let now = app.now();
    let (idle, whole) = Session::lifetimes(new.who, new.client);
    let session = Session {
        id: SessionId::new(app),
        who: new.who,
        client: new.client,
        scopes: new.scopes,
        device: new.device,
        created_at: now,
        used_at: now,
        ends_at: now + whole,
        expires: (now + idle).as_second(),
    };
    let token = token_of(&app.entropy().bytes::<32>());
    let writes = vec![
        Write::create("session", keys::session(tenant, session.who, session.id), &session)?,
        refresh_write(tenant, &session, &token)?,
    ];
    Ok((session, token, writes))
}

/// As a refresh token is written: `rt_` and 256 bits.
pub(super) fn token_of(bytes: &[u8]) -> String {
    format!("rt_{}", hex(bytes))
}

pub(super) fn refresh_write(tenant: Tenant, session: &Session, token: &str) -> Result<Write, StoreError> {
    let record = RefreshRecord {
        store: tenant.store(),
        mode: tenant.mode(),
        who: session.who,
        session: session.id,
        used_at: None,
        expires: session.expires,
    };
    Write::create("refresh", keys::refresh_token(token), &record)
}

/// The session, if it is alive.
///
/// # Errors
/// [`StoreError`].
pub async fn alive(
    app: &App,
    tenant: Tenant,
    who: Who,
    id: SessionId,
) -> Result<Option<Session>, StoreError> {
    let session: Option<Session> = store::get(app, "session", &keys::session(tenant, who, id)).await?;
    Ok(session.filter(|session| session.is_alive(app.now())))
}

/// The sessions of somebody that are alive, the newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn all(app: &App, tenant: Tenant, who: Who) -> Result<Vec<Session>, StoreError> {
    let pk = keys::sessions(tenant, who);
    let sessions: Vec<Session> = store::query_all(app, "session", Table::State, &pk).await?;
    let now: Timestamp = app.now();
    Ok(sessions.into_iter().rev().filter(|session| session.is_alive(now)).collect())
}

/// The write that ends a session: from the next request on, none of its tokens is accepted.
pub fn end_write(tenant: Tenant, who: Who, id: SessionId) -> Write {
    Write::delete(keys::session(tenant, who, id))
}

/// Ends a session.
///
/// # Errors
/// [`StoreError`].
pub async fn end(app: &App, tenant: Tenant, who: Who, id: SessionId) -> Result<(), StoreError> {
    match store::commit(app, vec![end_write(tenant, who, id)]).await {
        Err(WriteError::Store(error)) => Err(error),
        // Nothing is asked of the item, so nothing can be refused.
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
    }
}

/// Ends a session, and tells so by `note`: once, also where several end it at the same time.
///
/// # Errors
/// [`StoreError`].
pub async fn end_told(
    app: &App,
    tenant: Tenant,
    who: Who,
    id: SessionId,
    note: &Note,
) -> Result<(), StoreError> {
    let ended = end_write(tenant, who, id).when("attribute_exists(pk)");
    match store::commit(app, vec![ended, note.write(tenant)?]).await {
        Err(WriteError::Store(error)) => Err(error),
        // Refused: it has ended already.
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
    }
}

/// Deletes every session of somebody, also those that have ended and are still there.
///
/// # Errors
/// [`StoreError`]; some may be gone then, and the call can be repeated.
pub async fn delete_all(app: &App, tenant: Tenant, who: Who) -> Result<(), StoreError> {
    let pk = keys::sessions(tenant, who);
    let sessions: Vec<Session> = store::query_all(app, "session", Table::State, &pk).await?;
    for session in sessions {
        end(app, tenant, who, session.id).await?;
    }
    Ok(())
}

/// Ends all sessions of somebody, except `keep`.
///
/// # Errors
/// [`StoreError`]; some may have ended then, and the call can be repeated.
pub async fn end_all(app: &App, tenant: Tenant, who: Who, keep: Option<SessionId>) -> Result<(), StoreError> {
    for session in all(app, tenant, who).await? {
        if Some(session.id) != keep {
            end(app, tenant, who, session.id).await?;
        }
    }
    Ok(())
}
