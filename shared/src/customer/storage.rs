//! Where customers are kept.

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::{
    model::{ChangeCustomer, ChangePassword, Customer, ListCustomers, MOST_ADDRESSES, Profile},
    view::CustomerView,
};
use crate::{
    contact::Email,
    credential,
    http::{Call, Code, ETag, List, Nothing, Problem, Reply},
    id::CustomerId,
    principal::Who,
    runtime::App,
    session,
    store::{self, Page, Query, StoreError, Write, keys},
    tenant::Tenant,
    vault::{self, Opened, Subject, VaultError},
};

/// The name under which a profile is sealed.
const FIELD: &str = "profile";

/// Whose an email address is. One item an address, so that no two customers share one.
#[derive(Serialize, Deserialize)]
pub(super) struct Holder {
    pub(super) customer: CustomerId,
}

/// The customer `id`.
///
/// # Errors
/// [`StoreError`].
pub async fn load(app: &App, tenant: Tenant, id: CustomerId) -> Result<Option<Customer>, StoreError> {
    store::get(app, "customer", &keys::customer(tenant, id)).await
}

/// Who registered with this address.
///
/// # Errors
/// [`StoreError`].
pub async fn by_email(app: &App, tenant: Tenant, email: &Email) -> Result<Option<CustomerId>, StoreError> {
    let hash = vault::email_hash(app, tenant, email).await?;
    let holder: Option<Holder> = store::get(app, "email", &keys::customer_email(tenant, hash)).await?;
    Ok(holder.map(|holder| holder.customer))
}

/// What is known of a customer as a person; nothing once they were erased.
///
/// # Errors
/// [`VaultError`].
pub async fn profile(app: &App, tenant: Tenant, customer: &Customer) -> Result<Option<Profile>, VaultError> {
    vault::open(app, tenant, Subject::Customer(customer.id), FIELD, &customer.profile).await
}

/// Seals `profile` for the customer `id`.
pub(super) async fn seal(
    app: &App,
    tenant: Tenant,
    id: CustomerId,
    profile: &Profile,
) -> Result<vault::Sealed<Profile>, VaultError> {
    vault::seal(app, tenant, Subject::Customer(id), FIELD, profile).await
}

/// The write that puts `customer` in place of the version before it.
pub(super) fn replace(tenant: Tenant, customer: &Customer) -> Result<Write, StoreError> {
    Ok(Write::put("customer", keys::customer(tenant, customer.id), customer)?
        .when("#version = :before")
        .name("#version", "version")
        .number(":before", customer.version - 1))
}

/// Changes a customer, and gives them as they are now.
///
/// # Errors
/// [`Problem`]: 404 where there is none, 409 where somebody else changed them, 412 where `If-Match` is stale.
pub async fn change(
    app: &App,
    call: &Call<ChangeCustomer>,
    id: CustomerId,
) -> Result<(Customer, Profile), Problem> {
    let (tenant, change) = (call.tenant()?, call.body.clone());
    let customer = load(app, tenant, id).await?.ok_or_else(Problem::not_found)?;
    ETag::of_version(customer.version).if_match(&call.headers)?;
    let mut profile = profile(app, tenant, &customer).await?.ok_or_else(Problem::not_found)?;
    profile.name = change.name.unwrap_or(profile.name);
    if let Some(addresses) = change.addresses {
        if addresses.len() > MOST_ADDRESSES {
            let detail = format!("There may be {MOST_ADDRESSES} addresses at most.");
            return Err(Problem::invalid("addresses", detail));
        }
        profile.addresses = addresses;
    }
    let mut changed = customer.changed(app.now());
    changed.profile = seal(app, tenant, id, &profile).await?;
    changed.metadata = change.metadata.unwrap_or(changed.metadata);
    store::commit(app, vec![replace(tenant, &changed)?]).await?;
    Ok((changed, profile))
}

/// Changes a password, and ends every other session.
///
/// # Errors
/// [`Problem`]: 401 where the present password is another one, 422 where the new one may not be chosen.
pub async fn change_password(
    app: &App,
    call: &Call<ChangePassword>,
    id: CustomerId,
) -> Result<Reply<Nothing>, Problem> {
    let (tenant, who) = (call.tenant()?, Who::Customer(id));
    let right = async { Ok(credential::check(app, tenant, Some(who), &call.body.current_password).await?) };
    if !credential::prove(app, call, who, right).await? {
        let wrong = Problem::new(Code::InvalidCredentials, "This is not the present password.");
        return Err(wrong.at("current_password"));
    }
    let write = credential::set(app, tenant, who, &call.body.password)?;
    let reply = call.commit(app, vec![write], Reply::empty()).await?;
    session::end_all(app, tenant, who, call.principal()?.session()).await?;
    Ok(reply)
}

/// A page of the store's customers.
///
/// # Errors
/// [`Problem`] where the cursor is wrong or storage fails.
pub async fn list<B>(app: &App, call: &Call<B, ListCustomers>) -> Result<List<CustomerView>, Problem> {
    let (tenant, ask) = (call.tenant()?, &call.query);
    let from = call.position(app, ask.cursor.as_deref(), "").await?;
    let query = Query::partition(keys::customers(tenant));
    let Page { items, next } = query.page(app, "customer", ask.limit.get(), from.as_deref()).await?;
    let vault = Opened::new(app, tenant);
    let opened = |customer: Customer| {
        let vault = &vault;
        async move {
            let subject = Subject::Customer(customer.id);
            let profile = vault.open(subject, FIELD, &customer.profile).await?;
            Ok::<_, VaultError>(CustomerView::of(&customer, profile))
        }
    };
    let items = try_join_all(items.into_iter().map(opened)).await?;
    call.list(app, Page { items, next }, "").await
}
