//! A thousand at once, through the gateway and the real handlers: what is there is given once, and everybody has an
//! answer.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use souk_tests::{Answer, Api, TestMarket};

/// Shoppers who check out at once.
const SHOPPERS: usize = 200;

/// How many prepare their carts at once: a store takes so many requests a second.
const AT_ONCE: usize = 100;

fn euros(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

/// A thousand carts of one mug each, with `change` and an email address of their own, checked out at the same moment.
async fn rush(market: &TestMarket, change: &Value) -> Vec<Answer> {
    let mut carts = Vec::new();
    for begin in (0..SHOPPERS).step_by(AT_ONCE) {
        let some = (begin..begin + AT_ONCE).map(|number| async move {
            let shopper = market.shopper();
            let cart = shopper.cart("MUG", 1).await;
            let mut change = change.clone();
            change["email"] = json!(format!("buyer{number}@example.com"));
            shopper.0.patch(&cart, change).await.expect(200);
            (shopper, cart)
        });
        carts.extend(join_all(some).await);
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let answers = join_all(carts.iter().map(|(shopper, cart)| shopper.check_out(cart, "pm_card_visa"))).await;
    market.market.settled().await;
    answers
}

/// How many were answered so.
fn count(answers: &[Answer], status: u16, code: &str) -> usize {
    answers.iter().filter(|answer| answer.status == status && answer.code() == code).count()
}

/// All orders of the store.
async fn orders(staff: &Api) -> Vec<Value> {
    let (mut orders, mut next) = (Vec::new(), "/v1/orders?limit=100".to_owned());
    loop {
        let page = staff.get(&next).await.expect(200);
        orders.extend(page.json["data"].as_array().unwrap().clone());
        let Some(cursor) = page.json["next_cursor"].as_str() else { return orders };
        next = format!("/v1/orders?limit=100&cursor={cursor}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gift_card() {
    let market = TestMarket::crowded(2000).await;
    let staff = market.staff().0;
    // Enough for ten mugs, and a part of another one.
    let card = staff.post("/v1/gift-cards", json!({"amount": euros(10 * 1250 + 999)})).await.expect(201);
    let answers = rush(&market, &json!({"gift_cards": [card.text_at("/code")]})).await;
    let mut statuses = std::collections::BTreeMap::<_, u32>::new();
    for answer in &answers {
        *statuses.entry((answer.status.as_u16(), answer.code().to_owned())).or_default() += 1;
    }
    eprintln!("{statuses:?} {}", count(&answers, 202, ""));
    eprintln!("{}", orders(&staff).await.len());
}
