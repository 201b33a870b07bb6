//! A purchase, each request of it timed.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};

use crate::market::{
    BenchError,
    client::{Answer, Client},
    shopper,
};

/// The routes of a purchase, in its order.
pub(super) const ROUTES: [&str; 7] = [
    "list products",
    "create cart",
    "add line",
    "give address",
    "choose shipping",
    "checkout to confirmed",
    "read order",
];
/// Which of them lasts until the order is confirmed and paid.
const CHECKOUT: usize = 5;

/// Where something is sold.
#[derive(Clone, Debug)]
pub(super) struct Stall {
    pub(super) publishable: String,
    pub(super) secret: String,
    pub(super) sku: String,
    pub(super) shipping_method: String,
}

/// How long each route of [`ROUTES`] took.
pub(super) type Laps = [Duration; ROUTES.len()];

/// Buys one at the stall, from looking around to looking at the confirmed order.
pub(super) async fn buy(client: &mut Client, stall: &Stall) -> Result<(Laps, String), BenchError> {
    let mut laps = [Duration::ZERO; ROUTES.len()];
    let mut customer = Customer { client, key: &stall.publishable, laps: &mut laps, done: 0 };
    customer.ask(Method::GET, "/v1/products?limit=20", None, 200).await?;
    let cart = customer.ask(Method::POST, "/v1/carts", Some(json!({"currency": "EUR"})), 201).await?;
    let cart = format!("/v1/carts/{}", cart.text("/id"));
    let line = json!({"sku": stall.sku, "quantity": 1});
    customer.ask(Method::POST, &format!("{cart}/lines"), Some(line), 200).await?;
    customer.ask(Method::PATCH, &cart, Some(shopper::contact()), 200).await?;
    let method = json!({"shipping_method": stall.shipping_method});
    customer.ask(Method::PATCH, &cart, Some(method), 200).await?;
    let payment = json!({"payment_method": "pm_card_visa"});
    let placed = customer.ask(Method::POST, &format!("{cart}/checkout"), Some(payment), 202).await?;
    let id = placed.text("/id").to_owned();
    let order = customer.ask(Method::GET, &format!("/v1/orders/{id}"), None, 200).await?;
    match order.text("/status") {
        "confirmed" => Ok((laps, id)),
        other => Err(BenchError::Market(format!("an order is {other}: {}", order.body))),
    }
}

struct Customer<'a> {
    client: &'a mut Client,
    key: &'a str,
    laps: &'a mut Laps,
    done: usize,
}

impl Customer<'_> {
    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
        status: u16,
    ) -> Result<Answer, BenchError> {
        let asked = Instant::now();
        let headers = [("idempotency-key", path), ("prefer", "wait=20")];
        let headers = if self.done == CHECKOUT { headers.as_slice() } else { &[] };
        let answer =
            self.client.send(self.key, method, path, body.as_ref(), headers).await?.expect(status)?;
        if let Some(lap) = self.laps.get_mut(self.done) {
            *lap = asked.elapsed();
        }
        self.done += 1;
        Ok(answer)
    }
}

/// Puts plenty of one thing on the stall of a store, and a way to send it.
pub(super) async fn set_up(
    client: &mut Client,
    [publishable, secret]: [&str; 2],
    sku: &str,
) -> Result<Stall, BenchError> {
    stock(client, secret, sku).await?;
    let zone = json!({
        "name": "Germany",
        "places": [{"country": "DE"}],
        "methods": [{"name": "Parcel", "rates": [{
            "currency": "EUR", "tiers": [{"price": {"amount": 490, "currency": "EUR"}}],
        }]}],
    });
    let zone = client.post(secret, "/v1/shipping/zones", &zone).await?.expect(201)?;
    let shipping_method = zone.text("/methods/0/id").to_owned();
    Ok(Stall {
        publishable: publishable.to_owned(),
        secret: secret.to_owned(),
        sku: sku.to_owned(),
        shipping_method,
    })
}

/// Puts plenty of one thing on the shelves.
pub(super) async fn stock(client: &mut Client, secret: &str, sku: &str) -> Result<(), BenchError> {
    let price = json!({"amount": 1250, "currency": "EUR"});
    let product = json!({"name": sku, "tags": ["growth"], "variants": [{"sku": sku, "price": price}]});
    client.post(secret, "/v1/products", &product).await?.expect(201)?;
    let movement = json!({"location": "berlin", "change": 100_000_000, "reason": "received"});
    let headers = [("idempotency-key", sku)];
    let path = format!("/v1/stock/{sku}/movements");
    client.send(secret, Method::POST, &path, Some(&movement), &headers).await?.expect(201)?;
    Ok(())
}
