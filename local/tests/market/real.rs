//! Souk's own template, with its own code.

use std::time::Instant;

use bytes::Bytes;
use http::Request;
use souk_local::{
    engine::{Market, MarketOptions, seeded_entropy, tokio_clock},
    functions, seed,
};

use crate::toys::json_of;

pub async fn open() -> Market {
    let mut options = MarketOptions::new(include_str!("../../../template.yaml"), functions());
    options.clock = tokio_clock("2026-01-01T00:00:00Z".parse().unwrap());
    options.entropy = seeded_entropy(1);
    Market::open(options).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_demo_store_opens_and_sells_what_its_catalog_says() {
    let began = Instant::now();
    let market = open().await;
    seed::seed(&market).await.unwrap();
    market.settled().await;
    println!("open, seeded and settled in {:?}", began.elapsed());
    let list = async || {
        let request = Request::get("/v1/products?limit=100")
            .header("authorization", format!("Bearer {}", seed::PUBLISHABLE_KEY))
            .body(Bytes::new())
            .unwrap();
        let response = market.request(request).await;
        assert_eq!(response.status(), 200, "{response:?}");
        json_of(&response)
    };
    let listed = list().await;
    let catalog = seed::Catalog::read().unwrap();
    assert_eq!(listed["data"].as_array().unwrap().len(), catalog.products.len());

    seed::seed(&market).await.unwrap();
    market.settled().await;
    assert_eq!(list().await, listed, "a store that is there is left alone");
    let stack = market.stack();
    for queue in stack.queues.values() {
        assert_eq!(market.cloud().sqs.depth(&queue.arn), Default::default(), "{}", queue.name);
    }
    assert!(stack.buckets.values().all(|bucket| market.cloud().objects.list(bucket, "").is_empty()));
}
