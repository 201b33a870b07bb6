//! Orders that staff draw up: priced by hand where they say so, completed once, by whichever way.

use futures::future::join_all;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk_tests::{Answer, Api, Member, PASSWORD, TestMarket, until};

fn euros(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

/// What a draft needs to become an order, beside lines.
fn guest() -> Value {
    json!({
        "email": "grace@example.com",
        "shipping_address": {"line1": "1 Compiler Court", "city": "Berlin", "postal_code": "10115", "country": "DE"},
    })
}

async fn draft(staff: &Api, more: Value) -> Answer {
    let mut draft = guest();
    draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    staff.post("/v1/drafts", draft).await
}

fn mugs(quantity: u32) -> Value {
    json!({"lines": [{"sku": "MUG", "quantity": quantity}]})
}

/// Somebody who registers: their id.
async fn registered(market: &TestMarket, email: &str) -> String {
    let new = json!({"email": email, "password": PASSWORD, "name": "Ada"});
    market.shopper().0.post("/v1/customers", new).await.expect(201).text_at("/id").to_owned()
}

/// A draft of two mugs at 9.00 each, and of a plate of which a tenth is off.
fn by_hand() -> Value {
    json!({
        "lines": [
            {"sku": "MUG", "quantity": 2, "unit_price": euros(900), "reason": "price-match"},
            {"sku": "PLATE", "quantity": 1, "discount": {"percent": "10"}, "reason": "scratched"},
        ],
        "note": "Knows Ada.",
    })
}

async fn kitchen(mugs: u64) -> TestMarket {
    let market = TestMarket::with_mugs(mugs).await;
    market.staff().sell("PLATE", 300, 5).await;
    market
}

async fn account(market: &TestMarket, account: &str) -> i64 {
    market.market.settled().await;
    let books = market.staff().0.get("/v1/ledger/accounts").await.expect(200);
    let found = books.json["data"].as_array().unwrap().iter().find(|one| one["account"] == account);
    found.map_or(0, |one| one["balance"].as_i64().unwrap())
}

#[tokio::test(start_paused = true)]
async fn staff_set_prices_by_hand_and_promotions_leave_those_alone() {
    let market = kitchen(9).await;
    let staff = market.staff().0;
    let sale = json!({"name": "Everything", "actions": [{"type": "percent_off", "percent": "50"}]});
    staff.post("/v1/promotions", sale).await.expect(201);
    let made = draft(&staff, by_hand()).await.expect(201);
    assert_eq!(made.json["totals"]["subtotal"], euros(2100));
    assert_eq!(made.json["totals"]["discount"], euros(30), "{}", made.text);
    assert_eq!(made.json["totals"]["total"], euros(2070));
    assert_eq!(made.json["lines"][0]["by_hand"], json!({"price": true, "reason": "price-match"}));
    assert_eq!(made.json["lines"][0]["list_price"], euros(1250));
    assert_eq!((made.text_at("/note"), made.text_at("/status")), ("Knows Ada.", "open"));
    let path = made.header("location").to_owned();
    // What nobody priced by hand, the sale takes its half off.
    let changed = staff.patch(&path, mugs(2)).await.expect(200);
    assert_eq!(changed.json["totals"]["total"], euros(1250));
    assert_eq!(changed.json["version"], 2);
    let stale = [("if-match", "\"1\"")];
    staff.send(Method::PATCH, &path, Some(mugs(3)), &stale).await.expect(412);
    let unknown = json!({"lines": [{"sku": "NONE", "quantity": 1}]});
    assert_eq!(staff.patch(&path, unknown).await.expect(422).code(), "unknown_sku");
    let nobody = json!({"customer_id": "cus_00000000000000000000000001"});
    staff.patch(&path, nobody).await.expect(422);
    let listed = staff.get("/v1/drafts").await.expect(200);
    assert_eq!(listed.json["data"][0]["email"], "grace@example.com");
    assert_eq!(listed.json["data"][0]["total"], euros(1250));
    staff.delete(&path).await.expect(204);
    staff.get(&path).await.expect(404);
    staff.delete(&path).await.expect(404);
}

#[tokio::test(start_paused = true)]
async fn what_was_paid_outside_is_booked_apart_and_goes_back_by_hand() {
    let market = kitchen(9).await;
    let staff = market.staff();
    let path = draft(&staff.0, by_hand()).await.expect(201).header("location").to_owned();
    let complete = format!("{path}/complete");
    for wrong in [
        json!({}),
        json!({"payment_method": "pm_card_visa", "paid_outside": "cash"}),
        json!({"payment_method": "pm_none"}),
    ] {
        staff.0.post(&complete, wrong).await.expect(422);
    }
    let cheaper = json!({"paid_outside": "bank-transfer", "total": euros(2000)});
    assert_eq!(staff.0.post(&complete, cheaper).await.expect(409).code(), "price_changed");
    let done = staff.0.post(&complete, json!({"paid_outside": "bank-transfer"})).await.expect(202);
    let order = done.header("location").to_owned();
    let paid = until(&staff.0, &order, |order| order["payment"]["status"] == "captured").await;
    assert_eq!(
        paid.json["payment"]["paid_outside"],
        json!({"method": "bank-transfer", "amount": euros(2070)})
    );
    assert_eq!((&paid.json["payment"]["captured"], &paid.json["payment"]["amount"]), (&euros(0), &euros(0)));
    assert_eq!(paid.json["draft_id"].as_str(), path.strip_prefix("/v1/drafts/"));
    assert!(market.payments().await.is_empty(), "no provider was asked");
    assert_eq!((staff.stock("MUG").await, staff.stock("PLATE").await), ((9, 2, 7), (5, 1, 4)));
    let why = staff.0.get(&format!("{order}/explain")).await.expect(200);
    assert_eq!(why.json["lines"][0]["steps"][1]["step"], "price_by_hand");
    assert_eq!(why.json["lines"][1]["steps"][2]["step"], "discount_by_hand");
    // It stays what it was: the note is for staff, and the draft is done with.
    assert!(!paid.text.contains("Knows Ada"));
    assert_eq!(
        staff.0.post(&complete, json!({"paid_outside": "cash"})).await.expect(409).code(),
        "draft_completed"
    );
    assert_eq!(staff.0.patch(&path, mugs(1)).await.expect(409).code(), "draft_completed");
    staff.0.delete(&path).await.expect(409);
    assert_eq!(account(&market, "outside_payments").await, 2070);
    staff.0.post(&format!("{order}/refunds"), json!({"amount": euros(70)})).await.expect(201);
    assert_eq!(account(&market, "outside_payments").await, 2000);
    staff.0.post(&format!("{order}/cancel"), json!({})).await.expect(202);
    until(&staff.0, &order, |order| order["status"] == "canceled").await;
    assert_eq!(account(&market, "outside_payments").await, 0);
    assert_eq!(account(&market, "receivable").await, 0);
    assert_eq!(staff.stock("MUG").await, (9, 0, 9));
    // An order that was canceled sets its draft free.
    staff.0.patch(&path, mugs(1)).await.expect(200);
    staff.0.post(&complete, json!({"payment_method": "pm_card_visa"})).await.expect(202);
}

#[tokio::test(start_paused = true)]
async fn a_shopper_pays_by_their_link_and_nobody_else_does() {
    let market = kitchen(9).await;
    let (staff, shopper) = (market.staff().0, market.shopper().0);
    let path = draft(&staff, by_hand()).await.expect(201).header("location").to_owned();
    let link = async || {
        let made = staff.post(&format!("{path}/payment-link"), json!({})).await.expect(201);
        made.text_at("/token").to_owned()
    };
    let (old, token) = (link().await, link().await);
    let look = async |token: &str| shopper.post("/v1/payment-links/read", json!({ "token": token })).await;
    look(&old).await.expect(404);
    let seen = look(&token).await.expect(200);
    assert_eq!((&seen.json["totals"]["total"], seen.text_at("/email")), (&euros(2070), "grace@example.com"));
    assert!(!seen.text.contains("Knows Ada"), "the note is for staff");
    let (id, proof) = token.split_once('.').unwrap();
    let forged = format!("{id}.{}", proof.chars().rev().collect::<String>());
    for wrong in [forged.as_str(), id, "", "x.y", &format!("{token}.x")] {
        look(wrong).await.expect(404);
    }
    let pay = async |total: i64| {
        let body = json!({"token": token, "payment_method": "pm_card_visa", "total": euros(total)});
        shopper.post("/v1/payment-links/checkout", body).await
    };
    staff.patch(&path, json!({"lines": [{"sku": "PLATE", "quantity": 1}]})).await.expect(200);
    assert_eq!(pay(2070).await.expect(409).code(), "price_changed");
    let order = pay(300).await.expect(202).header("location").to_owned();
    until(&shopper, &order, |order| order["payment"]["status"] == "captured").await;
    assert_eq!(pay(300).await.expect(409).code(), "draft_completed");
    assert_eq!(look(&token).await.expect(200).json["order_id"].as_str(), order.strip_prefix("/v1/orders/"));
    market.leap(SignedDuration::from_hours(7 * 24));
    look(&token).await.expect(404);
    pay(300).await.expect(404);
    // Who has no link has nothing: drafts are the staff's.
    shopper.get(&path).await.expect(403);
    shopper.get(&path.replace("/drafts/draft_", "/carts/cart_")).await.expect(404);
}

#[tokio::test(start_paused = true)]
async fn many_complete_a_draft_at_once_and_one_order_comes_of_it() {
    for paid in [json!({"paid_outside": "cash"}), json!({"payment_method": "pm_card_visa"})] {
        let market = TestMarket::crowded(9).await;
        let staff = market.staff();
        let path = draft(&staff.0, mugs(2)).await.expect(201).header("location").to_owned();
        let made = staff.0.post(&format!("{path}/payment-link"), json!({})).await.expect(201);
        let by_link = json!({
            "token": made.json["token"], "payment_method": "pm_card_visa", "total": euros(2500),
        });
        let (complete, shopper) = (format!("{path}/complete"), market.shopper().0);
        let by_staff = join_all((0..20).map(|_| staff.0.post(&complete, paid.clone())));
        let by_link = join_all((0..20).map(|_| shopper.post("/v1/payment-links/checkout", by_link.clone())));
        let (by_staff, by_link) = futures::join!(by_staff, by_link);
        let answers: Vec<Answer> = by_staff.into_iter().chain(by_link).collect();
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 202);
        assert_eq!(won.len(), 1, "one of them placed it");
        assert!(lost.iter().all(|answer| ["draft_completed", "conflict"].contains(&answer.code())));
        until(&staff.0, won[0].header("location"), |order| order["payment"]["status"] == "captured").await;
        market.market.settled().await;
        assert_eq!(staff.0.get("/v1/orders").await.json["data"].as_array().unwrap().len(), 1);
        assert_eq!(staff.stock("MUG").await, (9, 2, 7));
        assert!(market.payments().await.len() <= 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_draft_ends_with_whom_it_is_about_and_with_time() {
    let market = kitchen(9).await;
    let staff = market.staff().0;
    let ada = registered(&market, "ada@example.com").await;
    let of_ada =
        json!({"customer_id": ada, "lines": [{"sku": "MUG", "quantity": 1}], "note": "Knows Grace."});
    let made = staff.post("/v1/drafts", of_ada).await.expect(201);
    assert_eq!(made.text_at("/email"), "ada@example.com", "as they registered");
    let path = made.header("location").to_owned();
    let asked = staff.post("/v1/privacy/exports", json!({"customer": ada})).await.expect(202);
    let archive = format!("/v1/privacy/exports/{}/archive", asked.text_at("/id"));
    let archive = staff.get(&archive).await.expect(200);
    assert!(archive.text.contains("Knows Grace."), "{}", archive.text);
    staff.post("/v1/privacy/erasures", json!({"customer": ada})).await.expect(202);
    market.market.settled().await;
    staff.get(&path).await.expect(404);
    let guests = draft(&staff, mugs(1)).await.expect(201).header("location").to_owned();
    market.leap(SignedDuration::from_hours(90 * 24));
    staff.get(&guests).await.expect(404);
    assert!(staff.get("/v1/drafts").await.json["data"].as_array().unwrap().is_empty());
}

/// Who packs parcels sets no prices.
#[tokio::test(start_paused = true)]
async fn who_sends_goods_draws_up_nothing() {
    let market = kitchen(9).await;
    let staff = market.staff();
    let porter = Member::joined(&market, &staff.0, "porter@example.com", "fulfillment").await;
    let tokens = porter.try_log_in(PASSWORD, None).await.expect(201);
    let porter = staff.0.with_key(Some(tokens.text_at("/access_token")));
    assert_eq!(draft(&porter, mugs(1)).await.expect(403).code(), "missing_scope");
    porter.get("/v1/drafts").await.expect(403);
}

/// Everything that drafts need of AWS.
pub async fn everything(market: &TestMarket) {
    let (staff, shopper) = (market.staff(), market.shopper().0);
    staff.sell("VASE", 1250, 20).await;
    let sale = json!({
        "name": "First", "trigger": {"type": "code", "code": "DRAFTED"}, "rules": {"first_order": true},
        "actions": [{"type": "percent_off", "percent": "10"}],
    });
    let sale = staff.0.post("/v1/promotions", sale).await.expect(201).header("location").to_owned();
    let list = json!({"name": "Drafted", "currency": "EUR"});
    let list = staff.0.post("/v1/price-lists", list).await.expect(201).header("location").to_owned();
    let vases = json!({"lines": [{"sku": "VASE", "quantity": 2}], "codes": ["DRAFTED"]});
    let path = draft(&staff.0, vases.clone()).await.expect(201).header("location").to_owned();
    staff.0.get(&path).await.expect(200);
    let page = staff.0.get("/v1/drafts?limit=1").await.expect(200);
    drop(page);
    let once = [("idempotency-key", "a-draft")];
    staff.0.send(Method::PATCH, &path, Some(json!({"note": "Hello."})), &once).await.expect(200);
    let link = staff.0.post(&format!("{path}/payment-link"), json!({})).await.expect(201);
    let token = link.text_at("/token");
    let seen = shopper.post("/v1/payment-links/read", json!({ "token": token })).await.expect(200);
    let pay =
        json!({"token": token, "payment_method": "pm_card_visa", "total": seen.json["totals"]["total"]});
    shopper.post("/v1/payment-links/checkout", pay).await.expect(202);
    let customer = registered(market, "drafted@example.com").await;
    let mut of_customer = vases;
    of_customer["customer_id"] = json!(customer);
    let path = draft(&staff.0, of_customer).await.expect(201).header("location").to_owned();
    let page = staff.0.get("/v1/drafts?limit=1").await.expect(200);
    staff.0.get(&format!("/v1/drafts?limit=1&cursor={}", page.text_at("/next_cursor"))).await.expect(200);
    let done = staff.0.post(&format!("{path}/complete"), json!({"paid_outside": "cash"})).await.expect(202);
    until(&staff.0, done.header("location"), |order| order["status"] == "confirmed").await;
    // Whether its order is alive is looked up.
    staff.0.get(&path).await.expect(200);
    staff.0.delete(&sale).await.expect(204);
    staff.0.delete(&list).await.expect(204);
    let path = draft(&staff.0, json!({})).await.expect(201).header("location").to_owned();
    staff.0.delete(&path).await.expect(204);
    market.market.settled().await;
}
