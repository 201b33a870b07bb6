//! The second factor of a member: an authenticator's codes, and ten recovery codes for when it is lost.

use std::{collections::BTreeMap, fmt};

use aws_sdk_dynamodb::types::AttributeValue;
use ring::hmac;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    contact, member,
    totp::{self, Secret},
};
use crate::{
    audit::Action,
    credential::{self, Password},
    http::{Call, Code, Nothing, Problem, Reply},
    id::StaffId,
    identity::{SecondFactorRule, StoreProfile},
    principal::Who,
    runtime::App,
    session,
    store::{self, StoreError, Write, WriteError, keys},
    tenant::Tenant,
    text::hex,
    vault::Sealed,
};

/// The name under which the secret is sealed.
const SECRET: &str = "totp";

/// Recovery codes that a member gets.
const RECOVERY_CODES: usize = 10;

/// A second factor as it is kept. It counts once it is confirmed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SecondFactor {
    secret: Sealed<Secret>,
    confirmed: bool,
    /// The step of the last code that was accepted. Each is good once.
    last_step: i64,
    /// The keyed hashes of the recovery codes that are left.
    recovery: BTreeMap<String, bool>,
}

/// What an authenticator is set up with, shown this once.
#[derive(Clone, Serialize, ToSchema)]
pub struct Enrollment {
    /// To be typed in, in base 32.
    pub secret: String,
    /// The same as an address, to be shown as a picture.
    pub uri: String,
}

impl fmt::Debug for Enrollment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enrollment(…)")
    }
}

/// Who sets up an authenticator.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFactor {
    /// Their password, once more.
    pub password: Password,
}

/// The proof that an authenticator is set up.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmFactor {
    /// What the authenticator shows.
    #[schema(example = "287082")]
    pub code: String,
}

impl fmt::Debug for ConfirmFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConfirmFactor(…)")
    }
}

/// What gets a member in who lost their authenticator, shown this once.
#[derive(Clone, Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Ten codes. Each works once, in place of the authenticator's.
    pub recovery_codes: Vec<String>,
}

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCodes(…)")
    }
}

/// The proof that it is the member who takes their second factor away.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorProof {
    /// What the authenticator shows, or a recovery code.
    #[schema(example = "287082")]
    pub code: Option<String>,
    /// Or the password.
    pub password: Option<Password>,
}

impl fmt::Debug for FactorProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactorProof(…)")
    }
}

async fn load(app: &App, tenant: Tenant, id: StaffId) -> Result<Option<SecondFactor>, StoreError> {
    store::get(app, "second factor", &keys::second_factor(tenant, id)).await
}

/// The second factor that a member logs in with.
pub(super) async fn confirmed(
    app: &App,
    tenant: Tenant,
    id: StaffId,
) -> Result<Option<SecondFactor>, StoreError> {
    Ok(load(app, tenant, id).await?.filter(|factor| factor.confirmed))
}

/// Whether a member logs in with a second factor.
pub(super) async fn is_confirmed(app: &App, tenant: Tenant, id: StaffId) -> Result<bool, StoreError> {
    Ok(confirmed(app, tenant, id).await?.is_some())
}

/// Whether the store asks its staff for one.
pub(super) async fn is_required(app: &App, tenant: Tenant) -> Result<bool, Problem> {
    let profile = StoreProfile::of(app, tenant).await?;
    Ok(profile.staff_second_factor == SecondFactorRule::Required)
}

fn state(detail: &str) -> Problem {
    Problem::new(Code::SecondFactorState, detail)
}

pub(super) fn wrong_code() -> Problem {
    Problem::new(Code::InvalidCode, "This code is wrong, has expired or was used before.").at("code")
}

fn wrong_password() -> Problem {
    Problem::new(Code::InvalidCode, "This is not your password.").at("password")
}

async fn by_password<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    tenant: Tenant,
    id: StaffId,
    password: &Password,
) -> Result<bool, Problem> {
    let who = Who::Staff(id);
    let right = async { Ok(credential::check(app, tenant, Some(who), password).await?) };
    Ok(credential::prove(app, call, who, right).await?.is_some())
}

/// The member who is calling, in a log-in of their own: no integration that acts for them sets up their log-in.
pub(super) async fn own<B, Q>(
    app: &App,
    call: &Call<B, Q>,
) -> Result<(Tenant, StaffId, session::Session), Problem> {
    let principal = call.principal()?;
    let (Who::Staff(id), Some(session)) = (principal.who(), principal.session()) else {
        return Err(Problem::not_found());
    };
    let tenant = principal.tenant();
    let session = session::alive(app, tenant, principal.who(), session).await?;
    let own = session.filter(|session| session.client.is_none()).ok_or_else(Problem::not_found)?;
    Ok((tenant, id, own))
}

/// Sets up an authenticator. It counts once a code of it was given; until then it can be set up anew.
///
/// # Errors
/// 409 where the member has a second factor already, 422 where the password is wrong: whoever got hold of a session must
/// not be able to make it their own.
pub async fn enroll(app: &App, call: &Call<NewFactor>) -> Result<Reply<Enrollment>, Problem> {
    let (tenant, id, _) = own(app, call).await?;
    if !by_password(app, call, tenant, id, &call.body.password).await? {
        return Err(wrong_password());
    }
    let known = member::contact_of(app, tenant, id).await?.ok_or_else(Problem::not_found)?;
    let store = StoreProfile::of(app, tenant).await?;
    let secret = Secret::new(app.entropy().bytes());
    let factor = SecondFactor {
        secret: contact::seal(app, tenant, id, SECRET, &secret).await?,
        confirmed: false,
        last_step: 0,
        recovery: BTreeMap::new(),
    };
    let write = Write::put("second factor", keys::second_factor(tenant, id), &factor)?
        .when("attribute_not_exists(pk) OR confirmed = :no")
        .value(":no", AttributeValue::Bool(false));
    let uri = secret.to_uri(store.name.as_str(), known.email.as_str());
    let reply = Reply::created("/v1/staff/me", Enrollment { secret: secret.to_base32(), uri });
    call.commit(app, vec![write], reply).await.map_err(|error| {
        if error.refused(0) { state("You have a second factor. Remove it first.") } else { error.into() }
    })
}

