//! Orders that change before they are sent: stock, payment and lines change together or not at all.

use serde_json::{Value, json};
use souk::inventory::{self, Reserved};
use souk_tests::{TestMarket, until};

fn mugs(quantity: u32) -> Value {
    json!({"lines": [{"sku": "MUG", "quantity": quantity}]})
}

/// A confirmed order of so many mugs.
async fn confirmed(market: &TestMarket, mugs: u32, capture: &str) -> String {
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", mugs).await;
    let body = json!({"payment_method": "pm_card_visa", "capture_method": capture});
    let placed = shopper.0.post(&format!("{cart}/checkout"), body).await.expect(202);
    market.market.settled().await;
    placed.header("location").to_owned()
}

/// What was taken and what went back, over all payments.
async fn money(market: &TestMarket) -> (i64, i64) {
    let payments = market.payments().await;
    let sum = |field: &str| payments.iter().map(|payment| payment[field].as_i64().unwrap()).sum();
    (sum("captured"), sum("refunded"))
}

#[tokio::test(start_paused = true)]
async fn more_is_reserved_and_charged_and_less_is_let_go_and_refunded() {
    let market = TestMarket::with_mugs(5).await;
    let staff = market.staff();
    staff.sell("PLATE", 300, 5).await;
    let order = confirmed(&market, 2, "automatic").await;
    let edits = format!("{order}/edits");
    let pending = staff.0.post(&edits, mugs(3)).await.expect(201);
    assert_eq!((pending.text_at("/status"), &pending.json["charge"]["amount"]), ("pending", &json!(1250)));
    market.market.settled().await;
    let shown = staff.0.get(&order).await;
    assert_eq!(shown.text_at("/edits/0/status"), "applied", "{}", shown.text);
    assert_eq!(shown.json["totals"]["total"]["amount"], 3750);
    assert_eq!(shown.json["payment"]["captured"]["amount"], 3750);
    assert_eq!(staff.stock("MUG").await, (5, 3, 2));
    assert_eq!(money(&market).await, (3750, 0));
    // A mug goes, a plate comes: it gets cheaper.
    let lines =
        json!({"lines": [{"sku": "MUG", "quantity": 2}, {"sku": "PLATE", "quantity": 1}], "reason": "asked"});
    staff.0.post(&edits, lines).await.expect(201);
    market.market.settled().await;
    let shown = staff.0.get(&order).await;
    // The mugs keep their price; the plate has today's.
    assert_eq!(shown.json["totals"]["total"]["amount"], 2800);
    assert_eq!(shown.json["edits"][1]["before"]["totals"]["total"]["amount"], 3750);
    assert_eq!(shown.json["refunds"][0]["amount"]["amount"], 950);
    assert_eq!((staff.stock("MUG").await, staff.stock("PLATE").await), ((5, 2, 3), (5, 1, 4)));
    assert_eq!(money(&market).await, (3750, 950));
    staff.0.post(&format!("{order}/cancel"), json!({})).await.expect(202);
    until(&staff.0, &order, |order| order["status"] == "canceled").await;
    assert_eq!(money(&market).await, (3750, 3750));
    assert_eq!((staff.stock("MUG").await, staff.stock("PLATE").await), ((5, 0, 5), (5, 0, 5)));
    assert!(market.state_items("work").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_or_not_paid_leaves_the_order_as_it_was() {
    let market = TestMarket::with_mugs(5).await;
    let staff = market.staff();
    let order = confirmed(&market, 2, "automatic").await;
    let edits = format!("{order}/edits");
    staff.0.post(&edits, mugs(6)).await.expect(201);
    market.market.settled().await;
    let shown = staff.0.get(&order).await;
    assert_eq!(shown.json["edits"][0]["failure"], json!({"type": "out_of_stock", "sku": "MUG"}));
    assert_eq!(shown.json["totals"]["total"]["amount"], 2500);
    assert_eq!((money(&market).await, staff.stock("MUG").await), ((2500, 0), (5, 2, 3)));
    for wrong in [mugs(2), mugs(0), json!({"lines": []}), json!({"lines": [{"sku": "NONE", "quantity": 1}]})]
    {
        staff.0.post(&edits, wrong).await.expect(422);
    }
    staff.0.post(&format!("{order}/fulfillments"), json!({})).await.expect(201);
    staff.0.post(&edits, mugs(1)).await.expect(409);
}

#[tokio::test(start_paused = true)]
async fn what_is_only_held_is_taken_as_the_order_is_then() {
    let market = TestMarket::with_mugs(9).await;
    let staff = market.staff();
    let order = confirmed(&market, 3, "manual").await;
    staff.0.post(&format!("{order}/edits"), mugs(2)).await.expect(201);
    market.market.settled().await;
    assert_eq!(money(&market).await, (0, 0), "nothing was taken, so nothing goes back");
    assert_eq!(staff.stock("MUG").await, (9, 2, 7));
    // Three are held: the fourth is charged at once.
    staff.0.post(&format!("{order}/edits"), mugs(4)).await.expect(201);
    market.market.settled().await;
    assert_eq!(money(&market).await, (1250, 0));
    staff.0.post(&format!("{order}/captures"), json!({})).await.expect(201);
    market.market.settled().await;
    assert_eq!(money(&market).await, (5000, 0));
    assert_eq!(staff.0.get(&order).await.json["payment"]["captured"]["amount"], 5000);
}

/// A worker that is late holds the stock of an order as it was long ago: what a later edit did stays.
#[tokio::test(start_paused = true)]
async fn an_earlier_demand_does_not_undo_a_later_one() {
    let market = TestMarket::with_mugs(9).await;
    let order = confirmed(&market, 2, "automatic").await;
    let id = order.trim_start_matches("/v1/orders/").parse().unwrap();
    let (app, tenant, berlin) = (market.app(), market.tenant(), ["berlin".parse().unwrap()]);
    let order = souk::order::load(&app, tenant, id).await.unwrap().unwrap();
    let first = order.first_allocations();
    let hold = async |mugs: u64, sequence: u32| {
        let demand = [("MUG".parse().unwrap(), mugs)].into();
        inventory::adjust(&app, tenant, (id, first), &demand, &berlin, sequence).await.unwrap()
    };
    assert!(matches!(hold(5, 20).await, Reserved::Held(_)));
    assert!(matches!(hold(3, 22).await, Reserved::Held(_)));
    assert_eq!(hold(5, 20).await, Reserved::Closed);
    assert!(matches!(hold(3, 22).await, Reserved::Held(_)), "the same again is done already");
    assert!(matches!(hold(10, 23).await, Reserved::Short(_)));
    assert_eq!(market.staff().stock("MUG").await, (9, 3, 6));
    // What one worker was refused and gives up, another one does not get and charge for.
    market.staff().receive("MUG", "berlin", 5).await.expect(201);
    assert!(matches!(hold(10, 23).await, Reserved::Short(_)));
    assert!(matches!(hold(10, 24).await, Reserved::Held(_)));
    assert!(matches!(hold(3, 25).await, Reserved::Held(_)));
    inventory::release(&app, tenant, id, first).await.unwrap();
    assert_eq!(hold(1, 30).await, Reserved::Closed);
    assert_eq!(market.staff().stock("MUG").await, (14, 0, 14));
}

/// An edit and a cancellation, at every moment of each other's way.
#[tokio::test(start_paused = true)]
async fn a_cancellation_races_an_edit() {
    for delay in (0..240).step_by(20) {
        let market = TestMarket::crowded(5).await;
        let staff = market.staff();
        let order = confirmed(&market, 2, "automatic").await;
        staff.0.post(&format!("{order}/edits"), mugs(3)).await.expect(201);
        tokio::time::sleep(std::time::Duration::from_millis(delay)).await;
        staff.0.post(&format!("{order}/cancel"), json!({})).await.expect(202);
        let end = until(&staff.0, &order, |order| order["status"] == "canceled").await;
        market.market.settled().await;
        let (captured, refunded) = money(&market).await;
        assert_eq!(captured, refunded, "after {delay} ms: {}", end.text);
        assert_eq!(staff.stock("MUG").await, (5, 0, 5), "after {delay} ms");
    }
}

/// What the browser of the shopper tells the sandbox of the edit.
async fn confirm(market: &TestMarket, order: &str, outcome: &str) {
    let shown = market.shopper().0.get(order).await;
    let secret = shown.text_at("/edits/0/action/client_secret");
    let told = json!({"type": "payment.confirm", "client_secret": secret, "outcome": outcome});
    market.send_notice(&told.to_string(), "").await.expect(200);
    market.market.settled().await;
}

/// A confirmed order of two mugs whose bank asks its shopper every time, with an edit to three under way.
async fn waiting(market: &TestMarket) -> String {
    let (shopper, staff) = (market.shopper(), market.staff());
    let order = shopper.buy("MUG", 2, "pm_card_authenticationRequired").await;
    market.market.settled().await;
    crate::authentication::confirm(market, &order, "succeed").await.expect(200);
    market.market.settled().await;
    staff.0.post(&format!("{order}/edits"), mugs(3)).await.expect(201);
    market.market.settled().await;
    let shown = shopper.0.get(&order).await;
    assert_eq!(shown.text_at("/edits/0/status"), "pending", "{}", shown.text);
    assert_eq!(shown.text_at("/edits/0/action/type"), "sandbox");
    assert_eq!(staff.stock("MUG").await, (5, 3, 2), "it is held meanwhile");
    staff.0.post(&format!("{order}/fulfillments"), json!({})).await.expect(409);
    order
}

#[tokio::test(start_paused = true)]
async fn an_edit_waits_for_its_shopper() {
    let market = TestMarket::open(|options| options.schedules = false).await;
    market.staff().sell("MUG", 1250, 5).await;
    let order = waiting(&market).await;
    market.leap(jiff::SignedDuration::from_hours(20));
    confirm(&market, &order, "succeed").await;
    let shown = market.staff().0.get(&order).await;
    assert_eq!(shown.text_at("/edits/0/status"), "applied", "{}", shown.text);
    assert!(shown.json["edits"][0]["action"].is_null(), "what is done is no longer asked for");
    assert_eq!(shown.json["totals"]["total"]["amount"], 3750);
    assert_eq!(money(&market).await, (3750, 0));
    // As it was, at any time.
    let versions = shown.json["timeline"].as_array().unwrap();
    assert_eq!(versions.last().unwrap()["version"], shown.json["version"]);
    let asked = versions.iter().find(|entry| entry["type"] == "order.edit_action_required").unwrap();
    let then = market.staff().0.get(&format!("{order}?version={}", asked["version"])).await.expect(200);
    assert_eq!(then.json["version"], asked["version"]);
    assert_eq!(then.json["totals"]["total"]["amount"], 2500);
    assert_eq!(then.text_at("/edits/0/status"), "pending");
    assert!(then.json["edits"][0]["action"].is_null(), "no secret of the past");
    let first = market.shopper().0.get(&format!("{order}?version=1")).await.expect(200);
    assert_eq!((first.text_at("/status"), &first.json["version"]), ("pending", &json!(1)));
    let beyond = shown.json["version"].as_u64().unwrap() + 1;
    for (version, status) in [("0", 404), (&*beyond.to_string(), 404), ("-1", 400), ("new", 400), ("", 400)] {
        market.staff().0.get(&format!("{order}?version={version}")).await.expect(status);
    }
    market
        .customer(7)
        .call("GET /v1/orders/{id}", order.trim_start_matches("/v1/orders/"), Value::Null)
        .await
        .expect(200);
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_its_shopper_does_not_pay_comes_to_nothing() {
    let market = TestMarket::with_mugs(5).await;
    let order = waiting(&market).await;
    confirm(&market, &order, "decline").await;
    let shown = market.staff().0.get(&order).await;
    assert_eq!(shown.text_at("/edits/0/failure/type"), "declined", "{}", shown.text);
    assert_eq!((money(&market).await, market.staff().stock("MUG").await), ((2500, 0), (5, 2, 3)));
    let market = TestMarket::with_mugs(5).await;
    let order = waiting(&market).await;
    tokio::time::sleep(std::time::Duration::from_secs(25 * 3600)).await;
    market.market.settled().await;
    let shown = market.staff().0.get(&order).await;
    assert_eq!(shown.text_at("/edits/0/failure/type"), "timeout", "{}", shown.text);
    assert_eq!((money(&market).await, market.staff().stock("MUG").await), ((2500, 0), (5, 2, 3)));
    let kinds: Vec<_> =
        shown.json["timeline"].as_array().unwrap().iter().map(|entry| entry["type"].clone()).collect();
    let given_up = ["order.edit_abandoned", "order.edit_failed", "order.stock_adjusted"].map(Value::from);
    assert!(kinds.ends_with(&given_up), "it is abandoned before its payment is closed: {kinds:?}");
    confirm_late(&market, &order).await;
    assert_eq!(money(&market).await, (2500, 0), "what was given up is not taken");
}

/// The shopper's browser still has what it needs, and the payment is closed.
async fn confirm_late(market: &TestMarket, order: &str) {
    let id = order.trim_start_matches("/v1/orders/");
    let told = json!({"type": "payment.confirm", "client_secret": format!("sandbox_{id}-2_secret_0"), "outcome": "succeed"});
    let _ = market.send_notice(&told.to_string(), "").await;
    market.market.settled().await;
}

/// Who paid past the provider has no method that could be charged.
#[tokio::test(start_paused = true)]
async fn what_was_paid_outside_gets_no_dearer_by_itself() {
    let market = TestMarket::with_mugs(5).await;
    let staff = market.staff();
    let draft = json!({
        "email": "grace@example.com", "lines": [{"sku": "MUG", "quantity": 2}],
        "shipping_address": {"line1": "1 Row", "city": "Berlin", "postal_code": "10115", "country": "DE"},
    });
    let path = staff.0.post("/v1/drafts", draft).await.expect(201).header("location").to_owned();
    let done = staff.0.post(&format!("{path}/complete"), json!({"paid_outside": "cash"})).await.expect(202);
    let order = done.header("location").to_owned();
    market.market.settled().await;
    staff.0.post(&format!("{order}/edits"), mugs(3)).await.expect(201);
    market.market.settled().await;
    let shown = staff.0.get(&order).await;
    assert_eq!(shown.text_at("/edits/0/failure/decline/code"), "no_payment_method", "{}", shown.text);
    assert_eq!(staff.stock("MUG").await, (5, 2, 3));
    staff.0.post(&format!("{order}/edits"), mugs(1)).await.expect(201);
    market.market.settled().await;
    let shown = staff.0.get(&order).await;
    assert_eq!(shown.json["refunds"][0]["amount"]["amount"], 1250);
    assert_eq!(staff.stock("MUG").await, (5, 1, 4));
}

/// What was given back before is neither charged again nor lost.
#[tokio::test(start_paused = true)]
async fn an_order_changes_after_some_of_it_was_refunded() {
    let market = TestMarket::with_mugs(5).await;
    let staff = market.staff();
    staff.sell("PLATE", 300, 5).await;
    let order = confirmed(&market, 2, "automatic").await;
    staff
        .0
        .post(&format!("{order}/refunds"), json!({"lines": [{"sku": "MUG", "quantity": 1}]}))
        .await
        .expect(201);
    market.market.settled().await;
    let edits = format!("{order}/edits");
    staff.0.post(&edits, mugs(1)).await.expect(422);
    staff.0.post(&edits, json!({"lines": [{"sku": "PLATE", "quantity": 2}]})).await.expect(201);
    market.market.settled().await;
    assert_eq!(money(&market).await, (2500 + 600, 1250));
    staff.0.post(&edits, json!({"lines": [{"sku": "PLATE", "quantity": 1}]})).await.expect(201);
    market.market.settled().await;
    assert_eq!(money(&market).await, (3100, 1250 + 300));
    staff.0.post(&format!("{order}/cancel"), json!({})).await.expect(202);
    until(&staff.0, &order, |order| order["status"] == "canceled").await;
    market.market.settled().await;
    assert_eq!(money(&market).await, (3100, 3100));
    assert_eq!((staff.stock("MUG").await, staff.stock("PLATE").await), ((5, 0, 5), (5, 0, 5)));
}
