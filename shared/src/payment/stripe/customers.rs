//! A shopper with an account is a customer of the store's at Stripe too, so that the payment methods they saved there
//! can be charged.

use http::Method as Verb;
use serde::{Deserialize, Serialize};

use super::{
    Answer, Form, List, Stripe, done, field,
    shapes::{Named, Saved},
    view,
};
use crate::{
    id::CustomerId,
    payment::{Method, ProviderError, SavedMethod},
    store::{self, Write, WriteError, keys},
};

const KIND: &str = "stripe-customer";

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    customer: String,
}

fn unavailable(error: impl std::fmt::Display) -> ProviderError {
    ProviderError::Unavailable(error.to_string())
}

/// Stripe's name of a customer, where they have one.
async fn known(stripe: &Stripe, customer: CustomerId) -> Result<Option<String>, ProviderError> {
    let place = keys::stripe_customer(stripe.tenant, customer);
    let kept = store::get::<Kept>(&stripe.app, KIND, &place).await.map_err(unavailable)?;
    Ok(kept.map(|kept| kept.customer))
}

/// The cards that a customer saved. <https://docs.stripe.com/api/payment_methods/list>
pub(super) async fn saved(stripe: &Stripe, customer: CustomerId) -> Result<Vec<SavedMethod>, ProviderError> {
    let Some(known) = known(stripe, customer).await? else { return Ok(Vec::new()) };
    let form = vec![field("customer", known), field("type", "card"), field("limit", 100)];
    let list: List<Saved> = done(stripe.get("/v1/payment_methods", &form).await?)?;
    Ok(list.data.into_iter().map(|saved| SavedMethod { id: saved.id, card: saved.card }).collect())
}

/// Lets go of a method, where it is the customer's. <https://docs.stripe.com/api/payment_methods/detach>
pub(super) async fn remove(
    stripe: &Stripe,
    customer: CustomerId,
    method: &Method,
) -> Result<bool, ProviderError> {
    let Some(known) = known(stripe, customer).await? else { return Ok(false) };
    let path = format!("/v1/payment_methods/{method}");
    let found: Saved = match stripe.get(&path, &Form::new()).await? {
        Answer::Refused(..) => return Ok(false),
        answer => done(answer)?,
    };
    if found.customer.as_ref() != Some(&known) {
        return Ok(false);
    }
    let path = format!("{path}/detach");
    match stripe.call::<Named>(Verb::POST, &path, &Form::new(), None).await? {
        Answer::Done(_) => Ok(true),
        // Somebody else let go of it meanwhile.
        Answer::Refused(..) => Ok(false),
    }
}

/// Deletes a customer, which lets go of all that they saved. <https://docs.stripe.com/api/customers/delete>
pub(super) async fn forget(stripe: &Stripe, customer: CustomerId) -> Result<(), ProviderError> {
    let Some(known) = known(stripe, customer).await? else { return Ok(()) };
    let path = format!("/v1/customers/{known}");
    match stripe.call::<Named>(Verb::DELETE, &path, &Form::new(), None).await? {
        Answer::Done(_) => {}
        // It is gone already.
        Answer::Refused(status, _) if status == http::StatusCode::NOT_FOUND => {}
        refused => return done(refused).map(drop),
    }
    let delete = Write::delete(keys::stripe_customer(stripe.tenant, customer));
    store::commit(&stripe.app, vec![delete]).await.map_err(unavailable)
}

/// Stripe's name of a customer, which is made at their first payment. Stripe is told an id, and nothing of who they are.
pub(super) async fn of(stripe: &Stripe, customer: CustomerId) -> Result<String, ProviderError> {
    let place = keys::stripe_customer(stripe.tenant, customer);
    if let Some(known) = known(stripe, customer).await? {
        return Ok(known);
    }
    let form = vec![
        field("metadata[souk_customer]", customer),
        field(&format!("metadata[{}]", view::STORE), stripe.tenant),
    ];
    let made: Named = done(stripe.post("/v1/customers", &form, &format!("{customer}-customer")).await?)?;
    let write =
        Write::create(KIND, place.clone(), &Kept { customer: made.id.clone() }).map_err(unavailable)?;
    match store::commit(&stripe.app, vec![write]).await {
        Ok(()) => Ok(made.id),
        // Somebody else was quicker. All must name the same one: it is part of what the payment was asked for with.
        Err(WriteError::Refused(_)) => {
            let kept = store::get::<Kept>(&stripe.app, KIND, &place).await.map_err(unavailable)?;
            Ok(kept.map_or(made.id, |kept| kept.customer))
        }
        Err(WriteError::Store(error)) => Err(unavailable(error)),
    }
}
