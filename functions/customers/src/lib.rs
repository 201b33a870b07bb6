//! Shoppers with an account.

use std::time::Duration;

use serde::Serialize;
use souk::{
    audit::Action,
    customer::{
        self, ChangeCustomer, ChangePassword, Customer, CustomerView, ListCustomers, ManageCustomer,
        NewCustomer, Verification,
    },
    http::{Call, Keys, List, Nothing, Problem, Reply, Routes, at_least, delete, get, patch, post},
    id::CustomerId,
    order::{self, ListOwnOrders, OrderSummary},
    payment::{Method, SavedMethod, saved},
    principal::Scope,
    runtime::{App, Function},
    tenant::Tenant,
};
use utoipa::ToSchema;

/// A registration takes so long at least, whether there was an account already or not.
const REGISTRATION: Duration = Duration::from_millis(600);

/// Payment methods that a customer saved.
#[derive(Serialize, ToSchema)]
pub struct SavedMethods {
    /// All of them.
    data: Vec<SavedMethod>,
}

/// The function.
pub fn function() -> Function {
    let own = Scope::AccountOwn;
    Routes::new()
        .on(
            post("/v1/customers", "Register")
                .needs(Scope::AccountsWrite)
                .idempotency(Keys::Ignored)
                .answers(&[201]),
            register,
        )
        .on(get("/v1/customers", "List customers").needs(Scope::CustomersRead), list)
        .on(
            get("/v1/customers/{id}", "Read a customer").needs(Scope::CustomersRead).answers(&[200, 304]),
            read,
        )
        .on(
            patch("/v1/customers/{id}", "Put a customer into a group")
                .needs(Scope::CustomersWrite)
                .audited(Action::CustomerUpdated),
            |app: App, call: Call<ManageCustomer>| async move { customer::manage(&app, &call).await },
        )
        .on(get("/v1/customers/me", "Read one's own account").needs(own).answers(&[200, 304]), read_own)
        .on(patch("/v1/customers/me", "Change one's own account").needs(own), change_own)
        .on(get("/v1/customers/me/orders", "List one's own orders").needs(own), own_orders)
        .on(
            get("/v1/customers/me/payment-methods", "List the payment methods that one saved").needs(own),
            saved_methods,
        )
        .on(
            delete("/v1/customers/me/payment-methods/{id}", "Remove a payment method that one saved")
                .needs(own)
                .idempotency(Keys::Ignored)
                .answers(&[204]),
            remove_method,
        )
        .on(
            post("/v1/customers/me/password", "Change one's password")
                .needs(own)
                .audited(Action::PasswordChanged)
                .idempotency(Keys::Ignored)
                .answers(&[204]),
            change_password,
        )
        .on(
            post("/v1/customers/me/verification", "Ask for a mail that verifies one's address")
                .needs(own)
                .idempotency(Keys::Ignored)
                .answers(&[202]),
            ask_to_verify,
        )
        .on(
            post("/v1/customers/verifications", "Verify an address by a link")
                .idempotency(Keys::Ignored)
                .answers(&[204]),
            verify,
        )
        .function("customers")
}

async fn register(app: App, call: Call<NewCustomer>) -> Result<Reply<CustomerView>, Problem> {
    let view = at_least(REGISTRATION, customer::register(&app, &call)).await?;
    Ok(Reply::created("/v1/customers/me", view))
}

async fn list(app: App, call: Call<Nothing, ListCustomers>) -> Result<Reply<List<CustomerView>>, Problem> {
    Ok(Reply::ok(customer::list(&app, &call).await?))
}

async fn read(app: App, call: Call) -> Result<Reply<CustomerView>, Problem> {
    let (tenant, id) = (call.tenant()?, call.path("id")?);
    let customer = customer::load(&app, tenant, id).await?.ok_or_else(Problem::not_found)?;
    shown(&app, tenant, &customer).await
}

async fn read_own(app: App, call: Call) -> Result<Reply<CustomerView>, Problem> {
    let customer = customer::own(&app, &call).await?;
    shown(&app, call.tenant()?, &customer).await
}

async fn shown(app: &App, tenant: Tenant, customer: &Customer) -> Result<Reply<CustomerView>, Problem> {
    let profile = customer::profile(app, tenant, customer).await?;
    Ok(tagged(CustomerView::of(customer, profile), customer))
}

async fn own_orders(
    app: App,
    call: Call<Nothing, ListOwnOrders>,
) -> Result<Reply<List<OrderSummary>>, Problem> {
    let customer = own(&call)?;
    Ok(Reply::ok(order::list_own(&app, &call, customer).await?))
}

async fn saved_methods(app: App, call: Call) -> Result<Reply<SavedMethods>, Problem> {
    Ok(Reply::ok(SavedMethods { data: saved::saved(&app, call.tenant()?, own(&call)?).await? }))
}

async fn remove_method(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    let method: Method = call.path("id")?;
    saved::remove(&app, call.tenant()?, own(&call)?, &method).await?;
    Ok(Reply::empty())
}

async fn change_own(app: App, call: Call<ChangeCustomer>) -> Result<Reply<CustomerView>, Problem> {
    let (customer, profile) = customer::change(&app, &call).await?;
    Ok(tagged(CustomerView::of(&customer, Some(profile)), &customer))
}

async fn change_password(app: App, call: Call<ChangePassword>) -> Result<Reply<Nothing>, Problem> {
    customer::change_password(&app, &call).await
}

async fn ask_to_verify(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    customer::ask_to_verify(&app, call.tenant()?, own(&call)?).await?;
    Ok(Reply::accepted("/v1/customers/me", Nothing {}))
}

async fn verify(app: App, call: Call<Verification>) -> Result<Reply<Nothing>, Problem> {
    customer::verify(&app, &call.body).await?;
    Ok(Reply::empty())
}

/// The customer who is calling. Somebody of the staff who logged in has an account too, but none as a customer.
fn own<B, Q>(call: &Call<B, Q>) -> Result<CustomerId, Problem> {
    call.principal()?.customer().ok_or_else(Problem::not_found)
}

fn tagged(view: CustomerView, customer: &Customer) -> Reply<CustomerView> {
    Reply::ok(view).etag(customer.etag())
}
