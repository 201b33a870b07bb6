//! Where customers are kept.

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::{
    model::{
        ChangeCustomer, ChangePassword, Customer, ListCustomers, MOST_ADDRESSES, ManageCustomer, Profile,
    },
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
    store::{self, Page, Query, StoreError, Write, WriteError, keys},
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

/// As [`load`], where the customer was not erased.
pub(super) async fn living(
    app: &App,
    tenant: Tenant,
    id: CustomerId,
) -> Result<Option<Customer>, StoreError> {
    Ok(load(app, tenant, id).await?.filter(|customer| customer.erased.is_none()))
}

/// The customer who is calling. One whom another identity provider logged in never registered, and comes into being
/// here: with an id, and nothing known.
///
/// # Errors
/// [`Problem`]: 404 where somebody else is calling, 410 where the customer was erased.
pub async fn own<B, Q>(app: &App, call: &Call<B, Q>) -> Result<Customer, Problem> {
    let (tenant, caller) = (call.tenant()?, call.principal()?);
    let id = caller.customer().ok_or_else(Problem::not_found)?;
    let customer = match load(app, tenant, id).await? {
        None if caller.session().is_none() => {
            let unknown = Customer::unknown(id, app.now());
            let write = Write::create("customer", keys::customer(tenant, id), &unknown)?;
            match store::commit(app, vec![write]).await {
                Ok(()) => Some(unknown),
                // Another request was there first.
                Err(WriteError::Refused(_)) => load(app, tenant, id).await?,
                Err(WriteError::Store(error)) => return Err(error.into()),
            }
        }
        found => found,
    };
    let customer = customer.ok_or_else(Problem::not_found)?;
    if customer.erased.is_some() { Err(VaultError::Erased.into()) } else { Ok(customer) }
}

/// The write that notes that a customer logs in now. It is refused where the customer was erased: commit it with the
/// session, so that none begins once all were ended.
pub fn seen(app: &App, tenant: Tenant, id: CustomerId) -> Write {
    Write::update(keys::customer(tenant, id), "SET active_at = :now")
        .when("attribute_exists(pk) AND attribute_not_exists(erased)")
        .text(":now", app.now().to_string())
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
    match &customer.profile {
        Some(profile) => vault::open(app, tenant, Subject::Customer(customer.id), FIELD, profile).await,
        None => Ok(None),
    }
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
pub(crate) fn replace(tenant: Tenant, customer: &Customer) -> Result<Write, StoreError> {
    Ok(Write::put("customer", keys::customer(tenant, customer.id), customer)?
        .when("#version = :before")
        .name("#version", "version")
        .number(":before", customer.version - 1))
}

/// Changes the customer who is calling, and gives them as they are now.
///
/// # Errors
/// [`Problem`]: as [`own`], 409 where somebody else changed them, 412 where `If-Match` is stale.
pub async fn change(app: &App, call: &Call<ChangeCustomer>) -> Result<(Customer, Profile), Problem> {
    let (tenant, change) = (call.tenant()?, call.body.clone());
    let customer = own(app, call).await?;
    ETag::of_version(customer.version).if_match(&call.headers)?;
    let mut profile = profile(app, tenant, &customer).await?.unwrap_or_default();
    profile.name = change.name.or(profile.name);
    if let Some(addresses) = change.addresses {
        if addresses.len() > MOST_ADDRESSES {
            let detail = format!("There may be {MOST_ADDRESSES} addresses at most.");
            return Err(Problem::invalid("addresses", detail));
        }
        profile.addresses = addresses;
    }
    let mut changed = customer.changed(app.now());
    changed.profile = Some(seal(app, tenant, customer.id, &profile).await?);
    changed.metadata = change.metadata.unwrap_or(changed.metadata);
    store::commit(app, vec![replace(tenant, &changed)?]).await?;
    Ok((changed, profile))
}

/// Changes what staff decide of a customer, who was not erased.
///
/// # Errors
/// [`Problem`]: 404, 410 where they were erased, 412 or 409 where somebody else changed them.
pub async fn manage(app: &App, call: &Call<ManageCustomer>) -> Result<Reply<CustomerView>, Problem> {
    let tenant = call.tenant()?;
    let old = load(app, tenant, call.path("id")?).await?.ok_or_else(Problem::not_found)?;
    if old.erased.is_some() {
        return Err(VaultError::Erased.into());
    }
    ETag::of_version(old.version).if_match(&call.headers)?;
    let mut new = old.changed(app.now());
    new.group = call.body.group.clone().unwrap_or(new.group);
    let view = CustomerView::of(&new, profile(app, tenant, &new).await?);
    let write = replace(tenant, &new)?.replacing("customer", &old)?;
    let reply = Reply::ok(view).etag(new.etag());
    Ok(call.commit(app, vec![write], reply).await?)
}

/// Changes a password, and ends every other session.
///
/// # Errors
/// [`Problem`]: 401 where the present password is another one, 422 where the new one may not be chosen.
pub async fn change_password(app: &App, call: &Call<ChangePassword>) -> Result<Reply<Nothing>, Problem> {
    let (tenant, customer) = (call.tenant()?, own(app, call).await?);
    let who = Who::Customer(customer.id);
    let right = async { Ok(credential::check(app, tenant, Some(who), &call.body.current_password).await?) };
    if credential::prove(app, call, who, right).await?.is_none() {
        let wrong = Problem::new(Code::InvalidCredentials, "This is not the present password.");
        return Err(wrong.at("current_password"));
    }
    let write = credential::set(app, tenant, who, &call.body.password)?;
    // The customer is written too: one who is erased meanwhile must get no password again.
    let writes = vec![write, replace(tenant, &customer.changed(app.now()))?];
    let reply = call.commit(app, writes, Reply::empty()).await?;
    session::end_all(app, tenant, who, call.principal()?.session()).await?;
    Ok(reply)
}

/// Up to `limit` customers of a store, in the order of their ids, from the one after `from` on.
///
/// # Errors
/// [`StoreError`].
pub async fn after(
    app: &App,
    tenant: Tenant,
    from: Option<CustomerId>,
    limit: usize,
) -> Result<Vec<Customer>, StoreError> {
    let mut query = Query::partition(keys::customers(tenant));
    if let Some(from) = from {
        // All ids are as long: what has something behind it comes right after.
        query = query.at_least(format!("{from}+"));
    }
    Ok(query.page(app, "customer", limit, None).await?.items)
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
            let profile = match &customer.profile {
                Some(profile) => vault.open(Subject::Customer(customer.id), FIELD, profile).await?,
                None => None,
            };
            Ok::<_, VaultError>(CustomerView::of(&customer, profile))
        }
    };
    let items = try_join_all(items.into_iter().map(opened)).await?;
    call.list(app, Page { items, next }, "").await
}
