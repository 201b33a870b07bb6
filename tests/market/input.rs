//! Bad input of every kind, for every route: a clear refusal, and nothing half-written.

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk::{
    http::{Keys, Routes},
    runtime::Function,
};
use souk_tests::TestMarket;

/// A valid body for each route that takes one.
fn valid(route: &str) -> Option<Value> {
    let price = json!({"amount": 100, "currency": "EUR"});
    Some(match route {
        "POST /v1/products" => json!({"name": "Cup", "variants": [{"sku": "CUP", "price": price}]}),
        "PATCH /v1/products/{id}" => json!({"name": "Cup"}),
        "POST /v1/stock/{sku}/movements" => json!({"location": "berlin", "change": 1, "reason": "received"}),
        "POST /v1/carts" => json!({"currency": "EUR"}),
        "PATCH /v1/carts/{id}" => json!({"email": "ada@example.com"}),
        "POST /v1/carts/{id}/lines" => json!({"sku": "MUG", "quantity": 1}),
        "PATCH /v1/carts/{id}/lines/{sku}" => json!({"quantity": 1}),
        "POST /v1/carts/{id}/checkout" => json!({"payment_method": "pm_card_visa"}),
        "POST /v1/orders/{id}/cancel" => json!({"reason": "test"}),
        "POST /v1/orders/{id}/captures" => json!({}),
        "POST /v1/orders/{id}/fulfillments" => json!({"tracking": "JD1"}),
        "POST /v1/orders/{id}/approve" | "POST /v1/orders/{id}/reject" => json!({"reason": "test"}),
        "POST /v1/api-keys" => json!({"name": "Till", "scopes": ["orders:read"]}),
        "POST /v1/roles" => json!({"name": "Clerk", "scopes": ["orders:read"]}),
        "POST /v1/staff/invitations" => json!({"email": "ada@example.com", "role": "support"}),
        _ => return None,
    })
}

/// Each route that takes a body, with a path that exists.
async fn routes(market: &TestMarket) -> Vec<(String, Method, String, Keys)> {
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    let order = shopper.buy("MUG", 1, "pm_card_visa").await;
    let product = shopper.0.get("/v1/products").await.json["data"][0]["id"].as_str().unwrap().to_owned();
    let functions: Vec<Function> = souk_local::functions();
    let mut routes = Vec::new();
    for route in functions.iter().filter_map(Function::routes).flat_map(Routes::iter) {
        let key = route.key();
        if valid(&key).is_none() {
            continue;
        }
        let (method, path) = key.split_once(' ').unwrap();
        let path = path
            .replace("/v1/products/{id}", &format!("/v1/products/{product}"))
            .replace("/v1/carts/{id}", &cart)
            .replace("/v1/orders/{id}", &order)
            .replace("{sku}", "MUG");
        routes.push((key.clone(), method.parse().unwrap(), path, route.keys()));
    }
    routes
}

#[tokio::test(start_paused = true)]
async fn every_route_refuses_bad_bodies_and_leaves_everything_as_it_was() {
    let market = TestMarket::with_mugs(5).await;
    let staff = market.staff();
    let routes = routes(&market).await;
    assert!(routes.len() >= 13, "{} routes take a body", routes.len());
    market.market.settled().await;
    let before = (staff.stock("MUG").await, staff.0.get("/v1/products").await.text);
    let huge = format!("{{\"x\":\"{}\"}}", "y".repeat(300 * 1024));
    let deep = "[".repeat(10_000);
    let mut cases = 0;
    for (key, method, path, _) in &routes {
        let valid = valid(key).unwrap();
        let with = |name: &str, value: Value| {
            let mut body = valid.clone();
            body[name] = value;
            body.to_string()
        };
        let bodies = [
            ("{".to_owned(), 400, "malformed_json"),
            ("not json".to_owned(), 400, "malformed_json"),
            (deep.clone(), 400, "malformed_json"),
            ("[]".to_owned(), 422, "invalid_request"),
            ("\"text\"".to_owned(), 422, "invalid_request"),
            ("null".to_owned(), 422, "invalid_request"),
            (with("surprise", json!(1)), 422, "invalid_request"),
            (with("note", json!("4242 4242 4242 4242")), 422, "card_number_refused"),
            (huge.clone(), 413, "body_too_large"),
        ];
        for (body, status, code) in bodies {
            let headers = [("idempotency-key", "bad-input")];
            let answer = staff.0.send_text(method.clone(), path, body.clone(), &headers).await;
            let shown = &body[..body.len().min(60)];
            assert_eq!(
                (answer.status.as_u16(), answer.code()),
                (status, code),
                "{key} {shown}: {}",
                answer.text
            );
            assert_eq!(answer.header("content-type"), "application/problem+json", "{key} {shown}");
            assert_eq!(answer.json["request_id"], answer.header("request-id"), "{key} {shown}");
            assert!(!answer.text.contains("4242"), "{key}: the answer repeats the card");
            cases += 1;
        }
        let form = [("idempotency-key", "bad-input"), ("content-type", "application/x-www-form-urlencoded")];
        staff.0.send_text(method.clone(), path, "a=b".to_owned(), &form).await.expect(415);
    }
    println!("{cases} bad bodies on {} routes", routes.len());
    assert_eq!(before, (staff.stock("MUG").await, staff.0.get("/v1/products").await.text));
}

