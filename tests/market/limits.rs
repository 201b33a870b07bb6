//! Limits: exact over many environments, cheap, and nobody's way around them.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use http::Method;
use serde_json::json;
use souk::{
    http::Routes,
    limit::{
        self, Address, Asked, Refusal, Taken,
        bucket::Policy,
        policy::{self, Class},
        take,
    },
    principal::Denial,
    runtime::Function,
    store::keys,
    tenant::{Mode, Tenant},
};
use souk_cloud::{AwsError, CallInfo, CallRecord, Fault, Faults, Observer};
use souk_local::functions;
use souk_tests::{Api, TestMarket};

/// What a route's path says where it guesses at secrets or makes something of value.
const SENSITIVE: [&str; 10] = [
    "/sessions",
    "/oauth/",
    "/password",
    "/verif",
    "/v1/customers",
    "/checkout",
    "/payment-links",
    "/accept",
    "/login",
    "/token",
];

/// What is done for a customer who is known, by the staff or by themselves, is no registration.
const OF_KNOWN_CUSTOMERS: [&str; 2] = ["/store-credit", "/returns"];

fn routes() -> BTreeSet<String> {
    functions()
        .iter()
        .filter_map(Function::routes)
        .flat_map(Routes::iter)
        .map(souk::http::Route::key)
        .collect()
}

#[test]
fn every_route_with_a_stricter_limit_exists() {
    let routes = routes();
    let named: BTreeSet<_> = policy::ROUTES.iter().map(|(key, _)| *key).collect();
    assert_eq!(named.len(), policy::ROUTES.len(), "a route has one class");
    let missing: BTreeSet<_> = named.iter().copied().filter(|key| !routes.contains(*key)).collect();
    assert!(missing.is_empty(), "limit/policy.rs names what is no route: {missing:?}");
}

#[test]
fn every_route_that_needs_a_stricter_limit_has_one() {
    for key in routes() {
        let known = OF_KNOWN_CUSTOMERS.iter().any(|end| key.ends_with(end));
        let sensitive = key.starts_with("POST ") && !known && SENSITIVE.iter().any(|part| key.contains(part));
        assert!(!sensitive || policy::class_of(&key).is_some(), "{key} has no class in limit/policy.rs");
    }
}

/// Counts the writes of one function.
#[derive(Default)]
struct Writes(AtomicUsize);

