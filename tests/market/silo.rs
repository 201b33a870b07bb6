//! A deployment that is one store's own: by its policies, whatever its code does.

use serde_json::{json, value::RawValue};
use souk::{
    identity,
    tenant::{Mode, Tenant},
};
use souk_tests::{Api, TestMarket};

#[tokio::test(start_paused = true)]
async fn a_silo_serves_its_store_and_no_other() {
    // The same seed leads to the same store, in a market that knows no other.
    let pool = TestMarket::open(|_| {}).await;
    let market = TestMarket::open(|options| {
        options.parameters.insert("StoreKeys".to_owned(), pool.store.clone());
    })
    .await;
    assert_eq!(market.store, pool.store);
    market.staff().sell("MUG", 1250, 5).await;
    let order = market.shopper().buy("MUG", 1, "pm_card_visa").await;
    market.market.settled().await;
    assert_eq!(market.shopper().0.get(&order).await.text_at("/payment/status"), "captured");

    // Another store, whose items came into the tables by whatever way.
    let new = json!({"name": "Other", "currency": "EUR", "locations": [{"id": "rome", "name": "Rome"}]});
    let event = RawValue::from_string(new.to_string()).unwrap();
    market.market.invoke("provision-store", event).await.expect_err("its own function may not create it");
    let made = identity::provision(&market.app(), serde_json::from_value(new).unwrap(), None, None).await;
    let other = Api::of_market(&market.market, &made.unwrap().test.secret_key);
    for path in ["/v1/products", "/v1/orders", "/v1/stock/MUG", "/v1/carts/cart_00000000000000000000000001"] {
        assert_eq!(other.get(path).await.expect(500).code(), "internal", "{path}");
    }
    other.post("/v1/carts", json!({"currency": "EUR"})).await.expect(500);
    let tenant = Tenant::of_own_record(market.store.parse().unwrap(), Mode::Test);
    let prefix = format!("{tenant}/");
    assert!(
        market.state_items("cart").await.iter().all(|cart| cart["pk"].as_str().unwrap().starts_with(&prefix))
    );
}
