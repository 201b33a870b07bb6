//! Where a store sends, and for how much.

use serde_json::{Value, json};
use souk::{
    money::Money,
    pricing::Destination,
    shipping::{Carrier, Parcel, Zones},
    store::Edition,
};
use souk_tests::TestMarket;

fn method(name: &str, amount: i64) -> Value {
    let price = json!({"amount": amount, "currency": "EUR"});
    json!({"name": name, "rates": [{"currency": "EUR", "tiers": [{"price": price}]}]})
}

async fn quotes(market: &TestMarket, country: &str) -> Vec<(String, i64)> {
    let destination = Destination { country: country.parse().unwrap(), region: None, postal_code: None };
    let parcel = Parcel { subtotal: Money::new(1000, "EUR".parse().unwrap()), weight_grams: 500, items: 1 };
    let app = market.app();
    let edition = Edition::of(&app, market.tenant()).await.unwrap();
    let found = Zones(&edition).quotes(&destination, &parcel).await.unwrap();
    found
        .unwrap_or_default()
        .into_iter()
        .map(|option| (option.name.to_string(), option.price.amount()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn staff_say_where_the_store_sends_and_how() {
    let market = TestMarket::open(|_| {}).await;
    let staff = market.staff().0;
    let home = json!({"name": "Home", "places": [{"country": "DE"}], "methods": [method("Parcel", 490)]});
    let zone = staff.post("/v1/shipping/zones", home).await.expect(201);
    let path = zone.header("location").to_owned();
    let world = json!({"name": "World", "methods": [method("Air", 2900)]});
    staff.post("/v1/shipping/zones", world).await.expect(201);
    assert_eq!(quotes(&market, "DE").await, [("Parcel".to_owned(), 490)]);
    assert_eq!(quotes(&market, "JP").await, [("Air".to_owned(), 2900)]);

    let mut kept = method("Parcel", 590);
    kept["id"] = zone.json["methods"][0]["id"].clone();
    let mut pickup = method("Pick up", 0);
    pickup["pickup"] = json!("berlin");
    let change = json!({"methods": [kept, pickup]});
    let changed = staff.patch(&path, change).await.expect(200);
    assert_eq!(changed.json["methods"][0]["id"], zone.json["methods"][0]["id"]);
    assert_eq!(quotes(&market, "DE").await, [("Parcel".to_owned(), 590), ("Pick up".to_owned(), 0)]);
    assert_eq!(staff.get(&path).await.json, changed.json);

    for (bad, param) in [
        (
            json!({"methods": [{"name": "x", "pickup": "nowhere", "rates": method("x", 1)["rates"]}]}),
            "methods[0].pickup",
        ),
        (json!({"methods": [method("x", -1)]}), "methods[0].rates[0]"),
        (json!({"places": [{"country": "DE"}, {"country": "DE"}]}), "places[1]"),
        (json!({"places": [{"country": "DE", "x": 1}]}), "places[0].x"),
    ] {
        let refused = staff.patch(&path, bad.clone()).await.expect(422);
        assert_eq!(refused.text_at("/param"), param, "{bad}");
    }
    let stale = [("if-match", "\"1\"")];
    staff.send(http::Method::DELETE, &path, None, &stale).await.expect(412);
    let shopper = market.shopper().0;
    assert_eq!(shopper.get(&path).await.expect(403).text_at("/scope"), "settings:read");
    let (_, _, other) = market.another_store().await;
    other.get(&path).await.expect(404);
    other.delete(&path).await.expect(404);
    staff.delete(&path).await.expect(204);
    staff.get(&path).await.expect(404);
    assert_eq!(quotes(&market, "DE").await, [("Air".to_owned(), 2900)]);
}

/// All that `shipping` does.
pub async fn everything(market: &TestMarket) {
    let staff = market.staff().0;
    let new = json!({"name": "World", "methods": [method("Air", 2900)]});
    let path = staff.post("/v1/shipping/zones", new.clone()).await.expect(201).header("location").to_owned();
    staff.post("/v1/shipping/zones", new).await.expect(201);
    let page = staff.get("/v1/shipping/zones?limit=1").await.expect(200);
    let next = format!("/v1/shipping/zones?limit=1&cursor={}", page.text_at("/next_cursor"));
    staff.get(&next).await.expect(200);
    staff.get(&path).await.expect(200);
    staff.patch(&path, json!({"name": "Everywhere"})).await.expect(200);
    staff.delete(&path).await.expect(204);
}
