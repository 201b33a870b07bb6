//! A person asks what the store knows, and to be forgotten; and is forgotten by itself when the store says so.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use std::time::Duration;

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk::vault::{self, Subject};
use souk_cloud::{AwsError, CallInfo, Fault, Faults};
use souk_tests::{Answer, Api, TestMarket, mailed_token, until};

const PASSWORD: &str = "three quiet herons";

/// What a store can know of Ada.
const CANARIES: [&str; 6] =
    ["ada.canary@example.com", "Ada Canary", "7 Canary Row", "canary phone", "canary-meta", "+49 30 5550199"];

struct Ada {
    api: Api,
    id: String,
    order: String,
    tokens: Value,
}

async fn register(market: &TestMarket, email: &str) -> Answer {
    let new =
        json!({"email": email, "password": PASSWORD, "name": "Ada Canary", "metadata": {"k": "canary-meta"}});
    market.shopper().0.post("/v1/customers", new).await
}

async fn log_in(market: &TestMarket, email: &str) -> Answer {
    let attempt = json!({"email": email, "password": PASSWORD, "device": "canary phone"});
    market.shopper().0.post("/v1/sessions", attempt).await
}

fn contact(email: &str) -> Value {
    let address = json!({"name": "Ada Canary", "line1": "7 Canary Row", "city": "Berlin", "country": "DE", "phone": "+49 30 5550199"});
    json!({"email": email, "shipping_address": address})
}

/// Buys a mug as whoever holds `api`, and gives the order's path.
async fn buy(market: &TestMarket, api: &Api, email: &str) -> String {
    buy_of(market, api, email, "MUG").await
}

async fn buy_of(market: &TestMarket, api: &Api, email: &str, sku: &str) -> String {
    let cart = api.post("/v1/carts", json!({"currency": "EUR"})).await.expect(201);
    let path = format!("/v1/carts/{}", cart.text_at("/id"));
    api.post(&format!("{path}/lines"), json!({"sku": sku, "quantity": 1})).await.expect(200);
    api.patch(&path, contact(email)).await.expect(200);
    let placed = api.post(&format!("{path}/checkout"), json!({"payment_method": "pm_card_visa"})).await;
    let order = format!("/v1/orders/{}", placed.expect(202).text_at("/id"));
    until(&market.staff().0, &order, |order| order["payment"]["status"] == "captured").await;
    market.market.settled().await;
    order
}

/// Ada, whose address is verified, with an order.
async fn ada(market: &TestMarket, email: &str) -> Ada {
    ada_with(market, email, "MUG").await
}

async fn ada_with(market: &TestMarket, email: &str, sku: &str) -> Ada {
    register(market, email).await.expect(201);
    let token = mailed_token(market, email).await;
    let verification = json!({ "token": token });
    market.shopper().0.with_key(None).post("/v1/customers/verifications", verification).await.expect(204);
    let tokens = log_in(market, email).await.expect(201).json;
    let api = market.shopper().0.with_key(tokens["access_token"].as_str());
    let me = api.patch("/v1/customers/me", json!({"addresses": [contact(email)["shipping_address"]]})).await;
    let order = buy_of(market, &api, email, sku).await;
    Ada { api, id: me.expect(200).text_at("/id").to_owned(), order, tokens }
}

async fn erase(market: &TestMarket, whom: &str) -> Answer {
    market.staff().0.post("/v1/privacy/erasures", json!({ "customer": whom })).await
}

async fn export(market: &TestMarket, whom: &str) -> Answer {
    market.staff().0.post("/v1/privacy/exports", json!({ "customer": whom })).await
}

async fn stored(market: &TestMarket) -> String {
    let mut all = String::new();
    for table in ["-state", "-events", "-vault", "-anchors"] {
        all += &serde_json::to_string(&market.all_items(table).await).unwrap();
    }
    all
}

