//! A shopper with an account is a customer of the store's at Stripe too, so that the payment methods they saved there
//! can be charged.

use serde::{Deserialize, Serialize};

use super::{Stripe, done, field, shapes::Named, view};
use crate::{
    id::CustomerId,
    payment::ProviderError,
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

/// Stripe's name of a customer, which is made at their first payment. Stripe is told an id, and nothing of who they are.
pub(super) async fn of(stripe: &Stripe, customer: CustomerId) -> Result<String, ProviderError> {
    let place = keys::stripe_customer(stripe.tenant, customer);
    if let Some(kept) = store::get::<Kept>(&stripe.app, KIND, &place).await.map_err(unavailable)? {
        return Ok(kept.customer);
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
