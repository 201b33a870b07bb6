//! Invoices and credit notes: one for each event, numbered without gaps, read by whoever has the link, for an hour.

use std::{collections::BTreeSet, time::Duration};

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use souk::{
    id::{EventId, OrderId},
    invoice::{self, DocumentKind, Draft, IssueError, Issued, Seller, Sum},
    money::Money,
    order::{self, Order},
    runtime::App,
    tenant::Tenant,
};
use souk_tests::{Api, TestMarket, until};

fn euros(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

/// A paid order, once all that follows from it is done.
async fn paid(market: &TestMarket, count: u32) -> String {
    let order = market.shopper().buy("MUG", count, "pm_card_visa").await;
    until(&market.shopper().0, &order, |order| order["payment"]["status"] == "captured").await;
    market.market.settled().await;
    order
}

/// The link as a path.
fn path(url: &str) -> &str {
    url.split_once("/v1/").map_or(url, |(host, _)| &url[host.len()..])
}

async fn cancel(market: &TestMarket, order: &str) {
    market.staff().0.post(&format!("{order}/cancel"), json!({})).await.expect(202);
    until(&market.staff().0, order, |order| order["status"] == "canceled").await;
    market.market.settled().await;
}

#[tokio::test(start_paused = true)]
async fn a_sale_has_an_invoice_and_its_refund_a_credit_note() {
    let market = TestMarket::with_mugs(9).await;
    let (shopper, staff) = (market.shopper().0, market.staff().0);
    let origin = json!({"tax_origin": {"country": "DE", "vat_id": "DE136695976"}});
    staff.patch("/v1/store", origin).await.expect(200);
    let held = market.shopper().buy("MUG", 1, "pm_card_chargeDeclined").await;
    market.market.settled().await;
    let none = shopper.get(&format!("{held}/invoice")).await.expect(404);
    assert!(none.text_at("/detail").contains("no invoice yet"), "{}", none.text);
    let (first, second) = (paid(&market, 2).await, paid(&market, 1).await);
    let invoice = shopper.get(&format!("{first}/invoice")).await.expect(200);
    assert_eq!(
        (&invoice.json["number"], &invoice.json["total"]),
        (&json!(1), &euros(2500)),
        "{}",
        invoice.text
    );
    assert_eq!(invoice.json["credit_notes"], json!([]));
    cancel(&market, &first).await;
    let after = shopper.get(&format!("{first}/invoice")).await.expect(200);
    let note = &after.json["credit_notes"][0];
    assert_eq!((&note["number"], &note["total"]), (&json!(1), &euros(2500)), "{}", after.text);
    assert_eq!(staff.get(&format!("{second}/invoice")).await.expect(200).json["number"], 2);
    let listed = staff.get("/v1/invoices?limit=1").await.expect(200);
    assert_eq!((&listed.json["data"][0]["number"], &listed.json["has_more"]), (&json!(2), &json!(true)));
    let next = format!("/v1/invoices?limit=1&cursor={}", listed.text_at("/next_cursor"));
    assert_eq!(staff.get(&next).await.expect(200).json["data"][0]["number"], 1);
    let notes = staff.get("/v1/invoices?type=credit_note").await.expect(200);
    assert_eq!(notes.json["data"].as_array().unwrap().len(), 1);
    let other = format!("/v1/invoices?type=credit_note&cursor={}", listed.text_at("/next_cursor"));
    assert_eq!(staff.get(&other).await.expect(400).code(), "invalid_cursor");
    // What is stored says all but who bought, and credit notes say of which invoice they take.
    let documents = market.items("-events", "invoice").await;
    let stored = serde_json::to_string(&documents).unwrap();
    assert!(stored.contains("DE136695976") && stored.contains("The MUG"), "{stored}");
    assert!(!stored.contains("@example.com") && !stored.contains("Analytical"), "{stored}");
    let note = documents.iter().find(|one| one["content"]["kind"] == "credit_note").unwrap();
    assert_eq!(note["invoice"], 1);
    // Neither another store nor a stranger finds it.
    let (_, pk, sk) = market.another_store().await;
    for api in [pk, sk.clone()] {
        api.get(&format!("{first}/invoice")).await.expect(404);
    }
    assert_eq!(sk.get("/v1/invoices").await.expect(200).json["data"], json!([]));
    shopper.get("/v1/invoices").await.expect(403);
    // A customer's order has documents for them, and for no other customer.
    let cart = market.shopper().cart("MUG", 1).await;
    let (ada, bob) = (market.customer(7), market.customer(8));
    let pay = json!({"payment_method": "pm_card_visa"});
    let cart = cart.trim_start_matches("/v1/carts/");
    let bought = ada.call("POST /v1/carts/{id}/checkout", cart, pay).await.expect(202);
    market.market.settled().await;
    let (route, id) = ("GET /v1/orders/{id}/invoice", bought.text_at("/id"));
    assert_eq!(ada.call(route, id, Value::Null).await.expect(200).json["number"], 3);
    bob.call(route, id, Value::Null).await.expect(404);
}

#[tokio::test(start_paused = true)]
async fn a_link_works_for_an_hour_and_no_bit_of_it_can_be_changed() {
    let market = TestMarket::with_mugs(9).await;
    let shopper = market.shopper().0;
    let order = paid(&market, 1).await;
    let invoice = shopper.get(&format!("{order}/invoice")).await.expect(200);
    let (anybody, link) = (shopper.with_key(None), path(invoice.text_at("/url")).to_owned());
    let pdf = anybody.get(&link).await.expect(200);
    assert_eq!((pdf.header("content-type"), pdf.header("cache-control")), ("application/pdf", "no-store"));
    assert_eq!(pdf.header("content-disposition"), "inline; filename=\"invoice-1.pdf\"");
    assert!(pdf.text.starts_with("%PDF-1."), "{}", pdf.text);
    let (route, token) = link.split_once('=').unwrap();
    // The address of a document is in the access log, its query is not.
    assert_eq!(route, "/v1/invoices/document?token");
    for place in 0..token.len() {
        for bit in 0..7 {
            let mut altered = token.as_bytes().to_vec();
            altered[place] ^= 1 << bit;
            let Ok(altered) = String::from_utf8(altered) else { continue };
            if altered.chars().all(|c| c.is_ascii_alphanumeric() || "._-~".contains(c)) {
                let refused = anybody.get(&format!("{route}={altered}")).await;
                assert_eq!(refused.status, 404, "{altered}");
            }
        }
    }
    let (store, _, _) = market.another_store().await;
    let carried = token.replace(&market.store, &store);
    for wrong in [carried.as_str(), "", "x", ".", &token[1..], &format!("{token}."), &format!("{token}A")] {
        anybody.get(&format!("{route}={wrong}")).await.expect(404);
    }
    anybody.get("/v1/invoices/document").await.expect(404);
    let expires: Timestamp = invoice.text_at("/expires_at").parse().unwrap();
    market.leap(SignedDuration::from_mins(59));
    assert!(market.clock().now() < expires);
    anybody.get(&link).await.expect(200);
    market.leap(SignedDuration::from_mins(1));
    anybody.get(&link).await.expect(404);
    // Who bought can be erased; the document stays, without them.
    let erasure = json!({"customer": "ada@example.com"});
    let again = shopper.get(&format!("{order}/invoice")).await.expect(200);
    let before = anybody.get(path(again.text_at("/url"))).await.expect(200);
    market.staff().0.post("/v1/privacy/erasures", erasure).await.expect(202);
    market.market.settled().await;
    let after = anybody.get(path(again.text_at("/url"))).await.expect(200);
    assert_ne!(before.text, after.text, "whom it is for is gone");
}

#[tokio::test(start_paused = true)]
async fn messages_up_to_five_times_and_shuffled_have_one_document_each() {
    let market = TestMarket::with_bad_delivery(5, 11).await;
    market.staff().sell("MUG", 1250, 30).await;
    let orders = join_all((0..6).map(|_| paid(&market, 1))).await;
    join_all(orders.iter().take(3).map(|order| cancel(&market, order))).await;
    market.market.settled().await;
    let documents = market.items("-events", "invoice").await;
    for (kind, count) in [("invoice", 6), ("credit_note", 3)] {
        let of_kind: Vec<_> = documents.iter().filter(|one| one["content"]["kind"] == kind).collect();
        let numbers: BTreeSet<_> = of_kind.iter().map(|one| one["number"].as_u64().unwrap()).collect();
        assert_eq!((of_kind.len(), numbers), (count, (1..=count as u64).collect()), "{kind}");
        let events: BTreeSet<_> = of_kind.iter().map(|one| one["content"]["event"].to_string()).collect();
        assert_eq!(events.len(), count, "{kind}: one for each event");
    }
}

/// Issues as the queue has it: what finds the series busy comes again.
async fn issue(app: &App, tenant: Tenant, order: &Order, seller: &Seller, draft: &Draft) -> Issued {
    loop {
        match invoice::issue(app, tenant, order, seller, draft, (None, None)).await {
            Ok(issued) => return issued,
            Err(IssueError::Busy) => {
                tokio::time::sleep(Duration::from_millis(app.entropy().below(30_000))).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_at_once_are_numbered_without_a_gap() {
    let market = TestMarket::crowded(3).await;
    let order = paid(&market, 1).await;
    let (app, tenant) = (market.app(), market.tenant());
    let id: OrderId = order.trim_start_matches("/v1/orders/").parse().unwrap();
    let order = order::load(&app, tenant, id).await.unwrap().unwrap();
    let seller = Seller { name: "Kiosk".parse().unwrap(), country: None, vat_id: None };
    let net = Money::new(100, "EUR".parse().unwrap());
    // The order's own invoice has number 1.
    let drafts: Vec<_> = (2..=1000_u128)
        .map(|number| Draft {
            kind: DocumentKind::Invoice,
            event: EventId::from_bits(number),
            happened: "order.payment_captured".to_owned(),
            at: app.now(),
            positions: Vec::new(),
            sum: Sum { net, taxes: Vec::new() },
            total: net,
            payments: Vec::new(),
            prices_include_tax: false,
            reverse_charge: false,
        })
        .collect();
    // A tenth of them is told twice at the same moment.
    let twice = drafts.iter().chain(drafts.iter().step_by(10));
    let issued = join_all(twice.map(|draft| issue(&app, tenant, &order, &seller, draft))).await;
    let by_event: BTreeSet<_> = issued.iter().map(|one| (one.event, one.number)).collect();
    assert_eq!(by_event.len(), 999, "each event has one number");
    let documents = market.items("-events", "invoice").await;
    let numbers: BTreeSet<_> = documents.iter().map(|one| one["number"].as_u64().unwrap()).collect();
    assert_eq!((documents.len(), numbers), (1000, (1..=1000).collect()));
}

/// All that can be done with documents, once.
pub async fn everything(market: &TestMarket) {
    let staff: Api = market.staff().0;
    market.staff().sell("BILLED", 1250, 1).await;
    let order = market.shopper().buy("BILLED", 1, "pm_card_visa").await;
    until(&staff, &order, |order| order["payment"]["status"] == "captured").await;
    market.market.settled().await;
    cancel(market, &order).await;
    let invoice = staff.get(&format!("{order}/invoice")).await.expect(200);
    for pointer in ["/url", "/credit_notes/0/url"] {
        staff.with_key(None).get(path(invoice.text_at(pointer))).await.expect(200);
    }
    staff.get("/v1/invoices").await.expect(200);
    staff.get("/v1/invoices?type=credit_note").await.expect(200);
}
