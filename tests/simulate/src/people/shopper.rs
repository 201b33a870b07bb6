//! Somebody who buys: looks around, fills a cart, changes their mind, pays, and looks whether it comes.

use std::{sync::Arc, time::Duration};

use fastrand::Rng;
use futures::future::join;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Shop;
use crate::{
    client::{Answer, Client},
    kind::Kind,
};

/// How people pay where nothing is wrong with their cards.
const GOOD: &str = "pm_card_visa";

/// How the provider can trouble a payment.
const TROUBLES: [&str; 7] = [
    "pm_card_chargeDeclined",
    "pm_souk_answer_lost",
    "pm_souk_answer_lost_declined",
    "pm_souk_late",
    "pm_souk_late_declined",
    "pm_card_authenticationRequired",
    "pm_card_pendingRefund",
];

/// Shops, once or a few times.
pub async fn shop(shop: Arc<Shop>, number: u32, span: u32, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let client = shop.shopper(format!("shopper {number}"));
    sleep(Duration::from_millis(rng.u64(..=u64::from(span) * 1000))).await;
    let card = if rng.u32(..3) == 0 { shop.some_card(&mut rng) } else { None };
    let mut other = rng.fork();
    let card = card.as_deref();
    match rng.u32(..10) {
        0 if fill_and_buy(&shop, &client, card, &mut rng).await.is_some() => {
            fill_and_buy(&shop, &client, card, &mut other).await;
        }
        // In two windows, and with one gift card.
        1 => {
            let one = fill_and_buy(&shop, &client, card, &mut rng);
            join(one, fill_and_buy(&shop, &client, card, &mut other)).await;
        }
        _ => _ = fill_and_buy(&shop, &client, card, &mut rng).await,
    }
}

/// Nothing, where the shopper gave up.
async fn fill_and_buy(shop: &Shop, client: &Client, card: Option<&str>, rng: &mut Rng) -> Option<()> {
    if rng.u32(..4) == 0 {
        client.get("/v1/products?limit=10").await;
    }
    let made = client.post("/v1/carts", json!({"currency": "EUR"})).await;
    if !made.is_done() {
        return None;
    }
    let id = made.text("/id").to_owned();
    let cart = format!("/v1/carts/{id}");
    fill(shop, client, &id, rng).await;
    let mut contact = json!({
        "email": format!("{}@example.com", rng.u32(..1000)),
        "shipping_address": {"name": "Ada", "line1": "12 Analytical Row", "city": "Berlin", "postal_code": "10115", "country": "DE"},
    });
    if let Some(code) = card {
        contact["gift_cards"] = json!([code]);
    }
    if !client.patch(&cart, contact.clone()).await.is_done() {
        contact.as_object_mut()?.remove("gift_cards");
        client.patch(&cart, contact).await;
    }
    let mut tries = 0;
    while let Some(order) = check_out(shop, client, &id, rng).await {
        let canceled = follow(client, &order, rng).await;
        tries += 1;
        // Whose payment was declined tries again with the same cart.
        if !canceled || tries == 2 {
            break;
        }
    }
    Some(())
}

/// Puts things into a cart, now and then in two windows at once.
async fn fill(shop: &Shop, client: &Client, id: &str, rng: &mut Rng) {
    for _ in 0..rng.u32(1..=3) {
        let one = add(shop.some_sku(rng), rng.u64(1..=2), client, id);
        if rng.u32(..4) == 0 {
            join(one, add(shop.some_sku(rng), rng.u64(1..=2), client, id)).await;
        } else {
            one.await;
        }
    }
}

async fn add(sku: &str, quantity: u64, client: &Client, id: &str) {
    let line = json!({"sku": sku, "quantity": quantity});
    let added = client.post(&format!("/v1/carts/{id}/lines"), line).await;
    client.stage().history.add(id, sku, quantity, added.known);
}

fn payment(client: &Client, rng: &mut Rng) -> Value {
    let troubled = client.stage().weather.strikes(Kind::Provider);
    let method = if troubled { TROUBLES[rng.usize(..TROUBLES.len())] } else { GOOD };
    let mut body = json!({"payment_method": method});
    if rng.u32(..6) == 0 {
        body["capture_method"] = "manual".into();
    }
    body
}

/// Checks out at `path`. Half of them wait for what comes of it: most for as long as it is carried, some for less.
fn pay<'a>(client: &'a Client, path: &'a str, rng: &mut Rng) -> impl Future<Output = Answer> + use<'a> {
    let (body, wait) = (payment(client, rng), [0, 0, 0, 20, 20, 1][rng.usize(..6)]);
    async move {
        match wait {
            0 => client.post(path, body).await,
            seconds => client.post_and_wait(path, body, seconds).await,
        }
    }
}

/// Checks the cart out, now and then in two windows at once, or while another puts something in. The order, where there
/// is one.
async fn check_out(shop: &Shop, client: &Client, id: &str, rng: &mut Rng) -> Option<String> {
    let path = format!("/v1/carts/{id}/checkout");
    let checked_out = pay(client, &path, rng);
    let answers = match rng.u32(..10) {
        0 | 1 => {
            let (one, other) = join(checked_out, pay(client, &path, rng)).await;
            vec![one, other]
        }
        2 | 3 => {
            let (more, quantity) = (shop.some_sku(rng), rng.u64(1..=2));
            vec![join(checked_out, add(more, quantity, client, id)).await.0]
        }
        _ => vec![checked_out.await],
    };
    let mut found = None;
    for answer in answers.iter().filter(|answer| answer.is_done()) {
        let order = answer.text("/id").to_owned();
        let history = &client.stage().history;
        // What was answered with 2xx is never lost: not later, and not now.
        if !client.stage().watch.model(|model| model.knows(&order)) {
            history.wrong(format!("one order: {order} was answered and is not there"));
        }
        history.ordered(id, &order);
        if found.is_none() {
            shop.placed(order.clone());
        }
        found = Some(order);
    }
    found
}

/// Proves who they are, where what is to be paid asks for it.
pub async fn prove(client: &Client, paid: &Value, rng: &mut Rng) {
    let Some(secret) = paid.pointer("/action/client_secret").and_then(Value::as_str) else { return };
    let outcome = if rng.u32(..4) == 0 { "decline" } else { "succeed" };
    let body = json!({"type": "payment.confirm", "client_secret": secret, "outcome": outcome});
    let store = &client.stage().store;
    client.notify(&format!("/v1/payment-events/sandbox/{store}"), body.to_string(), "").await;
}

/// Looks what becomes of the order, and proves who they are where the bank asks. Whether it was canceled.
async fn follow(client: &Client, order: &str, rng: &mut Rng) -> bool {
    let path = format!("/v1/orders/{order}");
    for _ in 0..rng.u32(1..=5) {
        sleep(Duration::from_millis(rng.u64(50..20_000))).await;
        let seen = client.get(&path).await;
        prove(client, &seen.json["payment"], rng).await;
        if seen.text("/status") == "canceled" {
            return true;
        }
    }
    false
}
