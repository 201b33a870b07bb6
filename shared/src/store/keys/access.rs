//! Who gets in, how often, and what they did: keys, integrations, limits and the audit log.

use super::{Key, Table, hash};
use crate::{
    id::{AuditId, ClientId, IdentityProviderId, KeyId},
    tenant::Tenant,
};

/// The partition that lists a store's API keys.
pub fn api_keys(tenant: Tenant) -> String {
    format!("{tenant}/keys")
}

/// What may be shown of an API key.
pub fn api_key_listing(tenant: Tenant, id: KeyId) -> Key {
    Key::state(api_keys(tenant), id.to_string())
}

/// Something that was done and has no place in the audit log yet. A partition of its own: what is done is never held up
/// by how fast one partition writes.
pub fn audit_note(tenant: Tenant, id: AuditId) -> Key {
    Key::state(format!("{tenant}/audit-outbox/{id}"), "note")
}

/// The partition of the events table that holds a store's audit log, by sequence number.
pub fn audit_chain(tenant: Tenant) -> String {
    format!("{tenant}/audit")
}

/// An entry of a store's audit log.
pub fn audit_entry(tenant: Tenant, sequence: u64) -> Key {
    Key::of(Table::Events, audit_chain(tenant), format!("{sequence:010}"))
}

/// The partition of the anchors table that tells how far a store's audit log went, by sequence number.
pub fn anchors(tenant: Tenant) -> String {
    format!("{tenant}/anchors")
}

/// How far a store's audit log went at some time.
pub fn anchor(tenant: Tenant, sequence: u64) -> Key {
    Key::of(Table::Anchors, anchors(tenant), format!("{sequence:010}"))
}

/// The partition that holds the identity providers that a store trusts.
pub fn identity_providers(tenant: Tenant) -> String {
    format!("{tenant}/identity-providers")
}

/// An identity provider that a store trusts.
pub fn identity_provider(tenant: Tenant, id: IdentityProviderId) -> Key {
    Key::state(identity_providers(tenant), id.to_string())
}

/// The partition that lists a store's integrations.
pub fn clients(tenant: Tenant) -> String {
    format!("{tenant}/clients")
}

/// The mark that an integration is the store's.
pub fn client_mark(tenant: Tenant, id: ClientId) -> Key {
    Key::state(clients(tenant), id.to_string())
}

/// An authorization code, found by its hash.
pub fn authorization_code(tenant: Tenant, code: &str) -> Key {
    Key::state(format!("{tenant}/code/{}", hash(&[code.as_bytes()])), "code")
}

/// The mark that an access token was revoked which rests on no log-in.
pub fn revoked_token(tenant: Tenant, jti: &str) -> Key {
    Key::state(format!("{tenant}/revoked/{}", hash(&[jti.as_bytes()])), "revoked")
}

/// A bucket of tokens that belongs to a store: `what` says whose. Its mark is in units that rate and window make, so
/// that another rate is another bucket.
pub fn limit(tenant: Tenant, what: &str, rate: u32, window: u32) -> Key {
    Key::state(format!("{tenant}/limit/{what}"), format!("{rate}/{window}"))
}

/// The failed log-ins to an account, over all addresses.
pub fn account_attempts(tenant: Tenant, account: &str) -> Key {
    Key::state(format!("{tenant}/attempts/{account}"), "account")
}

/// The failed log-ins to an account from one address.
pub fn address_attempts(tenant: Tenant, account: &str, address: &str) -> Key {
    Key::state(format!("{tenant}/attempts/{account}"), format!("from/{address}"))
}

/// The mark that the holder of an account has logged in from an address.
pub fn known_address(tenant: Tenant, account: &str, address: &str) -> Key {
    Key::state(format!("{tenant}/attempts/{account}"), format!("known/{address}"))
}

/// The codes that were tried in vain, by one address or on one cart.
pub fn guesses(tenant: Tenant, of: &str) -> Key {
    Key::state(format!("{tenant}/guesses/{of}"), "codes")
}

/// How much of its catalog's quota a store uses.
pub fn usage(tenant: Tenant) -> Key {
    Key::state(format!("{tenant}/usage"), "catalog")
}
