//! A whole purchase, as a storefront makes it: what is measured where it matters what a purchase costs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{Shopper, Staff};

/// How long a shopper looks at a page before the next click.
const THINK: Duration = Duration::from_secs(15);

/// How many products the shop of a measured purchase has.
pub const SHELF: usize = 20;

/// The SKUs that [`stock_up`] puts up for sale.
pub fn sku(place: usize) -> String {
    format!("MUG-{place}")
}

/// Puts so many of each of [`SHELF`] products up for sale.
pub async fn stock_up(staff: &Staff, each: u64) {
    for place in 0..SHELF {
        staff.sell(&sku(place), 1250, each).await;
    }
}

/// Somebody looks at the shop, fills a cart with `lines` lines, says where it goes, changes a quantity, checks out, waits
/// for the confirmation, and looks at the order once it is paid: one request for the list, one for the cart, `lines + 2`
/// changes, the checkout, and one request for the order. The checkout has an idempotency key, which it needs; where
/// `keys`, so has each POST. Gives the order as it was shown.
pub async fn purchase(shopper: &Shopper, name: &str, lines: usize, keys: bool) -> Value {
    let api = &shopper.0;
    let post = async |path: String, body: Value| match keys {
        true => api.post(&path, body).await,
        false => api.send(http::Method::POST, &path, Some(body), &[]).await,
    };
    api.get(&format!("/v1/products?limit={SHELF}")).await.expect(200);
    tokio::time::sleep(THINK).await;
    let cart = post("/v1/carts".to_owned(), json!({"currency": "EUR"})).await.expect(201);
    let path = format!("/v1/carts/{}", cart.text_at("/id"));
    for place in 0..lines {
        post(format!("{path}/lines"), json!({"sku": sku(place), "quantity": 1})).await.expect(200);
        tokio::time::sleep(THINK).await;
    }
    let line = format!("{path}/lines/{}", sku(0));
    api.patch(&line, json!({"quantity": 2})).await.expect(200);
    tokio::time::sleep(THINK).await;
    let contact = json!({
        "email": format!("{name}@example.com"),
        "shipping_address": {
            "name": "Ada Lovelace", "line1": "12 Analytical Row", "city": "Berlin", "postal_code": "10115", "country": "DE",
        },
    });
    api.patch(&path, contact).await.expect(200);
    tokio::time::sleep(THINK).await;
    let order = shopper.check_out_and_wait(&path, "pm_card_visa", 20).await.expect(202);
    // The page that follows a checkout: by then the order's mail is on its way, too.
    tokio::time::sleep(THINK).await;
    let order = api.get(&format!("/v1/orders/{}", order.text_at("/id"))).await.expect(200).json;
    assert_eq!((&order["status"], &order["payment"]["status"]), (&json!("confirmed"), &json!("captured")));
    order
}
