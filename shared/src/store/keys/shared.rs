//! The few keys that belong to no tenant, each with its reason.

use super::{Key, hash};
use crate::id::{ClientId, StoreId};

/// The partition that lists all stores, by id. Belongs to no tenant: what has to be done for every store, such as
/// anchoring their audit logs, finds them here.
pub fn stores() -> &'static str {
    "stores"
}

/// A store's place in the list of all stores, which only `provision-store` writes.
pub fn store(id: StoreId) -> Key {
    Key::state(stores().to_owned(), id.to_string())
}

/// A bucket of tokens of an address, which is hashed. Belongs to no tenant: an address is counted before it is known
/// whose store it calls, and whether it calls one at all.
pub fn address_limit(what: &str, rate: u32, window: u32) -> Key {
    Key::state(format!("limit/{what}"), format!("{rate}/{window}"))
}

/// An API key, found by the [`hash`] of its secret. Belongs to no tenant, for it is what tells the tenant.
pub fn api_key(secret_hash: &str) -> Key {
    Key::state(format!("key/{secret_hash}"), "key")
}

/// A public key of our signatures. Belongs to no tenant: the deployment signs for all of them.
pub fn public_key(kid: &str) -> Key {
    Key::state(format!("jwk/{kid}"), "jwk")
}

/// An integration. Belongs to no tenant, for a request that names it has nothing else to tell the tenant by.
pub fn client(id: ClientId) -> Key {
    Key::state(format!("client/{id}"), "client")
}

/// A refresh token, found by its hash. Belongs to no tenant, for it is what tells the tenant.
pub fn refresh_token(token: &str) -> Key {
    Key::state(format!("refresh/{}", hash(&[token.as_bytes()])), "refresh")
}

/// Who trusts an issuer for an audience. Belongs to no tenant, for it is what tells the tenant.
pub fn trusted_issuer(issuer: &str, audience: &str) -> Key {
    Key::state(format!("issuer/{}", hash(&[issuer.as_bytes(), b"\n", audience.as_bytes()])), "issuer")
}

/// The public keys of an issuer. Belong to no tenant: they are the issuer's own, whoever trusts it.
pub fn issuer_keys(issuer: &str) -> Key {
    Key::state(format!("issuer-keys/{}", hash(&[issuer.as_bytes()])), "keys")
}

/// How many partitions the index of due work has.
pub const DUE_SHARDS: u64 = 8;

/// A partition of the index of due work. Belongs to no tenant: the sweeper works for all of them.
pub fn due_shard(shard: u64) -> String {
    format!("due/{}", shard % DUE_SHARDS)
}
