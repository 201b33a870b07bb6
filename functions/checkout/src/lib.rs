//! From cart to order.

use souk::{
    checkout::{self, Checkout},
    http::{Call, ETag, Keys, Problem, Reply, Routes, post},
    order::{self, OrderView},
    principal::Scope,
    runtime::{App, Function},
};

/// API Gateway gives up on a request after 30 seconds.
const LONGEST_WAIT: u64 = 20;

/// The function.
pub fn function() -> Function {
    Routes::new()
        .on(
            post("/v1/carts/{id}/checkout", "Turn a cart into an order")
                .needs(Scope::CheckoutWrite)
                .idempotency(Keys::Required)
                .answers(&[202]),
            check_out,
        )
        .function("checkout")
}

async fn check_out(app: App, call: Call<Checkout>) -> Result<Reply<OrderView>, Problem> {
    let placed = checkout::place(&app, &call, call.path("id")?).await?;
    let seconds = call.wait_seconds(LONGEST_WAIT);
    // A repeated request finds its answer written already, and is given that.
    let Some(id) = placed.value().map(|order| order.id).filter(|_| seconds > 0) else {
        return Ok(placed);
    };
    let tenant = call.tenant()?;
    let order = order::wait_for_outcome(&app, tenant, id, seconds).await?;
    let reply = Reply::accepted(format!("/v1/orders/{id}"), order::shown(&app, tenant, &order).await?)
        .etag(ETag::of_version(order.sequence))
        .header("preference-applied", format!("wait={seconds}"));
    call.amend_answer(&app, &reply).await?;
    Ok(reply)
}
