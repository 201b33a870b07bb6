//! Goods that come back.

use jiff::SignedDuration;
use serde_json::{Value, json};
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
    assert_eq!(awaited.text_at("/status"), "requested");
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
