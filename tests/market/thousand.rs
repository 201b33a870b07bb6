//! Many at once, over HTTP, through the gateway, the authorizer and the real handlers: one gift card, one single-use
//! code, one campaign with a budget, one order's refunds and one series of invoices, all in one store at the same
//! moment.
//!
//! A full purchase takes long without optimizations, so here is a crowd of [`SHOPPERS`], which is what fits a minute or
//! so of the dev profile. A thousand at once meet where the races are decided: in `gift_cards`, `promotions::races` and
//! `invoices` at the conditional writes themselves, in `refunds` at the handler, behind the gateway.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures::future::{join, join_all};
use http::Method;
use serde_json::{Value, json};
use souk_tests::{Answer, Api, Shopper, TestMarket, until};

/// Shoppers who check out at once: a third for each of what there is too little of.
const SHOPPERS: usize = 120;

/// How many prepare their carts at once: a store takes so many requests a second.
const AT_ONCE: usize = 40;

fn euros(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

/// Carts of one mug each, ready for checkout, each with an email address of its own and with `change`.
async fn carts(market: &TestMarket, changes: Vec<Value>) -> Vec<(Shopper, String)> {
    let mut carts = Vec::new();
    let numbered: Vec<_> = changes.into_iter().enumerate().collect();
    for some in numbered.chunks(AT_ONCE) {
        let ready = some.iter().cloned().map(|(number, mut change)| async move {
            let Shopper(api) = market.shopper();
            let cart = api.post("/v1/carts", json!({"currency": "EUR"})).await.expect(201);
            let cart = cart.header("location").to_owned();
            api.post(&format!("{cart}/lines"), json!({"sku": "MUG", "quantity": 1})).await.expect(200);
            let address =
                json!({"name": "Ada", "line1": "12 Analytical Row", "city": "Berlin", "country": "DE"});
            change["email"] = json!(format!("buyer{number}@example.com"));
            change["shipping_address"] = address;
            api.patch(&cart, change).await.expect(200);
            (Shopper(api), cart)
        });
        carts.extend(join_all(ready).await);
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    carts
}

/// How often each answer was given: its status, and its code where it is a problem.
fn counted<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> BTreeMap<(u16, String), usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry((answer.status.as_u16(), answer.code().to_owned())).or_default() += 1;
    }
    counts
}

async fn made(staff: &Api, promotion: Value) -> String {
    staff.post("/v1/promotions", promotion).await.expect(201).header("location").to_owned()
}

