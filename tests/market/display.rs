//! A product's page: one call, and right whatever changed since it was shown before.

use std::sync::{Arc, Mutex};

use http::Method;
use serde_json::{Value, json};
use souk_cloud::{CallRecord, Observer};
use souk_tests::TestMarket;

/// Writes down what `products` asks DynamoDB.
#[derive(Default)]
struct Calls(Mutex<Vec<String>>);

impl Observer for Calls {
    fn called(&self, record: &CallRecord) {
        if record.caller == "products" {
            self.0.lock().unwrap().push(record.operation.clone());
        }
    }
}

impl Calls {
    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn a_product_that_was_shown_before_is_one_call() {
    let calls = Arc::new(Calls::default());
    let market = TestMarket::open(|options| options.observer = Some(calls.clone())).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let path = staff.sell("MUG", 900, 3).await;
    shopper.0.get(&path).await.expect(200);
    calls.taken();
    shopper.0.get(&path).await.expect(200);
    assert_eq!(calls.taken(), ["BatchGetItem"]);
    staff.0.patch("/v1/store", json!({"currency": "USD"})).await.expect(200);
    shopper.0.get(&path).await.expect(200);
    assert_eq!(calls.taken(), ["BatchGetItem", "GetItem"], "the currency is read once for a new edition");
    shopper.0.get("/v1/products").await.expect(200);
    assert_eq!(calls.taken(), ["Query", "BatchGetItem"]);
}

#[tokio::test(start_paused = true)]
async fn a_page_shows_what_there_is_now() {
    let market = TestMarket::with_mugs(5).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let path = staff.sell("CUP", 500, 3).await;
    let shown = async |field: &str| {
        let page = shopper.0.get(&path).await.expect(200);
        let variants = page.json["variants"].as_array().unwrap();
        variants.iter().map(|variant| variant[field].clone()).collect::<Vec<Value>>()
    };
    assert_eq!(shown("available").await, [json!(3)]);

    staff.receive("CUP", "berlin", 4).await.expect(201);
    assert_eq!(shown("available").await, [json!(7)], "after more came");
    let spread = [("idempotency-key", "spread")];
    staff.0.send(Method::PATCH, "/v1/stock/CUP", Some(json!({"buckets": 3})), &spread).await.expect(200);
    assert_eq!(shown("available").await, [json!(7)], "over three buckets");

    let variant = |sku: &str| json!({"sku": sku, "price": {"amount": 500, "currency": "EUR"}});
    staff.0.patch(&path, json!({"variants": [variant("CUP"), variant("CUP-XL")]})).await.expect(200);
    staff.receive("CUP-XL", "berlin", 2).await.expect(201);
    assert_eq!(shown("available").await, [json!(7), json!(2)], "with one more variant");
    staff.0.patch(&path, json!({"variants": [variant("CUP-XL")]})).await.expect(200);
    assert_eq!(shown("sku").await, [json!("CUP-XL")]);
    assert_eq!(shown("available").await, [json!(2)], "without the first one");

    staff.0.patch("/v1/store", json!({"currency": "USD"})).await.expect(200);
    assert_eq!(shown("price").await, [json!(null)], "in a currency that it has no price in");
    staff.0.delete(&path).await.expect(204);
    shopper.0.get(&path).await.expect(404);
}
