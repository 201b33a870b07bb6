//! Price lists, and the groups of customers that they are for.

use futures::future::join_all;
use serde_json::{Value, json};
use souk::{
    catalog::Sku,
    money::Money,
    price_list::{self, Prices},
    pricing::CustomerGroup,
    store::Edition,
};
use souk_tests::{Answer, Api, PASSWORD, TestMarket};

fn eur(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

async fn create(staff: &Api, name: &str) -> Answer {
    staff.post("/v1/price-lists", json!({"name": name, "currency": "EUR"})).await
}

/// What a cart's prices are made from.
async fn prices(market: &TestMarket, group: Option<&str>) -> Prices {
    let (app, tenant) = (market.app(), market.tenant());
    let group: Option<CustomerGroup> = group.map(|group| group.parse().unwrap());
    let skus: Vec<Sku> = ["MUG", "CUP"].map(|sku| sku.parse().unwrap()).into();
    let edition = Edition::of(&app, tenant).await.unwrap();
    price_list::load(&app, &edition, "EUR".parse().unwrap(), &skus, group.as_ref(), app.now()).await.unwrap()
}

fn price(prices: &Prices, sku: &str, quantity: i64) -> i64 {
    let catalog = Money::new(1000, "EUR".parse().unwrap());
    let found = prices.of(Some(catalog), &sku.parse().unwrap(), quantity.try_into().unwrap());
    found.unwrap().unwrap().unit_price.amount()
}

#[tokio::test(start_paused = true)]
async fn a_list_sets_prices_for_a_group_until_it_is_archived() {
    let market = TestMarket::open(|_| {}).await;
    let staff = market.staff().0;
    let new = json!({"name": "Wholesale", "currency": "EUR", "groups": ["wholesale"], "percent_off": "5"});
    let list = staff.post("/v1/price-lists", new).await.expect(201);
    let path = list.header("location").to_owned();
    assert_eq!((list.text_at("/type"), list.text_at("/status")), ("list", "active"));
    let tiers = json!([{"price": eur(900)}, {"min_quantity": 10, "price": eur(800)}]);
    let change =
        json!({"set": [{"sku": "MUG", "tiers": tiers}, {"sku": "OLD", "tiers": [{"price": eur(1)}]}]});
    staff.patch(&format!("{path}/entries"), change).await.expect(200);
    let changed = staff.patch(&format!("{path}/entries"), json!({"remove": ["OLD"]})).await.expect(200);
    assert_eq!(changed.json, json!({"set": [], "remove": ["OLD"]}));
    let entries = staff.get(&format!("{path}/entries")).await.expect(200);
    assert_eq!(entries.json["data"].as_array().unwrap().len(), 1);
    assert_eq!(entries.text_at("/data/0/sku"), "MUG");

    let wholesale = prices(&market, Some("wholesale")).await;
    assert_eq!([1, 9, 10].map(|many| price(&wholesale, "MUG", many)), [900, 900, 800]);
    assert_eq!(price(&wholesale, "CUP", 1), 950);
    let everybody = prices(&market, None).await;
    assert_eq!((everybody.lists.len(), price(&everybody, "MUG", 10)), (0, 1000));

    let stale = [("if-match", "\"9\"")];
    staff.send(http::Method::PATCH, &path, Some(json!({"priority": 1})), &stale).await.expect(412);
    let changed = staff.patch(&path, json!({"percent_off": null, "priority": 3})).await.expect(200);
    assert_eq!((changed.json.get("percent_off"), &changed.json["version"]), (None, &json!(2)));
    assert_eq!(price(&prices(&market, Some("wholesale")).await, "CUP", 1), 1000);

    staff.delete(&path).await.expect(204);
    staff.delete(&path).await.expect(204);
    assert_eq!(price(&prices(&market, Some("wholesale")).await, "MUG", 1), 1000);
    assert_eq!(staff.get(&path).await.expect(200).text_at("/status"), "archived");
    staff.patch(&path, json!({"priority": 4})).await.expect(404);
    staff.patch(&format!("{path}/entries"), json!({"remove": ["MUG"]})).await.expect(404);
    assert_eq!(staff.get("/v1/price-lists").await.json["data"], json!([]));
    let archived = staff.get("/v1/price-lists?status=archived").await.expect(200);
    assert_eq!(archived.text_at("/data/0/name"), "Wholesale");
}

#[tokio::test(start_paused = true)]
async fn prices_that_make_no_sense_are_refused_whole() {
    let market = TestMarket::open(|_| {}).await;
    let staff = market.staff().0;
    let path = create(&staff, "List").await.expect(201).header("location").to_owned();
    let entries = format!("{path}/entries");
    let good = json!({"sku": "GOOD", "tiers": [{"price": eur(1)}]});
    for (bad, param) in [
        (json!({}), "set"),
        (json!({"set": [good, {"sku": "BAD", "tiers": []}]}), "set[1].tiers"),
        (
            json!({"set": [good, {"sku": "BAD", "tiers": [{"price": {"amount": 1, "currency": "USD"}}]}]}),
            "set[1].tiers",
        ),
        (json!({"set": [good], "remove": ["GOOD"]}), "set"),
        (json!({"remove": (0..91).map(|n| format!("S{n}")).collect::<Vec<_>>()}), "set"),
    ] {
        let refused = staff.patch(&entries, bad.clone()).await.expect(422);
        assert_eq!(refused.text_at("/param"), param, "{bad}");
    }
    assert_eq!(staff.get(&entries).await.json["data"], json!([]), "nothing is half-written");
    let most: Vec<_> =
        (0..90).map(|n| json!({"sku": format!("S{n}"), "tiers": [{"price": eur(n)}]})).collect();
    let many = [("idempotency-key", "ninety")];
    staff.send(http::Method::PATCH, &entries, Some(json!({"set": most})), &many).await.expect(200);
    // What others pay is none of a shopper's business, and another store's lists none of ours.
    let shopper = market.shopper().0;
    for path in ["/v1/price-lists", &path, &entries] {
        assert_eq!(shopper.get(path).await.expect(403).text_at("/scope"), "catalog:write");
    }
    let (_, _, other) = market.another_store().await;
    other.get(&path).await.expect(404);
    other.get(&entries).await.expect(404);
    other.patch(&entries, json!({"set": [good]})).await.expect(404);
}

#[tokio::test(start_paused = true)]
async fn there_are_never_more_lists_than_there_may_be() {
    let market = TestMarket::crowded(0).await;
    let staff = market.staff().0;
    let answers = join_all((0..30).map(|n| {
        let staff = &staff;
        async move { create(staff, &format!("List {n}")).await }
    }))
    .await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert!(made.len() <= 20, "{} were created", made.len());
    assert!(answers.iter().all(|answer| [201, 409, 503].contains(&answer.status.as_u16())));
    let live = prices(&market, None).await.lists.len();
    assert_eq!(live, made.len());
    for number in live..20 {
        create(&staff, &format!("More {number}")).await.expect(201);
    }
    assert_eq!(create(&staff, "One more").await.expect(409).code(), "limit_reached");
    staff.delete(made[0].header("location")).await.expect(204);
    create(&staff, "One more").await.expect(201);
    create(&staff, "Too many").await.expect(409);
}

#[tokio::test(start_paused = true)]
async fn staff_put_customers_into_groups() {
    let market = TestMarket::open(|_| {}).await;
    let (shopper, staff) = (market.shopper().0, market.staff().0);
    let new = json!({"email": "ada@example.com", "password": PASSWORD, "name": "Ada"});
    shopper.post("/v1/customers", new).await.expect(201);
    let listed = staff.get("/v1/customers").await.expect(200);
    let path = format!("/v1/customers/{}", listed.text_at("/data/0/id"));
    let changed = staff.patch(&path, json!({"group": "wholesale"})).await.expect(200);
    assert_eq!((changed.text_at("/group"), changed.text_at("/name")), ("wholesale", "Ada"));
    assert_eq!(staff.patch(&path, json!({})).await.expect(200).text_at("/group"), "wholesale");
    staff.patch(&path, json!({"group": "Not a slug"})).await.expect(422);
    staff.patch(&path, json!({"name": "Eve"})).await.expect(422);
    shopper.patch(&path, json!({"group": "vip"})).await.expect(403);
    let log_in = json!({"email": "ada@example.com", "password": PASSWORD});
    let tokens = shopper.post("/v1/sessions", log_in).await.expect(201);
    let ada = shopper.with_key(Some(tokens.text_at("/access_token")));
    assert_eq!(ada.get("/v1/customers/me").await.expect(200).text_at("/group"), "wholesale");
    ada.patch("/v1/customers/me", json!({"group": "vip"})).await.expect(422);
    let (_, _, other) = market.another_store().await;
    other.patch(&path, json!({"group": "vip"})).await.expect(404);
    let left = staff.patch(&path, json!({"group": null})).await.expect(200);
    assert_eq!(left.json.get("group"), None);
}

/// All that `price-lists` does, and what `customers` does of groups.
pub async fn everything(market: &TestMarket) {
    let staff = market.staff().0;
    let path = create(&staff, "First").await.expect(201).header("location").to_owned();
    create(&staff, "Second").await.expect(201);
    let page = staff.get("/v1/price-lists?limit=1").await.expect(200);
    let next = format!("/v1/price-lists?limit=1&cursor={}", page.text_at("/next_cursor"));
    staff.get(&next).await.expect(200);
    staff.get(&path).await.expect(200);
    staff.patch(&path, json!({"priority": 2})).await.expect(200);
    let entries = format!("{path}/entries");
    let set = json!({"set": [{"sku": "MUG", "tiers": [{"price": eur(1)}]}]});
    staff.patch(&entries, set).await.expect(200);
    staff.get(&entries).await.expect(200);
    staff.patch(&entries, json!({"remove": ["MUG"]})).await.expect(200);
    staff.delete(&path).await.expect(204);
    staff.get(&path).await.expect(200);
    staff.get("/v1/price-lists?status=archived").await.expect(200);
    let customer = staff.get("/v1/customers").await.expect(200).text_at("/data/0/id").to_owned();
    staff.patch(&format!("/v1/customers/{customer}"), json!({"group": "vip"})).await.expect(200);
}
