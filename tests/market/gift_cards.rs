//! Gift cards and store credit: no balance goes below zero, and what happened for one cause happens once.

use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk::{
    event::Cause,
    gift_card,
    id::{GiftCardId, OrderId},
    money::Money,
    pricing::{Tender, TenderKind},
    runtime::App,
    store::{self, WriteError},
};
use souk_tests::{Answer, Customer, TestMarket};

fn euros(amount: i64) -> Money {
    Money::new(amount, "EUR".parse().unwrap())
}

fn money(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

async fn issued(market: &TestMarket, card: Value) -> (Answer, TenderKind) {
    let answer = market.staff().0.post("/v1/gift-cards", card).await.expect(201);
    let id = answer.text_at("/id").parse::<GiftCardId>().unwrap();
    (answer, TenderKind::GiftCard { id })
}

fn order(number: u128) -> OrderId {
    OrderId::from_bits(number)
}

/// Pays `order` as a checkout does. Whether it could.
async fn pay(market: &TestMarket, app: &App, kind: TenderKind, amount: i64, order: OrderId) -> bool {
    let tenders = [Tender { kind, amount: euros(amount) }];
    let why = Cause::of_request("a test");
    let writes = gift_card::redemptions(market.tenant(), &tenders, order, &why, app.now()).unwrap();
    match store::commit(app, writes).await {
        Ok(()) => true,
        Err(WriteError::Refused(places)) => {
            assert_eq!(places.len(), 1, "{places:?}");
            false
        }
        Err(error) => panic!("{error}"),
    }
}

async fn left(market: &TestMarket, app: &App, of: &TenderKind) -> i64 {
    gift_card::balance(app, market.tenant(), of, "EUR".parse().unwrap()).await.unwrap().amount()
}

/// What a customer sees of their own store credit. Whom nobody knows yet gets an account by it.
async fn own(customer: &Customer<'_>) -> Answer {
    customer.call("GET /v1/customers/me/store-credit", "", Value::Null).await.expect(200)
}

/// What the facts come to.
async fn sum(market: &TestMarket, app: &App, of: &TenderKind) -> i64 {
    let commits = gift_card::changes(app, market.tenant(), of).await.unwrap();
    commits.iter().flat_map(gift_card::Transaction::all_of).map(|change| change.amount.amount()).sum()
}

#[tokio::test(start_paused = true)]
async fn a_code_is_shown_once_and_kept_nowhere() {
    let market = TestMarket::open(|_| {}).await;
    let (card, _) = issued(&market, json!({"amount": money(5_000), "reason": "birthday"})).await;
    let (code, path) = (card.text_at("/code").to_owned(), card.header("location").to_owned());
    assert_eq!((&card.json["balance"], &card.json["status"]), (&money(5_000), &json!("active")));
    let shopper = market.shopper().0;
    let typed = json!({"code": code.to_lowercase().replace('-', " ")});
    let seen = shopper.post("/v1/gift-cards/balance", typed).await.expect(200);
    assert_eq!(seen.json["balance"], money(5_000));
    assert!(seen.json.get("id").is_none());
    assert_eq!(seen.text_at("/last_four"), &code[code.len() - 4..]);
    let read = market.staff().0.get(&path).await.expect(200);
    assert!(read.json.get("code").is_none());
    assert_eq!(read.json["transactions"][0]["type"], "issued");
    market.market.settled().await;
    let plain = code.replace('-', "");
    for table in ["-state", "-events"] {
        let kept = serde_json::to_string(&market.all_items(table).await).unwrap();
        assert!(!kept.contains(&code) && !kept.contains(&plain), "{table} holds the code");
    }
    shopper.post("/v1/gift-cards/balance", json!({"code": "K7Q2-M9F4-ZTB1-0XYZ"})).await.expect(404);
    shopper.get(&path).await.expect(403);
}

#[tokio::test(start_paused = true)]
async fn a_code_of_ones_own_is_one_cards_only() {
    let market = TestMarket::open(|_| {}).await;
    let card = json!({"amount": money(100), "code": "HAPPY-NEW-YEAR-2026-AB"});
    issued(&market, card.clone()).await;
    let again = market.staff().0.post("/v1/gift-cards", card).await.expect(409);
    assert_eq!(again.code(), "gift_card_taken");
    assert_eq!(
        market.staff().0.get("/v1/gift-cards").await.expect(200).json["data"].as_array().unwrap().len(),
        1
    );
    for wrong in [
        json!({"amount": money(0)}),
        json!({"amount": money(-1)}),
        json!({"amount": money(1), "code": "SHORT"}),
        json!({"amount": money(1), "expires_at": "2020-01-01T00:00:00Z"}),
    ] {
        market.staff().0.post("/v1/gift-cards", wrong).await.expect(422);
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_redemptions_at_once_take_what_is_there() {
    let market = TestMarket::crowded(0).await;
    let (_, card) = issued(&market, json!({"amount": money(5_000)})).await;
    let app = market.app();
    let paid = join_all((0..1_000).map(|number| pay(&market, &app, card, 70, order(number)))).await;
    // 71 times 70 is 4970; the rest is too little.
    assert_eq!(paid.iter().filter(|paid| **paid).count(), 71);
    assert_eq!(left(&market, &app, &card).await, 30);
    assert_eq!(sum(&market, &app, &card).await, 30);
    // The same order doesn't take twice, whatever is left.
    let first = paid.iter().position(|paid| *paid).unwrap();
    assert!(!pay(&market, &app, card, 10, order(first as u128)).await);
    // A thousand retries of giving one order's part back are one.
    let back =
        (0..1_000).map(|_| gift_card::give_back(&app, market.tenant(), &card, euros(70), order(1), "cancel"));
    // Whoever met too many others asks again, as a retried message does.
    let busy = join_all(back).await.into_iter().filter(Result::is_err).count();
    assert_eq!(busy, 0);
    assert_eq!(left(&market, &app, &card).await, 100);
    assert_eq!(sum(&market, &app, &card).await, 100);
}

#[tokio::test(start_paused = true)]
async fn what_is_disabled_or_over_pays_nothing() {
    let market = TestMarket::open(|_| {}).await;
    let (app, staff) = (market.app(), market.staff().0);
    let end = app.now() + SignedDuration::from_hours(1);
    let (answer, card) = issued(&market, json!({"amount": money(900), "expires_at": end.to_string()})).await;
    let path = answer.header("location");
    assert_eq!(staff.patch(path, json!({"status": "disabled"})).await.expect(200).json["status"], "disabled");
    assert!(!pay(&market, &app, card, 1, order(1)).await);
    staff.patch(path, json!({"status": "active"})).await.expect(200);
    staff.patch(path, json!({"status": "expired"})).await.expect(422);
    assert!(pay(&market, &app, card, 100, order(1)).await);
    // Another currency is another balance.
    let yen = Tender { kind: card, amount: Money::new(1, "JPY".parse().unwrap()) };
    let writes =
        gift_card::redemptions(market.tenant(), &[yen], order(9), &Cause::of_request("test"), app.now());
    assert!(store::commit(&app, writes.unwrap()).await.is_err_and(|error| error.refused(0)));
    market.leap(SignedDuration::from_hours(1));
    // By the clock, before anything has swept.
    assert!(!pay(&market, &app, card, 1, order(2)).await);
    tokio::time::sleep(std::time::Duration::from_secs(130)).await;
    market.market.settled().await;
    let read = staff.get(path).await.expect(200);
    assert_eq!((&read.json["balance"], &read.json["status"]), (&money(0), &json!("expired")));
    assert_eq!(read.json["transactions"][0]["amount"], money(-800));
    assert_eq!(sum(&market, &app, &card).await, 0);
    // An order that is canceled later gives back what can be used again, for a while.
    for _ in 0..2 {
        gift_card::give_back(&app, market.tenant(), &card, euros(100), order(1), "cancel").await.unwrap();
    }
    assert_eq!(left(&market, &app, &card).await, 100);
    assert!(pay(&market, &app, card, 40, order(3)).await);
    market.leap(SignedDuration::from_hours(31 * 24));
    tokio::time::sleep(std::time::Duration::from_secs(130)).await;
    market.market.settled().await;
    assert_eq!(sum(&market, &app, &card).await, 0);
    assert_eq!(staff.get(path).await.expect(200).json["balance"], money(0));
}

#[tokio::test(start_paused = true)]
async fn store_credit_is_granted_once_and_spent_exactly() {
    let market = TestMarket::crowded(0).await;
    let (app, staff, customer) = (market.app(), market.staff().0, market.customer(7));
    own(&customer).await;
    let path = format!("/v1/customers/{}/store-credit", customer.id);
    let grant = json!({"amount": money(1_000), "reason": "late parcel"});
    let once = [("idempotency-key", "credit-1")];
    let grants = (0..20).map(|_| staff.send(http::Method::POST, &path, Some(grant.clone()), &once));
    assert!(join_all(grants).await.iter().all(|answer| answer.status == 201));
    let credit = TenderKind::StoreCredit { customer: customer.id };
    let paid = join_all((0..200).map(|number| pay(&market, &app, credit, 30, order(number)))).await;
    assert_eq!(paid.iter().filter(|paid| **paid).count(), 33);
    let own = own(&customer).await;
    assert_eq!(own.json["balances"], json!([money(10)]));
    assert_eq!(own.json["transactions"].as_array().unwrap().len(), 34);
    assert_eq!(staff.get(&path).await.expect(200).json, own.json);
    staff.post("/v1/customers/cus_00000000000000000000000001/store-credit", grant).await.expect(404);
    market.shopper().0.get(&path).await.expect(403);
}

/// All that can be done with gift cards and store credit, once.
pub async fn everything(market: &TestMarket) {
    let (staff, app) = (market.staff().0, market.app());
    let end = app.now() + SignedDuration::from_mins(5);
    let (card, kind) = issued(market, json!({"amount": money(900), "expires_at": end.to_string()})).await;
    issued(market, json!({"amount": money(900)})).await;
    let path = card.header("location");
    staff.get(path).await.expect(200);
    staff.patch(path, json!({"status": "disabled"})).await.expect(200);
    let page = staff.get("/v1/gift-cards?limit=1").await.expect(200);
    let next = format!("/v1/gift-cards?limit=1&cursor={}", page.text_at("/next_cursor"));
    staff.get(&next).await.expect(200);
    let code = json!({"code": card.text_at("/code")});
    market.shopper().0.post("/v1/gift-cards/balance", code).await.expect(200);
    let customer = market.customer(8);
    own(&customer).await;
    let credit = format!("/v1/customers/{}/store-credit", customer.id);
    let grant = json!({"amount": money(500), "reason": "late parcel"});
    staff.post(&credit, grant).await.expect(201);
    staff.get(&credit).await.expect(200);
    tokio::time::sleep(std::time::Duration::from_secs(10 * 60)).await;
    market.market.settled().await;
    assert_eq!(sum(market, &app, &kind).await, 0, "it was swept");
}