impl Observer for Writes {
    fn called(&self, record: &CallRecord) {
        if record.caller == "authorizer" && record.operation == "UpdateItem" {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn observed() -> (TestMarket, Arc<Writes>) {
    let writes = Arc::new(Writes::default());
    let observer = Arc::clone(&writes);
    (TestMarket::open(move |options| options.observer = Some(observer)).await, writes)
}

/// Statuses of `many` requests at once.
async fn at_once(api: &Api, path: &str, many: usize) -> Vec<u16> {
    join_all((0..many).map(|_| api.get(path))).await.iter().map(|answer| answer.status.as_u16()).collect()
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|one| **one == status).count()
}

#[tokio::test(start_paused = true)]
async fn many_environments_share_one_bucket() {
    let market = TestMarket::open(|_| {}).await;
    let tenant = Tenant::of_own_record(market.store.parse().unwrap(), Mode::Test);
    let policy = Policy::per_second(20, 40);
    let key = keys::limit(tenant, "test", policy.rate, policy.window);
    let (turns, started) = (900, market.clock().now());
    // Each environment has memory of its own, and a clock that is off by up to two seconds.
    let environments = (0..6_i64).map(|n| {
        let (app, key) = (market.app(), key.clone());
        async move {
            let (mut passed, skew) = (0_i64, (n % 5 - 2) * 1_000);
            for _ in 0..turns {
                let now = app.now().as_millisecond() + skew;
                if matches!(take(&app, &key, policy, now).await, Taken::Passed(_)) {
                    passed += 1;
                }
                tokio::time::sleep(Duration::from_millis(125)).await;
            }
            passed
        }
    });
    let passed: i64 = join_all(environments).await.into_iter().sum();
    let millis = market.clock().now().as_millisecond() - started.as_millisecond();
    let allowed = 20 * millis / 1000 + 40;
    assert!(passed * 100 <= allowed * 105, "{passed} of {allowed}: more than a twentieth too many");
    assert!(passed * 100 >= allowed * 80, "{passed} of {allowed}: a fifth is wasted");
}

#[tokio::test(start_paused = true)]
async fn a_store_at_its_limit_is_told_so_and_others_notice_nothing() {
    let market = TestMarket::open(|_| {}).await;
    let small = json!({"limits": {"store": {"per_second": 5, "burst": 10}}});
    let (_, small, _) = market.store_with(small).await;
    let (_, _, other) = market.another_store().await;
    let mut statuses = Vec::new();
    for _ in 0..30 {
        // In turn, in one environment of the authorizer: nothing of one store reaches the other.
        statuses.push(small.get("/v1/products").await.status.as_u16());
        let there = other.get("/v1/products").await.expect(200);
        assert!(there.header("ratelimit-policy").contains("\"store\";q=1000;w=1"), "{:?}", there.headers);
    }
    assert_eq!((count(&statuses, 200), count(&statuses, 429)), (10, 20));

    let refused = small.get("/v1/products").await.expect(429);
    assert_eq!(refused.code(), "rate_limited");
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(refused.header("retry-after"), "1");
    assert!(refused.header("ratelimit").contains("\"store\";r=0;t=1"), "{:?}", refused.headers);
    assert!(refused.header("ratelimit-policy").contains("\"store\";q=5;w=1"), "{:?}", refused.headers);
    assert!(!refused.header("strict-transport-security").is_empty());
    tokio::time::sleep(Duration::from_secs(1)).await;
    small.get("/v1/products").await.expect(200);
}

/// Two stores whose limits are alike, in one environment: what one has used up, the other still has.
#[tokio::test(start_paused = true)]
async fn stores_with_the_same_limits_have_a_bucket_each() {
    let market = TestMarket::open(|_| {}).await;
    let small =
        json!({"limits": {"store": {"per_second": 1, "burst": 10}}, "quotas": {"requests_per_day": 15}});
    let ((_, one, _), (_, other, _)) =
        (market.store_with(small.clone()).await, market.store_with(small).await);
    assert_eq!(count(&at_once(&one, "/v1/products", 20).await, 200), 10);
    assert_eq!(count(&at_once(&other, "/v1/products", 20).await, 200), 10);
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(count(&at_once(&one, "/v1/products", 20).await, 200), 5);
    assert_eq!(count(&at_once(&other, "/v1/products", 20).await, 200), 5);
}

#[tokio::test(start_paused = true)]
async fn a_store_at_a_hundred_times_its_limit_slows_no_other() {
    let (market, writes) = observed().await;
    let (_, _, noisy) = market
        .store_with(json!({"limits": {"store": {"per_second": 10, "burst": 20}, "secret": {"per_second": 5000, "burst": 5000}}}))
        .await;
    let (_, _, quiet) = market.another_store().await;
    let before = writes.0.load(Ordering::Relaxed);
    for _ in 0..10 {
        let (noise, calm) =
            tokio::join!(at_once(&noisy, "/v1/products", 100), at_once(&quiet, "/v1/products", 5));
        assert_eq!(count(&calm, 200), 5);
        assert!(count(&noise, 200) <= 21, "{}", count(&noise, 200));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let writes = writes.0.load(Ordering::Relaxed) - before;
    assert!(writes < 105, "a flood of 1,050 requests cost {writes} writes");
}

#[tokio::test(start_paused = true)]
async fn a_steady_load_costs_no_write_per_request() {
    let (market, writes) = observed().await;
    let staff = market.staff();
    let before = writes.0.load(Ordering::Relaxed);
    for _ in 0..300 {
        staff.0.get("/v1/products").await.expect(200);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let writes = writes.0.load(Ordering::Relaxed) - before;
    // Two of them note that the key was used.
    assert!(writes < 33, "300 requests cost {writes} writes");
}

/// The narrow limit of checkouts, by address: no header, spelling or neighbor address is a way around it.
#[tokio::test(start_paused = true)]
async fn nothing_that_a_caller_writes_changes_its_address() {
    let market = TestMarket::open(|_| {}).await;
    let caller = market.shopper().0.at("2001:db8:1:2::1");
    let path = "/v1/carts/cart_00000000000000000000000001/checkout";
    let send = async |api: &Api, path: &str, headers: &[(&str, &str)]| {
        let headers = [&[("idempotency-key", "one")], headers].concat();
        api.send(Method::POST, path, Some(json!({"payment_method": "pm_card_visa"})), &headers).await
    };
    let most = Class::Checkout.policy().burst;
    for _ in 0..most {
        send(&caller, path, &[]).await.expect(404);
    }
    assert_eq!(send(&caller, path, &[]).await.expect(429).code(), "rate_limited");
    for name in
        ["x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip", "x-client-ip"]
    {
        send(&caller, path, &[(name, "198.51.100.7")]).await.expect(429);
        send(&caller, path, &[(name, "for=198.51.100.7")]).await.expect(429);
    }
    // Of one household, however many addresses it has.
    send(&caller.at("2001:db8:1:2:ffff::9"), path, &[]).await.expect(429);
    // Another spelling is no route, or the same one.
    for path in
        [path.to_uppercase(), format!("{path}/"), format!("/{path}"), path.replace("checkout", "checkou%74")]
    {
        let answer = send(&caller, &path, &[]).await;
        assert!([404, 429].contains(&answer.status.as_u16()), "{path}: {}", answer.text);
        assert!(answer.status == 429 || answer.header("request-id").is_empty(), "{path} reached a function");
    }
    send(&caller.at("2001:db8:1:3::1"), path, &[]).await.expect(404);
    caller.get("/v1/products").await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn whoever_tries_keys_is_held_back_by_address() {
    let market = TestMarket::open(|_| {}).await;
    let stranger = market.shopper().0;
    let mut statuses = Vec::new();
    for n in 0..150 {
        let key = format!("sk_test_{n}");
        statuses.push(stranger.with_key(Some(&key)).get("/v1/products").await.status.as_u16());
    }
    assert_eq!((count(&statuses, 401), count(&statuses, 429)), (100, 50));
    market.staff().0.get("/v1/products").await.expect(200);
}

/// One storefront's key is read by everybody: who floods with it is stopped, the others shop on.
#[tokio::test(start_paused = true)]
async fn a_publishable_key_is_limited_by_address() {
    let market = TestMarket::open(|_| {}).await;
    let statuses = at_once(&market.shopper().0, "/v1/products", 400).await;
    assert_eq!((count(&statuses, 200), count(&statuses, 429)), (200, 200));
    market.shopper().0.get("/v1/products").await.expect(200);
}

/// The table takes no writes of the authorizer while the switch is on.
#[derive(Default)]
struct NoLimits(AtomicBool);

impl Faults for NoLimits {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let broken = self.0.load(Ordering::Relaxed) && call.operation == "UpdateItem";
        broken.then(|| Fault::Refuse(AwsError::new("InternalServerError", "down").into()))
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_table_shops_stay_open_and_log_ins_close() {
    let faults = Arc::new(NoLimits::default());
    let switch = Arc::clone(&faults);
    let market = TestMarket::open(move |options| options.faults = Some(switch)).await;
    faults.0.store(true, Ordering::Relaxed);
    market.shopper().0.get("/v1/products").await.expect(200);
    let app = market.app();
    for (key, class) in policy::ROUTES {
        let asked = Asked {
            route: key.to_owned(),
            address: Address::of_gateway("203.0.113.7"),
            origin: None,
            host: "api.example.com".to_owned(),
            now: app.now().as_millisecond(),
        };
        let identify = async { Ok::<_, ()>(Err(Denial::Missing)) };
        let (_, verdict) = limit::admit(&app, &asked, identify).await.unwrap();
        let expected = (class != Class::Checkout).then_some(Refusal::Unavailable);
        assert_eq!(verdict.refusal, expected, "{key}");
    }
    faults.0.store(false, Ordering::Relaxed);
}

#[tokio::test(start_paused = true)]
async fn every_answer_has_its_security_headers() {
    let market = TestMarket::with_mugs(1).await;
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    let answers = [
        shopper.0.get("/v1/products").await.expect(200),
        shopper.0.get(&cart).await.expect(200),
        shopper.0.with_key(None).get("/v1/products").await.expect(401),
        shopper.0.get("/v1/orders").await.expect(403),
        shopper.0.get("/v1/carts/nothing").await.expect(404),
        shopper.0.post("/v1/carts", json!({"nothing": 1})).await.expect(422),
        market.staff().0.delete(&market.staff().sell("CUP", 1, 0).await).await.expect(204),
        shopper.0.get("/health").await.expect(200),
        shopper.0.get("/openapi.json").await.expect(200),
    ];
    for answer in &answers {
        assert_eq!(answer.header("strict-transport-security"), "max-age=63072000; includeSubDomains");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        let policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";
        assert_eq!(answer.header("content-security-policy"), policy);
    }
    let page = shopper.0.get("/").await.expect(200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    // The policy lets no script run that is written into the page, so none may be.
    for tag in page.text.split("<script").skip(1) {
        assert!(tag.contains("src=\"reference/") && tag.contains("></script>"), "{tag}");
    }
    assert!(
        !page.text.contains(" on") || !page.text.contains("onload="),
        "a handler in the page would not run"
    );
}
