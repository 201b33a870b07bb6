//! Every key of every table. A key can't be written down without the tenant it belongs to; the few that
//! belong to none are at the end of this page, each with its reason.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use ring::digest::{SHA256, digest};

use super::Item;
use crate::{
    id::{
        AuditId, CartId, ClientId, CustomerId, EventId, IdentityProviderId, InvitationId, KeyId, LinkId,
        MovementId, OrderId, PrivacyRequestId, ProductId, RoleId, SessionId, StaffId, StoreId,
    },
    principal::Who,
    runtime::{Settings, StartError},
    tenant::Tenant,
    vault::{EmailHash, Subject},
};

/// One of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    /// Facts, append-only.
    Events,
    /// Current state and read models.
    State,
    /// The keys of people.
    Vault,
    /// How far audit logs went, written by `anchor-audit` alone.
    Anchors,
}

impl Table {
    /// The table's name, as the template gives it to the function.
    ///
    /// # Errors
    /// [`StartError::Missing`] where the template does not give it to this function.
    pub fn name(self, settings: &Settings) -> Result<&str, StartError> {
        settings.require(match self {
            Self::Events => "EVENTS_TABLE",
            Self::State => "STATE_TABLE",
            Self::Vault => "VAULT_TABLE",
            Self::Anchors => "ANCHORS_TABLE",
        })
    }
}

/// A secondary index of the state table. All are sparse: an item is in one only while it has its attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// What must be looked at when its time has come.
    Due,
    /// A store's orders by status, then by time.
    OrdersByStatus,
    /// A store's orders by customer, then by time.
    OrdersByCustomer,
}

impl Index {
    /// Its name and its two key attributes.
    pub const fn describe(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Due => ("due", "due_shard", "due_at"),
            Self::OrdersByStatus => ("orders-by-status", "status_pk", "status_sk"),
            Self::OrdersByCustomer => ("orders-by-customer", "customer_pk", "customer_sk"),
        }
    }
}

/// The primary key of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    table: Table,
    pk: String,
    sk: String,
}

impl Key {
    fn state(pk: String, sk: impl Into<String>) -> Self {
        Self { table: Table::State, pk, sk: sk.into() }
    }

    /// Which table it is a key of.
    pub fn table(&self) -> Table {
        self.table
    }

    /// The partition key.
    pub fn pk(&self) -> &str {
        &self.pk
    }

    /// The sort key.
    pub fn sk(&self) -> &str {
        &self.sk
    }

