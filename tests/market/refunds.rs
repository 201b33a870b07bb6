//! Money that is taken in part, and goes back in parts, to where it came from or elsewhere.

use futures::future::join_all;
use serde_json::{Value, json};
use souk::{
    gift_card,
    id::KeyId,
    pricing::TenderKind,
    principal::{Principal, Scope, Who},
    tenant::Mode,
};
use souk_tests::{TestMarket, until};

fn euros(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

/// A paid order of so many mugs at 12.50 each.
async fn paid(market: &TestMarket, mugs: u32) -> String {
    let shopper = market.shopper();
    let order = shopper.buy("MUG", mugs, "pm_card_visa").await;
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    order
}

#[tokio::test(start_paused = true)]
async fn a_part_is_taken_and_the_rest_is_let_go() {
    let market = TestMarket::with_mugs(5).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let cart = shopper.cart("MUG", 2).await;
    let body = json!({"payment_method": "pm_card_visa", "capture_method": "manual"});
    let order =
        shopper.0.post(&format!("{cart}/checkout"), body).await.expect(202).header("location").to_owned();
    market.market.settled().await;
    let captures = format!("{order}/captures");
    for wrong in [euros(2501), euros(0), euros(-1), json!({"amount": 1, "currency": "USD"})] {
        staff.0.post(&captures, json!({"amount": wrong})).await.expect(422);
    }
    staff.0.post(&captures, json!({"amount": euros(1000)})).await.expect(201);
    market.market.settled().await;
    staff.0.post(&captures, json!({"amount": euros(1000)})).await.expect(201);
    staff.0.post(&captures, json!({"amount": euros(500)})).await.expect(409);
    let shown = shopper.0.get(&order).await;
    assert_eq!(shown.json["payment"]["captured"], euros(1000));
    assert_eq!(shown.json["payment"]["refundable"], euros(1000));
    let payment = &market.payments().await[0];
    assert_eq!((&payment["captured"], &payment["captures"]), (&json!(1000), &json!(1)));
    // What was not taken can't be given back.
    let refunds = format!("{order}/refunds");
    staff.0.post(&refunds, json!({"amount": euros(1001)})).await.expect(422);
    staff.0.post(&refunds, json!({"amount": euros(1000)})).await.expect(201);
    market.market.settled().await;
    assert_eq!(shopper.0.get(&order).await.text_at("/payment/status"), "refunded");
    assert_eq!(market.payments().await[0]["refunded"], 1000);
}

#[tokio::test(start_paused = true)]
async fn lines_are_refunded_one_by_one_until_nothing_is_left() {
    let market = TestMarket::with_mugs(5).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let order = paid(&market, 3).await;
    let refunds = format!("{order}/refunds");
    let one = json!({"lines": [{"sku": "MUG", "quantity": 1}], "reason": "the handle was loose"});
    let refund = staff.0.post(&refunds, one.clone()).await.expect(201);
    assert_eq!((refund.text_at("/status"), &refund.json["amount"]), ("pending", &euros(1250)));
    let line = json!({"line": 0, "sku": "MUG", "quantity": 1, "net": euros(1250), "tax": euros(0)});
    assert_eq!(refund.json["parts"], json!({"lines": [line]}));
    let shown = until(&shopper.0, &order, |order| order["refunds"][0]["status"] == "succeeded").await;
    assert_eq!(shown.text_at("/payment/status"), "partially_refunded");
    assert_eq!(shown.json["payment"]["refundable"], euros(2500));
    let too_many = json!({"lines": [{"sku": "MUG", "quantity": 3}]});
    staff.0.post(&refunds, too_many).await.expect(422);
    staff.0.post(&refunds, json!({"amount": euros(1), "lines": []})).await.expect(422);
    staff.0.post(&refunds, json!({"shipping": true})).await.expect(422);
    staff.0.post(&refunds, json!({"to": "store_credit"})).await.expect(422);
    staff.0.post(&refunds, json!({"to": "gift_card"})).await.expect(422);
    // All that is left.
    let rest = staff.0.post(&refunds, json!({})).await.expect(201);
    assert_eq!(rest.json["amount"], euros(2500));
    market.market.settled().await;
    staff.0.post(&refunds, one).await.expect(422);
    assert_eq!(shopper.0.get(&order).await.text_at("/payment/status"), "refunded");
    assert_eq!(market.payments().await[0]["refunded"], 3750);
    // Only who may give money back does.
    shopper.0.post(&refunds, json!({})).await.expect(403);
}

#[tokio::test(start_paused = true)]
async fn the_same_refund_asked_for_again_is_one() {
    let market = TestMarket::with_mugs(5).await;
    let (staff, order) = (market.staff(), paid(&market, 2).await);
    let send = || {
        let (body, key) = (json!({"amount": euros(700)}), [("idempotency-key", "back-1")]);
        let path = format!("{order}/refunds");
        let staff = &staff.0;
        async move { staff.send(http::Method::POST, &path, Some(body), &key).await }
    };
    let answers = join_all((0..20).map(|_| send())).await;
    let first = answers[0].text.clone();
    for answer in answers {
        assert_eq!(answer.expect(201).text, first);
    }
    market.market.settled().await;
    assert_eq!(market.payments().await[0]["refunded"], 700);
}

/// A thousand people of the staff give back the last money at the same moment.
#[tokio::test(start_paused = true)]
async fn a_thousand_refunds_at_once_give_back_what_there_is() {
    let market = TestMarket::crowded(5).await;
    let order = paid(&market, 2).await;
    let store = market.store.parse().unwrap();
    let id = order.trim_start_matches("/v1/orders/");
    let refunds = (0..1000_u128).map(|number| {
        let who = Who::Key(KeyId::from_bits(number));
        let principal = Principal::new(store, Mode::Test, who, None, [Scope::RefundsWrite]);
        let market = &market;
        async move {
            let body = json!({"amount": euros(900)});
            market.call_as(&principal, "POST /v1/orders/{id}/refunds", id, body).await.status.as_u16()
        }
    });
    let statuses = join_all(refunds).await;
    market.market.settled().await;
    let count = |status| statuses.iter().filter(|one| **one == status).count();
    assert_eq!(count(201), 2, "two times nine are eighteen of twenty-five");
    assert_eq!(count(422) + count(409), 998);
    let shown = market.shopper().0.get(&order).await;
    assert_eq!(shown.json["payment"]["refunded"], euros(1800));
    assert_eq!(shown.json["payment"]["refundable"], euros(700));
    let payment = &market.payments().await[0];
    assert_eq!((&payment["captured"], &payment["refunded"]), (&json!(2500), &json!(1800)));
    assert!(market.state_items("work").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_gives_back_what_was_not_given_back_before() {
    let market = TestMarket::with_mugs(5).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let order = paid(&market, 2).await;
    staff.0.post(&format!("{order}/refunds"), json!({"amount": euros(300)})).await.expect(201);
    market.market.settled().await;
    staff.0.post(&format!("{order}/cancel"), json!({})).await.expect(202);
    let end = until(&shopper.0, &order, |order| order["status"] == "canceled").await;
    market.market.settled().await;
    let refunds = end.json["refunds"].as_array().unwrap();
    let amounts: Vec<_> = refunds.iter().map(|refund| refund["amount"]["amount"].as_i64().unwrap()).collect();
    assert_eq!(amounts, [300, 2200]);
    assert_eq!(refunds[1]["cause"], json!({"type": "canceled"}));
    assert_eq!(market.payments().await[0]["refunded"], 2500);
    assert_eq!(staff.stock("MUG").await, (5, 0, 5));
    // The provider says something again: nothing more goes back.
    market.notify_payment(&order).await.expect(200);
    market.market.settled().await;
    assert_eq!(market.payments().await[0]["refunded"], 2500);
}

#[tokio::test(start_paused = true)]
async fn what_went_to_store_credit_does_not_go_back_to_the_card_too() {
    let market = TestMarket::with_mugs(5).await;
    let (staff, order) = (market.staff(), customers_order(&market).await);
    let refund = json!({"amount": euros(1000), "to": "store_credit"});
    staff.0.post(&format!("{order}/refunds"), refund).await.expect(201);
    market.market.settled().await;
    let shown = staff.0.get(&order).await;
    assert_eq!(shown.text_at("/payment/status"), "partially_refunded");
    assert_eq!(shown.json["payment"]["refunded"], euros(0), "the provider gave nothing back");
    assert_eq!(shown.json["payment"]["refundable"], euros(250));
    staff.0.post(&format!("{order}/cancel"), json!({})).await.expect(202);
    market.market.settled().await;
    market.notify_payment(&order).await.expect(200);
    market.market.settled().await;
    assert_eq!(staff.0.get(&order).await.text_at("/status"), "canceled");
    let payment = &market.payments().await[0];
    assert_eq!((&payment["captured"], &payment["refunded"]), (&json!(1250), &json!(250)));
    let credit = TenderKind::StoreCredit { customer: market.customer(7).id };
    let balance = gift_card::balance(&market.app(), market.tenant(), &credit, "EUR".parse().unwrap()).await;
    assert_eq!(balance.unwrap().amount(), 1000);
}

/// A paid order of a mug that a customer placed.
async fn customers_order(market: &TestMarket) -> String {
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    let id = cart.trim_start_matches("/v1/carts/");
    let pay = json!({"payment_method": "pm_card_visa"});
    let placed = market.customer(7).call("POST /v1/carts/{id}/checkout", id, pay).await.expect(202);
    let order = placed.header("location").to_owned();
    until(&market.staff().0, &order, |order| order["payment"]["status"] == "captured").await;
    order
}

/// All that can be done with refunds, returns and edits, once.
pub async fn everything(market: &TestMarket) {
    let staff = market.staff().0;
    let order = customers_order(market).await;
    let id = order.trim_start_matches("/v1/orders/").to_owned();
    let refunds = format!("{order}/refunds");
    staff.post(&refunds, json!({"amount": euros(100), "to": "store_credit"})).await.expect(201);
    let card = staff.post("/v1/gift-cards", json!({"amount": euros(100)})).await.expect(201);
    let to_card = json!({"amount": euros(100), "to": "gift_card", "gift_card": card.text_at("/id")});
    staff.post(&refunds, to_card).await.expect(201);
    staff.post(&refunds, json!({"amount": euros(100)})).await.expect(201);
    staff.patch("/v1/store", json!({"return_window_days": 30})).await.expect(200);
    staff.post(&format!("{order}/fulfillments"), json!({})).await.expect(201);
    market.market.settled().await;
    let lines = json!({"lines": [{"sku": "MUG", "quantity": 1, "reason": "too-small"}]});
    let route = "POST /v1/customers/me/orders/{id}/returns";
    let back = market.customer(7).call(route, &id, lines.clone()).await.expect(201);
    let path = format!("{order}/returns/{}", back.text_at("/id"));
    staff.post(&format!("{path}/reject"), json!({})).await.expect(200);
    let back = staff.post(&format!("{order}/returns"), lines).await.expect(201);
    let received = json!({"lines": [{"sku": "MUG", "quantity": 1, "restock": true, "location": "berlin"}]});
    staff.post(&format!("{order}/returns/{}/receive", back.text_at("/id")), received).await.expect(200);
    let lines =
        json!({"lines": [{"sku": "MUG", "quantity": 1, "reason": "too-small"}], "note": "It is small."});
    let asked = market.shopper().0.post(&format!("{order}/return-requests"), lines.clone()).await;
    asked.expect(404);
    let guests = market.shopper().buy("MUG", 1, "pm_card_visa").await;
    market.market.settled().await;
    staff.post(&format!("{guests}/fulfillments"), json!({})).await.expect(201);
    market.market.settled().await;
    let asked = market.shopper().0.post(&format!("{guests}/return-requests"), lines).await.expect(201);
    let path = format!("{guests}/returns/{}", asked.text_at("/id"));
    staff.post(&format!("{path}/approve"), json!({})).await.expect(200);
    staff
        .post(&format!("{path}/receive"), json!({"lines": [{"sku": "MUG", "quantity": 1}]}))
        .await
        .expect(200);
    let plate = json!({"lines": [{"sku": "PLATE", "quantity": 1}]});
    staff.post(&format!("{path}/exchange"), plate).await.expect(201);
    market.market.settled().await;
    let edited = customers_order(market).await;
    let lines = json!({"lines": [{"sku": "MUG", "quantity": 2}]});
    staff.post(&format!("{edited}/edits"), lines).await.expect(201);
    market.market.settled().await;
    // What is new on an order costs what a list says.
    let list = json!({"name": "Reduced", "currency": "EUR", "percent_off": "5"});
    let list = staff.post("/v1/price-lists", list).await.expect(201).header("location").to_owned();
    let lines = json!({"lines": [{"sku": "PLATE", "quantity": 1}]});
    staff.post(&format!("{edited}/edits"), lines).await.expect(201);
    staff.delete(&list).await.expect(204);
    market.market.settled().await;
}
