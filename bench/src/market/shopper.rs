//! One shopper: list, cart, line, address, shipping, payment, complete, read.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};

use super::{
    BenchError,
    client::{Answer, Client},
};

/// The demo store's key for a storefront.
pub(crate) const PUBLISHABLE: &str = "pk_test_demo";
/// The shoppers' email address.
pub(crate) const EMAIL: &str = "ada@example.com";

/// What a shopper wants.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    /// The SKU.
    pub(super) sku: String,
    /// How it is sent.
    pub(super) shipping_method: String,
}

/// A purchase, timed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bought {
    /// From the first request to the last answer.
    pub(super) whole: Duration,
    /// From asking for the order to its being paid and confirmed.
    pub(super) completed: Duration,
}

/// Buys one of the wish, from looking around to looking at the confirmed order.
pub(super) async fn buy(client: &mut Client, wish: &Wish) -> Result<Bought, BenchError> {
    let began = Instant::now();
    client.get(PUBLISHABLE, "/v1/products?limit=20").await?.expect(200)?;
    let cart = fill(client, wish).await?;
    let asked = Instant::now();
    let placed = complete(client, &cart).await?.expect(202)?;
    let completed = asked.elapsed();
    let order = client.get(PUBLISHABLE, &format!("/v1/orders/{}", placed.text("/id"))).await?.expect(200)?;
    match order.text("/status") {
        "confirmed" => Ok(Bought { whole: began.elapsed(), completed }),
        other => Err(BenchError::Market(format!("an order is {other}: {}", order.body))),
    }
}

/// A cart that only has to be ordered: its path.
pub(super) async fn fill(client: &mut Client, wish: &Wish) -> Result<String, BenchError> {
    let cart = client.post(PUBLISHABLE, "/v1/carts", &json!({"currency": "EUR"})).await?.expect(201)?;
    let path = format!("/v1/carts/{}", cart.text("/id"));
    let line = json!({"sku": wish.sku, "quantity": 1});
    client.post(PUBLISHABLE, &format!("{path}/lines"), &line).await?.expect(200)?;
    client.patch(PUBLISHABLE, &path, &contact()).await?.expect(200)?;
    let method = json!({"shipping_method": wish.shipping_method});
    client.patch(PUBLISHABLE, &path, &method).await?.expect(200)?;
    Ok(path)
}

/// Who it is for, and where it goes.
pub(crate) fn contact() -> Value {
    json!({
        "email": EMAIL,
        "shipping_address": {
            "name": "Ada Lovelace", "line1": "12 Analytical Row", "city": "Berlin", "postal_code": "10115", "country": "DE",
        },
    })
}

/// Orders the cart, and waits until it is decided.
pub(super) async fn complete(client: &mut Client, cart: &str) -> Result<Answer, BenchError> {
    let payment = json!({"payment_method": "pm_card_visa"});
    let headers = [("idempotency-key", cart), ("prefer", "wait=20")];
    client.send(PUBLISHABLE, Method::POST, &format!("{cart}/checkout"), Some(&payment), &headers).await
}
