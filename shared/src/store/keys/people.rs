//! The people of a store: shoppers and staff.

use super::{Key, Table};
use crate::{
    id::{CustomerId, InvitationId, LinkId, PrivacyRequestId, RoleId, SessionId, StaffId},
    principal::Who,
    tenant::Tenant,
    vault::{EmailHash, Subject},
};

/// The key that a person's data is sealed under.
pub fn person(tenant: Tenant, subject: Subject) -> Key {
    Key::of(Table::Vault, format!("{tenant}/person/{subject}"), "key")
}

/// The key that wraps the keys of a store's people.
pub fn store_key(tenant: Tenant) -> Key {
    Key::of(Table::Vault, format!("{tenant}/store-key"), "key")
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
