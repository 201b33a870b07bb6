//! The catalog, as staff keep it and shoppers read it.

use http::Method;
use serde_json::json;
use souk_tests::TestMarket;

#[tokio::test(start_paused = true)]
async fn a_product_is_created_changed_and_archived() {
    let market = TestMarket::open(|_| {}).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let new = json!({
        "name": "Mug", "description": "Holds tea.", "tags": ["kitchen", "tea"],
        "variants": [
            {"sku": "MUG-S", "options": {"size": "S"}, "prices": [{"amount": 900, "currency": "EUR"}, {"amount": 990, "currency": "USD"}],
             "compare_at": [{"amount": 1200, "currency": "EUR"}], "weight_grams": 250, "images": ["https://img.example.com/s.webp"]},
            {"sku": "MUG-L", "options": {"size": "L"}, "price": {"amount": 1200, "currency": "EUR"}},
        ],
        "metadata": {"supplier": "42"},
    });
    let created = staff.0.post("/v1/products", new).await.expect(201);
    let path = created.header("location").to_owned();
    assert_eq!(created.json["variants"][0]["compare_at"]["amount"], 1200);

    let read = shopper.0.get(&format!("{path}?currency=USD")).await.expect(200);
    assert_eq!(read.json["variants"][0]["price"], json!({"amount": 990, "currency": "USD"}));
    assert_eq!(read.json["variants"][1]["price"], json!(null));
    assert!(read.header("cache-control").contains("max-age"));
    let read = shopper.0.get(&path).await.expect(200);
    let again = [("if-none-match", read.header("etag"))];
    let unchanged = shopper.0.send(Method::GET, &path, None, &again).await.expect(304);
    assert!(unchanged.text.is_empty());
    assert_eq!(unchanged.header("etag"), read.header("etag"));

    let change = json!({"name": "Cup", "tags": ["tea"]});
    let match_first = [("if-match", created.header("etag"))];
    staff.0.send(Method::PATCH, &path, Some(change.clone()), &match_first).await.expect(200);
    let stale = staff.0.send(Method::PATCH, &path, Some(change), &match_first).await.expect(412);
    assert_eq!(stale.code(), "precondition_failed");
    assert_eq!(shopper.0.get("/v1/products?tag=kitchen").await.json["data"], json!([]));
    assert_eq!(shopper.0.get("/v1/products?tag=tea").await.json["data"][0]["name"], "Cup");

    staff.0.delete(&path).await.expect(204);
    staff.0.delete(&path).await.expect(204);
    shopper.0.get(&path).await.expect(404);
    assert_eq!(shopper.0.get("/v1/products").await.json["data"], json!([]));
    assert_eq!(staff.0.get("/v1/products?status=archived").await.json["data"][0]["status"], "archived");
    shopper.0.get("/v1/products?status=archived").await.expect(403);
    staff.0.patch(&path, json!({"status": "active"})).await.expect(200);
    shopper.0.get(&path).await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn a_sku_belongs_to_one_product() {
    let market = TestMarket::with_mugs(0).await;
    let staff = market.staff();
    let thief =
        json!({"name": "Thief", "variants": [{"sku": "MUG", "price": {"amount": 1, "currency": "EUR"}}]});
    let taken = staff.0.post("/v1/products", thief).await.expect(409);
    assert_eq!((taken.code(), taken.text_at("/param")), ("sku_taken", "variants[0].sku"));
    let other = staff.sell("CUP", 500, 0).await;
    let steal = json!({"variants": [{"sku": "MUG", "price": {"amount": 1, "currency": "EUR"}}]});
    assert_eq!(staff.0.patch(&other, steal).await.expect(409).code(), "sku_taken");
}

#[tokio::test(start_paused = true)]
async fn pages_cover_everything_once() {
    let market = TestMarket::open(|_| {}).await;
    let staff = market.staff();
    for n in 0..23 {
        staff.sell(&format!("SKU-{n}"), 100, 0).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = market.shopper().0.get(&format!("/v1/products?limit=5{cursor}")).await.expect(200);
        let data = page.json["data"].as_array().unwrap();
        assert!(data.len() <= 5);
        seen.extend(data.iter().map(|product| product["id"].as_str().unwrap().to_owned()));
        if page.json["has_more"] == false {
            break;
        }
        cursor = format!("&cursor={}", page.text_at("/next_cursor"));
    }
    assert_eq!(seen.len(), 23);
    let mut distinct = seen.clone();
    distinct.dedup();
    assert_eq!(distinct.len(), 23);
}

#[tokio::test(start_paused = true)]
async fn a_price_that_changes_shows_in_the_cart_and_not_in_the_order() {
    let market = TestMarket::with_mugs(5).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let cart = shopper.cart("MUG", 2).await;
    let product = shopper.0.get("/v1/products").await.json["data"][0]["id"].as_str().unwrap().to_owned();
    let dearer = json!({"variants": [{"sku": "MUG", "price": {"amount": 2000, "currency": "EUR"}}]});
    staff.0.patch(&format!("/v1/products/{product}"), dearer.clone()).await.expect(200);
    assert_eq!(shopper.0.get(&cart).await.json["totals"]["total"]["amount"], 4000);
    let order = shopper.check_out(&cart, "pm_card_visa").await.expect(202).header("location").to_owned();
    staff.0.delete(&format!("/v1/products/{product}")).await.expect(204);
    market.market.settled().await;
    let order = shopper.0.get(&order).await.expect(200);
    assert_eq!(order.json["totals"]["total"]["amount"], 4000);
    assert_eq!(order.text_at("/lines/0/name"), "The MUG");
}