#[tokio::test(start_paused = true)]
async fn the_field_at_fault_is_named() {
    let market = TestMarket::with_mugs(5).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let cart = shopper.cart("MUG", 1).await;
    let money = |amount: Value, currency: &str| json!({"amount": amount, "currency": currency});
    let product = |price: Value| json!({"name": "Cup", "variants": [{"sku": "CUP", "price": price}]});
    let line = |quantity: Value| json!({"sku": "MUG", "quantity": quantity});
    let movement = |change: Value| json!({"location": "berlin", "change": change, "reason": "received"});
    let lines = format!("{cart}/lines");
    let (products, stock) = ("/v1/products", "/v1/stock/MUG/movements");
    let cases: Vec<(&str, Value, &str)> = vec![
        (products, json!({"variants": []}), "name"),
        (products, json!({"name": "", "variants": []}), "name"),
        (products, json!({"name": "x\u{0}", "variants": []}), "name"),
        (products, json!({"name": "Cup", "variants": []}), "variants"),
        (products, json!({"name": "Cup", "variants": [{"sku": "A B"}]}), "variants[0].sku"),
        (products, json!({"name": "Cup", "variants": [{"sku": "CUP"}]}), "variants[0].price"),
        (products, product(money(json!(-1), "EUR")), "variants[0].prices"),
        (products, product(money(json!(1.5), "EUR")), "variants[0].price.amount"),
        (products, product(money(json!("1"), "EUR")), "variants[0].price.amount"),
        (products, product(money(json!(9_223_372_036_854_775_807_i64), "EUR")), "variants[0].prices"),
        (products, product(money(json!(1), "eur")), "variants[0].price.currency"),
        (products, product(money(json!(1), "XXX")), "variants[0].price.currency"),
        (products, product(json!({"amount": 1, "currency": "EUR", "tax": 1})), "variants[0].price.tax"),
        (products, json!({"name": "Cup", "tags": ["Not A Slug"], "variants": []}), "tags[0]"),
        (&lines, line(json!(0)), "quantity"),
        (&lines, line(json!(-1)), "quantity"),
        (&lines, line(json!(10_001)), "quantity"),
        (&lines, line(json!(1.5)), "quantity"),
        (&lines, line(json!("2")), "quantity"),
        (&lines, json!({"sku": "NOPE", "quantity": 1}), "sku"),
        (&lines, json!({"sku": "MUG"}), "quantity"),
        (stock, movement(json!(0)), "change"),
        (stock, movement(json!(1_000_000_001)), "change"),
        (stock, json!({"location": "berlin", "change": 1, "set": 1, "reason": "x"}), "change"),
        (stock, json!({"location": "Ber lin", "change": 1, "reason": "x"}), "location"),
        (stock, json!({"location": "berlin", "change": 1}), "reason"),
    ];
    for (path, body, param) in cases {
        let answer = staff.0.post(path, body.clone()).await;
        assert_eq!(answer.status.as_u16(), 422, "{path} {body}: {}", answer.text);
        assert_eq!(answer.text_at("/param"), param, "{path} {body}: {}", answer.text);
        assert_eq!(answer.text_at("/errors/0/param"), param);
        assert!(!answer.text_at("/detail").is_empty());
    }
    for address in [json!({}), json!({"line1": "x", "city": "y", "country": "Germany"}), json!("Berlin")] {
        let answer = shopper.0.patch(&cart, json!({"shipping_address": address})).await.expect(422);
        assert!(answer.text_at("/param").starts_with("shipping_address"), "{}", answer.text);
    }
    for email in ["ada", "a@b", "a b@example.com", "a@example.com\r\nBcc: x@example.com"] {
        let answer = shopper.0.patch(&cart, json!({"email": email})).await.expect(422);
        assert_eq!(answer.text_at("/param"), "email");
    }
}

