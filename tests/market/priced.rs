//! What carts cost by a store's rules, and what their orders take with them.

use serde_json::{Value, json};
use souk_tests::{Answer, Api, TestMarket, until};

fn euros(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

/// A store of German prices without tax: a list for wholesale, a code, a gift, two ways of sending. Gives the first way.
async fn rules(staff: &Api) -> String {
    staff.patch("/v1/store", json!({"tax_origin": {"country": "DE"}})).await.expect(200);
    for (country, rate) in [("GB", "20"), ("DE", "19")] {
        let row = json!({"name": format!("VAT {country}"), "place": {"country": country}, "rate": rate});
        staff.post("/v1/tax-rates", row).await.expect(201);
    }
    let list = json!({"name": "Wholesale", "currency": "EUR", "groups": ["wholesale"], "percent_off": "10"});
    let list = staff.post("/v1/price-lists", list).await.expect(201);
    let tiers = json!([{"min_quantity": 10, "price": euros(700)}]);
    let entries = json!({"set": [{"sku": "MUG", "tiers": tiers}]});
    staff.patch(&format!("/v1/price-lists/{}/entries", list.text_at("/id")), entries).await.expect(200);
    let zone = json!({"name": "Everywhere", "methods": [
        {"name": "Parcel", "rates": [{"currency": "EUR", "tiers": [{"price": euros(490)}], "free_from": euros(20_000)}]},
        {"name": "Shop", "pickup": "berlin", "rates": [{"currency": "EUR", "tiers": [{"price": euros(0)}]}]},
    ]});
    let zone = staff.post("/v1/shipping/zones", zone).await.expect(201);
    zone.text_at("/methods/0/id").to_owned()
}

async fn promotion(staff: &Api, promotion: Value) -> Answer {
    staff.post("/v1/promotions", promotion).await.expect(201)
}

async fn gift_card(staff: &Api, amount: i64) -> Answer {
    staff.post("/v1/gift-cards", json!({"amount": euros(amount)})).await.expect(201)
}

async fn balance(staff: &Api, card: &Answer) -> Value {
    staff.get(&format!("/v1/gift-cards/{}", card.text_at("/id"))).await.expect(200).json["balance"].clone()
}

/// A cart with codes, a gift card and credit, ordered and canceled: everything that functions need for it is asked.
pub async fn everything(market: &TestMarket) {
    let (staff, shopper) = (market.staff().0, market.shopper());
    market.staff().sell("BOWL", 2000, 50).await;
    market.staff().sell("SPOON", 100, 50).await;
    let parcel = rules(&staff).await;
    let gift = json!([{"type": "gift", "sku": "SPOON", "quantity": 1}]);
    promotion(&staff, json!({"name": "A spoon", "actions": gift})).await;
    let first = json!({"name": "First", "rules": {"first_order": true}, "limits": {"uses_per_customer": 1},
        "actions": [{"type": "percent_off", "percent": "5"}], "trigger": {"type": "code", "code": "FIRST"}});
    promotion(&staff, first).await;
    let card = gift_card(&staff, 500).await;

    let cart = shopper.cart("BOWL", 1).await;
    let codes = json!({"codes": ["first"], "gift_cards": [card.text_at("/code")], "shipping_method": parcel});
    shopper.0.patch(&cart, codes).await.expect(200);
    let order = shopper.check_out(&cart, "pm_card_visa").await.expect(202);
    let order = format!("/v1/orders/{}", order.text_at("/id"));
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    shopper.0.get(&format!("{order}/explain")).await.expect(200);
    staff.post(&format!("{order}/cancel"), json!({})).await.expect(202);
    until(&shopper.0, &order, |order| order["status"] == "canceled").await;

    let customer = market.customer(91);
    customer.call("GET /v1/customers/me", "", Value::Null).await.expect(200);
    let credit = json!({"amount": euros(300), "reason": "a broken cup"});
    staff.post(&format!("/v1/customers/{}/store-credit", customer.id), credit).await.expect(201);
    let cart = shopper.cart("BOWL", 1).await;
    let id = cart.trim_start_matches("/v1/carts/");
    let change = json!({"store_credit": true, "codes": ["FIRST"], "shipping_method": parcel});
    customer.call("PATCH /v1/carts/{id}", id, change).await.expect(200);
    let pay = json!({"payment_method": "pm_card_visa"});
    let order = customer.call("POST /v1/carts/{id}/checkout", id, pay).await.expect(202);
    let order = format!("/v1/orders/{}", order.text_at("/id"));
    until(&staff, &order, |order| order["payment"]["status"] == "captured").await;
    staff.post(&format!("{order}/cancel"), json!({})).await.expect(202);
    until(&staff, &order, |order| order["status"] == "canceled").await;
    send_nowhere(market).await;
}

/// Takes the store's zones away: who buys next need not choose how it is sent.
pub async fn send_nowhere(market: &TestMarket) {
    let staff = market.staff().0;
    let zones = staff.get("/v1/shipping/zones").await.expect(200);
    for zone in zones.json["data"].as_array().unwrap() {
        staff.delete(&format!("/v1/shipping/zones/{}", zone["id"].as_str().unwrap())).await.expect(204);
    }
}

#[tokio::test(start_paused = true)]
async fn a_total_is_explained_line_by_line_and_what_was_used_comes_back() {
    let market = TestMarket::with_mugs(30).await;
    let (staff, shopper) = (market.staff().0, market.shopper());
    let parcel = rules(&staff).await;
    let off = json!([{"type": "percent_off", "percent": "10"}]);
    let welcome = json!({"name": "Welcome", "actions": off, "trigger": {"type": "code", "code": "WELCOME"},
        "limits": {"uses": 1}});
    let welcome = promotion(&staff, welcome).await;
    let (small, large) = (gift_card(&staff, 300).await, gift_card(&staff, 100_000).await);

    let cart = shopper.cart("MUG", 2).await;
    let open = shopper.0.get(&cart).await.expect(200);
    assert_eq!(open.json["shipping_options"].as_array().unwrap().len(), 2, "{}", open.json);
    shopper.check_out(&cart, "pm_card_visa").await.expect(422);
    let unknown = json!({"gift_cards": ["AAAA-AAAA-AAAA-AAAA"]});
    let refused = shopper.0.patch(&cart, unknown).await.expect(422);
    assert_eq!(refused.text_at("/param"), "gift_cards[0]");
    let cards = [small.text_at("/code"), large.text_at("/code")];
    let change = json!({"codes": ["welcome", "NOPE"], "gift_cards": cards, "shipping_method": parcel});
    let priced = shopper.0.patch(&cart, change).await.expect(200);
    // 2 × 12.50 less 10 %, and 4.90 for the parcel, with 19 % on both.
    let totals = json!({"subtotal": euros(2500), "discount": euros(250), "shipping": euros(490), "tax": euros(521),
        "total": euros(3261)});
    assert_eq!(priced.json["totals"], totals);
    assert_eq!(
        priced.json["codes"],
        json!([
        {"code": "WELCOME", "applied": true, "reason": null}, {"code": "NOPE", "applied": false, "reason": "unknown"}])
    );
    assert_eq!(priced.json["gift_cards"][0]["amount"], euros(300));
    assert_eq!(priced.json["gift_cards"][1]["amount"], euros(2961));
    assert_eq!(priced.json["due"], euros(0));

    // Another total than was agreed, and nothing happens; then, without any payment method.
    let dear = json!({"total": euros(3260)});
    let refused = shopper.0.post(&format!("{cart}/checkout"), dear).await.expect(409);
    assert_eq!(refused.text_at("/code"), "price_changed");
    let placed = shopper.0.post(&format!("{cart}/checkout"), json!({"total": euros(3261)})).await.expect(202);
    let order = format!("/v1/orders/{}", placed.text_at("/id"));
    until(&shopper.0, &order, |order| order["status"] == "confirmed").await;
    assert!(market.payments().await.is_empty(), "gift cards paid for all of it");
    assert_eq!(balance(&staff, &small).await, euros(0));
    assert_eq!(balance(&staff, &large).await, euros(97_039));
    let used = staff.get(welcome.header("location")).await.expect(200);
    assert_eq!(used.json["usage"]["used"], 1, "{}", used.json);

    let explained = shopper.0.get(&format!("{order}/explain")).await.expect(200);
    assert_eq!(explained.json["totals"], totals);
    let steps: Vec<&str> = explained.json["lines"][0]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["step"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["catalog_price", "quantity", "discount", "tax_added"]);
    assert_eq!(explained.json["lines"][0]["payable"], euros(2678));
    assert_eq!(explained.json["shipping"]["payable"], euros(583));
    assert_eq!(explained.json["tenders"].as_array().unwrap().len(), 2);

    // The code is used up, and says so; canceled, it is free again, and so is the money.
    let next = shopper.cart("MUG", 1).await;
    shopper.0.patch(&next, json!({"codes": ["WELCOME"], "shipping_method": parcel})).await.expect(200);
    let refused = shopper.check_out(&next, "pm_card_visa").await.expect(409);
    assert_eq!(refused.text_at("/code"), "promotion_used_up");
    staff.post(&format!("{order}/cancel"), json!({})).await.expect(202);
    until(&shopper.0, &order, |order| order["status"] == "canceled").await;
    assert_eq!(balance(&staff, &small).await, euros(300));
    assert_eq!(balance(&staff, &large).await, euros(100_000));
    shopper.check_out(&next, "pm_card_visa").await.expect(202);
}

/// Carts that all want the same one thing are checked out at once. How many orders there are then.
async fn rush(market: &TestMarket, buyers: usize, change: Value) -> usize {
    let shopper = market.shopper();
    let mut carts = Vec::new();
    for number in 0..buyers {
        let cart = shopper.cart("MUG", 1).await;
        let mut change = change.clone();
        change["email"] = json!(format!("buyer{number}@example.com"));
        shopper.0.patch(&cart, change).await.expect(200);
        carts.push(cart);
    }
    let checkouts = carts.iter().map(|cart| shopper.check_out(cart, "pm_card_visa"));
    let answers = futures::future::join_all(checkouts).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert!(statuses.iter().all(|status| matches!(status, 202 | 409 | 503)), "{statuses:?}");
    statuses.iter().filter(|status| **status == 202).count()
}

#[tokio::test(start_paused = true)]
async fn a_code_of_three_uses_is_in_three_orders_whoever_checks_out_at_once() {
    let market = TestMarket::crowded(40).await;
    let staff = market.staff().0;
    let off = json!([{"type": "percent_off", "percent": "50"}]);
    let code = json!({"name": "Three", "actions": off, "trigger": {"type": "code", "code": "THREE"}, "limits": {"uses": 3}});
    let made = promotion(&staff, code).await;
    assert_eq!(rush(&market, 30, json!({"codes": ["THREE"]})).await, 3);
    let usage = staff.get(made.header("location")).await.expect(200);
    assert_eq!(usage.json["usage"]["used"], 3);
}

#[tokio::test(start_paused = true)]
async fn a_gift_card_pays_no_more_than_it_holds_whoever_checks_out_at_once() {
    let market = TestMarket::crowded(40).await;
    let staff = market.staff().0;
    let card = gift_card(&staff, 3 * 1250).await;
    rush(&market, 20, json!({"gift_cards": [card.text_at("/code")]})).await;
    market.market.settled().await;
    let left = balance(&staff, &card).await["amount"].as_i64().unwrap();
    let orders = staff.get("/v1/orders?limit=100").await.expect(200);
    let mut paid = 0;
    for order in orders.json["data"].as_array().unwrap() {
        let path = format!("/v1/orders/{}/explain", order["id"].as_str().unwrap());
        let explained = staff.get(&path).await.expect(200);
        let tenders = explained.json["tenders"].as_array().unwrap();
        paid += tenders.iter().map(|tender| tender["amount"]["amount"].as_i64().unwrap()).sum::<i64>();
    }
    assert_eq!(paid + left, 3 * 1250, "nothing came of nothing");
    assert!(left >= 0);
}