    /// Its two attributes.
    pub fn item(&self) -> Item {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

/// A store's profile: name, currency, locations.
pub fn store_profile(tenant: Tenant) -> Key {
    Key::state(format!("{tenant}/store"), "profile")
}

/// The partition that holds a store's products, by id.
pub fn products(tenant: Tenant) -> String {
    format!("{tenant}/products")
}

/// A product.
pub fn product(tenant: Tenant, id: ProductId) -> Key {
    Key::state(products(tenant), id.to_string())
}

/// The partition that lists the products with a tag, by product id.
pub fn tagged_products(tenant: Tenant, tag: &str) -> String {
    format!("{tenant}/products/tag/{tag}")
}

/// The mark that a product has a tag.
pub fn product_tag(tenant: Tenant, tag: &str, id: ProductId) -> Key {
    Key::state(tagged_products(tenant, tag), id.to_string())
}

/// What is offered under a SKU: one per store, so that no two products share it.
pub fn offer(tenant: Tenant, sku: &str) -> Key {
    Key::state(format!("{tenant}/sku/{sku}"), "offer")
}

/// The stock of a SKU, over all locations.
pub fn stock(tenant: Tenant, sku: &str) -> Key {
    Key::state(format!("{tenant}/stock/{sku}"), "stock")
}

/// A movement of a SKU's stock.
pub fn movement(tenant: Tenant, sku: &str, id: MovementId) -> Key {
    Key::state(format!("{tenant}/stock/{sku}"), format!("movement/{id}"))
}

/// What an order holds of the stock.
pub fn reservation(tenant: Tenant, order: OrderId) -> Key {
    Key::state(format!("{tenant}/reservation/{order}"), "reservation")
}

/// A cart.
pub fn cart(tenant: Tenant, id: CartId) -> Key {
    Key::state(format!("{tenant}/cart/{id}"), "cart")
}

/// The partition of the events table that holds an order's commits, by sequence number.
pub fn order_events(tenant: Tenant, order: OrderId) -> String {
    format!("{tenant}/order/{order}")
}

/// The commit of an order whose first event has this sequence number.
pub fn order_commit(tenant: Tenant, order: OrderId, sequence: u32) -> Key {
    Key { table: Table::Events, pk: order_events(tenant, order), sk: format!("{sequence:010}") }
}

/// The note that an order has work to do, which the sweeper finds when the work is overdue.
pub fn work(tenant: Tenant, order: OrderId) -> Key {
    Key::state(format!("{tenant}/work/{order}"), "work")
}

/// The partition that lists a store's orders, by time.
pub fn orders(tenant: Tenant) -> String {
    format!("{tenant}/orders")
}

/// The place of an order in every list by time.
pub fn order_position(placed_at: Timestamp, order: OrderId) -> String {
    format!("{placed_at:.3}/{order}")
}

/// The summary of an order that the lists show.
pub fn order_summary(tenant: Tenant, placed_at: Timestamp, order: OrderId) -> Key {
    Key::state(orders(tenant), order_position(placed_at, order))
}

/// The partition of an index that lists a store's orders of one status.
pub fn orders_of_status(tenant: Tenant, status: &str) -> String {
    format!("{tenant}/orders/status/{status}")
}

/// The partition of an index that lists the orders that gave an email address.
pub fn orders_of_email(tenant: Tenant, email: EmailHash) -> String {
    format!("{tenant}/orders/email/{email}")
}

/// The partition that lists the orders of a customer who was logged in.
pub fn orders_of_customer(tenant: Tenant, customer: CustomerId) -> String {
    format!("{tenant}/orders/customer/{customer}")
}

/// The summary of an order in its customer's list.
pub fn customer_order_summary(
    tenant: Tenant,
    customer: CustomerId,
    placed_at: Timestamp,
    order: OrderId,
) -> Key {
    Key::state(orders_of_customer(tenant, customer), order_position(placed_at, order))
}

/// The key that a person's data is sealed under.
pub fn person(tenant: Tenant, subject: Subject) -> Key {
    Key { table: Table::Vault, pk: format!("{tenant}/person/{subject}"), sk: "key".to_owned() }
}

/// An export of what is known of a person.
pub fn privacy_export(tenant: Tenant, id: PrivacyRequestId) -> Key {
    Key::state(format!("{tenant}/privacy-export/{id}"), "export")
}

/// A piece of an export's archive.
pub fn privacy_export_chunk(tenant: Tenant, id: PrivacyRequestId, number: u32) -> Key {
    Key::state(format!("{tenant}/privacy-export/{id}"), format!("chunk/{number:05}"))
}

/// An erasure of what is known of a person.
pub fn erasure(tenant: Tenant, id: PrivacyRequestId) -> Key {
    Key::state(format!("{tenant}/erasures"), id.to_string())
}

/// The partition that lists the erasures that are not done.
pub fn open_erasures(tenant: Tenant) -> String {
    format!("{tenant}/open-erasures")
}

/// The mark that the erasure of `subject` is not done: one a person, so that two requests are one erasure.
pub fn open_erasure(tenant: Tenant, subject: Subject) -> Key {
    Key::state(open_erasures(tenant), subject.to_string())
}

/// How far a store's people were held against how long it keeps what it knows of them.
pub fn retention(tenant: Tenant) -> Key {
    Key::state(format!("{tenant}/retention"), "progress")
}

/// The answer to a request that may be repeated.
pub fn idempotency(tenant: Tenant, principal: &str, idempotency_key: &str) -> Key {
    Key::state(format!("{tenant}/idempotency/{principal}/{}", hash(&[idempotency_key.as_bytes()])), "answer")
}

/// A payment at the sandbox provider.
pub fn sandbox_payment(tenant: Tenant, payment_key: &str) -> Key {
    Key::state(format!("{tenant}/sandbox/{payment_key}"), "payment")
}

/// The mark that an event's mail was sent.
pub fn sent_mail(tenant: Tenant, event: EventId) -> Key {
    Key::state(format!("{tenant}/mail/{event}"), "sent")
}

/// The partition that holds a person's log-ins and the grants of integrations that act for them.
pub fn sessions(tenant: Tenant, who: Who) -> String {
    format!("{tenant}/sessions/{who}")
}

/// A log-in, or a grant.
pub fn session(tenant: Tenant, who: Who, id: SessionId) -> Key {
    Key::state(sessions(tenant, who), id.to_string())
}

/// The partition that holds a store's customers.
pub fn customers(tenant: Tenant) -> String {
    format!("{tenant}/customers")
}

/// A customer.
pub fn customer(tenant: Tenant, id: CustomerId) -> Key {
    Key::state(customers(tenant), id.to_string())
}

/// Which customer has an email address: one per address, so that no two customers share one.
pub fn customer_email(tenant: Tenant, email: EmailHash) -> Key {
    Key::state(format!("{tenant}/customer-email/{email}"), "email")
}

/// The hash of somebody's password.
pub fn credential(tenant: Tenant, who: Who) -> Key {
    Key::state(format!("{tenant}/credential/{who}"), "credential")
}

/// A link that works once.
pub fn link(tenant: Tenant, id: LinkId) -> Key {
    Key::state(format!("{tenant}/link/{id}"), "link")
}

/// The partition that holds a store's staff.
pub fn staff(tenant: Tenant) -> String {
    format!("{tenant}/staff")
}

/// A member of the staff.
pub fn member(tenant: Tenant, id: StaffId) -> Key {
    Key::state(staff(tenant), id.to_string())
}

/// Whose of the staff an email address is, by its keyed hash: one item an address, so that no two share one.
pub fn staff_email(tenant: Tenant, email_hash: EmailHash) -> Key {
    Key::state(format!("{tenant}/staff-email/{email_hash}"), "member")
}

/// How many owners a store has.
pub fn owners(tenant: Tenant) -> Key {
    Key::state(format!("{tenant}/owners"), "owners")
}

/// The second factor of a member of the staff.
pub fn second_factor(tenant: Tenant, id: StaffId) -> Key {
    Key::state(format!("{tenant}/second-factor/{id}"), "second-factor")
}

/// The partition that holds the invitations to a store's staff.
pub fn invitations(tenant: Tenant) -> String {
    format!("{tenant}/invitations")
}

/// An invitation to a store's staff.
pub fn invitation(tenant: Tenant, id: InvitationId) -> Key {
    Key::state(invitations(tenant), id.to_string())
}

/// The invitation that an email address has, by its keyed hash.
pub fn invited_email(tenant: Tenant, email_hash: EmailHash) -> Key {
    Key::state(format!("{tenant}/staff-email/{email_hash}"), "invitation")
}

/// The partition that holds the roles that a store made.
pub fn roles(tenant: Tenant) -> String {
    format!("{tenant}/roles")
}

/// A role that a store made.
pub fn role(tenant: Tenant, id: RoleId) -> Key {
    Key::state(roles(tenant), id.to_string())
}

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
    Key { table: Table::Events, pk: audit_chain(tenant), sk: format!("{sequence:010}") }
}

/// The partition of the anchors table that tells how far a store's audit log went, by sequence number.
pub fn anchors(tenant: Tenant) -> String {
    format!("{tenant}/anchors")
}

/// How far a store's audit log went at some time.
pub fn anchor(tenant: Tenant, sequence: u64) -> Key {
    Key { table: Table::Anchors, pk: anchors(tenant), sk: format!("{sequence:010}") }
}

/// The partition that lists all stores, by id. Belongs to no tenant: what has to be done for every store, such as
/// anchoring their audit logs, finds them here.
pub fn stores() -> &'static str {
    "stores"
}

