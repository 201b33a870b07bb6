//! What is published, and what is not.

use serde_json::Value;
use souk_local::engine::Happening;
use souk_tests::{TestMarket, until};

fn published(market: &TestMarket) -> Vec<Value> {
    market
        .happenings()
        .into_iter()
        .filter_map(|happening| match happening {
            Happening::Published { message, .. } => serde_json::from_str(&message).ok(),
            _ => None,
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn events_are_cloudevents_without_personal_data() {
    let market = TestMarket::open(|_| {}).await;
    market.market.hear_topics().unwrap();
    market.staff().sell("MUG", 1250, 5).await;
    let shopper = market.shopper();
    let order = shopper.buy("MUG", 1, "pm_card_visa").await;
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    market.market.settled().await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let events = published(&market);
    let placed = events.iter().find(|event| event["type"] == "order.placed").unwrap();
    assert_eq!(placed["specversion"], "1.0");
    assert_eq!(placed["source"], format!("/souk/{}/test", market.store));
    assert_eq!(placed["subject"], order.trim_start_matches("/v1/orders/"));
    assert_eq!(placed["sequence"], "0000000001");
    assert_eq!(placed["data"]["lines"][0]["sku"], "MUG");
    for event in &events {
        let text = event.to_string();
        for personal in ["ada@example.com", "Ada Lovelace", "Analytical Row"] {
            assert!(!text.contains(personal), "{personal} is in {text}");
        }
    }
    let of_order: Vec<_> = events.iter().filter(|event| event["subject"] == placed["subject"]).collect();
    let correlation = &placed["correlationid"];
    assert!(
        of_order.iter().all(|event| event["correlationid"] == *correlation),
        "one chain, from one request"
    );
    let types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    for kind in ["product.created", "stock.changed", "order.confirmed", "order.payment_captured"] {
        assert!(types.contains(&kind), "{kind} was not published: {types:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn mails_go_to_the_shopper_and_say_what_happened() {
    let market = TestMarket::with_mugs(5).await;
    let shopper = market.shopper();
    shopper.buy("MUG", 2, "pm_card_visa").await;
    market.market.settled().await;
    let mails = market.market.cloud().ses.messages();
    assert_eq!(mails.len(), 1);
    let shown = format!("{:?}", mails[0]);
    for needed in ["ada@example.com", "Your order", "2 × The MUG", "25.00 EUR"] {
        assert!(shown.contains(needed), "{needed} is not in {shown}");
    }
}
