//! Of whom something is known.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    customer,
    http::Problem,
    id::CustomerId,
    order::{self, Whose},
    runtime::App,
    tenant::Tenant,
    vault::{self, EmailHash, Subject},
};

/// Whose data to export or to erase.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The id of a customer, or the email address that somebody registered or ordered with.
    #[schema(value_type = String, example = "ada@example.com")]
    pub customer: Whose,
}

/// A person, as far as the store can tell who belongs together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// Their account.
    pub(super) customer: Option<CustomerId>,
    /// Their address.
    pub(super) email: Option<EmailHash>,
    /// Whether what was ordered with the address and without an account is theirs.
    pub(super) guest: bool,
}

impl Person {
    /// Whose keys open what is known of them.
    pub(super) fn subjects(&self) -> impl Iterator<Item = Subject> {
        self.customer.map(Subject::Customer).into_iter().chain(self.as_guest().map(Subject::Guest))
    }

    /// The address under which they ordered without an account.
    pub(super) fn as_guest(&self) -> Option<EmailHash> {
        self.email.filter(|_| self.guest)
    }
}

/// The person who is asked about; nothing where nothing is known of them, or ever was.
///
/// Orders that a guest placed belong to a customer who showed that the address is theirs, or whoever asks says so by
/// naming the address: anybody can register with another one's address.
pub(super) async fn find(app: &App, tenant: Tenant, whose: &Whose) -> Result<Option<Person>, Problem> {
    match whose {
        Whose::Customer(id) => of_customer(app, tenant, *id).await,
        Whose::Email(address) => {
            let email = vault::email_hash(app, tenant, address).await.map_err(Problem::internal)?;
            let customer = customer::by_email(app, tenant, address).await?;
            let known = customer.is_some() || vault::knows(app, tenant, Subject::Guest(email)).await?;
            Ok(known.then_some(Person { customer, email: Some(email), guest: true }))
        }
    }
}

/// As [`find`], of a customer.
pub(super) async fn of_customer(
    app: &App,
    tenant: Tenant,
    id: CustomerId,
) -> Result<Option<Person>, Problem> {
    let Some(customer) = customer::load(app, tenant, id).await? else {
        // Whom another identity provider logged in may have ordered without ever looking at their account.
        let known = vault::knows(app, tenant, Subject::Customer(id)).await?
            || order::newest_of(app, tenant, order::Of::Customer(id)).await?.is_some();
        return Ok(known.then_some(Person { customer: Some(id), email: None, guest: false }));
    };
    let profile = customer::profile(app, tenant, &customer).await?;
    let email = match profile.and_then(|profile| profile.email) {
        Some(email) => Some(vault::email_hash(app, tenant, &email).await.map_err(Problem::internal)?),
        None => None,
    };
    Ok(Some(Person { customer: Some(id), email, guest: customer.email_verified }))
}