/// A store's place in the list of all stores, which only `provision-store` writes.
pub fn store(id: StoreId) -> Key {
    Key::state(stores().to_owned(), id.to_string())
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

/// How much of its catalog's quota a store uses.
pub fn usage(tenant: Tenant) -> Key {
    Key::state(format!("{tenant}/usage"), "catalog")
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

/// The tenant that a key Souk wrote begins with.
pub fn tenant_of(pk: &str) -> Option<Tenant> {
    let mut parts = pk.split('/');
    Some(Tenant::of_own_record(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// What lies behind the tenant in a key: what kind of thing it is of, and its id.
fn thing(pk: &str) -> Option<(&str, &str)> {
    pk.splitn(3, '/').nth(2)?.split_once('/')
}

/// The order that a key made by [`work`] belongs to.
pub fn order_of_work(pk: &str) -> Option<(Tenant, OrderId)> {
    order_of(pk, "work")
}

/// The order that a key made by [`sandbox_payment`] belongs to.
pub fn order_of_sandbox_payment(pk: &str) -> Option<(Tenant, OrderId)> {
    order_of(pk, "sandbox")
}

fn order_of(pk: &str, family: &str) -> Option<(Tenant, OrderId)> {
    let (kind, id) = thing(pk)?;
    (kind == family).then_some(())?;
    Some((tenant_of(pk)?, id.parse().ok()?))
}

/// The note that a key made by [`audit_note`] is of.
pub fn note_of_audit(pk: &str) -> Option<Key> {
    let (kind, id) = thing(pk)?;
    (kind == "audit-outbox").then_some(())?;
    Some(audit_note(tenant_of(pk)?, id.parse().ok()?))
}

/// SHA-256 in hexadecimal.
pub fn hash(parts: &[&[u8]]) -> String {
    let joined = parts.concat();
    digest(&SHA256, &joined).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
