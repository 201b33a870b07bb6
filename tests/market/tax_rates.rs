//! A store's table of taxes.

use futures::future::join_all;
use serde_json::json;
use souk::{
    money::Money,
    pricing::{Destination, PricePolicy, TaxPayer},
    store::Edition,
    tax::{TaxAsk, TaxProvider, TaxTable, Taxable, taxes},
};
use souk_tests::{Api, TestMarket};

/// The taxes on ten euros that go to a place.
async fn taxes_to(market: &TestMarket, country: &str, region: Option<&str>) -> Vec<(String, i64)> {
    let region = region.map(|region| region.parse().unwrap());
    let destination = Destination { country: country.parse().unwrap(), region, postal_code: None };
    let app = market.app();
    let ask = TaxAsk { origin: None, destination: Some(&destination), at: app.now() };
    let edition = Edition::of(&app, market.tenant()).await.unwrap();
    let rules = TaxTable(&edition).rules(ask).await.unwrap();
    let line = Taxable { category: None, amount: Money::new(1000, "EUR".parse().unwrap()) };
    let found =
        taxes(&rules, &[line], None, PricePolicy::default(), &TaxPayer::Person, Some(&destination)).unwrap();
    found.lines[0].iter().map(|tax| (tax.name.to_string(), tax.amount.amount())).collect()
}

async fn import(staff: &Api, table: &str) -> souk_tests::Answer {
    staff.post("/v1/tax-rates/import", json!({"table": table})).await
}

#[tokio::test(start_paused = true)]
async fn a_store_starts_from_a_table_and_makes_it_its_own() {
    let market = TestMarket::open(|_| {}).await;
    let staff = market.staff().0;
    let own = json!({"name": "MwSt", "place": {"country": "DE"}, "rate": "19"});
    let own = staff.post("/v1/tax-rates", own).await.expect(201).header("location").to_owned();
    let imported = import(&staff, "eu-standard").await.expect(200);
    assert_eq!((imported.json["data"].as_array().unwrap().len(), &imported.json["skipped"]), (26, &json!(1)));
    assert_eq!(import(&staff, "eu-standard").await.expect(200).json["skipped"], 27);
    import(&staff, "us-states").await.expect(200);
    import(&staff, "moon").await.expect(422);
    assert_eq!(taxes_to(&market, "DE", None).await, [("MwSt".to_owned(), 190)]);
    assert_eq!(taxes_to(&market, "FI", None).await, [("VAT FI".to_owned(), 255)]);
    assert_eq!(taxes_to(&market, "US", Some("california")).await, [("Sales tax CA".to_owned(), 73)]);
    assert_eq!(taxes_to(&market, "CH", None).await, []);

    let county =
        json!({"name": "County", "place": {"country": "US", "region": "CA"}, "layer": "county", "rate": "1"});
    staff.post("/v1/tax-rates", county).await.expect(201);
    let both = [("County".to_owned(), 10), ("Sales tax CA".to_owned(), 73)];
    assert_eq!(taxes_to(&market, "US", Some("CA")).await, both);

    staff.patch(&own, json!({"rate": "16", "until": "2020-01-01T00:00:00Z"})).await.expect(200);
    assert_eq!(taxes_to(&market, "DE", None).await, []);
    let back = staff.patch(&own, json!({"until": null})).await.expect(200);
    assert_eq!((back.text_at("/rate"), &back.json["version"]), ("16", &json!(3)));
    assert_eq!(taxes_to(&market, "DE", None).await, [("MwSt".to_owned(), 160)]);
    let german = staff.get("/v1/tax-rates?country=DE").await.expect(200);
    assert_eq!(german.json["data"], json!([back.json]));
    assert_eq!(staff.get(&own).await.json, back.json);

    staff.patch(&own, json!({"rate": "101"})).await.expect(422);
    staff.patch(&own, json!({"place": {"country": "FR"}})).await.expect(422);
    let shopper = market.shopper().0;
    assert_eq!(shopper.get("/v1/tax-rates").await.expect(403).text_at("/scope"), "settings:read");
    let (_, _, other) = market.another_store().await;
    other.get(&own).await.expect(404);
    other.delete(&own).await.expect(404);
    assert_eq!(other.get("/v1/tax-rates").await.json["data"], json!([]));
    staff.delete(&own).await.expect(204);
    staff.get(&own).await.expect(404);
    assert_eq!(taxes_to(&market, "DE", None).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_table_imported_by_many_at_once_is_there_once() {
    let market = TestMarket::crowded(0).await;
    let staff = market.staff().0;
    // The authorizer looks the key up once, and takes tokens for many: whoever comes first would be far ahead otherwise.
    join_all((0..24).map(|_| staff.get("/v1/tax-rates"))).await;
    let answers = join_all((0..24).map(|_| import(&staff, "eu-standard"))).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert!(statuses.contains(&200) && statuses.contains(&409), "nobody met anybody: {statuses:?}");
    assert!(answers.iter().all(|answer| [200, 409, 503].contains(&answer.status.as_u16())));
    assert_eq!(market.state_items("tax_rate").await.len(), 27);
    let counted = market.state_items("count").await;
    assert_eq!((counted.len(), &counted[0]["held"]), (1, &json!(27)));
}

#[tokio::test(start_paused = true)]
async fn a_store_says_where_it_is_taxed_and_how_its_prices_are_meant() {
    let market = TestMarket::open(|_| {}).await;
    let staff = market.staff().0;
    let fresh = staff.get("/v1/store").await.expect(200);
    assert_eq!(fresh.json["price_policy"], json!({"rounding": "line", "prices_include_tax": false}));
    assert_eq!(fresh.json.get("tax_origin"), None);
    let change = json!({
        "price_policy": {"rounding": "total", "prices_include_tax": true},
        "tax_origin": {"country": "DE", "vat_id": "DE136695976"},
    });
    let changed = staff.patch("/v1/store", change.clone()).await.expect(200);
    assert_eq!(changed.json["price_policy"], change["price_policy"]);
    assert_eq!(changed.json["tax_origin"], change["tax_origin"]);
    for bad in [
        json!({"tax_origin": {"country": "FR", "vat_id": "DE136695976"}}),
        json!({"tax_origin": {"country": "DE", "vat_id": "DE136695977"}}),
        json!({"price_policy": {"rounding": "down"}}),
    ] {
        staff.patch("/v1/store", bad).await.expect(422);
    }
    let kept = staff.patch("/v1/store", json!({"tax_origin": null})).await.expect(200);
    assert_eq!(
        (kept.json.get("tax_origin"), &kept.json["price_policy"]["rounding"]),
        (None, &json!("total"))
    );
}

/// All that `tax-rates` does.
pub async fn everything(market: &TestMarket) {
    let staff = market.staff().0;
    import(&staff, "us-states").await.expect(200);
    let page = staff.get("/v1/tax-rates?limit=1").await.expect(200);
    let next = format!("/v1/tax-rates?limit=1&cursor={}", page.text_at("/next_cursor"));
    staff.get(&next).await.expect(200);
    let path = format!("/v1/tax-rates/{}", page.text_at("/data/0/id"));
    staff.get(&path).await.expect(200);
    staff.patch(&path, json!({"rate": "1"})).await.expect(200);
    staff.delete(&path).await.expect(204);
}
