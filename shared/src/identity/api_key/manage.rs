//! Making, changing, rolling and revoking keys.
//!
//! Every change goes through the version of the key's listing: of two at once, one is refused. So a key that is revoked
//! while it is being rolled is gone with both of its secrets, or was rolled first and is gone then.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{
    model::{ApiKey, ChangeKey, KeyKind, Listing, NewKey, RollKey, Rolled},
    view::{ApiKeyView, IssuedKey, ListKeys, view},
};
use crate::{
    contact::Line,
    http::{Call, Code, CommitError, ETag, List, Nothing, Problem, Reply},
    id::KeyId,
    identity::grant::{can_be_given, within_own_rights},
    metadata::Metadata,
    principal::{Principal, Scope},
    runtime::App,
    store::{self, Query, StoreError, Write, keys},
    tenant::{Mode, Tenant},
    text::hex,
};

/// How often a key is revoked that keeps changing meanwhile.
const TRIES: usize = 5;

/// A new secret for a key: `sk_live_` and 160 random bits.
fn new_secret(app: &App, mode: Mode, kind: KeyKind) -> String {
    let random = app.entropy().bytes::<20>();
    format!("{}_{mode}_{}", kind.prefix(), hex(&random))
}

/// The end of a secret: enough to tell keys apart, too little to guess one.
fn hint(secret: &str) -> String {
    secret.chars().skip(secret.chars().count().saturating_sub(4)).collect()
}

fn hash(secret: &str) -> String {
    keys::hash(&[secret.as_bytes()])
}

/// The key as requests find it by the secret whose hash is `hash`.
fn found_by(tenant: Tenant, listing: &Listing, hash: &str) -> Result<Write, StoreError> {
    let key = ApiKey {
        id: listing.id,
        store: tenant.store(),
        mode: tenant.mode(),
        kind: listing.kind,
        scopes: listing.scopes.clone(),
        expires: None,
        noted_at: None,
    };
    Write::put("key", keys::api_key(hash), &key)
}

fn listing(app: &App, name: Line, kind: KeyKind, secret: &str) -> Listing {
    let now = app.now();
    Listing {
        id: KeyId::new(app),
        name,
        kind,
        scopes: None,
        metadata: Metadata::default(),
        hint: hint(secret),
        hash: hash(secret),
        rolled: None,
        version: 1,
        created_at: now,
        updated_at: now,
        last_used_at: None,
    }
}

/// Makes one of the first keys of `tenant`, which may do all that such a key can: its secret, and the writes that store
/// it. `secret` sets a known one, for a demo store.
///
/// # Errors
/// [`StoreError`] where the key can't be written down.
pub fn issue(
    app: &App,
    tenant: Tenant,
    kind: KeyKind,
    name: Line,
    secret: Option<String>,
) -> Result<(String, Vec<Write>), StoreError> {
    let secret = secret.unwrap_or_else(|| new_secret(app, tenant.mode(), kind));
    let listing = listing(app, name, kind, &secret);
    let writes = vec![
        Write::create("api key", keys::api_key_listing(tenant, listing.id), &listing)?,
        found_by(tenant, &listing, &listing.hash)?,
    ];
    Ok((secret, writes))
}

/// The scopes of a key that `giver` makes.
///
/// # Errors
/// 403 where they would give what they don't have, 422 where such a key can't have it.
fn scopes_of(giver: &Principal, new: &NewKey) -> Result<BTreeSet<Scope>, Problem> {
    let possible = new.kind.scopes();
    let scopes = match &new.scopes {
        Some(scopes) => scopes.clone(),
        None => possible.iter().copied().filter(|scope| giver.may(*scope)).collect(),
    };
    can_be_given(&scopes, &possible)?;
    within_own_rights(giver, &scopes)?;
    Ok(scopes)
}

fn tagged(app: &App, key: Listing) -> (ApiKeyView, ETag) {
    let version = key.version;
    let view = view(key, app.now());
    // The rest changes with time and use.
    let rest = format!("{:?} {:?}", view.last_used_at, view.previous_secret_ends_at);
    (view, ETag::of_version(version).with(&rest))
}

