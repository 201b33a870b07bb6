//! Promotions: how the staff make them, and that no limit of theirs is passed, whatever happens at once.

mod claims;
mod races;

use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use souk_tests::{Answer, Api, TestMarket};

fn percent(name: &str, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("fields of a promotion") };
    let mut promotion = json!({"name": name, "actions": [{"type": "percent_off", "percent": "10"}]});
    promotion.as_object_mut().unwrap().extend(more);
    promotion
}

fn by_codes(name: &str) -> Value {
    percent(name, json!({"trigger": {"type": "single_use_codes"}}))
}

async fn create(api: &Api, promotion: Value) -> Answer {
    api.post("/v1/promotions", promotion).await
}

/// Makes codes by a request with this idempotency key.
async fn make(api: &Api, path: &str, ask: Value, key: &str) -> Answer {
    api.send(Method::POST, &format!("{path}/codes"), Some(ask), &[("idempotency-key", key)]).await
}

/// All that the function does, once.
pub async fn everything(market: &TestMarket) {
    let staff = market.staff().0;
    staff.sell_gift().await;
    let gift = json!({"type": "gift", "sku": "GIFT-MUG", "quantity": 1});
    let automatic = create(&staff, json!({"name": "A mug", "actions": [gift]})).await.expect(201);
    let path = automatic.header("location");
    staff.patch(path, json!({"status": "paused"})).await.expect(200);
    let coded = percent("Coded", json!({"trigger": {"type": "code", "code": "STORY"}}));
    let coded = create(&staff, coded).await.expect(201);
    staff.delete(coded.header("location")).await.expect(204);
    let single = create(&staff, by_codes("Single")).await.expect(201);
    let single = single.header("location");
    make(&staff, single, json!({"generate": 2}), "story").await.expect(201);
    for list in ["/v1/promotions".to_owned(), format!("{single}/codes")] {
        let page = staff.get(&format!("{list}?limit=1")).await.expect(200);
        staff.get(&format!("{list}?limit=1&cursor={}", page.text_at("/next_cursor"))).await.expect(200);
    }
    staff.get(path).await.expect(200);
}

trait Gifts {
    async fn sell_gift(&self);
}

impl Gifts for Api {
    async fn sell_gift(&self) {
        let variant = json!({"sku": "GIFT-MUG", "price": {"amount": 500, "currency": "EUR"}});
        self.post("/v1/products", json!({"name": "Gift", "variants": [variant]})).await.expect(201);
    }
}

