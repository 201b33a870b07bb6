//! Authorization codes: good once, for a minute, for one client.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    client::Client,
    fields::Fields,
    pkce,
    refusal::{Failure, Refusal, Why},
};
use crate::{
    audit::Action,
    credential::Proven,
    http::Call,
    id::{ClientId, SessionId},
    identity::rights,
    principal::{Scope, Who},
    runtime::App,
    session::{self, NewSession, Session},
    store::{self, Key, StoreError, Write, WriteError, keys},
    text::hex,
};

/// How long a code is good.
const GOOD: SignedDuration = SignedDuration::from_secs(60);

/// How long it is remembered, so that its second use is noticed.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// Every code has so many characters.
const LENGTH: usize = 67;

/// Who agreed to what, and by which password they logged in.
#[derive(Serialize, Deserialize)]
pub(super) struct Agreed {
    pub(super) who: Who,
    pub(super) by: Proven,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) scopes: BTreeSet<Scope>,
}

/// What somebody agreed to. The code's hash is its address.
#[derive(Serialize, Deserialize)]
struct Agreement {
    client: ClientId,
    #[serde(flatten)]
    agreed: Agreed,
    good_until: Timestamp,
    /// The session that the code began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
    /// When it is forgotten, in seconds since 1970.
    expires: i64,
}

/// A code for `client`, of what was `agreed` to, as `told` tells the audit log. None where the password is another one
/// by now.
pub(super) async fn issue(
    app: &App,
    client: &Client,
    agreed: Agreed,
    told: Write,
) -> Result<Option<String>, WriteError> {
    let random: [u8; 32] = app.entropy().bytes();
    let code = format!("ac_{}", hex(&random));
    let still = agreed.by.still(client.tenant(), agreed.who);
    let agreement = Agreement {
        client: client.id,
        agreed,
        good_until: app.now() + GOOD,
        session: None,
        expires: (app.now() + REMEMBERED).as_second(),
    };
    let key = keys::authorization_code(client.tenant(), &code);
    match store::commit(app, vec![still, Write::create("code", key, &agreement)?, told]).await {
        Err(error) if error.refused(0) => Ok(None),
        done => done.map(|()| Some(code)),
    }
}

/// The session that a code begins, its refresh token, and what it may do.
pub(super) async fn redeem<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    client: &Client,
    fields: &Fields,
) -> Result<(Session, String, BTreeSet<Scope>), Failure> {
    let code = fields.require("code", "The code is missing.")?;
    let redirect = fields.require("redirect_uri", "The redirect_uri is missing.")?;
    let verifier = fields.require("code_verifier", "The code_verifier is missing.")?;
    let refused =
        Refusal::new(Why::InvalidGrant, "The code is not good, or not for this client and request.");
    if code.len() != LENGTH {
        return Err(refused.into());
    }
    let key = keys::authorization_code(client.tenant(), code);
    let agreement: Option<Agreement> = store::get(app, "code", &key).await?;
    let agreement = agreement.filter(|agreement| agreement.client == client.id).ok_or(refused)?;
    if agreement.session.is_some() {
        end_what_it_began(app, call, client, &agreement).await?;
        return Err(refused.into());
    }
    let fits = app.now() < agreement.good_until
        && agreement.agreed.redirect_uri == redirect
        && pkce::verifies(verifier, &agreement.agreed.challenge);
    let agreed = &agreement.agreed;
    let rights = rights::of(app, client.tenant(), agreed.who).await?;
    let (true, Some(mut scopes)) = (fits, rights) else {
        return Err(refused.into());
    };
    scopes.retain(|scope| agreed.scopes.contains(scope) && client.scopes.contains(scope));
    let new = NewSession {
        who: agreed.who,
        client: Some(client.id),
        scopes: Some(agreed.scopes.clone()),
        device: None,
    };
    let (session, refresh, mut writes) = session::begin(app, client.tenant(), new)?;
    let place = writes.len();
    writes.push(used(key.clone(), session.id));
    writes.push(agreed.by.still(client.tenant(), agreed.who));
    match store::commit(app, writes).await {
        Ok(()) => Ok((session, refresh, scopes)),
        Err(error) if error.refused(place) => {
            // Somebody else has just used it, and whoever they are, the code is in two hands.
            let agreement: Option<Agreement> = store::get(app, "code", &key).await?;
            if let Some(agreement) = agreement {
                end_what_it_began(app, call, client, &agreement).await?;
            }
            Err(refused.into())
        }
        // Whoever agreed chose another password since: what the old one began must not outlast it.
        Err(error) if error.refused(place + 1) => Err(refused.into()),
        Err(error) => Err(error.into()),
    }
}

/// The mark that a code was used: the one write that only one of many at once can make.
fn used(key: Key, session: SessionId) -> Write {
    Write::update(key, "SET #session = :session")
        .when("attribute_exists(pk) AND attribute_not_exists(#session)")
        .name("#session", "session")
        .text(":session", session.to_string())
}

/// A code that is used twice has leaked: what it began can't be trusted (RFC 6749, section 4.1.2).
async fn end_what_it_began<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    client: &Client,
    agreement: &Agreement,
) -> Result<(), StoreError> {
    let Some(id) = agreement.session else { return Ok(()) };
    tracing::warn!(client = %client.id, session = %id, "authorization code used twice");
    let note = call.note(app, Who::Client(client.id), Action::CodeReused, format!("/v1/sessions/{id}"));
    session::end_told(app, client.tenant(), agreement.agreed.who, id, &note).await
}