/// The answer that shows the secret of `key`, once.
fn issued(app: &App, key: Listing, secret: String) -> Reply<IssuedKey> {
    let location = format!("/v1/api-keys/{}", key.id);
    let (key, etag) = tagged(app, key);
    Reply::created(location, IssuedKey { secret, key }).etag(etag)
}

/// Makes a key and answers it with its secret.
///
/// # Errors
/// 403 where the caller would give what they don't have.
pub async fn create(app: &App, call: &Call<NewKey>) -> Result<Reply<IssuedKey>, Problem> {
    let (tenant, new) = (call.tenant()?, &call.body);
    let scopes = scopes_of(call.principal()?, new)?;
    let secret = new_secret(app, tenant.mode(), new.kind);
    let key = Listing {
        scopes: Some(scopes),
        metadata: new.metadata.clone(),
        ..listing(app, new.name.clone(), new.kind, &secret)
    };
    let writes = vec![
        Write::create("api key", keys::api_key_listing(tenant, key.id), &key)?,
        found_by(tenant, &key, &key.hash)?.when("attribute_not_exists(pk)"),
    ];
    Ok(call.commit(app, writes, issued(app, key, secret)).await?)
}

/// A page of the store's keys.
///
/// # Errors
/// 400 where the cursor is wrong.
pub async fn list(app: &App, call: &Call<Nothing, ListKeys>) -> Result<List<ApiKeyView>, Problem> {
    let (tenant, ask) = (call.tenant()?, &call.query);
    let from = call.position(app, ask.cursor.as_deref(), "").await?;
    let query = Query::partition(keys::api_keys(tenant)).newest_first();
    let page = query.page::<Listing>(app, "api key", ask.limit.get(), from.as_deref()).await?;
    let List { data, has_more, next_cursor } = call.list(app, page, "").await?;
    Ok(List { data: data.into_iter().map(|key| view(key, app.now())).collect(), has_more, next_cursor })
}

/// What the holder of the key `id` may do; nothing where it was revoked.
///
/// # Errors
/// [`StoreError`].
pub async fn scopes(app: &App, tenant: Tenant, id: KeyId) -> Result<Option<BTreeSet<Scope>>, StoreError> {
    let key: Option<Listing> = store::get(app, "api key", &keys::api_key_listing(tenant, id)).await?;
    Ok(key.map(|key| key.scopes()))
}

async fn load(app: &App, tenant: Tenant, id: KeyId) -> Result<Listing, Problem> {
    let key: Option<Listing> = store::get(app, "api key", &keys::api_key_listing(tenant, id)).await?;
    key.ok_or_else(Problem::not_found)
}

/// The key `id`.
///
/// # Errors
/// 404 where there is none.
pub async fn read(app: &App, tenant: Tenant, id: KeyId) -> Result<Reply<ApiKeyView>, Problem> {
    let (view, etag) = tagged(app, load(app, tenant, id).await?);
    Ok(Reply::ok(view).etag(etag))
}

/// The write that puts `new` in place of `old` in the list, but for the note of its use, which others write.
fn changed(tenant: Tenant, old: &Listing, new: &Listing) -> Result<Write, Problem> {
    let attribute = |value: Result<AttributeValue, serde_dynamo::Error>| value.map_err(Problem::internal);
    let rolled = match &new.rolled {
        Some(rolled) => attribute(serde_dynamo::to_attribute_value(rolled))?,
        None => AttributeValue::Null(true),
    };
    let set = "SET #name = :name, metadata = :metadata, hint = :hint, #hash = :hash, rolled = :rolled, \
               #version = :version, updated_at = :now";
    Ok(Write::update(keys::api_key_listing(tenant, old.id), set)
        .when("#version = :read")
        .name("#name", "name")
        .name("#hash", "hash")
        .name("#version", "version")
        .text(":name", new.name.as_str())
        .value(":metadata", attribute(serde_dynamo::to_attribute_value(&new.metadata))?)
        .text(":hint", &new.hint)
        .text(":hash", &new.hash)
        .value(":rolled", rolled)
        .number(":version", new.version)
        .number(":read", old.version)
        .text(":now", new.updated_at.to_string()))
}