#[tokio::test(start_paused = true)]
async fn a_promotion_is_created_changed_and_archived() {
    let market = TestMarket::open(|_| {}).await;
    let staff = market.staff().0;
    let welcome = percent(
        "Welcome",
        json!({
            "trigger": {"type": "code", "code": "WELCOME"},
            "rules": {"first_order": true, "minimum": [{"amount": 1000, "currency": "EUR"}]},
            "tiers": [{"from": {"quantity": 3}, "actions": [{"type": "free_shipping"}]}],
            "limits": {"uses": 5, "uses_per_customer": 1, "budgets": [{"amount": 5000, "currency": "EUR"}]},
            "stacking": {"type": "exclusive"}, "priority": 7, "ends_at": "2026-12-31T23:00:00Z",
        }),
    );
    let made = create(&staff, welcome).await.expect(201);
    let path = made.header("location").to_owned();
    let read = staff.get(&path).await.expect(200);
    assert_eq!(read.json["usage"], json!({"used": 0, "spent": []}));
    assert_eq!(read.json["stacking"], json!({"type": "exclusive"}));
    assert_eq!(read.json["tiers"][0]["actions"][0]["type"], "free_shipping");
    assert_eq!(read.json["limits"]["budgets"][0]["amount"], 5000);
    let stale = [("if-match", "\"9\"")];
    let change = json!({"name": "Hello"});
    staff.send(Method::PATCH, &path, Some(change.clone()), &stale).await.expect(412);
    let changed = staff.patch(&path, change).await.expect(200);
    assert_eq!((changed.text_at("/name"), &changed.json["version"]), ("Hello", &json!(2)));
    // Its code is nobody else's until it is archived.
    let other = percent("Other", json!({"trigger": {"type": "code", "code": "WELCOME"}}));
    assert_eq!(create(&staff, other.clone()).await.expect(409).code(), "code_taken");
    staff.delete(&path).await.expect(204);
    staff.delete(&path).await.expect(204);
    let other = create(&staff, other).await.expect(201);
    assert_eq!(staff.patch(&path, json!({"status": "active"})).await.expect(409).code(), "code_taken");
    let of = |status: &str| format!("/v1/promotions?status={status}");
    let ids = |answer: Answer| {
        let data = answer.json["data"].as_array().unwrap().clone();
        data.iter().map(|one| one["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(staff.get(&of("active")).await.expect(200)), [other.json["id"].clone()]);
    assert_eq!(ids(staff.get(&of("archived")).await.expect(200)), [made.json["id"].clone()]);
    // Shoppers learn nothing of promotions but what their carts show.
    assert_eq!(market.shopper().0.get("/v1/promotions").await.expect(403).code(), "missing_scope");
    let (_, _, stranger) = market.another_store().await;
    stranger.get(&path).await.expect(404);
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_is_refused_by_its_field() {
    let market = TestMarket::open(|_| {}).await;
    let staff = market.staff().0;
    let euros = |amount: i64| json!([{"amount": amount, "currency": "EUR"}]);
    let twice = json!([{"amount": 1, "currency": "EUR"}, {"amount": 2, "currency": "EUR"}]);
    let acts = |action: Value| json!({ "actions": [action] });
    for (more, param) in [
        (json!({"actions": []}), "actions"),
        (acts(json!({"type": "percent_off", "percent": "0"})), "actions[0].percent"),
        (acts(json!({"type": "amount_off", "amounts": []})), "actions[0].amounts"),
        (acts(json!({"type": "amount_off", "amounts": euros(-5)})), "actions[0].amounts"),
        (acts(json!({"type": "amount_off_each", "amounts": twice})), "actions[0].amounts"),
        (acts(json!({"type": "cheapest_free", "of_every": 1})), "actions[0].of_every"),
        (acts(json!({"type": "gift", "sku": "NOTHING", "quantity": 1})), "actions[0].sku"),
        (json!({"limits": {"uses": 0}}), "limits.uses"),
        (json!({"limits": {"budgets": euros(0)}}), "limits.budgets"),
        (json!({"starts_at": "2026-02-01T00:00:00Z", "ends_at": "2026-02-01T00:00:00Z"}), "ends_at"),
        (json!({"priority": 1001}), "priority"),
        (json!({"status": "archived"}), "status"),
        (json!({"tiers": [{"from": {}, "actions": []}]}), "tiers[0].actions"),
        (json!({"rules": {"items": [{"amounts": euros(0)}]}}), "rules.items[0].amounts"),
    ] {
        let refused = create(&staff, percent("Wrong", more.clone())).await.expect(422);
        assert_eq!(refused.text_at("/param"), param, "{more}");
    }
    for (unknown, more) in
        [("surprise", json!({"surprise": 1})), ("sku", acts(json!({"type": "free_shipping", "sku": "A"})))]
    {
        let refused = create(&staff, percent("Wrong", more)).await.expect(422);
        assert!(refused.text.contains(unknown), "{}", refused.text);
    }
    // What was never counted in one place can't be limited later; what was may lose its limit, and get it back.
    let open = create(&staff, percent("Open", json!({}))).await.expect(201);
    let limited = json!({"limits": {"uses": 5}});
    let refused = staff.patch(open.header("location"), limited.clone()).await.expect(422);
    assert_eq!(refused.text_at("/param"), "limits");
    let path =
        create(&staff, percent("Limited", limited.clone())).await.expect(201).header("location").to_owned();
    staff.patch(&path, json!({"limits": {}})).await.expect(200);
    staff.patch(&path, limited).await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn codes_are_made_by_the_thousand_and_once_each() {
    let market = TestMarket::open(|_| {}).await;
    let staff = market.staff().0;
    let path = create(&staff, by_codes("Letters")).await.expect(201).header("location").to_owned();
    let first = make(&staff, &path, json!({"generate": 1000}), "thousand").await.expect(201);
    let again = make(&staff, &path, json!({"generate": 1000}), "thousand").await.expect(201);
    assert_eq!((first.text, again.header("idempotent-replayed")), (again.text.clone(), "true"));
    let mut listed: Vec<Value> = Vec::new();
    let mut next = format!("{path}/codes?limit=100");
    loop {
        let page = staff.get(&next).await.expect(200);
        listed.extend(page.json["data"].as_array().unwrap().clone());
        let Some(cursor) = page.json["next_cursor"].as_str() else { break };
        next = format!("{path}/codes?limit=100&cursor={cursor}");
    }
    assert_eq!(listed.len(), 1000);
    assert!(listed.iter().all(|one| one["used_by"].is_null()));
    let own = json!({"codes": ["ANNA-1", "ANNA-2", "ANNA-1"]});
    let made = make(&staff, &path, own.clone(), "own").await.expect(201);
    assert_eq!(made.json["codes"], json!(["ANNA-1", "ANNA-2"]));
    assert_eq!(make(&staff, &path, own, "other").await.expect(409).code(), "code_taken");
    for wrong in
        [json!({}), json!({"generate": 0}), json!({"generate": 1001}), json!({"generate": 1, "codes": ["A"]})]
    {
        make(&staff, &path, wrong, "wrong").await.expect(422);
    }
    let shared = percent("Shared", json!({"trigger": {"type": "code", "code": "ANNA-3"}}));
    let shared = create(&staff, shared).await.expect(201);
    make(&staff, shared.header("location"), json!({"generate": 1}), "shared").await.expect(422);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_promotions_apply_without_a_code_and_no_more() {
    let market = TestMarket::crowded(0).await;
    let staff = market.staff().0;
    let all = (0..104).map(|n| create(&staff, percent(&format!("Sale {n}"), json!({}))));
    let answers = join_all(all).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 100);
    assert!(answers.iter().filter(|one| one.status != 201).all(|one| one.code() == "quota_exceeded"));
    staff.patch(made[0].header("location"), json!({"status": "paused"})).await.expect(200);
    create(&staff, percent("One more", json!({}))).await.expect(201);
    assert_eq!(
        staff.patch(made[0].header("location"), json!({"status": "active"})).await.expect(403).code(),
        "quota_exceeded"
    );
    assert_eq!(market.state_items("promotion_copy").await.len(), 100);
}
