//! The carts of a person, as far as they can be found: those that became orders. Others are found by nobody who doesn't
//! have their id, hold nothing that opens once the person is erased, and end by themselves.

use futures::future::try_join_all;

use super::person::Person;
use crate::{
    draft,
    http::Problem,
    order::{self, Of, Order},
    runtime::App,
    store::{self, Write, keys},
    tenant::Tenant,
    vault::{self, Subject},
};

/// How many orders are read, or carts deleted, side by side.
const AT_ONCE: usize = 16;

/// Every order of `person`, newest first.
pub(super) async fn orders(app: &App, tenant: Tenant, person: &Person) -> Result<Vec<Order>, Problem> {
    let mut ids = Vec::new();
    if let Some(customer) = person.customer {
        ids.extend(
            order::all_of(app, tenant, Of::Customer(customer)).await?.into_iter().map(|order| order.id),
        );
    }
    if let Some(email) = person.as_guest() {
        let guests = order::all_of(app, tenant, Of::Email(email)).await?.into_iter();
        // The same address may be on an order of another customer.
        let own = guests.filter(|order| order.subject == Some(Subject::Guest(email)));
        ids.extend(own.map(|order| order.id));
    }
    let mut orders = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        let read = try_join_all(some.iter().map(|id| order::load(app, tenant, *id))).await?;
        orders.extend(read.into_iter().flatten());
    }
    Ok(orders)
}

/// Deletes the carts and drafts of `person`, and the keys that they had before it was known whose they are.
pub(super) async fn delete(app: &App, tenant: Tenant, person: &Person) -> Result<(), Problem> {
    let orders = orders(app, tenant, person).await?;
    for some in orders.chunks(AT_ONCE) {
        let deleted = some.iter().map(|order| async move {
            let cart = order.placed.cart;
            store::commit(app, vec![Write::delete(keys::cart(tenant, cart))]).await?;
            if vault::knows(app, tenant, Subject::Cart(cart)).await? {
                vault::destroy(app, tenant, Subject::Cart(cart)).await?;
            }
            Ok::<_, Problem>(())
        });
        try_join_all(deleted).await?;
    }
    let subjects: Vec<_> = person.subjects().collect();
    for draft in draft::all_of(app, tenant, &subjects).await? {
        store::commit(app, vec![draft::removal(tenant, draft.id)]).await?;
    }
    Ok(())
}
