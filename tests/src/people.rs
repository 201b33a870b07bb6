//! People who use a store.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{Answer, Api};

/// Somebody who buys.
#[derive(Clone)]
pub struct Shopper(pub Api);

/// Those who sell.
#[derive(Clone)]
pub struct Staff(pub Api);

impl Shopper {
    /// A cart with `quantity` of `sku`, email and address: ready for checkout. Its path.
    pub async fn cart(&self, sku: &str, quantity: u32) -> String {
        let cart = self.0.post("/v1/carts", json!({"currency": "EUR"})).await.expect(201);
        let path = format!("/v1/carts/{}", cart.text_at("/id"));
        self.0.post(&format!("{path}/lines"), json!({"sku": sku, "quantity": quantity})).await.expect(200);
        self.0.patch(&path, contact()).await.expect(200);
        path
    }

    /// Checks the cart at `path` out.
    pub async fn check_out(&self, path: &str, method: &str) -> Answer {
        self.0.post(&format!("{path}/checkout"), json!({"payment_method": method})).await
    }

    /// As [`Self::check_out`], of who would rather wait for `seconds` than ask what came of it.
    pub async fn check_out_and_wait(&self, path: &str, method: &str, seconds: u32) -> Answer {
        let (path, body) = (format!("{path}/checkout"), json!({"payment_method": method}));
        let headers = [("idempotency-key", path.clone()), ("prefer", format!("wait={seconds}"))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        self.0.send(http::Method::POST, &path, Some(body), &headers).await
    }

    /// Buys `quantity` of `sku`, and gives the order's path.
    pub async fn buy(&self, sku: &str, quantity: u32, method: &str) -> String {
        let cart = self.cart(sku, quantity).await;
        let order = self.check_out(&cart, method).await.expect(202);
        format!("/v1/orders/{}", order.text_at("/id"))
    }
}

impl Staff {
    /// Puts a product with one variant up for sale, of which `stock` lie in Berlin. Its path.
    pub async fn sell(&self, sku: &str, price: i64, stock: u64) -> String {
        let product = json!({
            "name": format!("The {sku}"),
            "variants": [{"sku": sku, "price": {"amount": price, "currency": "EUR"}}],
        });
        let product = self.0.post("/v1/products", product).await.expect(201);
        if stock > 0 {
            self.receive(sku, "berlin", i64::try_from(stock).unwrap()).await.expect(201);
        }
        format!("/v1/products/{}", product.text_at("/id"))
    }

    /// Moves stock.
    pub async fn receive(&self, sku: &str, location: &str, change: i64) -> Answer {
        let movement = json!({"location": location, "change": change, "reason": "received"});
        self.0.post(&format!("/v1/stock/{sku}/movements"), movement).await
    }

    /// What there is of `sku`: on hand, reserved, available.
    pub async fn stock(&self, sku: &str) -> (u64, u64, u64) {
        let stock = self.0.get(&format!("/v1/stock/{sku}")).await.expect(200);
        let number = |name: &str| stock.json[name].as_u64().unwrap();
        (number("on_hand"), number("reserved"), number("available"))
    }
}

/// An email address and a postal address.
fn contact() -> Value {
    json!({
        "email": "ada@example.com",
        "shipping_address": {
            "name": "Ada Lovelace", "line1": "12 Analytical Row", "city": "Berlin", "postal_code": "10115", "country": "DE",
        },
    })
}

/// Reads `path` until `done`, for up to an hour of the market's time.
pub async fn until(api: &Api, path: &str, done: impl Fn(&Value) -> bool) -> Answer {
    let mut pause = Duration::from_millis(20);
    for _ in 0..200 {
        let answer = api.get(path).await.expect(200);
        if done(&answer.json) {
            return answer;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(Duration::from_secs(20));
    }
    let answer = api.get(path).await;
    panic!("{path} is not as expected after an hour: {}", answer.text);
}