async fn usage(staff: &Api, path: &str) -> Value {
    staff.get(path).await.expect(200).json["usage"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_crowd_gets_what_there_is_and_no_more() {
    let market = TestMarket::crowded(1000).await;
    let staff = market.staff().0;
    // For seven mugs, and not enough for another one.
    let card = staff.post("/v1/gift-cards", json!({"amount": euros(7 * 1250 + 999)})).await.expect(201);
    let half = json!([{"type": "percent_off", "percent": "50"}]);
    let once = json!({"name": "Once", "actions": half, "trigger": {"type": "single_use_codes"}});
    let once = made(&staff, once).await;
    staff.post(&format!("{once}/codes"), json!({"codes": ["ONCE"]})).await.expect(201);
    // 6.25 off each: enough for nine, and 6.24 that are too little for another one.
    let sale = json!({"name": "Sale", "actions": half, "trigger": {"type": "code", "code": "SALE"},
        "limits": {"budgets": [euros(9 * 625 + 624)]}});
    let sale = made(&staff, sale).await;
    let paid = market.shopper().buy("MUG", 2, "pm_card_visa").await;
    until(&staff, &paid, |order| order["payment"]["status"] == "captured").await;

    let changes = [
        json!({"gift_cards": [card.text_at("/code")]}),
        json!({"codes": ["ONCE"]}),
        json!({"codes": ["SALE"]}),
    ];
    let carts = carts(&market, (0..SHOPPERS).map(|number| changes[number % 3].clone()).collect()).await;
    let checkouts = join_all(carts.iter().map(|(shopper, cart)| shopper.check_out(cart, "pm_card_visa")));
    // At the same moment many of the staff give back the most of one order.
    let refunds = format!("{paid}/refunds");
    let back = (0..SHOPPERS).map(|number| {
        let (staff, refunds, key) = (&staff, &refunds, format!("refund-{number}"));
        async move {
            let body = json!({"amount": euros(900)});
            staff.send(Method::POST, refunds, Some(body), &[("idempotency-key", &key)]).await
        }
    });
    let (answers, back) = join(checkouts, join_all(back)).await;
    market.market.settled().await;
    let of = |group: usize| counted(answers.iter().skip(group).step_by(3));
    let group = SHOPPERS / 3;

    // The card: whoever met others at it was told so, or what was left of it paid a part of theirs.
    let by_card = of(0);
    let orders: usize =
        by_card.iter().filter(|((status, _), _)| *status == 202).map(|(_, count)| count).sum();
    assert!(by_card.keys().all(|(status, code)| *status == 202 || code == "tender_refused"), "{by_card:?}");
    let mut tendered = 0;
    for answer in answers.iter().step_by(3).filter(|answer| answer.status == 202) {
        let shown = staff.get(answer.header("location")).await.expect(200);
        let tenders = shown.json["payment"]["tenders"].as_array().unwrap().iter();
        tendered += tenders.map(|tender| tender["amount"]["amount"].as_i64().unwrap()).sum::<i64>();
    }
    let left =
        staff.get(card.header("location")).await.expect(200).json["balance"]["amount"].as_i64().unwrap();
    assert!(left >= 0 && orders >= 7, "{left} is left after {orders} orders");
    assert_eq!(tendered + left, 7 * 1250 + 999, "nothing came of nothing");

    // The code: one has it. The campaign: nine have it, and not a cent more is spent.
    let used_up = |got: usize| {
        BTreeMap::from([((202, String::new()), got), ((409, "promotion_used_up".to_owned()), group - got)])
    };
    assert_eq!((of(1), of(2)), (used_up(1), used_up(9)));
    assert_eq!(usage(&staff, &once).await, json!({"used": 1, "spent": [euros(625)]}));
    assert_eq!(usage(&staff, &sale).await, json!({"used": 9, "spent": [euros(9 * 625)]}));

    // The refund: two times nine are eighteen of twenty-five.
    let given = counted(&back);
    assert_eq!(given.get(&(201, String::new())), Some(&2), "{given:?}");
    assert!(given.keys().all(|(status, _)| [201, 409, 422].contains(status)), "{given:?}");
    let id = paid.trim_start_matches("/v1/orders/");
    let payments = market.payments().await;
    let payment = payments.iter().find(|one| one["pk"].as_str().unwrap().contains(id)).unwrap();
    assert_eq!((&payment["captured"], &payment["refunded"]), (&json!(2500), &json!(1800)));

    // Each order was paid once, and each has a document: numbered from 1, without a gap.
    assert!(payments.iter().all(|payment| payment["captures"].as_u64().unwrap() <= 1));
    let placed = 1 + orders + 1 + 9;
    let documents = market.items("-events", "invoice").await;
    for (kind, count) in [("invoice", placed), ("credit_note", 2)] {
        let of_kind = documents.iter().filter(|one| one["content"]["kind"] == kind);
        let numbers: Vec<_> = of_kind.map(|one| one["number"].as_u64().unwrap()).collect();
        let distinct: BTreeSet<_> = numbers.iter().copied().collect();
        assert_eq!((numbers.len(), distinct), (count, (1..=count as u64).collect()), "{kind}");
    }
    let trial = staff.get("/v1/ledger/trial-balance").await.expect(200);
    for total in trial.json["totals"].as_array().unwrap() {
        assert_eq!(total["debit"], total["credit"], "{}", trial.text);
    }
}
