//! What reconciliations find, and what they must not take for a difference.

use std::collections::BTreeSet;

use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk_tests::{Api, FakeStripe, Shopper, TestMarket, Trouble, until};

fn euros(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

/// What a reconciliation an hour from now finds.
async fn reconciled(market: &TestMarket) -> Value {
    market.market.settled().await;
    market.leap(SignedDuration::from_hours(1));
    market.invoke("reconcile", json!({})).await.unwrap();
    let reports = market.staff().0.get("/v1/ledger/reconciliations?limit=1").await.expect(200);
    reports.json["data"][0].clone()
}

/// What an account comes to, on its debit side.
async fn comes_to(staff: &Api, account: &str) -> i64 {
    let trial = staff.get("/v1/ledger/trial-balance").await.expect(200);
    let rows = trial.json["data"].as_array().unwrap();
    let row = rows.iter().find(|row| row["account"] == account);
    row.map_or(0, |row| row["debit"].as_i64().unwrap() - row["credit"].as_i64().unwrap())
}

async fn bought(market: &TestMarket, mugs: u32) -> String {
    let shopper = market.shopper();
    let order = shopper.buy("MUG", mugs, "pm_card_visa").await;
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    order
}

/// A fee that the provider tells only later is booked once, whoever finds it, and is no difference.
#[tokio::test(start_paused = true)]
async fn a_fee_that_is_told_late_has_one_entry_of_its_own() {
    let stripe = FakeStripe::default();
    let market = TestMarket::open(|options| options.outside = Some(stripe.outside())).await;
    market.staff().sell("MUG", 1250, 9).await;
    FakeStripe::connect(&market, None).await;
    let staff = market.staff().0;
    stripe.keep_fees_to_itself();
    let order = bought(&market, 1).await;
    let report = reconciled(&market).await;
    assert_eq!(
        (&report["late_fees"], &report["count"], &report["orders"]),
        (&json!(0), &json!(0), &json!(1))
    );
    assert_eq!(comes_to(&staff, "fees").await, 0);
    stripe.tell_fees();
    // Several runs at once: each finds it missing.
    join_all((0..4).map(|_| market.invoke("reconcile", json!({}))))
        .await
        .into_iter()
        .for_each(|run| drop(run.unwrap()));
    let report = reconciled(&market).await;
    assert_eq!((&report["late_fees"], &report["differences"]), (&json!(0), &json!([])));
    assert_eq!((comes_to(&staff, "fees").await, comes_to(&staff, "provider_clearing").await), (25, 1225));
    let id = order.trim_start_matches("/v1/orders/");
    let entries = staff.get(&format!("/v1/ledger/entries?order={id}")).await.expect(200);
    let entries = entries.json["data"].as_array().unwrap();
    let kinds: BTreeSet<_> = entries.iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    assert_eq!((entries.len(), kinds), (2, ["order.payment_captured", "order.fee_charged"].into()));
    assert_eq!(entries[0]["at"], entries[1]["at"], "as of when the money was taken");
}

/// What a bank sends back of a refund is the store's again, in the books too.
#[tokio::test(start_paused = true)]
async fn a_refund_that_comes_back_is_booked_back_with_its_tax() {
    let market = TestMarket::with_mugs(9).await;
    let (shopper, staff) = (market.shopper(), market.staff().0);
    staff.patch("/v1/store", json!({"tax_origin": {"country": "DE"}})).await.expect(200);
    let rate = json!({"name": "VAT DE", "place": {"country": "DE"}, "rate": "19"});
    staff.post("/v1/tax-rates", rate).await.expect(201);
    let order = shopper.buy("MUG", 2, "pm_card_refundFail").await;
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    market.market.quiet().await;
    let before = (comes_to(&staff, "tax").await, comes_to(&staff, "provider_clearing").await);
    assert_eq!(before.0, -475);
    staff.post(&format!("{order}/refunds"), json!({"amount": euros(1000)})).await.expect(201);
    until(&shopper.0, &order, |order| order["refunds"][0]["status"] == "succeeded").await;
    market.market.quiet().await;
    assert_eq!((comes_to(&staff, "refunds").await, comes_to(&staff, "tax").await), (840, -475 + 160));
    until(&shopper.0, &order, |order| order["refunds"][0]["status"] == "failed").await;
    market.market.settled().await;
    let after = (comes_to(&staff, "tax").await, comes_to(&staff, "provider_clearing").await);
    assert_eq!((after, comes_to(&staff, "refunds").await), (before, 0));
    assert_eq!(reconciled(&market).await["differences"], json!([]));
}

/// An order that a gift card paid whole has no payment of its own at the provider, but its edit has one.
#[tokio::test(start_paused = true)]
async fn a_payment_of_an_edit_is_found_where_the_orders_own_is_not_or_is_older() {
    let market = TestMarket::with_mugs(9).await;
    let staff = market.staff().0;
    let card = staff.post("/v1/gift-cards", json!({"amount": euros(1250)})).await.expect(201);
    let Shopper(shopper) = market.shopper();
    let cart = Shopper(shopper.clone()).cart("MUG", 1).await;
    shopper.patch(&cart, json!({"gift_cards": [card.text_at("/code")]})).await.expect(200);
    let placed = Shopper(shopper).check_out(&cart, "pm_card_visa").await.expect(202);
    let (given, paid) = (placed.header("location").to_owned(), bought(&market, 1).await);
    market.market.settled().await;
    market.leap(SignedDuration::from_hours(8 * 24));
    for order in [&given, &paid] {
        let lines = json!({"lines": [{"sku": "MUG", "quantity": 2}]});
        staff.post(&format!("{order}/edits"), lines).await.expect(201);
    }
    let report = reconciled(&market).await;
    assert_eq!((&report["differences"], &report["orders"]), (&json!([]), &json!(2)));
    // Days later, when no list of payments begins with them any more, something is booked of them.
    market.leap(SignedDuration::from_hours(8 * 24));
    for order in [&given, &paid] {
        staff.post(&format!("{order}/refunds"), json!({"amount": euros(100)})).await.expect(201);
    }
    let report = reconciled(&market).await;
    assert_eq!((&report["differences"], &report["orders"]), (&json!([]), &json!(2)));
}

/// The first provider has a payment of the order too: the one that it let go of.
#[tokio::test(start_paused = true)]
async fn an_order_of_two_providers_is_compared_once_with_both() {
    let stripe = FakeStripe::default();
    let market = TestMarket::open(|options| options.outside = Some(stripe.outside())).await;
    market.staff().sell("MUG", 1250, 9).await;
    FakeStripe::connect(&market, Some("sandbox")).await;
    stripe.trouble(Trouble::LosesAnswers(3));
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    // Only what is held can be let go of for the second one's sake.
    let pay = json!({"payment_method": "pm_card_visa", "capture_method": "manual"});
    let placed = shopper.0.post(&format!("{cart}/checkout"), pay).await.expect(202);
    let (order, staff) = (placed.header("location"), market.staff().0);
    until(&staff, order, |order| order["payment"]["status"] == "authorized").await;
    staff.post(&format!("{order}/captures"), json!({})).await.expect(201);
    let shown = until(&staff, order, |order| order["payment"]["status"] == "captured").await;
    assert_eq!((shown.text_at("/payment/provider"), stripe.intents().len()), ("sandbox", 1));
    let report = reconciled(&market).await;
    assert_eq!((&report["differences"], &report["orders"]), (&json!([]), &json!(1)));
}
