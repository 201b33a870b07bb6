//! Somebody who sells: brings stock, sends parcels, cancels, gives money back, decides.

use std::{sync::Arc, time::Duration};

use fastrand::Rng;
use futures::future::join;
use serde_json::json;
use tokio::time::sleep;

use super::{Shop, euros, shopper};
use crate::client::Client;

/// Does so many things.
pub async fn work(shop: Arc<Shop>, chores: u32, span: u32, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let client = shop.staff("staff".to_owned());
    let pause = u64::from(span) * 2000 / u64::from(chores.max(1)) + 200;
    for _ in 0..chores {
        sleep(Duration::from_millis(rng.u64(..pause))).await;
        // Several at once, as in a shop with more than one till, and now and then two that do the same.
        let (shop, client, order) = (Arc::clone(&shop), client.clone(), shop.some_order(&mut rng));
        let (mut dice, twice) = (rng.fork(), rng.u32(..3) == 0);
        let mut same = dice.clone();
        let chore = tokio::spawn(async move {
            let till = one(&shop, &client, order.clone(), &mut dice);
            if twice {
                join(till, one(&shop, &client, order, &mut same)).await;
            } else {
                till.await;
            }
        });
        if rng.bool() {
            let _ = chore.await;
        }
    }
}

async fn one(shop: &Shop, client: &Client, order: Option<String>, rng: &mut Rng) {
    match (rng.u32(..15), order) {
        (0 | 1, _) => bring(shop, client, rng).await,
        (14, _) => spread(shop, client, rng).await,
        (2, _) => issue(shop, client, rng).await,
        (3, _) => _ = client.get("/v1/orders?limit=20").await,
        (4 | 5, Some(order)) => cancel(client, &order).await,
        (6 | 7, Some(order)) => refund(client, &order, rng).await,
        (8 | 9, Some(order)) => send(client, &order).await,
        (10, Some(order)) => take_back(client, &order, rng).await,
        (11, Some(order)) => edit(shop, client, &order, rng).await,
        (12 | 13, Some(order)) => decide(client, &order, rng).await,
        _ => {}
    }
}

/// Brings some of a SKU, or takes some away.
async fn bring(shop: &Shop, client: &Client, rng: &mut Rng) {
    let mark = client.stage().history.mark();
    let change = if rng.u32(..4) == 0 { -1 } else { rng.i64(1..=3) };
    let location = if rng.u32(..4) == 0 { "hamburg" } else { "berlin" };
    let movement = json!({"location": location, "change": change, "reason": mark});
    client.post_marked(&format!("/v1/stock/{}/movements", shop.some_sku(rng)), &mark, movement).await;
}

/// Spreads a SKU over more buckets or fewer, whatever is going on with it.
async fn spread(shop: &Shop, client: &Client, rng: &mut Rng) {
    let buckets = [1, 2, 3, 8][rng.usize(..4)];
    client.patch_once(&format!("/v1/stock/{}", shop.some_sku(rng)), json!({"buckets": buckets})).await;
}

async fn issue(shop: &Shop, client: &Client, rng: &mut Rng) {
    let mark = client.stage().history.mark();
    let card = json!({"amount": euros(rng.i64(100..4000)), "reason": mark});
    let issued = client.post_marked("/v1/gift-cards", &mark, card).await;
    if issued.is_done() {
        shop.issued(issued.text("/code").to_owned());
    }
}

async fn cancel(client: &Client, order: &str) {
    // Canceling again is no mistake and leads to nothing: so what was asked for may be done no time at all.
    let mark = client.stage().history.mark();
    let canceled = client.post(&format!("/v1/orders/{order}/cancel"), json!({"reason": mark})).await;
    let history = &client.stage().history;
    if canceled.is_done() {
        history.canceled(order);
    }
    history.ask_at_most(&mark, format!("staff canceling {order}"));
}

async fn refund(client: &Client, order: &str, rng: &mut Rng) {
    let mark = client.stage().history.mark();
    let mut body = json!({"reason": mark});
    if rng.bool() {
        body["amount"] = euros(rng.i64(1..900));
    }
    client.post_marked(&format!("/v1/orders/{order}/refunds"), &mark, body).await;
}

/// Takes the money, where it is only held, and sends all that was bought.
async fn send(client: &Client, order: &str) {
    client.post(&format!("/v1/orders/{order}/captures"), json!({})).await;
    let mark = client.stage().history.mark();
    let parcel = json!({"tracking": {"number": mark, "carrier": "DHL"}});
    client.post_marked(&format!("/v1/orders/{order}/fulfillments"), &mark, parcel).await;
}

/// Expects all of what was sent back, takes it and gives the money for it back.
async fn take_back(client: &Client, order: &str, rng: &mut Rng) {
    let path = format!("/v1/orders/{order}");
    let seen = client.get(&path).await;
    let lines = seen.json["lines"].as_array().cloned().unwrap_or_default();
    let Some(line) = lines.first() else { return };
    let wanted = json!({"lines": [{"sku": line["sku"], "quantity": 1, "reason": "unwanted"}]});
    let asked = client.post(&format!("{path}/returns"), wanted).await;
    if !asked.is_done() {
        return;
    }
    let back = asked.text("/id").to_owned();
    sleep(Duration::from_millis(rng.u64(..5000))).await;
    let received = json!({"lines": [{"sku": line["sku"], "quantity": 1, "restock": true, "location": "berlin"}], "refund": rng.bool()});
    client.post(&format!("{path}/returns/{back}/receive"), received).await;
}

/// Lets an order pass that waits for it, or doesn't.
async fn decide(client: &Client, order: &str, rng: &mut Rng) {
    let decision = if rng.u32(..3) == 0 { "reject" } else { "approve" };
    let decided = client.post(&format!("/v1/orders/{order}/{decision}"), json!({})).await;
    if decided.is_done() && decision == "reject" {
        client.stage().history.canceled(order);
    }
}

/// Makes it more or less. Who has to prove for it who they are mostly does.
async fn edit(shop: &Shop, client: &Client, order: &str, rng: &mut Rng) {
    let mark = client.stage().history.mark();
    let lines = json!([{"sku": shop.some_sku(rng), "quantity": rng.u32(1..=3)}]);
    let body = json!({"lines": lines, "reason": mark});
    client.post_marked(&format!("/v1/orders/{order}/edits"), &mark, body).await;
    sleep(Duration::from_millis(rng.u64(..20_000))).await;
    let seen = client.get(&format!("/v1/orders/{order}")).await;
    for edit in seen.json["edits"].as_array().into_iter().flatten() {
        shopper::prove(client, edit, rng).await;
    }
}
