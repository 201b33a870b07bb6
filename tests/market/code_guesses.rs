//! Codes of gift cards and promotions can't be found by trying.

use futures::future::join_all;
use serde_json::{Value, json};
use souk_tests::{Answer, Api, TestMarket};

/// Names a code on a cart.
async fn name(api: &Api, cart: &str, code: Value) -> Answer {
    api.patch(cart, code).await
}

fn card(number: usize) -> Value {
    json!({"gift_cards": [format!("K7Q2-M9F4-ZTB1-{number:04}")]})
}

#[tokio::test(start_paused = true)]
async fn codes_that_there_are_not_are_tried_ever_more_slowly() {
    let market = TestMarket::with_mugs(9).await;
    let (shopper, staff) = (market.shopper(), market.staff().0);
    let made =
        staff.post("/v1/gift-cards", json!({"amount": {"amount": 500, "currency": "EUR"}})).await.expect(201);
    let good = json!({"gift_cards": [made.text_at("/code")]});
    let cart = shopper.cart("MUG", 1).await;
    // What is right counts as nothing, however often it is named.
    for _ in 0..20 {
        name(&shopper.0, &cart, good.clone()).await.expect(200);
    }
    for number in 0..5 {
        name(&shopper.0, &cart, card(number)).await.expect(422);
    }
    // The sixth is the first that is one too many, and after it a wait begins: for a right one too, and on any cart.
    name(&shopper.0, &cart, json!({"codes": ["NO-SUCH"]})).await.expect(200);
    let another = shopper.cart("MUG", 1).await;
    for (cart, code) in
        [(&cart, card(7)), (&another, good.clone()), (&another, json!({"codes": ["NEITHER"]}))]
    {
        let refused = name(&shopper.0, cart, code).await.expect(429);
        assert_eq!((refused.code(), refused.header("retry-after")), ("too_many_failures", "1"));
    }
    // Whatever else is changed waits for nothing, and neither does anybody elsewhere.
    shopper.0.patch(&another, json!({"codes": [], "gift_cards": []})).await.expect(200);
    let elsewhere = market.shopper();
    let cart_elsewhere = elsewhere.cart("MUG", 1).await;
    name(&elsewhere.0, &cart_elsewhere, good.clone()).await.expect(200);
    let mut waited = 0;
    for number in 10..16 {
        let refused = name(&shopper.0, &cart, card(number)).await;
        let seconds: u64 = refused.header("retry-after").parse().unwrap_or_default();
        tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
        name(&shopper.0, &cart, card(number)).await.expect(422);
        waited += seconds;
    }
    assert!(waited >= 1 + 2 + 4 + 8 + 16, "six more guesses took {waited} s");
}

#[tokio::test(start_paused = true)]
async fn guesses_at_once_are_no_more_than_one_after_the_other() {
    let market = TestMarket::crowded(9).await;
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    let answers = join_all((0..40).map(|number| name(&shopper.0, &cart, card(number)))).await;
    let looked_up = answers.iter().filter(|answer| answer.status == 422).count();
    assert!((1..=6).contains(&looked_up), "{looked_up} of 40 were looked up");
    assert!(answers.iter().filter(|answer| answer.status != 422).all(|answer| answer.status == 429));
}

/// A shop's own server speaks for many shoppers: one of them who guesses keeps no other waiting.
#[tokio::test(start_paused = true)]
async fn behind_a_shops_own_server_each_cart_is_counted() {
    let market = TestMarket::with_mugs(9).await;
    let server = market.shopper().0.with_key(Some(&market.sk));
    let [one, other] = [market.shopper().cart("MUG", 1).await, market.shopper().cart("MUG", 1).await];
    for number in 0..6 {
        name(&server, &one, card(number)).await.expect(422);
    }
    name(&server, &one, card(6)).await.expect(429);
    name(&server, &other, card(7)).await.expect(422);
}
