//! Many keys in little time: what stores with large catalogs make of a shopper who leafs through them. Every key that
//! is named is held against the request's store by the tripwire, and every answer by this test.

use futures::future::join_all;
use serde_json::json;
use souk_tests::{Api, TestMarket};

/// What this test adds to those of the other tests, about 300,000: `.ci/run` asks the whole suite for a million.
/// Unoptimized, ten thousand take about a second and a half of one core.
const KEYS: u64 = 850_000;

/// A store with a catalog, whose SKUs all begin with its name.
async fn stock(api: &Api, name: &str) {
    for product in 0..20 {
        let variants: Vec<_> = (0..30)
            .map(|variant| {
                json!({"sku": format!("{name}-{product}-{variant}"), "price": {"amount": 100, "currency": "EUR"}})
            })
            .collect();
        let product = json!({"name": format!("{name} {product}"), "variants": variants});
        api.post("/v1/products", product).await.expect(201);
    }
}

#[tokio::test(start_paused = true)]
async fn keys_by_the_hundred_thousand_are_their_stores_own() {
    let market = TestMarket::open(|_| {}).await;
    let (_, _, second) = market.another_store().await;
    let (_, _, third) = market.another_store().await;
    let stores = [("first", market.staff().0), ("second", second), ("third", third)];
    for (name, api) in &stores {
        stock(api, name).await;
    }
    market.market.settled().await;
    let mut lists = 0;
    while market.market.keys_checked() < KEYS {
        let listed = join_all(stores.iter().map(|(name, api)| async move {
            let page = api.get("/v1/products?limit=100").await.expect(200);
            for other in others(name) {
                assert!(!page.text.contains(other), "{name} is shown what is the {other} store's");
            }
            page.json["data"].as_array().unwrap().len()
        }));
        assert_eq!(listed.await, [20, 20, 20]);
        lists += 3;
        assert!(lists < 2_000, "only {} keys by {lists} lists", market.market.keys_checked());
        // Time for the limits to forget.
        market.leap(jiff::SignedDuration::from_secs(1));
    }
    println!("{} keys checked, by {lists} lists of three stores", market.market.keys_checked());
}

/// How the other stores' SKUs begin.
fn others(name: &str) -> impl Iterator<Item = &'static str> {
    ["first-", "second-", "third-"].into_iter().filter(move |other| !other.starts_with(name))
}
