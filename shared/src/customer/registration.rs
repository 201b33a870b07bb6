//! Registering.

use super::{
    model::{Customer, NewCustomer, Profile},
    recovery::reset_link,
    storage::{self, Holder},
    view::CustomerView,
};
use crate::{
    credential,
    http::{Call, Problem},
    id::CustomerId,
    link::{Link, Purpose},
    principal::Who,
    runtime::App,
    store::{self, Write, WriteError, keys},
    tenant::Tenant,
    vault,
};

/// Registers a customer, and sends the link by which they verify their address.
///
/// Where the address has an account already, the answer is the same, and nothing is created: whoever asks must not learn
/// who shops here. The account's holder is mailed a link to choose a new password instead.
///
/// # Errors
/// [`Problem`]: 422 where the password may not be chosen.
pub async fn register(app: &App, call: &Call<NewCustomer>) -> Result<CustomerView, Problem> {
    let (tenant, new, now) = (call.tenant()?, &call.body, app.now());
    let id = CustomerId::new(app);
    let profile =
        Profile { email: Some(new.email.clone()), name: Some(new.name.clone()), addresses: Vec::new() };
    // Before anybody is looked up: the hash takes most of the time, in both cases.
    let password = credential::set(app, tenant, Who::Customer(id), &new.password)?;
    let customer = Customer {
        profile: Some(storage::seal(app, tenant, id, &profile).await?),
        metadata: new.metadata.clone(),
        ..Customer::unknown(id, now)
    };
    let hash = vault::email_hash(app, tenant, &new.email).await.map_err(Problem::internal)?;
    let (_, link) = Link::new(app, tenant, Purpose::VerifyEmail, &id.to_string())?;
    let writes = vec![
        Write::create("email", keys::customer_email(tenant, hash), &Holder { customer: id })?,
        Write::create("customer", keys::customer(tenant, id), &customer)?,
        password,
        link,
    ];
    match store::commit(app, writes).await {
        Ok(()) => {}
        Err(error) if error.refused(0) => remind(app, tenant, new).await?,
        Err(error) => return Err(error.into()),
    }
    Ok(CustomerView::of(&customer, Some(profile)))
}

/// Tells the holder of the address that somebody tried to register with it.
async fn remind(app: &App, tenant: Tenant, new: &NewCustomer) -> Result<(), WriteError> {
    if let Some(holder) = storage::by_email(app, tenant, &new.email).await? {
        let link = reset_link(app, tenant, &new.email, holder).await?;
        store::commit(app, vec![link]).await?;
    }
    Ok(())
}
