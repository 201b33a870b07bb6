//! API keys: shown once, restricted, rolled with an overlap, revoked at once.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use futures::future::join_all;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk_cloud::{AwsError, CallInfo, CallRecord, Fault, Faults, Observer, Outcome};
use souk_tests::{Answer, Api, Jitter, TestMarket};

/// What uses every permission of `api-keys` and of the authorizer where it looks keys up.
pub async fn everything(market: &TestMarket) {
    let owner = market.staff().0;
    let created = create(&owner, json!({"name": "Warehouse", "scopes": ["orders:read"]})).await;
    let path = path(&created);
    owner.get("/v1/api-keys?limit=1").await.expect(200);
    owner.get(&path).await.expect(200);
    owner.patch(&path, json!({"name": "Depot"})).await.expect(200);
    owner.post(&format!("{path}/roll"), json!({"overlap_seconds": 60})).await.expect(201);
    owner.post(&format!("{path}/roll"), json!({})).await.expect(201);
    owner.delete(&path).await.expect(204);
}

/// Counts what the authorizer notes of keys.
#[derive(Default)]
struct Notes(AtomicUsize);

impl Observer for Notes {
    fn called(&self, record: &CallRecord) {
        if record.caller.contains("authorizer")
            && record.operation == "UpdateItem"
            && record.keys.iter().all(|(_, key)| key.starts_with("key/") || key.ends_with("/keys"))
            && record.outcome == Outcome::Done
        {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn create(api: &Api, body: Value) -> Answer {
    api.post("/v1/api-keys", body).await.expect(201)
}

fn path(created: &Answer) -> String {
    format!("/v1/api-keys/{}", created.text_at("/id"))
}

fn holder(api: &Api, created: &Answer) -> Api {
    api.with_key(Some(created.text_at("/secret")))
}

#[tokio::test(start_paused = true)]
async fn a_key_does_what_it_was_made_for_until_it_is_revoked() {
    let market = TestMarket::with_mugs(1).await;
    let owner = market.staff().0;
    let body = json!({"name": "Reports", "scopes": ["orders:read"], "metadata": {"team": "finance"}});
    let created = create(&owner, body).await;
    assert!(created.text_at("/secret").starts_with("sk_test_") && created.text_at("/id").starts_with("key_"));
    assert_eq!(created.json["scopes"], json!(["orders:read"]));
    assert_eq!(created.header("location"), path(&created));
    let reports = holder(&owner, &created);
    reports.get("/v1/orders").await.expect(200);
    assert_eq!(reports.get("/v1/stock/MUG").await.expect(403).text_at("/scope"), "stock:read");

    let read = owner.get(&path(&created)).await.expect(200);
    assert!(!read.text.contains(created.text_at("/secret")), "a secret is shown once");
    assert!(created.text_at("/secret").ends_with(read.text_at("/hint")));
    assert_eq!(read.json["metadata"], json!({"team": "finance"}));
    let stored = format!("{:?} {:?}", market.state_items("api key").await, market.state_items("key").await);
    assert!(!stored.contains(created.text_at("/secret")), "only hashes are kept");

    let renamed = owner.patch(&path(&created), json!({"name": "Old reports"})).await.expect(200);
    assert_eq!((renamed.text_at("/name"), &renamed.json["version"]), ("Old reports", &json!(2)));
    let stale = [("if-match", "\"1\"")];
    owner.send(Method::DELETE, &path(&created), None, &stale).await.expect(412);
    owner.delete(&path(&created)).await.expect(204);
    assert_eq!(reports.get("/v1/orders").await.expect(401).code(), "invalid_key");
    owner.get(&path(&created)).await.expect(404);
    owner.delete(&path(&created)).await.expect(404);
}

#[tokio::test(start_paused = true)]
async fn the_list_begins_with_the_keys_that_the_store_was_opened_with() {
    let market = TestMarket::open(|_| {}).await;
    let owner = market.staff().0;
    for n in 0..3 {
        create(&owner, json!({"name": format!("Key {n}")})).await;
    }
    let mut names = Vec::new();
    let mut path = "/v1/api-keys?limit=2".to_owned();
    loop {
        let page = owner.get(&path).await.expect(200);
        let keys = page.json["data"].as_array().unwrap();
        names.extend(keys.iter().map(|key| key["name"].as_str().unwrap().to_owned()));
        assert!(!page.text.contains(&market.sk), "no list shows a secret");
        let Some(cursor) = page.json["next_cursor"].as_str() else { break };
        path = format!("/v1/api-keys?limit=2&cursor={cursor}");
    }
    let all: BTreeSet<_> = names.iter().map(String::as_str).collect();
    assert_eq!(names.len(), 5);
    for name in ["First publishable key", "First secret key", "Key 0", "Key 1", "Key 2"] {
        assert!(all.contains(name), "{name} isn't among {all:?}");
    }
    let (_, _, other) = market.another_store().await;
    assert_eq!(other.get("/v1/api-keys").await.expect(200).json["data"].as_array().unwrap().len(), 2);
    let own = owner.get("/v1/api-keys").await.json["data"][0]["id"].as_str().unwrap().to_owned();
    other.get(&format!("/v1/api-keys/{own}")).await.expect(404);
    other.post(&format!("/v1/api-keys/{own}/roll"), json!({})).await.expect(404);
    other.delete(&format!("/v1/api-keys/{own}")).await.expect(404);
}

#[tokio::test(start_paused = true)]
async fn nobody_gives_rights_that_they_lack() {
    let market = TestMarket::open(|_| {}).await;
    let owner = market.staff().0;
    let all = create(&owner, json!({"name": "All"})).await;
    assert_eq!(all.json["scopes"].as_array().unwrap().len(), souk::principal::Scope::grantable().len());
    let scopes = json!(["api_keys:read", "api_keys:write", "orders:read"]);
    let clerk = create(&owner, json!({"name": "Clerk", "scopes": scopes})).await;
    let clerk_api = holder(&owner, &clerk);

    let beyond = json!({"name": "More", "scopes": ["orders:read", "refunds:write"]});
    let refused = clerk_api.post("/v1/api-keys", beyond).await.expect(403);
    assert_eq!((refused.code(), refused.text_at("/scope")), ("beyond_own_rights", "refunds:write"));
    let same = create(&clerk_api, json!({"name": "Same"})).await;
    assert_eq!(
        same.json["scopes"],
        json!(["orders:read_own", "orders:read", "api_keys:read", "api_keys:write"])
    );
    // Another's secret would tell them how to do what they may not.
    let rolled = clerk_api.post(&format!("{}/roll", path(&all)), json!({})).await.expect(403);
    assert_eq!(rolled.code(), "beyond_own_rights");
    holder(&owner, &all).get("/v1/orders").await.expect(200);
    // But a key that leaked has to go, whoever sees it.
    clerk_api.delete(&path(&all)).await.expect(204);

    for (body, param) in [
        (json!({"name": "x", "scopes": []}), "scopes"),
        (json!({"name": "x", "scopes": ["account:own"]}), "scopes"),
        (json!({"name": "x", "kind": "publishable", "scopes": ["orders:read"]}), "scopes"),
        (json!({"name": "x", "scopes": ["everything"]}), "scopes[0]"),
        (json!({"name": ""}), "name"),
    ] {
        assert_eq!(owner.post("/v1/api-keys", body).await.expect(422).text_at("/param"), param);
    }
    let shop = create(&owner, json!({"name": "Shop", "kind": "publishable"})).await;
    assert!(shop.text_at("/secret").starts_with("pk_test_"));
    holder(&owner, &shop).get("/v1/products").await.expect(200);
    holder(&owner, &shop).get("/v1/api-keys").await.expect(403);
}

#[tokio::test(start_paused = true)]
async fn a_rolled_key_has_two_secrets_for_a_while() {
    let market = TestMarket::open(|_| {}).await;
    let owner = market.staff().0;
    let first = create(&owner, json!({"name": "Till", "scopes": ["orders:read"]})).await;
    let roll = format!("{}/roll", path(&first));
    let second = owner.post(&roll, json!({"overlap_seconds": 3600})).await.expect(201);
    assert_eq!(second.text_at("/id"), first.text_at("/id"));
    assert_ne!(second.text_at("/secret"), first.text_at("/secret"));
    assert_eq!(second.json["scopes"], json!(["orders:read"]));
    assert!(!second.text_at("/previous_secret_ends_at").is_empty());
    let works = async |key: &Answer| holder(&owner, key).get("/v1/orders").await.status == 200;
    assert!(works(&first).await && works(&second).await);
    market.leap(SignedDuration::from_secs(3599));
    assert!(works(&first).await && works(&second).await);
    market.leap(SignedDuration::from_secs(1));
    assert!(!works(&first).await, "DynamoDB deletes late: the time is looked at");
    assert!(works(&second).await);
    assert_eq!(owner.get(&path(&first)).await.text_at("/previous_secret_ends_at"), "");

    let third = owner.post(&roll, json!({"overlap_seconds": 3600})).await.expect(201);
    let fourth = owner.post(&roll, json!({"overlap_seconds": 3600})).await.expect(201);
    assert!(!works(&second).await, "a key has two secrets at the most");
    assert!(works(&third).await && works(&fourth).await);
    let fifth = owner.post(&roll, json!({})).await.expect(201);
    assert!(
        !works(&third).await && !works(&fourth).await && works(&fifth).await,
        "without an overlap, at once"
    );
    for overlap in [json!(604_801), json!(-1), json!("1")] {
        let refused = owner.post(&roll, json!({ "overlap_seconds": overlap })).await.expect(422);
        assert_eq!(refused.text_at("/param"), "overlap_seconds");
    }
    owner.delete(&path(&first)).await.expect(204);
    assert!(!works(&fifth).await);
    assert_eq!(market.state_items("key").await.len(), 4, "the store's own four remain");
}

#[tokio::test(start_paused = true)]
async fn of_many_rolls_at_once_one_happens() {
    let market = TestMarket::crowded(0).await;
    let owner = market.staff().0;
    let first = create(&owner, json!({"name": "Till"})).await;
    let roll = format!("{}/roll", path(&first));
    let answers = join_all((0..20).map(|_| owner.post(&roll, json!({"overlap_seconds": 60})))).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    let lost = answers.iter().filter(|answer| answer.code() == "conflict").count();
    assert!(!won.is_empty() && won.len() + lost == 20);
    let mut alive = Vec::new();
    for answer in &won {
        let shown = holder(&owner, answer).get("/v1/orders").await;
        alive.extend((shown.status == 200).then_some(answer.json["version"].as_u64()));
    }
    alive.sort_unstable();
    // Those that came one after the other count as such: the last two are good.
    assert_eq!(alive.len(), won.len().min(2), "{alive:?}");
    let live = market.state_items("key").await.iter().filter(|key| key["id"] == first.json["id"]).count();
    assert_eq!(live, 2);
    // Repeated under one key, it is one roll.
    let key = [("idempotency-key", "once")];
    let repeated = join_all((0..5).map(|_| owner.send(Method::POST, &roll, Some(json!({})), &key))).await;
    let secrets: BTreeSet<_> = repeated.iter().map(|answer| answer.text_at("/secret")).collect();
    let good: Vec<_> = secrets.iter().filter(|secret| !secret.is_empty()).collect();
    assert_eq!(good.len(), 1, "{repeated:?}");
}

#[tokio::test(start_paused = true)]
async fn a_key_revoked_while_it_is_rolled_is_gone() {
    let market = TestMarket::crowded(0).await;
    let owner = market.staff().0;
    for round in 0..12 {
        let first = create(&owner, json!({"name": format!("Till {round}")})).await;
        let roll = format!("{}/roll", path(&first));
        let path = path(&first);
        let rolls = join_all((0..3).map(|_| owner.post(&roll, json!({"overlap_seconds": 60}))));
        let (rolled, revoked) = tokio::join!(rolls, owner.delete(&path));
        let revoked = if revoked.status == 409 { owner.delete(&path).await } else { revoked };
        revoked.expect(204);
        for key in rolled.iter().chain([&first]).filter(|key| !key.text_at("/secret").is_empty()) {
            holder(&owner, key).get("/v1/orders").await.expect(401);
        }
        let left = market.state_items("key").await.iter().filter(|key| key["id"] == first.json["id"]).count();
        assert_eq!(left, 0, "round {round}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeated_creation_is_answered_with_the_same_secret() {
    let market = TestMarket::open(|_| {}).await;
    let owner = market.staff().0;
    let key = [("idempotency-key", "create-once")];
    let send = || owner.send(Method::POST, "/v1/api-keys", Some(json!({"name": "Till"})), &key);
    let (first, again) = (send().await.expect(201), send().await.expect(201));
    assert_eq!((&first.text, again.header("idempotent-replayed")), (&again.text, "true"));
    assert_eq!(market.state_items("api key").await.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn the_last_use_is_noted_once_an_hour() {
    let notes = Arc::new(Notes::default());
    let observer = Arc::clone(&notes);
    let market = TestMarket::open(|options| {
        options.faults = Some(Arc::new(Jitter::default()));
        options.observer = Some(observer);
    })
    .await;
    let owner = market.staff().0;
    let till = create(&owner, json!({"name": "Till", "scopes": ["orders:read"]})).await;
    let api = holder(&owner, &till);
    let noted = async || {
        market.market.settled().await;
        let read = owner.get(&path(&till)).await.expect(200);
        assert_eq!(read.json["version"], 1, "a use is no change");
        read.text_at("/last_used_at").to_owned()
    };
    assert_eq!(noted().await, "");
    let before = notes.0.load(Ordering::Relaxed);
    join_all((0..30).map(|_| api.get("/v1/orders"))).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let first = noted().await;
    assert!(!first.is_empty());
    // The key's mark, and what the list shows.
    assert_eq!(notes.0.load(Ordering::Relaxed) - before, 2, "of many at once, one writes");
    market.leap(SignedDuration::from_mins(59));
    api.get("/v1/orders").await.expect(200);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(noted().await, first, "to the hour");
    market.leap(SignedDuration::from_mins(1));
    api.get("/v1/orders").await.expect(200);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert!(noted().await > first);
    // A note that comes late must not bring back a key that was revoked.
    market.leap(SignedDuration::from_hours(2));
    let path = path(&till);
    let (_, gone) = tokio::join!(api.get("/v1/orders"), owner.delete(&path));
    gone.expect(204);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    api.get("/v1/orders").await.expect(401);
    assert!(!market.state_items("key").await.iter().any(|key| key["id"] == till.json["id"]));
    assert!(!format!("{:?}", market.state_items("api key").await).contains(till.text_at("/id")));
}

/// While the switch is on, keys are asked for more often than they can be read.
#[derive(Default)]
struct Rush(AtomicBool);

impl Faults for Rush {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let keys = call.operation == "GetItem" && call.keys.iter().any(|(_, key)| key.starts_with("key/"));
        let throttled = AwsError::new("ProvisionedThroughputExceededException", "slow down");
        (keys && self.0.load(Ordering::Relaxed)).then(|| Fault::Refuse(throttled.into()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_rush_that_is_too_much_for_one_key_does_not_close_the_storefront() {
    let rush = Arc::new(Rush::default());
    let market = TestMarket::open(|options| options.faults = Some(rush.clone())).await;
    let (shopper, owner) = (market.shopper().0, market.staff().0);
    shopper.get("/v1/products").await.expect(200);
    owner.get("/v1/products").await.expect(200);
    rush.0.store(true, Ordering::Relaxed);
    // What was just read of the key that everybody can read goes for it, and no other's.
    let began = market.clock().now();
    for _ in 0..4 {
        shopper.get("/v1/products").await.expect(200);
    }
    let waited = market.clock().now().duration_since(began);
    assert!(
        waited <= SignedDuration::from_millis(1_100),
        "each waits for a quarter of a second, not {waited:?}"
    );
    owner.get("/v1/products").await.expect(500);
    // Not for long.
    market.leap(SignedDuration::from_secs(11));
    shopper.get("/v1/products").await.expect(500);
    rush.0.store(false, Ordering::Relaxed);
    shopper.get("/v1/products").await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_revoked_stays_so_when_keys_can_not_be_read() {
    let rush = Arc::new(Rush::default());
    let market = TestMarket::open(|options| options.faults = Some(rush.clone())).await;
    let owner = market.staff().0;
    let created = create(&owner, json!({"name": "Old shop window", "kind": "publishable"})).await;
    let window = holder(&owner, &created);
    window.get("/v1/products").await.expect(200);
    owner.delete(&path(&created)).await.expect(204);
    window.get("/v1/products").await.expect(401);
    rush.0.store(true, Ordering::Relaxed);
    window.get("/v1/products").await.expect(401);
}
