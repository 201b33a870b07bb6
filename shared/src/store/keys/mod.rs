//! Every key of every table. A key can't be written down without the tenant it belongs to; the few that belong to none
//! are a page of their own, [`shared`], each with its reason.

mod access;
mod invoices;
mod money;
mod payments;
mod people;
mod promotion;
mod rates;
mod risk;
mod shared;
mod shop;

pub use access::*;
pub use invoices::*;
pub use money::*;
pub use payments::*;
pub use people::*;
pub use promotion::*;
pub use rates::*;
pub use risk::*;
pub use shared::*;
pub use shop::*;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use ring::digest::{SHA256, digest};

use super::Item;
use crate::{
    runtime::{Settings, StartError},
    tenant::Tenant,
    text::hex,
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
    of_rules: bool,
}

impl Key {
    fn state(pk: String, sk: impl Into<String>) -> Self {
        Self::of(Table::State, pk, sk)
    }

    fn of(table: Table, pk: String, sk: impl Into<String>) -> Self {
        Self { table, pk, sk: sk.into(), of_rules: false }
    }

    /// The key of something that every cart is priced by.
    fn rules(pk: String, sk: impl Into<String>) -> Self {
        Self { of_rules: true, ..Self::state(pk, sk) }
    }

    /// Whether every cart is priced by what lies here, so that a change counts as a new edition of the store's rules.
    pub fn is_of_rules(&self) -> bool {
        self.of_rules
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

/// The tenant that a key Souk wrote begins with.
pub fn tenant_of(pk: &str) -> Option<Tenant> {
    let mut parts = pk.split('/');
    Some(Tenant::of_own_record(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// What lies behind the tenant in a key: what kind of thing it is of, and its id.
fn thing(pk: &str) -> Option<(&str, &str)> {
    pk.splitn(3, '/').nth(2)?.split_once('/')
}

/// The payment that a key made by [`sandbox_payment`] is of.
pub fn payment_of_sandbox(pk: &str) -> Option<(Tenant, &str)> {
    let (kind, payment) = thing(pk)?;
    (kind == "sandbox").then_some(())?;
    Some((tenant_of(pk)?, payment))
}

/// The SKU whose stock a key made by [`stock_bucket`] holds.
pub fn sku_of_stock(pk: &str) -> Option<(Tenant, &str)> {
    let (kind, rest) = thing(pk)?;
    (kind == "stock").then_some(())?;
    Some((tenant_of(pk)?, rest.split('/').next()?))
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
    hex(digest(&SHA256, &joined).as_ref())
}