async fn audited(market: &TestMarket) -> Vec<String> {
    market.market.settled().await;
    let log = market.staff().0.get("/v1/audit-log?limit=100").await.expect(200);
    let actions = log.json["data"].as_array().unwrap().iter();
    let mut actions: Vec<_> = actions.map(|entry| entry["action"].as_str().unwrap().to_owned()).collect();
    actions.retain(|action| action.starts_with("privacy."));
    actions.reverse();
    actions
}

/// Everything that the functions do, for those who check what they may do.
pub async fn everything(market: &TestMarket) {
    market.staff().sell("TEA", 500, 9).await;
    market
        .staff()
        .0
        .patch("/v1/store", retention(&json!({"inactive_customers_days": 30, "guest_contacts_days": 30})))
        .await;
    // What is kept of them beside: a promotion that counts by customer, credit, how often they ordered.
    let once = once_each(market).await;
    noting_orders(market).await;
    let known = ada_with(market, "ada.canary@example.com", "TEA").await;
    let ready = export(market, &known.id).await.expect(202);
    let path = ready.header("location").to_owned();
    market.staff().0.get(&path).await.expect(200);
    market.staff().0.get(&format!("{path}/archive")).await.expect(200);
    // Of whom nothing is known there is no key yet to seal an archive under.
    let stranger = market.customer(9);
    stranger.call("GET /v1/customers/me", "", Value::Null).await.expect(200);
    export(market, &stranger.id.to_string()).await.expect(202);
    let erased = erase(market, "ada.canary@example.com").await.expect(202);
    market.staff().0.get(erased.header("location")).await.expect(200);
    market.staff().0.delete(&once).await.expect(204);
    ada_with(market, "bob@example.com", "TEA").await;
    buy_of(market, &market.shopper().0, "guest@example.com", "TEA").await;
    market.leap(SignedDuration::from_hours(24 * 40));
    market.invoke("enforce-retention", json!({})).await.unwrap();
}

/// A promotion for everybody's first order, which one customer has once. Its path.
async fn once_each(market: &TestMarket) -> String {
    let promotion = json!({
        "name": "Once each", "actions": [{"type": "percent_off", "percent": "10"}],
        "rules": {"first_order": true}, "limits": {"uses_per_customer": 1},
    });
    let made = market.staff().0.post("/v1/promotions", promotion).await.expect(201);
    made.header("location").to_owned()
}

