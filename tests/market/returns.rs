//! Goods that come back.

use jiff::SignedDuration;
use serde_json::{Value, json};
use souk_local::engine::Happening;
use souk_tests::{Member, TestMarket, until};

/// An order of so many mugs that was paid and sent: its path, and its customer's where it has one.
async fn sent(market: &TestMarket, mugs: u32) -> String {
    let (shopper, staff) = (market.shopper(), market.staff());
    let cart = shopper.cart("MUG", mugs).await;
    let id = cart.trim_start_matches("/v1/carts/");
    let pay = json!({"payment_method": "pm_card_visa"});
    let placed = market.customer(7).call("POST /v1/carts/{id}/checkout", id, pay).await.expect(202);
    let order = placed.header("location").to_owned();
    until(&staff.0, &order, |order| order["payment"]["status"] == "captured").await;
    staff.0.post(&format!("{order}/fulfillments"), json!({})).await.expect(201);
    market.market.settled().await;
    order
}

fn mugs(quantity: u32) -> Value {
    json!({"lines": [{"sku": "MUG", "quantity": quantity, "reason": "damaged"}]})
}

#[tokio::test(start_paused = true)]
async fn what_comes_back_is_put_on_its_shelf_and_refunded_once() {
    let market = TestMarket::with_mugs(5).await;
    let (staff, order) = (market.staff(), sent(&market, 3).await);
    assert_eq!(staff.stock("MUG").await, (2, 0, 2));
    let returns = format!("{order}/returns");
    staff.0.post(&returns, mugs(4)).await.expect(422);
    let awaited = staff.0.post(&returns, mugs(2)).await.expect(201);
    assert_eq!(awaited.text_at("/status"), "approved");
    staff.0.post(&returns, mugs(2)).await.expect(422);
    let path = format!("{returns}/{}", awaited.text_at("/id"));
    let line = |more: Value| {
        let mut line = json!({"sku": "MUG", "quantity": 1});
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    };
    let receive = format!("{path}/receive");
    let nowhere = json!({"lines": [line(json!({"restock": true}))]});
    staff.0.post(&receive, nowhere).await.expect(422);
    let unknown = json!({"lines": [line(json!({"restock": true, "location": "paris"}))]});
    assert_eq!(staff.0.post(&receive, unknown).await.expect(422).code(), "unknown_location");
    let came = json!({
        "lines": [line(json!({"restock": true, "location": "hamburg"})), line(json!({"restock": false}))],
        "refund": true,
    });
    for _ in 0..2 {
        let received = staff.0.post(&receive, came.clone()).await.expect(200);
        assert_eq!(received.text_at("/status"), "received");
    }
    market.market.settled().await;
    let shown = staff.0.get(&order).await;
    assert_eq!(shown.json["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(shown.json["refunds"][0]["amount"]["amount"], 2500);
    assert_eq!(shown.json["refunds"][0]["cause"], json!({"type": "returned", "return": awaited.json["id"]}));
    assert_eq!(shown.json["returns"][0]["refund_id"], shown.json["refunds"][0]["id"]);
    assert_eq!(market.payments().await[0]["refunded"], 2500);
    assert_eq!(staff.stock("MUG").await, (3, 0, 3));
    let levels = staff.0.get("/v1/stock/MUG").await;
    assert_eq!(levels.json["locations"][1]["on_hand"], 1, "{}", levels.text);
    staff.0.post(&format!("{path}/reject"), json!({})).await.expect(409);
    // The third may still come.
    staff.0.post(&returns, mugs(1)).await.expect(201);
}

#[tokio::test(start_paused = true)]
async fn a_shopper_asks_while_the_store_lets_them() {
    let market = TestMarket::with_mugs(5).await;
    let (staff, order) = (market.staff(), sent(&market, 3).await);
    let id = order.trim_start_matches("/v1/orders/");
    let route = "POST /v1/customers/me/orders/{id}/returns";
    let ask = async |bits: u128| market.customer(bits).call(route, id, mugs(1)).await;
    assert_eq!(ask(7).await.expect(409).code(), "order_state");
    staff.0.patch("/v1/store", json!({"return_window_days": 14})).await.expect(200);
    staff.0.patch("/v1/store", json!({"return_window_days": 3651})).await.expect(422);
    ask(8).await.expect(404);
    let asked = ask(7).await.expect(201);
    assert_eq!(asked.text_at("/status"), "requested");
    let shown = market.customer(7).call("GET /v1/orders/{id}", id, Value::Null).await.expect(200);
    assert_eq!(shown.json["returns"][0]["id"], asked.json["id"]);
    let rejected = format!("{order}/returns/{}/reject", asked.text_at("/id"));
    let rejected = staff.0.post(&rejected, json!({"reason": "it was used"})).await.expect(200);
    assert_eq!(rejected.text_at("/rejection"), "it was used");
    // What was rejected may be asked for again.
    ask(7).await.expect(201);
    market.leap(SignedDuration::from_hours(15 * 24));
    ask(7).await.expect(409);
    staff.0.post(&format!("{order}/returns"), mugs(1)).await.expect(201);
}

#[tokio::test(start_paused = true)]
async fn who_takes_goods_back_gives_no_money_back_unless_they_may() {
    let market = TestMarket::with_mugs(5).await;
    let (staff, order) = (market.staff(), sent(&market, 1).await);
    let awaited = staff.0.post(&format!("{order}/returns"), mugs(1)).await.expect(201);
    let receive = format!("{order}/returns/{}/receive", awaited.text_at("/id"));
    let porter = Member::joined(&market, &staff.0, "porter@example.com", "fulfillment").await;
    let tokens = porter.try_log_in(souk_tests::PASSWORD, None).await.expect(201);
    let porter = staff.0.with_key(Some(tokens.text_at("/access_token")));
    let came = json!({"lines": [{"sku": "MUG", "quantity": 1}], "refund": true});
    assert_eq!(porter.post(&receive, came).await.expect(403).code(), "missing_scope");
    let came = json!({"lines": [{"sku": "MUG", "quantity": 1}]});
    porter.post(&receive, came).await.expect(200);
}

fn noted(quantity: u32, note: &str) -> Value {
    let mut body = mugs(quantity);
    body["note"] = json!(note);
    body
}

#[tokio::test(start_paused = true)]
async fn a_guest_asks_with_a_note_and_staff_agree() {
    let market = TestMarket::with_mugs(5).await;
    let (staff, shopper) = (market.staff(), market.shopper());
    let order = shopper.buy("MUG", 2, "pm_card_visa").await;
    until(&staff.0, &order, |order| order["payment"]["status"] == "captured").await;
    staff.0.post(&format!("{order}/fulfillments"), json!({})).await.expect(201);
    let requests = format!("{order}/return-requests");
    shopper.0.post(&requests, noted(1, "It was for my aunt Ada.")).await.expect(409);
    staff.0.patch("/v1/store", json!({"return_window_days": 14})).await.expect(200);
    market.market.hear_topics().unwrap();
    let asked = shopper.0.post(&requests, noted(1, "It was for my aunt Ada.")).await.expect(201);
    assert_eq!((asked.text_at("/status"), asked.text_at("/note")), ("requested", "It was for my aunt Ada."));
    shopper.0.post(&requests, noted(1, &"x".repeat(1001))).await.expect(422);
    market.market.settled().await;
    // The note is sealed where it is kept, and goes nowhere else.
    let events = market.all_items("-events").await;
    assert!(events.iter().any(|event| event.to_string().contains("order.return_requested")));
    assert!(!events.iter().any(|event| event.to_string().contains("aunt")));
    let published = market.happenings().into_iter().filter_map(|happening| match happening {
        Happening::Published { message, .. } => Some(message),
        _ => None,
    });
    let of_return = published.filter(|message| message.contains("order.return_requested"));
    let of_return: Vec<_> = of_return.collect();
    assert!(!of_return.is_empty() && of_return.iter().all(|message| !message.contains("\"note\"")));
    let path = format!("{order}/returns/{}", asked.text_at("/id"));
    for _ in 0..2 {
        let agreed = staff.0.post(&format!("{path}/approve"), json!({})).await.expect(200);
        assert_eq!(
            (agreed.text_at("/status"), agreed.text_at("/note")),
            ("approved", "It was for my aunt Ada.")
        );
    }
    let second = shopper.0.post(&requests, mugs(1)).await.expect(201);
    let second = format!("{order}/returns/{}", second.text_at("/id"));
    staff.0.post(&format!("{second}/reject"), json!({"reason": "used"})).await.expect(200);
    staff.0.post(&format!("{second}/approve"), json!({})).await.expect(409);
    // Nobody asks for ever.
    for _ in 0..18 {
        let again = shopper.0.post(&requests, mugs(1)).await.expect(201);
        let again = format!("{order}/returns/{}/reject", again.text_at("/id"));
        staff.0.post(&again, json!({})).await.expect(200);
    }
    shopper.0.post(&requests, mugs(1)).await.expect(409);
    // What was said is gone with whom it was said by.
    staff.0.post("/v1/privacy/erasures", json!({"customer": "ada@example.com"})).await.expect(202);
    market.market.settled().await;
    let shown = staff.0.get(&order).await.expect(200);
    assert!(shown.json["returns"][0]["note"].is_null() && shown.json["erased"] == true, "{}", shown.text);
    let late = staff.0.post(&format!("{order}/returns"), noted(1, "Too late.")).await;
    late.expect(410);
}

fn goods(lines: &[(&str, u32)]) -> Value {
    json!({"lines": lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect::<Vec<_>>()})
}

async fn provider(market: &TestMarket) -> (i64, i64) {
    let payments = market.payments().await;
    let sum = |field: &str| payments.iter().map(|payment| payment[field].as_i64().unwrap()).sum();
    (sum("captured"), sum("refunded"))
}

async fn balanced(market: &TestMarket) {
    let books = market.staff().0.get("/v1/ledger/accounts").await.expect(200);
    let of = |account: &str| {
        let found = books.json["data"].as_array().unwrap().iter().find(|one| one["account"] == account);
        found.map_or(0, |one| one["balance"].as_i64().unwrap())
    };
    let (captured, refunded) = provider(market).await;
    assert_eq!(of("provider_clearing") + of("fees"), captured - refunded, "{}", books.text);
    assert_eq!((of("receivable"), of("deposits")), (0, 0), "{}", books.text);
}

#[tokio::test(start_paused = true)]
async fn other_goods_are_given_for_what_came_and_the_difference_is_paid() {
    let market = TestMarket::with_mugs(5).await;
    let staff = market.staff();
    staff.sell("BOWL", 2000, 5).await;
    staff.sell("CUP", 300, 5).await;
    let order = sent(&market, 3).await;
    let awaited = async |count: u32| {
        let awaited = staff.0.post(&format!("{order}/returns"), mugs(count)).await.expect(201);
        format!("{order}/returns/{}", awaited.text_at("/id"))
    };
    let came = |count: u32, exchange: Value| {
        let line = json!({"sku": "MUG", "quantity": count, "restock": true, "location": "berlin"});
        json!({"lines": [line], "exchange": exchange})
    };
    // One mug of 12.50 for a bowl of 20.00.
    let path = awaited(1).await;
    let both =
        json!({"lines": [{"sku": "MUG", "quantity": 1}], "refund": true, "exchange": goods(&[("BOWL", 1)])});
    staff.0.post(&format!("{path}/receive"), both).await.expect(422);
    for wrong in [goods(&[]), goods(&[("NONE", 1)]), goods(&[("BOWL", 1), ("BOWL", 1)])] {
        staff.0.post(&format!("{path}/receive"), came(1, wrong)).await.expect(422);
    }
    let received = staff.0.post(&format!("{path}/receive"), came(1, goods(&[("BOWL", 1)]))).await.expect(200);
    assert!(received.text_at("/exchange_id").starts_with("edit_"));
    market.market.settled().await;
    let shown = staff.0.get(&order).await;
    assert_eq!(shown.text_at("/edits/0/status"), "applied", "{}", shown.text);
    assert_eq!(shown.json["edits"][0]["charge"]["amount"], 750);
    assert_eq!(shown.json["refunds"][0]["status"], "succeeded");
    assert_eq!(shown.json["payment"]["status"], "captured", "no money went back");
    assert_eq!((shown.text_at("/status"), provider(&market).await), ("partially_fulfilled", (4500, 0)));
    assert_eq!((staff.stock("MUG").await, staff.stock("BOWL").await), ((3, 0, 3), (5, 1, 4)));
    balanced(&market).await;
    staff.0.post(&format!("{order}/fulfillments"), json!({})).await.expect(201);
    market.market.settled().await;
    assert_eq!(staff.stock("BOWL").await, (4, 0, 4));
    // One mug for a cup of 3.00: the rest goes back. And in two calls: it came, then it is exchanged.
    let path = awaited(1).await;
    staff.0.post(&format!("{path}/exchange"), goods(&[("CUP", 1)])).await.expect(409);
    staff
        .0
        .post(&format!("{path}/receive"), json!({"lines": [{"sku": "MUG", "quantity": 1}]}))
        .await
        .expect(200);
    staff.0.post(&format!("{path}/exchange"), goods(&[("CUP", 1)])).await.expect(201);
    market.market.settled().await;
    assert_eq!(provider(&market).await, (4500, 950));
    staff.0.post(&format!("{path}/exchange"), goods(&[("CUP", 1)])).await.expect(409);
    balanced(&market).await;
    staff.0.post(&format!("{order}/fulfillments"), json!({})).await.expect(201);
    market.market.settled().await;
    // A mug for a mug, whatever it costs by now.
    staff.0.patch("/v1/store", json!({})).await.expect(200);
    let path = awaited(1).await;
    staff.0.post(&format!("{path}/receive"), came(1, goods(&[("MUG", 1)]))).await.expect(200);
    market.market.settled().await;
    assert_eq!(provider(&market).await, (4500, 950));
    assert_eq!(staff.stock("MUG").await, (4, 1, 3));
    staff.0.post(&format!("{order}/fulfillments"), json!({})).await.expect(201);
    market.market.settled().await;
    let shown = staff.0.get(&order).await;
    assert_eq!((shown.text_at("/status"), staff.stock("MUG").await), ("fulfilled", (3, 0, 3)));
    balanced(&market).await;
    assert!(market.state_items("work").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_can_not_be_had_leaves_all_as_it_was() {
    let market = TestMarket::with_mugs(5).await;
    let staff = market.staff();
    staff.sell("BOWL", 2000, 1).await;
    let order = sent(&market, 1).await;
    let awaited = staff.0.post(&format!("{order}/returns"), mugs(1)).await.expect(201);
    let path = format!("{order}/returns/{}", awaited.text_at("/id"));
    let came = json!({"lines": [{"sku": "MUG", "quantity": 1}], "exchange": goods(&[("BOWL", 2)])});
    staff.0.post(&format!("{path}/receive"), came).await.expect(200);
    market.market.settled().await;
    let shown = staff.0.get(&order).await;
    assert_eq!(shown.json["edits"][0]["failure"], json!({"type": "out_of_stock", "sku": "BOWL"}));
    assert!(shown.json["returns"][0]["exchange_id"].is_null());
    assert_eq!((provider(&market).await, staff.stock("BOWL").await), ((1250, 0), (1, 0, 1)));
    staff
        .0
        .post(&format!("{order}/refunds"), json!({"lines": [{"sku": "MUG", "quantity": 1}]}))
        .await
        .expect(201);
    market.market.settled().await;
    assert_eq!(provider(&market).await, (1250, 1250));
    balanced(&market).await;
}

/// The last bowl, of many exchanges and carts at once.
#[tokio::test(start_paused = true)]
async fn exchanges_race_for_the_last_one() {
    let market = TestMarket::crowded(9).await;
    let staff = market.staff();
    staff.sell("BOWL", 2000, 1).await;
    let mut exchanges = Vec::new();
    for _ in 0..4 {
        let order = sent(&market, 1).await;
        let awaited = staff.0.post(&format!("{order}/returns"), mugs(1)).await.expect(201);
        let receive = format!("{order}/returns/{}/receive", awaited.text_at("/id"));
        exchanges.push(receive);
    }
    let came = json!({"lines": [{"sku": "MUG", "quantity": 1}], "exchange": goods(&[("BOWL", 1)])});
    let calls = exchanges.iter().flat_map(|path| [path; 3]).map(|path| staff.0.post(path, came.clone()));
    let answers = futures::future::join_all(calls).await;
    assert!(answers.iter().all(|answer| [200, 409].contains(&answer.status.as_u16())));
    market.market.settled().await;
    let (_, reserved, available) = staff.stock("BOWL").await;
    assert_eq!((reserved, available), (1, 0), "one of them has it");
    assert_eq!(provider(&market).await, (4 * 1250 + 750, 0), "and paid for it once");
    balanced(&market).await;
}