#[tokio::test(start_paused = true)]
async fn queries_and_paths_are_checked() {
    let market = TestMarket::with_mugs(5).await;
    let staff = market.staff();
    for query in
        ["limit=0", "limit=101", "limit=x", "limit=1&limit=2", "surprise=1", "tag=A%20B", "currency=eur"]
    {
        let answer = staff.0.get(&format!("/v1/products?{query}")).await.expect(400);
        assert_eq!(answer.code(), "invalid_query", "{query}");
    }
    for query in ["status=lost", "customer=nobody", "created_after=yesterday"] {
        assert_eq!(staff.0.get(&format!("/v1/orders?{query}")).await.expect(400).code(), "invalid_query");
    }
    for path in ["/v1/carts/x", "/v1/orders/cart_1", "/v1/products/%2e%2e", "/v1/products/prod_%F0%9F%98%80"]
    {
        staff.0.get(path).await.expect(404);
    }
    staff.0.get("/v1/products?tag=4242424242424242").await.expect(422);
}

#[tokio::test(start_paused = true)]
async fn an_incomplete_cart_says_what_it_lacks() {
    let market = TestMarket::with_mugs(5).await;
    let shopper = market.shopper();
    let cart = shopper.0.post("/v1/carts", json!({})).await.expect(201).header("location").to_owned();
    let lacks =
        async || shopper.check_out(&cart, "pm_card_visa").await.expect(422).text_at("/param").to_owned();
    assert_eq!(lacks().await, "lines");
    shopper.0.post(&format!("{cart}/lines"), json!({"sku": "MUG", "quantity": 1})).await.expect(200);
    assert_eq!(lacks().await, "email");
    shopper.0.patch(&cart, json!({"email": "ada@example.com"})).await.expect(200);
    assert_eq!(lacks().await, "shipping_address");
    let unknown = shopper.check_out(&cart, "pm_card_unheard_of").await.expect(422);
    assert_eq!(unknown.code(), "unknown_payment_method");
    let elsewhere = shopper.0.post("/v1/carts", json!({"currency": "JPY"})).await.expect(201);
    let line = json!({"sku": "MUG", "quantity": 1});
    let path = format!("{}/lines", elsewhere.header("location"));
    assert_eq!(shopper.0.post(&path, line).await.expect(422).code(), "unknown_sku");
}

#[tokio::test(start_paused = true)]
async fn lines_are_added_set_and_removed_and_a_forgotten_cart_ends() {
    let market = TestMarket::with_mugs(5).await;
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    let added =
        shopper.0.post(&format!("{cart}/lines"), json!({"sku": "MUG", "quantity": 2})).await.expect(200);
    assert_eq!(added.json["lines"][0]["quantity"], 3);
    let line = format!("{cart}/lines/MUG");
    let set = shopper.0.patch(&line, json!({"quantity": 5})).await.expect(200);
    assert_eq!(set.json["totals"]["total"]["amount"], 6250);
    let stale = [("if-match", "\"1\"")];
    shopper.0.send(Method::DELETE, &line, None, &stale).await.expect(412);
    let gone = shopper.0.delete(&line).await.expect(200);
    assert_eq!(gone.json["lines"], json!([]));
    shopper.0.delete(&line).await.expect(404);
    market.leap(SignedDuration::from_hours(31 * 24));
    shopper.0.get(&cart).await.expect(404);
}