/// Has the store note how often people order.
async fn noting_orders(market: &TestMarket) {
    let rule = |signal: &str| json!({"signal": signal, "hours": 24, "above": 20, "score": 10});
    let rules = json!([rule("orders_per_email"), rule("orders_per_address"), rule("orders_per_source")]);
    market.staff().0.patch("/v1/store", json!({"risk": {"rules": rules}})).await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn an_export_tells_what_was_used_and_owed_and_noted_and_an_erasure_forgets_the_notes() {
    let market = TestMarket::with_mugs(9).await;
    let staff = market.staff().0;
    once_each(&market).await;
    noting_orders(&market).await;
    let ada = ada(&market, "ada.canary@example.com").await;
    let credit = json!({"amount": {"amount": 700, "currency": "EUR"}, "reason": "late parcel"});
    staff.post(&format!("/v1/customers/{}/store-credit", ada.id), credit).await.expect(201);
    let guest = buy(&market, &market.shopper().0, "ada.canary@example.com").await;
    let ready = export(&market, "ada.canary@example.com").await.expect(202);
    let archive = staff.get(&format!("{}/archive", ready.header("location"))).await.expect(200).json;
    assert_eq!(archive["store_credit"]["balances"], json!([{"amount": 700, "currency": "EUR"}]));
    assert_eq!(archive["store_credit"]["transactions"][0]["reason"], "late parcel");
    let id = |path: &str| json!(path.trim_start_matches("/v1/orders/"));
    let uses = archive["promotions"]["uses"].as_array().unwrap();
    let of_own: Vec<_> = uses.iter().filter(|one| one["order"] == id(&ada.order)).collect();
    assert_eq!((of_own.len(), &of_own[0]["amount"]["amount"]), (1, &json!(125)), "{uses:?}");
    assert_eq!(archive["promotions"]["counted"][0]["used"], 1);
    assert!(!archive["promotions"]["first_order"].is_null());
    let noted: Vec<_> =
        archive["velocity"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert!(["email", "address", "source"].iter().all(|kind| noted.contains(kind)), "{noted:?}");
    let of_email = archive["velocity"].as_array().unwrap().iter().find(|one| one["kind"] == "email").unwrap();
    assert!(
        [&ada.order, &guest].iter().all(|path| of_email["orders"].as_array().unwrap().contains(&id(path)))
    );
    // Nobody else's.
    let other = register(&market, "bob@example.com").await.expect(201);
    market.market.settled().await;
    let ready = export(&market, other.text_at("/id")).await.expect(202);
    let archive = staff.get(&format!("{}/archive", ready.header("location"))).await.expect(200).json;
    assert_eq!(archive["promotions"]["uses"], json!([]));
    assert_eq!((&archive["velocity"], &archive["store_credit"]["balances"]), (&json!([]), &json!([])));
    erase(&market, "ada.canary@example.com").await.expect(202);
    let left = market.state_items("velocity").await;
    assert!(!left.iter().any(|note| note["pk"].as_str().unwrap().contains("/velocity/email/")), "{left:?}");
}

fn retention(what: &Value) -> Value {
    json!({ "retention": what })
}

#[tokio::test(start_paused = true)]
async fn an_export_holds_all_that_is_known_and_no_secret() {
    let market = TestMarket::with_mugs(9).await;
    let ada = ada(&market, "ada.canary@example.com").await;
    let guest = buy(&market, &market.shopper().0, "ada.canary@example.com").await;
    for whom in [ada.id.as_str(), "Ada.Canary@example.com"] {
        let ready = export(&market, whom).await.expect(202);
        assert_eq!((ready.text_at("/status"), ready.text_at("/customer_id")), ("ready", ada.id.as_str()));
        let path = ready.header("location").to_owned();
        assert_eq!(market.staff().0.get(&path).await.expect(200).json, ready.json);
        let archive = market.staff().0.get(&format!("{path}/archive")).await.expect(200);
        for canary in CANARIES {
            assert!(archive.text.contains(canary), "{canary} is not in the archive");
        }
        for secret in
            [&ada.tokens["access_token"], &ada.tokens["refresh_token"], &json!(PASSWORD), &json!("argon2")]
        {
            assert!(!archive.text.contains(secret.as_str().unwrap()));
        }
        let orders: Vec<_> =
            archive.json["orders"].as_array().unwrap().iter().map(|order| &order["id"]).collect();
        assert_eq!(orders.len(), 2, "her own, and what she ordered as a guest");
        assert!(
            orders
                .iter()
                .all(|id| [&ada.order, &guest].iter().any(|path| path.ends_with(id.as_str().unwrap())))
        );
        assert!(archive.json["orders"][0]["timeline"].as_array().unwrap().len() > 3);
        assert_eq!(archive.json["carts"].as_array().unwrap().len(), 2);
        assert_eq!(archive.json["sessions"][0]["device"], "canary phone");
        // Who has no account here, or not the right, sees nothing.
        let (_, other_pk, other) = market.another_store().await;
        for path in [path.clone(), format!("{path}/archive")] {
            other.get(&path).await.expect(404);
            other_pk.get(&path).await.expect(403);
            ada.api.get(&path).await.expect(403);
        }
    }
    assert!(!stored(&market).await.contains("Canary"), "archives are sealed");
    let told = audited(&market).await;
    assert_eq!(told, ["privacy.export_requested", "privacy.exported"].repeat(2));
    // After a week it is gone, also where DynamoDB is late.
    let path = export(&market, &ada.id).await.expect(202).header("location").to_owned();
    market.leap(SignedDuration::from_hours(7 * 24));
    market.staff().0.get(&path).await.expect(404);
    market.staff().0.get(&format!("{path}/archive")).await.expect(404);
}

#[tokio::test(start_paused = true)]
async fn who_is_unknown_is_as_unknown_as_another_stores_customer() {
    let market = TestMarket::with_mugs(9).await;
    let ada = ada(&market, "ada.canary@example.com").await;
    let (_, _, other) = market.another_store().await;
    let shape = |answer: Answer| (answer.code().to_owned(), answer.text_at("/detail").to_owned());
    for path in ["/v1/privacy/exports", "/v1/privacy/erasures"] {
        let body = |whom: &str| json!({ "customer": whom });
        let unknown = shape(other.post(path, body("cus_01m6dsg7e0fcrr59pbb1kpbm0z")).await.expect(404));
        for whom in [ada.id.as_str(), "ada.canary@example.com", "nobody@example.com"] {
            assert_eq!(shape(other.post(path, body(whom)).await.expect(404)), unknown);
        }
        other.post(path, body("not an address")).await.expect(422);
        ada.api.post(path, body(&ada.id)).await.expect(403);
        market.shopper().0.post(path, body(&ada.id)).await.expect(403);
    }
    ada.api.get("/v1/customers/me").await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn an_erased_customer_is_gone_and_the_books_stay() {
    let market = TestMarket::with_mugs(9).await;
    let ada = ada(&market, "ada.canary@example.com").await;
    let guest = buy(&market, &market.shopper().0, "ada.canary@example.com").await;
    let link = {
        market
            .shopper()
            .0
            .post("/v1/password-resets", json!({"email": "ada.canary@example.com"}))
            .await
            .expect(202);
        mailed_token(&market, "ada.canary@example.com").await
    };
    let archive = export(&market, &ada.id).await.expect(202).header("location").to_owned() + "/archive";
    market.staff().0.get(&archive).await.expect(200);

    let erased = erase(&market, &ada.id).await.expect(202);
    assert_eq!((erased.text_at("/status"), erased.text_at("/customer_id")), ("done", ada.id.as_str()));
    assert_eq!(market.staff().0.get(erased.header("location")).await.expect(200).json, erased.json);
    let staff = market.staff().0;
    let shown = staff.get(&format!("/v1/customers/{}", ada.id)).await.expect(200);
    assert_eq!((&shown.json["erased"], shown.json.get("email")), (&json!(true), None));
    assert_eq!(shown.json["metadata"], json!({}));
    for order in [&ada.order, &guest] {
        let order = staff.get(order).await.expect(200).json;
        assert_eq!((&order["erased"], &order["email"]), (&json!(true), &Value::Null));
        assert_eq!(order["totals"]["total"]["amount"], 1250);
    }
    assert_eq!(staff.get(&archive).await.expect(410).code(), "erased");
    assert_eq!(export(&market, &ada.id).await.expect(410).code(), "erased");
    // Nothing that let her in does.
    ada.api.get("/v1/customers/me").await.expect(401);
    log_in(&market, "ada.canary@example.com").await.expect(401);
    let refresh = json!({"refresh_token": ada.tokens["refresh_token"]});
    market.shopper().0.with_key(None).post("/v1/sessions/refresh", refresh).await.expect(401);
    let reset = json!({"token": link, "password": "four loud herons"});
    market.shopper().0.with_key(None).post("/v1/password-resets/confirm", reset).await.expect(422);
    assert!(
        market.state_items("credential").await.is_empty() && market.state_items("session").await.is_empty()
    );
    assert!(market.state_items("cart").await.is_empty() && market.state_items("email").await.is_empty());

    // Twice is once, and the address is free.
    assert_eq!(erase(&market, &ada.id).await.expect(202).json, erased.json);
    erase(&market, "ada.canary@example.com").await.expect(404);
    register(&market, "ada.canary@example.com").await.expect(201);
    log_in(&market, "ada.canary@example.com").await.expect(201);
    assert_eq!(erase(&market, &ada.id).await.expect(202).json, erased.json);
    log_in(&market, "ada.canary@example.com").await.expect(201);
    assert_eq!(
        audited(&market).await,
        ["privacy.export_requested", "privacy.exported", "privacy.erasure_requested", "privacy.erased"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_guest_is_erased_by_address_and_comes_back_as_somebody_else() {
    let market = TestMarket::with_mugs(9).await;
    let order = buy(&market, &market.shopper().0, "ada.canary@example.com").await;
    let erased = erase(&market, "ADA.canary@example.com").await.expect(202);
    assert_eq!((erased.text_at("/status"), &erased.json["customer_id"]), ("done", &Value::Null));
    assert_eq!(market.staff().0.get(&order).await.json["erased"], true);
    erase(&market, "ada.canary@example.com").await.expect(404);
    let again = buy(&market, &market.shopper().0, "ada.canary@example.com").await;
    assert_eq!(market.staff().0.get(&again).await.json["erased"], false);
    let second = erase(&market, "ada.canary@example.com").await.expect(202);
    assert_ne!(second.text_at("/id"), erased.text_at("/id"));
    assert_eq!(market.staff().0.get(&again).await.json["erased"], true);
}

/// An id that somebody got hold of is not enough, where it is a customer's.
#[tokio::test(start_paused = true)]
async fn carts_and_orders_of_a_customer_are_theirs() {
    let market = TestMarket::with_mugs(9).await;
    let ada = ada(&market, "ada.canary@example.com").await;
    let cart = ada.api.post("/v1/carts", json!({})).await.expect(201);
    let cart = format!("/v1/carts/{}", cart.text_at("/id"));
    register(&market, "bob@example.com").await.expect(201);
    let tokens = log_in(&market, "bob@example.com").await.expect(201);
    let bob = market.shopper().0.with_key(Some(tokens.text_at("/access_token")));
    for path in [&cart, &ada.order] {
        ada.api.get(path).await.expect(200);
        market.staff().0.get(path).await.expect(200);
        bob.get(path).await.expect(404);
        market.shopper().0.get(path).await.expect(404);
    }
    bob.patch(&cart, json!({"email": "bob@example.com"})).await.expect(404);
}

/// Nobody but who has its id finds a cart that was left behind, an erasure neither; so it must hold nothing that opens.
#[tokio::test(start_paused = true)]
async fn a_cart_that_was_left_behind_shows_nothing_of_who_was_erased() {
    let market = TestMarket::with_mugs(9).await;
    let email = "ada.canary@example.com";
    let ada = ada(&market, email).await;
    let guest = market.shopper().0;
    let mut carts = Vec::new();
    for (api, email) in [(&ada.api, email), (&guest, "bob.canary@example.com")] {
        let cart = format!("/v1/carts/{}", api.post("/v1/carts", json!({})).await.expect(201).text_at("/id"));
        api.post(&format!("{cart}/lines"), json!({"sku": "MUG", "quantity": 1})).await.expect(200);
        // An address first, when nobody knows yet whose it is, and changed once it is known.
        api.patch(&cart, json!({"billing_address": contact(email)["shipping_address"]})).await.expect(200);
        let shown = api.patch(&cart, contact(email)).await.expect(200);
        assert!(shown.text.contains("7 Canary Row") && shown.text.contains(email), "{}", shown.text);
        carts.push(cart);
    }
    erase(&market, &ada.id).await.expect(202);
    erase(&market, "bob.canary@example.com").await.expect(202);
    let all: Vec<&str> = CANARIES.into_iter().chain(["bob.canary@example.com"]).collect();
    for cart in &carts {
        for api in [&market.staff().0, &guest, &ada.api] {
            let answer = api.get(cart).await;
            let told = all.iter().find(|canary| answer.text.contains(**canary));
            assert!(told.is_none(), "{told:?} in {}", answer.text);
        }
        let order = json!({"payment_method": "pm_card_visa"});
        let refused = guest.post(&format!("{cart}/checkout"), order).await;
        assert!(refused.status.is_client_error(), "{}", refused.text);
    }
    assert_eq!(
        market.state_items("cart").await.len(),
        2,
        "they are there still, until they end by themselves"
    );
    let stored = stored(&market).await;
    let told = all.iter().find(|canary| stored.contains(**canary));
    assert!(told.is_none(), "{told:?} is stored");
}

/// Anybody can register with anybody's address.
#[tokio::test(start_paused = true)]
async fn an_address_that_was_never_verified_gives_no_hold_over_its_orders() {
    let market = TestMarket::with_mugs(9).await;
    let order = buy(&market, &market.shopper().0, "ada.canary@example.com").await;
    register(&market, "ada.canary@example.com").await.expect(201);
    let page = market.staff().0.get("/v1/customers").await.expect(200);
    let mallory = page.text_at("/data/0/id").to_owned();
    let path = export(&market, &mallory).await.expect(202).header("location").to_owned();
    let archive = market.staff().0.get(&format!("{path}/archive")).await.expect(200);
    assert_eq!(archive.json["orders"], json!([]));
    erase(&market, &mallory).await.expect(202);
    assert_eq!(market.staff().0.get(&order).await.json["erased"], false);
    log_in(&market, "ada.canary@example.com").await.expect(401);
    register(&market, "ada.canary@example.com").await.expect(201);
    log_in(&market, "ada.canary@example.com").await.expect(201);
}

/// Refuses the write of `privacy` that has this number.
#[derive(Default)]
struct Crash(AtomicUsize);

impl Faults for Crash {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let writes = ["PutItem", "DeleteItem", "TransactWriteItems"].contains(&call.operation.as_str());
        let counts = writes && call.caller.contains("privacy");
        let left = |left: usize| left.checked_sub(1);
        let due = counts && self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left) == Ok(1);
        due.then(|| Fault::Refuse(AwsError::new("ValidationException", "crash").into()))
    }
}

#[tokio::test(start_paused = true)]
async fn an_erasure_that_crashed_is_finished_by_a_repeat_or_by_the_schedule() {
    for (crash, by_schedule) in (1..=10).map(|crash| (crash, crash % 2 == 0)) {
        let faults = Arc::new(Crash::default());
        let of_market = Arc::clone(&faults);
        let market = TestMarket::open(|options| options.faults = Some(of_market)).await;
        market.staff().sell("MUG", 1250, 9).await;
        let ada = ada(&market, "ada.canary@example.com").await;
        faults.0.store(crash, Ordering::Relaxed);
        let first = erase(&market, &ada.id).await;
        let crashed = first.status.as_u16() == 500;
        assert!(crashed || first.text_at("/status") == "done", "{crash}: {}", first.text);
        assert!(crashed || crash > 8, "{crash} hit nothing: {}", first.text);
        let open = !market.state_items("erasure-mark").await.is_empty();
        for record in market.state_items("erasure").await {
            assert_eq!(record["status"] == "pending", open, "{crash}: done is done");
        }
        // Whoever takes the address as soon as it is free keeps it.
        register(&market, "ada.canary@example.com").await.expect(201);
        if by_schedule && open {
            market.invoke("enforce-retention", json!({})).await.unwrap();
        } else {
            assert_eq!(erase(&market, &ada.id).await.expect(202).text_at("/status"), "done");
        }
        let stored = stored(&market).await;
        assert!(market.state_items("erasure-mark").await.is_empty(), "{crash}");
        assert!(!stored.contains("canary phone") && !stored.contains("ada.canary"), "{crash}");
        for kind in ["session", "cart"] {
            assert!(market.state_items(kind).await.is_empty(), "{crash}: {kind}");
        }
        assert!(!stored.contains(&format!("credential/{}", ada.id)), "{crash}");
        assert_eq!(market.staff().0.get(&ada.order).await.json["erased"], true);
        register(&market, "ada.canary@example.com").await.expect(201);
        log_in(&market, "ada.canary@example.com").await.expect(201);
        let customers = market.state_items("customer").await;
        let living = customers.iter().filter(|customer| customer["erased"].is_null()).count();
        assert_eq!(living, 1, "{crash}: an address belongs to one account");
    }
}

#[tokio::test(start_paused = true)]
async fn of_many_who_erase_one_person_all_are_answered_the_same() {
    let market = TestMarket::crowded(9).await;
    let ada = ada(&market, "ada.canary@example.com").await;
    let all = futures::future::join_all((0..8).map(|_| erase(&market, &ada.id))).await;
    let logged_in = log_in(&market, "ada.canary@example.com").await;
    assert_eq!(logged_in.status.as_u16(), 401);
    for answer in &all {
        assert_eq!(answer.clone().expect(202).text_at("/id"), all[0].text_at("/id"));
    }
    assert_eq!(market.state_items("erasure").await.len(), 1);
    assert_eq!(erase(&market, &ada.id).await.expect(202).text_at("/status"), "done");
}

/// Holds log-ins up between the check of the password and the session.
#[derive(Default)]
struct Slow(AtomicBool);

impl Faults for Slow {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let session = call.caller.contains("sessions") && call.operation == "TransactWriteItems";
        let session = session && call.keys.iter().any(|(_, key)| key.contains("/sessions/"));
        (session && self.0.load(Ordering::Relaxed)).then_some(Fault::Delay(Duration::from_secs(2)))
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_in_at_the_same_time_outlives_no_erasure() {
    let slow = Arc::new(Slow::default());
    let of_market = Arc::clone(&slow);
    let market = TestMarket::open(|options| options.faults = Some(of_market)).await;
    market.staff().sell("MUG", 1250, 9).await;
    let ada = ada(&market, "ada.canary@example.com").await;
    slow.0.store(true, Ordering::Relaxed);
    let erased = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        erase(&market, &ada.id).await
    };
    let (logged_in, erased) = tokio::join!(log_in(&market, "ada.canary@example.com"), erased);
    assert_eq!(erased.expect(202).text_at("/status"), "done");
    assert_eq!(logged_in.expect(401).code(), "invalid_credentials");
    assert!(market.state_items("session").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_store_forgets_whom_its_settings_say() {
    let market = TestMarket::with_mugs(30).await;
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let run = async || {
        market.market.settled().await;
        market.invoke("enforce-retention", json!({})).await.unwrap();
    };
    let sleeper = ada(&market, "ada.canary@example.com").await;
    let shopper = market.shopper().0;
    let once = buy(&market, &shopper, "once@example.com").await;
    let regular = buy(&market, &shopper, "regular@example.com").await;
    register(&market, "awake@example.com").await.expect(201);
    market.leap(days(300));
    run().await;
    let erased = async |order: &str| market.staff().0.get(order).await.expect(200).json["erased"] == true;
    assert!(!erased(&sleeper.order).await && !erased(&once).await, "nothing is erased where nothing is said");

    let settings = retention(&json!({"inactive_customers_days": 365, "guest_contacts_days": 400}));
    assert_eq!(
        market.staff().0.patch("/v1/store", settings.clone()).await.expect(200).json["retention"],
        settings["retention"]
    );
    log_in(&market, "awake@example.com").await.expect(201);
    market.leap(days(60));
    let later = buy(&market, &shopper, "regular@example.com").await;
    run().await;
    assert!(!erased(&sleeper.order).await, "360 days are not 365");
    market.leap(days(10));
    run().await;
    assert!(erased(&sleeper.order).await && !erased(&once).await);
    assert_eq!(market.staff().0.get(&format!("/v1/customers/{}", sleeper.id)).await.json["erased"], true);
    market.leap(days(40));
    run().await;
    assert!(erased(&once).await && !erased(&regular).await, "who ordered again is known, with all orders");
    log_in(&market, "awake@example.com").await.expect(201);
    market.leap(days(361));
    run().await;
    assert!(erased(&regular).await && erased(&later).await);
    log_in(&market, "awake@example.com").await.expect(201);
    let told = audited(&market).await;
    assert_eq!(told.iter().filter(|action| *action == "privacy.erased").count(), 3);
    for wrong in [
        json!({"inactive_customers_days": 29}),
        json!({"guest_contacts_days": 36501}),
        json!({"x": 1}),
        json!(5),
    ] {
        market.staff().0.patch("/v1/store", retention(&wrong)).await.expect(422);
    }
}

#[tokio::test(start_paused = true)]
async fn a_customer_of_another_issuer_has_an_account_from_its_first_use_on() {
    let market = TestMarket::with_mugs(9).await;
    let (ada, bob) = (market.customer(7), market.customer(8));
    let me = ada.call("GET /v1/customers/me", "", Value::Null).await.expect(200);
    assert_eq!((me.text_at("/id"), me.json.get("email")), (ada.id.to_string().as_str(), None));
    let change = json!({"name": "Ada Canary", "addresses": [contact("x@example.com")["shipping_address"]]});
    let changed = ada.call("PATCH /v1/customers/me", "", change).await.expect(200);
    assert_eq!(
        (changed.text_at("/name"), changed.text_at("/addresses/0/line1")),
        ("Ada Canary", "7 Canary Row")
    );
    assert_eq!(ada.call("GET /v1/customers/me", "", Value::Null).await.expect(200).json, changed.json);
    assert_eq!(bob.call("GET /v1/customers/me", "", Value::Null).await.expect(200).json.get("name"), None);
    assert_eq!(market.state_items("customer").await.len(), 2);
    erase(&market, &ada.id.to_string()).await.expect(202);
    for route in ["GET /v1/customers/me", "PATCH /v1/customers/me"] {
        let body = if route.starts_with("GET") { Value::Null } else { json!({"name": "Eve"}) };
        assert_eq!(ada.call(route, "", body).await.expect(410).code(), "erased");
    }
    assert!(!stored(&market).await.contains("Canary"));
}

#[tokio::test(start_paused = true)]
async fn customers_list_their_own_orders() {
    let market = TestMarket::with_mugs(9).await;
    let ada = ada(&market, "ada.canary@example.com").await;
    // Of two orders in the same millisecond neither is the newer one.
    market.leap(SignedDuration::from_secs(1));
    let second = buy(&market, &ada.api, "other@example.com").await;
    buy(&market, &market.shopper().0, "ada.canary@example.com").await;
    let page = ada.api.get("/v1/customers/me/orders?limit=1").await.expect(200);
    assert!(second.ends_with(page.text_at("/data/0/id")) && page.json["has_more"] == true);
    let cursor = page.text_at("/next_cursor");
    let rest = ada.api.get(&format!("/v1/customers/me/orders?limit=1&cursor={cursor}")).await.expect(200);
    assert!(ada.order.ends_with(rest.text_at("/data/0/id")) && rest.json["has_more"] == false);
    assert_eq!(rest.text_at("/data/0/email"), "ada.canary@example.com");
    register(&market, "bob@example.com").await.expect(201);
    let tokens = log_in(&market, "bob@example.com").await.expect(201);
    let bob = market.shopper().0.with_key(Some(tokens.text_at("/access_token")));
    assert_eq!(bob.get("/v1/customers/me/orders").await.expect(200).json["data"], json!([]));
    bob.get(&format!("/v1/customers/me/orders?limit=1&cursor={cursor}")).await.expect(400);
    market.staff().0.get("/v1/customers/me/orders").await.expect(403);
    let stolen =
        market.shopper().0.with_key(None).send(Method::GET, "/v1/customers/me/orders", None, &[]).await;
    stolen.expect(401);
}

#[tokio::test(start_paused = true)]
async fn an_erased_persons_key_is_a_tombstone() {
    let market = TestMarket::with_mugs(9).await;
    let ada = ada(&market, "ada.canary@example.com").await;
    erase(&market, &ada.id).await.expect(202);
    let subject = Subject::Customer(ada.id.parse().unwrap());
    let sealed = vault::seal(&market.app(), market.tenant(), subject, "name", &"Ada").await;
    assert!(sealed.is_err());
    let keys = market.items("-vault", "person-key").await;
    let of_ada = keys.iter().filter(|key| key["pk"].as_str().unwrap().contains(&ada.id));
    assert_eq!(
        of_ada.map(|key| (&key["key"], key["erased_at"].is_string())).collect::<Vec<_>>(),
        [(&Value::Null, true)]
    );
}
