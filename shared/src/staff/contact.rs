//! What is known of members as people, at rest: the one place of this module that seals and opens it.

use std::fmt;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    contact::{Email, Line},
    http::Problem,
    id::StaffId,
    runtime::App,
    tenant::Tenant,
    vault::{self, EmailHash, Sealed, Subject},
};

/// How a member is reached, and what to call them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Where mails go, and what they log in with.
    pub email: Email,
    /// What to call them.
    pub name: Line,
}

// Debug output ends up in logs sooner or later.
impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contact(…)")
    }
}

/// Seals `value` as the `field` of a member.
///
/// # Errors
/// [`Problem`] where they were erased, or their key can't be had.
pub(super) async fn seal<T: Serialize>(
    app: &App,
    tenant: Tenant,
    id: StaffId,
    field: &str,
    value: &T,
) -> Result<Sealed<T>, Problem> {
    Ok(vault::seal(app, tenant, Subject::Staff(id), field, value).await?)
}

/// What was sealed as the `field` of a member; nothing where they were erased.
///
/// # Errors
/// [`Problem`] where their key can't be had or somebody changed what was sealed.
pub(super) async fn open<T: DeserializeOwned>(
    app: &App,
    tenant: Tenant,
    id: StaffId,
    field: &str,
    sealed: &Sealed<T>,
) -> Result<Option<T>, Problem> {
    Ok(vault::open(app, tenant, Subject::Staff(id), field, sealed).await?)
}

/// What an address is found by.
///
/// # Errors
/// A 500 where the root secret can't be had.
pub(super) async fn email_hash(app: &App, tenant: Tenant, email: &Email) -> Result<EmailHash, Problem> {
    vault::email_hash(app, tenant, email).await.map_err(Problem::internal)
}
