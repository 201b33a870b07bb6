//! The books of a market: balanced at every moment, each event once, and the same as the provider's.

use std::{collections::BTreeSet, time::Duration};

use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk::{
    event::{Cause, CloudEvent, Recorded},
    gift_card,
    id::{EventId, LedgerEntryId, OrderId},
    ledger::{self, Account, Draft, Entry},
    money::Money,
    pricing::TenderKind,
};
use souk_tests::{Api, TestMarket, until};

fn euros(amount: i64) -> Money {
    Money::new(amount, "EUR".parse().unwrap())
}

fn money(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

/// Reads the trial balance, which has to be one.
async fn trial(staff: &Api) -> Vec<(String, i64)> {
    let trial = staff.get("/v1/ledger/trial-balance").await.expect(200);
    for total in trial.json["totals"].as_array().unwrap() {
        assert_eq!(total["debit"], total["credit"], "{}", trial.text);
    }
    let lines = trial.json["data"].as_array().unwrap().iter();
    let amount = |line: &Value| line["debit"].as_i64().unwrap() - line["credit"].as_i64().unwrap();
    lines.map(|line| (line["account"].as_str().unwrap().to_owned(), amount(line))).collect()
}

fn of(trial: &[(String, i64)], account: &str) -> i64 {
    trial.iter().find(|(name, _)| name == account).map_or(0, |(_, amount)| *amount)
}

/// All entries, page by page.
async fn entries(staff: &Api, query: &str) -> Vec<Value> {
    let (mut entries, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/ledger/entries?limit=3{query}{cursor}");
        let page = staff.get(&path).await.expect(200);
        entries.extend(page.json["data"].as_array().unwrap().clone());
        if page.json["has_more"] == false {
            return entries;
        }
        cursor = format!("&cursor={}", page.text_at("/next_cursor"));
    }
}

/// What is booked wrongly.
const WRONG: EventId = EventId::from_bits(77);

/// Somebody books a capture of `order` that the provider knows nothing of, as of when there was one. Whether it was not
/// booked before.
async fn booked_wrongly(market: &TestMarket, order: OrderId) -> bool {
    let shown = market.staff().0.get(&format!("/v1/orders/{order}")).await.expect(200);
    let timeline = shown.json["timeline"].as_array().unwrap();
    let taken = timeline.iter().find(|entry| entry["type"] == "order.payment_captured").unwrap();
    let at = taken["at"].as_str().unwrap().parse().unwrap();
    let lines = Draft::new()
        .debit(Account::ProviderClearing, euros(99))
        .and_then(|draft| draft.credit(Account::Sales, euros(99)))
        .unwrap();
    let (app, lines) = (market.app(), lines.balanced().unwrap().unwrap());
    let (event, subject) = (WRONG, order.to_string());
    let entry = Entry::new(event, at, "order.payment_captured", &subject, Some(order), lines);
    ledger::post(&app, market.tenant(), &entry).await.unwrap()
}

async fn reconciled(market: &TestMarket) -> Value {
    market.invoke("reconcile", json!({})).await.unwrap();
    let reports = market.staff().0.get("/v1/ledger/reconciliations?limit=1").await.expect(200);
    reports.json["data"][0].clone()
}

#[tokio::test(start_paused = true)]
async fn every_message_up_to_five_times_and_shuffled_is_booked_once() {
    let market = TestMarket::with_bad_delivery(5, 3).await;
    let staff = market.staff().0;
    market.staff().sell("MUG", 1250, 8).await;
    let card = staff.post("/v1/gift-cards", json!({"amount": money(5_000)})).await.expect(201);
    let id = card.text_at("/id").parse().unwrap();
    let shopping = join_all((0..8).map(|number| {
        let shopper = market.shopper();
        async move {
            let cart = shopper.cart("MUG", 1).await;
            let method = if number == 3 { "pm_card_chargeDeclined" } else { "pm_card_visa" };
            let placed = shopper.check_out(&cart, method).await.expect(202);
            let settled =
                |order: &Value| order["payment"]["status"] == "captured" || order["status"] == "canceled";
            until(&shopper.0, placed.header("location"), settled).await
        }
    }));
    // The books are looked at all the while, and balance whenever they are.
    let watching = async {
        for _ in 0..200 {
            trial(&staff).await;
            tokio::time::sleep(Duration::from_millis(7)).await;
        }
    };
    let (orders, ()) = futures::future::join(shopping, watching).await;
    let confirmed: Vec<_> = orders.iter().filter(|order| order.json["status"] == "confirmed").collect();
    let path = format!("/v1/orders/{}", confirmed[0].text_at("/id"));
    staff.post(&format!("{path}/cancel"), json!({})).await.expect(202);
    until(&staff, &path, |order| order["status"] == "canceled").await;
    market.market.settled().await;
    let sold = i64::try_from(confirmed.len()).unwrap();
    let trial = trial(&staff).await;
    assert_eq!(of(&trial, "sales"), -sold * 1250);
    assert_eq!(of(&trial, "refunds"), 1250);
    // The provider keeps its fees, also of what was given back.
    assert_eq!(of(&trial, "provider_clearing") + of(&trial, "fees"), (sold - 1) * 1250);
    let (owed, eur) = (TenderKind::GiftCard { id }, "EUR".parse().unwrap());
    let left = gift_card::balance(&market.app(), market.tenant(), &owed, eur).await.unwrap();
    assert_eq!(of(&trial, "gift_card_liability"), -left.amount(), "what cards are good for is what is owed");
    // One of the orders may have been declined, and posts nothing: captures, one refund, one card.
    assert_eq!(entries(&staff, "").await.len(), confirmed.len() + 2);
    let events: BTreeSet<_> =
        entries(&staff, "").await.iter().map(|entry| entry["event"].to_string()).collect();
    assert_eq!(events.len(), confirmed.len() + 2, "an event has one entry");
    market.leap(SignedDuration::from_hours(1));
    let report = reconciled(&market).await;
    assert_eq!((&report["count"], report["orders"].as_i64().unwrap() >= sold), (&json!(0), true), "{report}");
}

/// What is about an order is found without a list: also what happened to cards and customers' credit for its sake, at
/// other times, and what its provider charged.
#[tokio::test(start_paused = true)]
async fn tenders_are_booked_from_card_to_sale_and_back() {
    let market = TestMarket::crowded(9).await;
    let staff = market.staff().0;
    let card = staff.post("/v1/gift-cards", json!({"amount": money(700)})).await.expect(201);
    let ada = market.customer(3);
    ada.call("GET /v1/customers/me", "", Value::Null).await.expect(200);
    let credit = json!({"amount": money(300), "reason": "late parcel"});
    staff.post(&format!("/v1/customers/{}/store-credit", ada.id), credit).await.expect(201);
    let cart = market.shopper().cart("MUG", 1).await;
    let cart = cart.trim_start_matches("/v1/carts/");
    let pays = json!({"gift_cards": [card.text_at("/code")], "store_credit": true});
    ada.call("PATCH /v1/carts/{id}", cart, pays).await.expect(200);
    let placed =
        ada.call("POST /v1/carts/{id}/checkout", cart, json!({"payment_method": "pm_card_visa"})).await;
    let order = &format!("/v1/orders/{}", placed.expect(202).text_at("/id"));
    until(&staff, order, |order| order["payment"]["status"] == "captured").await;
    market.market.settled().await;
    let sold = trial(&staff).await;
    assert_eq!(
        (of(&sold, "gift_card_liability"), of(&sold, "store_credit"), of(&sold, "deposits")),
        (0, 0, 0)
    );
    let refund = json!({"amount": money(1_250)});
    staff.post(&format!("{order}/refunds"), refund).await.expect(201);
    market.market.settled().await;
    let returned = trial(&staff).await;
    assert_eq!(
        (of(&returned, "gift_card_liability"), of(&returned, "store_credit"), of(&returned, "deposits")),
        (-700, -300, 0)
    );
    let id = order.trim_start_matches("/v1/orders/");
    let of_order = entries(&staff, &format!("&order={id}")).await;
    let about =
        entries(&staff, "").await.into_iter().filter(|entry| entry["order"] == id).collect::<Vec<_>>();
    assert_eq!(of_order, about);
    let kinds: BTreeSet<_> = of_order.iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    let balances =
        ["gift_card.redeemed", "gift_card.returned", "store_credit.redeemed", "store_credit.returned"];
    assert!(balances.iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    assert!(
        kinds.contains("order.payment_captured") && kinds.contains("order.refund_succeeded"),
        "{kinds:?}"
    );
    let on_cards = entries(&staff, &format!("&order={id}&account=gift_card_liability")).await;
    assert_eq!(on_cards.len(), 2);
    let first = of_order[0]["at"].as_str().unwrap();
    assert!(entries(&staff, &format!("&order={id}&to={first}")).await.is_empty());
    let later = of_order.last().unwrap()["at"].as_str().unwrap();
    assert!(entries(&staff, &format!("&order={id}&from={later}")).await.len() < of_order.len());
    assert_eq!(entries(&staff, &format!("&order={id}&from={first}")).await, of_order);
    assert!(entries(&staff, &format!("&order={}", OrderId::from_bits(5))).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_difference_is_told_and_not_hidden() {
    let market = TestMarket::with_mugs(5).await;
    let staff = market.staff().0;
    let order = market.shopper().buy("MUG", 2, "pm_card_visa").await;
    until(&market.shopper().0, &order, |order| order["payment"]["status"] == "captured").await;
    market.market.settled().await;
    let id: OrderId = order.trim_start_matches("/v1/orders/").parse().unwrap();
    assert!(booked_wrongly(&market, id).await);
    assert!(!booked_wrongly(&market, id).await, "an entry is posted once");
    // It has just moved: it may be on its way into the books.
    let report = reconciled(&market).await;
    assert_eq!((&report["count"], &report["in_flight"]), (&json!(0), &json!(1)));
    market.leap(SignedDuration::from_hours(1));
    let report = reconciled(&market).await;
    let difference = json!({
        "type": "amount", "order": id, "what": "captured", "provider": money(2_500), "ledger": money(2_599),
    });
    assert_eq!(report["differences"], json!([difference]), "{report}");
    trial(&staff).await;
}

#[tokio::test(start_paused = true)]
async fn the_books_are_read_by_account_month_and_export() {
    let market = TestMarket::with_mugs(9).await;
    let staff = market.staff().0;
    for _ in 0..4 {
        market.shopper().buy("MUG", 1, "pm_card_visa").await;
    }
    market.market.settled().await;
    market.leap(SignedDuration::from_hours(40 * 24));
    market.shopper().buy("MUG", 1, "pm_card_visa").await;
    market.market.settled().await;
    let march = staff.get("/v1/ledger/accounts/sales?currency=EUR&period=2026-03&limit=3").await.expect(200);
    assert_eq!((&march.json["opening"], &march.json["closing"]), (&json!(0), &json!(5_000)));
    assert_eq!((march.json["data"].as_array().unwrap().len(), &march.json["has_more"]), (3, &json!(true)));
    let april = staff.get("/v1/ledger/accounts/sales").await.expect(200);
    assert_eq!((&april.json["opening"], &april.json["closing"]), (&json!(5_000), &json!(6_250)));
    assert_eq!(april.json["data"].as_array().unwrap().len(), 1);
    let accounts = staff.get("/v1/ledger/accounts?from=2026-04&to=2026-04").await.expect(200);
    let sales = accounts.json["data"].as_array().unwrap().iter().find(|row| row["account"] == "sales");
    assert_eq!(sales.unwrap()["balance"], 1_250);
    staff.get("/v1/ledger/accounts?from=2026-05&to=2026-04").await.expect(400);
    staff.get("/v1/ledger/accounts/wages").await.expect(404);
    assert_eq!(entries(&staff, "&account=sales&to=2026-04-01T00:00:00Z").await.len(), 4);
    assert_eq!(entries(&staff, "&account=disputes").await.len(), 0);
    let csv = staff.get("/v1/ledger/entries?format=csv").await.expect(200);
    // Goods, the provider's money, and its fee on two accounts.
    assert_eq!((csv.header("content-type"), csv.text.lines().count()), ("text/csv", 1 + 5 * 4));
    assert!(csv.text.lines().nth(1).unwrap().ends_with(",provider_clearing,debit,12.50,EUR"), "{}", csv.text);
    let accept = [("accept", "application/x-ndjson")];
    let lines =
        staff.send(http::Method::GET, "/v1/ledger/entries?account=tax", None, &accept).await.expect(200);
    assert_eq!((lines.header("content-type"), lines.text.as_str()), ("application/x-ndjson", ""));
    market.shopper().0.get("/v1/ledger/accounts").await.expect(403);
}

/// Postings that mingle are each booked, and none twice.
#[tokio::test(start_paused = true)]
async fn a_thousand_postings_at_once_come_to_their_sum() {
    let market = TestMarket::crowded(0).await;
    let (app, tenant) = (market.app(), market.tenant());
    let entry = |number: u128| {
        let amount = euros(i64::try_from(number % 97).unwrap() + 1);
        let draft = Draft::new().debit(Account::ProviderClearing, amount).unwrap();
        let lines = draft.credit(Account::Sales, amount).unwrap().balanced().unwrap().unwrap();
        let event = EventId::from_bits(number);
        Entry::new(event, app.now(), "order.payment_captured", "test", None, lines)
    };
    let made: Vec<_> = (0..500).map(entry).collect();
    let posted = join_all(made.iter().chain(&made).map(|entry| ledger::post(&app, tenant, entry))).await;
    let new = posted.into_iter().filter(|posted| *posted.as_ref().unwrap()).count();
    assert_eq!(new, 500);
    let ids: BTreeSet<LedgerEntryId> = made.iter().map(|entry| entry.id).collect();
    assert_eq!(ids.len(), 500);
    let sum: i64 = (0..500_i64).map(|number| number % 97 + 1).sum();
    let trial = trial(&market.staff().0).await;
    assert_eq!((of(&trial, "provider_clearing"), of(&trial, "sales")), (sum, -sum));
}

/// All that can be done with the books, once.
pub async fn everything(market: &TestMarket) {
    let staff = market.staff().0;
    market.staff().sell("BOOKED", 1250, 1).await;
    let order = market.shopper().buy("BOOKED", 1, "pm_card_visa").await;
    until(&staff, &order, |order| order["payment"]["status"] == "captured").await;
    let id = order.trim_start_matches("/v1/orders/");
    market.market.settled().await;
    // A difference: whether the order has just moved is looked up.
    booked_wrongly(market, id.parse().unwrap()).await;
    reconciled(market).await;
    late(market, &order).await;
    // The payment is older than a reconciliation looks back, what is booked of it is not.
    market.leap(SignedDuration::from_hours(8 * 24));
    staff.post(&format!("{order}/cancel"), json!({})).await.expect(202);
    until(&staff, &order, |order| order["status"] == "canceled").await;
    market.market.settled().await;
    market.leap(SignedDuration::from_hours(1));
    reconciled(market).await;
    // Twice, so that a cursor is sealed and opened.
    let page = staff.get("/v1/ledger/entries?limit=1").await.expect(200);
    staff
        .get(&format!("/v1/ledger/entries?limit=1&cursor={}", page.text_at("/next_cursor")))
        .await
        .expect(200);
    paid_by_card(market).await;
    paid_by_credit(market).await;
    staff.get("/v1/ledger/accounts/sales").await.expect(200);
    // As many as are worth to be summed.
    let (app, now) = (market.app(), market.app().now());
    for number in 0..150 {
        let draft = Draft::new().debit(Account::Fees, euros(1)).unwrap();
        let lines = draft.credit(Account::ProviderClearing, euros(1)).unwrap().balanced().unwrap().unwrap();
        let entry = Entry::new(EventId::from_bits(1000 + number), now, "test", "test", None, lines);
        ledger::post(&app, market.tenant(), &entry).await.unwrap();
    }
    market.leap(SignedDuration::from_hours(9));
    trial(&staff).await;
}

/// What was booked of `order` is told again, much later.
async fn late(market: &TestMarket, order: &str) {
    let staff = market.staff().0;
    let shown = staff.get(order).await.expect(200);
    let path = format!("/v1/ledger/entries?order={}", shown.text_at("/id"));
    let (booked, wrong) = (staff.get(&path).await.expect(200), WRONG.to_string());
    let mut booked = booked.json["data"].as_array().unwrap().iter();
    let booked = booked.find(|entry| entry["subject"] == shown.json["id"] && entry["event"] != wrong);
    let event = CloudEvent::new(
        market.tenant(),
        shown.text_at("/id"),
        market.app().now(),
        &Cause::of_request("test"),
        &Recorded {
            id: booked.unwrap()["event"].as_str().unwrap().parse().unwrap(),
            kind: "order.payment_captured".to_owned(),
            version: 1,
            sequence: 1,
            data: json!({}),
        },
    );
    market.leap(SignedDuration::from_hours(5));
    let body = serde_json::to_string(&event).unwrap();
    let sample = include_str!("../../events/post-ledger/unknown-event.json");
    let mut message: Value = serde_json::from_str(sample).unwrap();
    message["Records"][0]["body"] = json!(body);
    let answer = market.invoke("post-ledger", message).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
}

/// What is about an order is looked for at the card that it was paid from, too.
async fn paid_by_card(market: &TestMarket) {
    let (staff, shopper) = (market.staff().0, market.shopper());
    let card = staff.post("/v1/gift-cards", json!({"amount": money(100)})).await.expect(201);
    market.staff().sell("CARDED", 1250, 1).await;
    let cart = shopper.cart("CARDED", 1).await;
    shopper.0.patch(&cart, json!({"gift_cards": [card.text_at("/code")]})).await.expect(200);
    let placed = shopper.check_out(&cart, "pm_card_visa").await.expect(202);
    market.market.settled().await;
    let id = placed.header("location").trim_start_matches("/v1/orders/");
    assert_eq!(entries(&staff, &format!("&order={id}")).await.len(), 2);
}

async fn paid_by_credit(market: &TestMarket) {
    let (staff, shopper, customer) = (market.staff().0, market.shopper(), market.customer(92));
    customer.call("GET /v1/customers/me", "", Value::Null).await.expect(200);
    let credit = json!({"amount": money(100), "reason": "late parcel"});
    staff.post(&format!("/v1/customers/{}/store-credit", customer.id), credit).await.expect(201);
    market.staff().sell("CREDITED", 1250, 1).await;
    let cart = shopper.cart("CREDITED", 1).await;
    let cart = cart.trim_start_matches("/v1/carts/");
    customer.call("PATCH /v1/carts/{id}", cart, json!({"store_credit": true})).await.expect(200);
    let by_card = json!({"payment_method": "pm_card_visa"});
    let placed = customer.call("POST /v1/carts/{id}/checkout", cart, by_card).await.expect(202);
    market.market.settled().await;
    assert_eq!(entries(&staff, &format!("&order={}", placed.text_at("/id"))).await.len(), 2);
}