/// Changes what people say of the key `id`.
///
/// # Errors
/// 404, 409, or 412 where it is not as the caller thinks.
pub async fn change(app: &App, call: &Call<ChangeKey>, id: KeyId) -> Result<Reply<ApiKeyView>, Problem> {
    let tenant = call.tenant()?;
    let old = load(app, tenant, id).await?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    let new = Listing {
        name: call.body.name.clone().unwrap_or_else(|| old.name.clone()),
        metadata: call.body.metadata.clone().unwrap_or_else(|| old.metadata.clone()),
        version: old.version + 1,
        updated_at: app.now(),
        ..old.clone()
    };
    let write = changed(tenant, &old, &new)?;
    let (view, etag) = tagged(app, new);
    Ok(call.commit(app, vec![write], Reply::ok(view).etag(etag)).await?)
}

/// Gives the key `id` another secret. The one that it has goes on for a while; one that still goes on from an earlier
/// time ends now, so that a key never has more than two.
///
/// # Errors
/// 403 where the key may do what the caller may not: its secret would tell them how. 409 where somebody else rolled it
/// at the same time.
pub async fn roll(app: &App, call: &Call<RollKey>, id: KeyId) -> Result<Reply<IssuedKey>, Problem> {
    let (tenant, overlap) = (call.tenant()?, i64::from(call.body.overlap_seconds.seconds()));
    let old = load(app, tenant, id).await?;
    within_own_rights(call.principal()?, &old.scopes())?;
    let (now, secret) = (app.now(), new_secret(app, tenant.mode(), old.kind));
    let ends = now.as_second() + overlap;
    let new = Listing {
        hint: hint(&secret),
        hash: hash(&secret),
        rolled: (overlap > 0).then(|| Rolled { hash: old.hash.clone(), ends }),
        version: old.version + 1,
        updated_at: now,
        ..old.clone()
    };
    let mut writes = vec![
        changed(tenant, &old, &new)?,
        found_by(tenant, &new, &new.hash)?.when("attribute_not_exists(pk)"),
        if overlap > 0 {
            Write::update(keys::api_key(&old.hash), "SET expires = :ends")
                .when("attribute_exists(pk)")
                .number(":ends", ends)
        } else {
            Write::delete(keys::api_key(&old.hash))
        },
    ];
    writes.extend(old.rolled.iter().map(|rolled| Write::delete(keys::api_key(&rolled.hash))));
    call.commit(app, writes, issued(app, new, secret)).await.map_err(|error| rolled_at_once(error).into())
}

fn rolled_at_once(error: CommitError) -> CommitError {
    if error.refused(0) {
        let detail = "Somebody else changed or rolled this key at the same time. Read it again and retry.";
        return CommitError::Problem(Problem::new(Code::Conflict, detail));
    }
    error
}

/// Revokes the key `id`: the next request with any of its secrets is refused. Whoever may write keys may revoke any,
/// for a key that leaked has to go at once.
///
/// # Errors
/// 404 where there is none, 412 where it is not as the caller thinks.
pub async fn revoke<B>(app: &App, call: &Call<B>, id: KeyId) -> Result<Reply<Nothing>, Problem> {
    let tenant = call.tenant()?;
    let mut tries = 0;
    loop {
        let key = load(app, tenant, id).await?;
        ETag::of_version(key.version).if_match(&call.headers)?;
        let mut writes = vec![
            Write::delete(keys::api_key_listing(tenant, id))
                .when("#version = :read")
                .name("#version", "version")
                .number(":read", key.version),
            Write::delete(keys::api_key(&key.hash)),
        ];
        writes.extend(key.rolled.iter().map(|rolled| Write::delete(keys::api_key(&rolled.hash))));
        tries += 1;
        match call.commit(app, writes, Reply::empty()).await {
            // Rolled or renamed meanwhile: what it is now has to go, too.
            Err(error) if error.refused(0) && tries < TRIES => {}
            outcome => return Ok(outcome?),
        }
    }
}
