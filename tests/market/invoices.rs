//! Invoices: numbered without gaps, one for each event, for who may see them.

use std::collections::BTreeSet;

use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::Value;
use souk::{
    id::{EventId, OrderId},
    identity::StoreProfile,
    invoice::{self, Invoice, InvoiceKind},
    money::Money,
    totals::Totals,
};
use souk_tests::{TestMarket, until};

fn drafted(number: u128, profile: &StoreProfile) -> Invoice {
    let amount = Money::new(100, "EUR".parse().unwrap());
    Invoice {
        id: souk::id::InvoiceId::from_bits(number),
        number: None,
        kind: InvoiceKind::Invoice,
        order: OrderId::from_bits(number),
        order_number: "K7Q2M-9F4ZT".to_owned(),
        at: EventId::from_bits(number).time(),
        seller: profile.seller(),
        lines: Vec::new(),
        totals: Totals::of_lines(amount),
        taxes: Vec::new(),
        amount,
        tax: Money::zero(amount.currency()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_invoices_at_once_have_the_numbers_from_one_to_a_thousand() {
    let market = TestMarket::crowded(0).await;
    let (app, tenant) = (market.app(), market.tenant());
    let profile = StoreProfile::load(&app, tenant).await.unwrap().unwrap();
    let drafts: Vec<_> = (1..=1_000).map(|number| drafted(number, &profile)).collect();
    // Some are asked for twice, as a message that comes again does; whoever meets too many others asks again.
    let issued = join_all(drafts.iter().chain(&drafts[..50]).map(|draft| async {
        loop {
            if let Ok(invoice) = invoice::issue(&app, tenant, draft.clone()).await {
                break (invoice.id, invoice.number.unwrap());
            }
        }
    }))
    .await;
    let numbers: BTreeSet<_> = issued.iter().map(|(_, number)| *number).collect();
    assert_eq!(numbers, (1..=1_000).collect(), "without a gap");
    assert_eq!(issued.iter().collect::<BTreeSet<_>>().len(), 1_000, "and each has one");
}

/// All that can be done with invoices, once.
pub async fn everything(market: &TestMarket) {
    market.staff().sell("BILLED", 1250, 5).await;
    let shopper = market.shopper();
    let order = shopper.buy("BILLED", 2, "pm_card_visa").await;
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    market.market.settled().await;
    let found = shopper.0.get(&format!("{order}/invoice")).await.expect(200);
    let url = found.text_at("/url");
    let path = &url[url.find("/v1/").unwrap()..];
    shopper.0.with_key(None).get(path).await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn an_order_has_an_invoice_and_its_cancellation_a_credit_note() {
    let market = TestMarket::open(|_| {}).await;
    market.staff().sell("MUG", 1250, 5).await;
    let (shopper, staff) = (market.shopper(), market.staff().0);
    let order = shopper.buy("MUG", 2, "pm_card_visa").await;
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    market.market.settled().await;
    let found = shopper.0.get(&format!("{order}/invoice")).await.expect(200);
    assert_eq!((&found.json["number"], &found.json["amount"]["amount"]), (&"000001".into(), &2500.into()));
    assert_eq!(found.json["credit_notes"], Value::Array(vec![]));
    let url = found.text_at("/url").to_owned();
    let path = url[url.find("/v1/").unwrap()..].to_owned();
    let anybody = shopper.0.with_key(None);
    let pdf = anybody.get(&path).await.expect(200);
    assert_eq!(pdf.header("content-type"), "application/pdf");
    assert!(pdf.text.starts_with("%PDF-"));
    // Nothing of the link can be altered.
    let mut altered = path.clone();
    let last = altered.pop().unwrap();
    altered.push(if last == 'A' { 'E' } else { 'A' });
    anybody.get(&altered).await.expect(404);
    let (_, other) = path.split_once('.').unwrap();
    anybody.get(&format!("/v1/invoices/store_00000000000000000000000001.{other}")).await.expect(404);
    anybody.get(&path.replace(".test.", ".live.")).await.expect(404);
    anybody.get(&format!("{order}/invoice")).await.expect(401);
    market.leap(SignedDuration::from_hours(1));
    anybody.get(&path).await.expect(404);
    staff.post(&format!("{order}/cancel"), serde_json::json!({})).await.expect(202);
    until(&staff, &order, |order| order["status"] == "canceled").await;
    market.market.settled().await;
    let found = staff.get(&format!("{order}/invoice")).await.expect(200);
    assert_eq!(found.json["credit_notes"][0]["number"], "000002");
    assert_eq!(found.json["credit_notes"][0]["amount"]["amount"], 2500);
}
