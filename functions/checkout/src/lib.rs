//! From cart to order.

use souk::{
    checkout::{self, Checkout},
    http::{Call, Keys, Problem, Reply, Routes, post},
    order::OrderView,
    principal::Scope,
    runtime::{App, Function},
};

/// The function.
pub fn function() -> Function {
    Routes::new()
        .on(
            post("/v1/carts/{id}/checkout", "Turn a cart into an order")
                .needs(Scope::CheckoutWrite)
                .idempotency(Keys::Kept)
                .answers(&[202]),
            check_out,
        )
        .function("checkout")
}

async fn check_out(app: App, call: Call<Checkout>) -> Result<Reply<OrderView>, Problem> {
    let placement = checkout::place(&app, &call, call.path("id")?).await?;
    checkout::waited(&app, &call, placement).await
}