/// Makes the authenticator that was set up count, and lifts what limited the log-in until then.
///
/// # Errors
/// 422 where the code is wrong; 409 where nothing was set up, or it counts already.
pub async fn confirm(app: &App, call: &Call<ConfirmFactor>) -> Result<Reply<RecoveryCodes>, Problem> {
    let (tenant, id, session) = own(app, call).await?;
    let nothing = || state("Nothing is set up that could be confirmed.");
    let mut factor = load(app, tenant, id).await?.filter(|factor| !factor.confirmed).ok_or_else(nothing)?;
    let secret = contact::open(app, tenant, id, SECRET, &factor.secret).await?.ok_or_else(nothing)?;
    let step = secret.step_of(&call.body.code, app.now(), 0)?.ok_or_else(wrong_code)?;
    let codes: Vec<_> = (0..RECOVERY_CODES).map(|_| totp::recovery_code(app.entropy().bytes())).collect();
    for code in &codes {
        let code = totp::normalized(code).unwrap_or_default();
        factor.recovery.insert(recovery_hash(app, tenant, id, &code).await?, true);
    }
    let sealed = serde_dynamo::to_attribute_value(&factor.secret).map_err(Problem::internal)?;
    (factor.confirmed, factor.last_step) = (true, step);
    // Not where it was set up anew meanwhile: the code was not of that one.
    let write = Write::put("second factor", keys::second_factor(tenant, id), &factor)?
        .when("confirmed = :no AND #secret = :secret")
        .name("#secret", "secret")
        .value(":no", AttributeValue::Bool(false))
        .value(":secret", sealed);
    let mut writes = vec![write];
    if session.scopes.as_ref() == Some(&super::access::enrolling()) {
        let key = keys::session(tenant, Who::Staff(id), session.id);
        writes.push(Write::update(key, "REMOVE scopes").when("attribute_exists(pk)"));
    }
    let reply = Reply::ok(RecoveryCodes { recovery_codes: codes });
    call.commit(app, writes, reply).await.map_err(
        |error| {
            if error.refused(0) { nothing() } else { error.into() }
        },
    )
}

/// Takes the second factor away, where the store lets members be without one.
///
/// # Errors
/// 422 where the proof is wrong; 409 where there is none, or the store asks for one.
pub async fn remove(app: &App, call: &Call<FactorProof>) -> Result<Reply<Nothing>, Problem> {
    let (tenant, id, _) = own(app, call).await?;
    let missing = || state("You have no second factor.");
    let factor = confirmed(app, tenant, id).await?.ok_or_else(missing)?;
    if is_required(app, tenant).await? {
        return Err(state("The store asks its staff for a second factor."));
    }
    match (&call.body.code, &call.body.password) {
        (Some(code), None) => {
            let accepted = async { Ok(accepts(app, call, tenant, id, &factor, code).await?.then_some(())) };
            if credential::prove(app, call, Who::Staff(id), accepted).await?.is_none() {
                return Err(wrong_code());
            }
        }
        (None, Some(password)) => {
            if !by_password(app, call, tenant, id, password).await? {
                return Err(wrong_password());
            }
        }
        _ => return Err(Problem::invalid("code", "Give a code or the password, one of them.")),
    }
    let write = Write::delete(keys::second_factor(tenant, id)).when("attribute_exists(pk)");
    call.commit(app, vec![write], Reply::empty())
        .await
        .map_err(|error| if error.refused(0) { missing() } else { error.into() })
}

/// Whether `code` is good, which uses it up: of two at once with the same code, one is right.
pub(super) async fn accepts<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    tenant: Tenant,
    id: StaffId,
    factor: &SecondFactor,
    code: &str,
) -> Result<bool, Problem> {
    let key = keys::second_factor(tenant, id);
    let mut writes = Vec::new();
    let used = if let Some(code) = totp::normalized(code) {
        let hash = recovery_hash(app, tenant, id, &code).await?;
        if !factor.recovery.contains_key(&hash) {
            return Ok(false);
        }
        let resource = format!("/v1/staff/{id}");
        writes.push(call.note(app, Who::Staff(id), Action::RecoveryCodeUsed, resource).write(tenant)?);
        Write::update(key, "REMOVE recovery.#code")
            .when("attribute_exists(recovery.#code)")
            .name("#code", hash)
    } else {
        let Some(secret) = contact::open(app, tenant, id, SECRET, &factor.secret).await? else {
            return Ok(false);
        };
        let Some(step) = secret.step_of(code, app.now(), factor.last_step)? else {
            return Ok(false);
        };
        Write::update(key, "SET last_step = :step").when("last_step < :step").number(":step", step)
    };
    writes.push(used);
    match store::commit(app, writes).await {
        Ok(()) => Ok(true),
        Err(WriteError::Refused(_)) => Ok(false),
        Err(WriteError::Store(error)) => Err(error.into()),
    }
}

/// A keyed hash: 120 bits can't be tried out without the deployment's root secret, and hardly with it.
async fn recovery_hash(app: &App, tenant: Tenant, id: StaffId, code: &str) -> Result<String, Problem> {
    let key = app.derived_key("recovery codes").await.map_err(Problem::internal)?;
    let hash = hmac::sign(&key, format!("{tenant}/{id}/{code}").as_bytes());
    Ok(hex(hash.as_ref()))
}
