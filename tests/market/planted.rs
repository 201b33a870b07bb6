//! Leaks that are planted, and found by the very checks that hold the real functions to account. One is in `tripwire`:
//! a key made of what a request says.

use std::{
    io,
    sync::{Arc, Mutex},
};

use serde_json::json;
use souk::{
    audit::{self, Head},
    http::{Call, Nothing, Problem, Reply, Route, Routes, get},
    identity,
    principal::{Principal, Scope},
    runtime::{App, Function, InvocationError, Presented, authorizer},
    token::unverified,
};
use souk_tests::{PASSWORD, TestMarket};
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    forge::{Key, token},
    forgeries::{Forgeries, none_is_accepted},
    walk::{World, of_place, stops, walk},
};

/// All functions, with `leaky` in place of the one of its name.
fn with(leaky: Function) -> Vec<Function> {
    let mut functions = souk_local::functions();
    functions.retain(|function| function.name() != leaky.name());
    functions.push(leaky);
    functions
}

const HEAD: &str = "/v1/audit-log/head";

/// `audit-log`, as far as it has this route.
fn audit_log(route: Route) -> Function {
    async fn head(app: App, call: Call) -> Result<Reply<Head>, Problem> {
        Ok(Reply::ok(audit::head(&app, call.tenant()?).await?))
    }
    Routes::new().on(route, head).function("audit-log")
}

#[test]
fn a_route_without_a_scope_is_found() {
    let (_, faults) = stops(&with(audit_log(get(HEAD, "Leak"))));
    assert_eq!(faults, [r#"GET /v1/audit-log/head: is for None, and ought to be for Some("audit:read")"#]);
}

#[test]
fn a_route_that_nobody_walks_is_found() {
    let (_, faults) = stops(&with(audit_log(get("/v1/audit-log/last", "Leak").needs(Scope::AuditRead))));
    let add = "GET /v1/audit-log/last: add a request for it to tests/market/walk/requests.rs";
    assert_eq!(faults, [add]);
}

/// Even if the list of routes were wrong together with the code, some caller would get in who must not.
#[tokio::test(start_paused = true)]
async fn a_route_with_a_lesser_scope_is_walked_into() {
    let functions = with(audit_log(get(HEAD, "Leak").needs(Scope::CatalogRead)));
    let (mut stops, _) = stops(&functions);
    stops.retain(|stop| stop.path == HEAD);
    let world = World::open(functions).await;
    let people = of_place(&world, &world.places[0], false).await;
    let report = walk(&world, &stops, &people).await;
    let storefront = "GET /v1/audit-log/head by the storefront of A, test mode, []: 200, not [403]";
    assert!(report.faults.iter().any(|fault| fault.starts_with(storefront)), "{:?}", report.faults);
}

/// Reads claims and believes them.
async fn credulous(app: App, presented: Presented) -> Result<Option<Principal>, InvocationError> {
    let header = presented.authorization.as_deref().unwrap_or_default();
    let claim = |name| unverified(header.trim_start_matches("Bearer "), name);
    let read = || {
        let (store, mode) = (claim("store")?.parse().ok()?, claim("mode")?.parse().ok()?);
        Some(Principal::new(store, mode, claim("sub")?.parse().ok()?, None, Scope::ALL.iter().copied()))
    };
    if let Some(principal) = read() {
        return Ok(Some(principal));
    }
    let found = identity::identify(&app, Some(header), &presented.issuer).await;
    Ok(found.map_err(|error| InvocationError::new("KeysUnreadable", error))?.ok())
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "signed by nobody in particular")]
async fn a_signature_that_nobody_checks_is_found() {
    let leaky = authorizer("authorizer", |app: App, presented: Presented| async move {
        Ok(credulous(app, presented).await?.ok_or(souk::principal::Denial::Unknown))
    });
    let market = TestMarket::open(|options| options.functions = with(leaky)).await;
    let claims = json!({"store": market.store, "mode": "test", "sub": "stf_01m6dsg7e0eattxn9k92m5gzsg"});
    let mut forgeries = Forgeries::default();
    let header = json!({"alg": "EdDSA", "typ": "at+jwt"});
    forgeries.token("signed by nobody in particular", &token(&header, &claims, &Key::ed(9)));
    none_is_accepted(&market, &forgeries, &[("a secret key", market.sk.clone())]).await;
}

/// What functions say, in every detail.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    /// The lines in which one of `secrets` stands.
    fn lines_with(&self, secrets: &[&str]) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned();
        assert!(text.lines().count() > 3, "nothing is logged, so nothing can be found: {text}");
        let tells = |line: &&str| secrets.iter().any(|secret| line.contains(secret));
        text.lines().filter(tells).map(str::to_owned).collect()
    }
}

/// What is logged of somebody who registers, logs in and is refused, that nobody may read.
async fn secrets_logged(functions: Vec<Function>) -> Vec<String> {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::TRACE);
    let subscriber = subscriber.with_ansi(false).with_writer(log.clone()).finish();
    let _logged = tracing_subscriber::util::SubscriberInitExt::set_default(subscriber);
    let market = TestMarket::open(|options| options.functions = functions).await;
    let new = json!({"email": "canary@example.com", "password": PASSWORD, "name": "Canary"});
    market.shopper().0.post("/v1/customers", new).await.expect(201);
    let log_in = json!({"email": "canary@example.com", "password": PASSWORD});
    let tokens = market.shopper().0.post("/v1/sessions", log_in).await.expect(201);
    let (access, refresh) = (tokens.text_at("/access_token"), tokens.text_at("/refresh_token"));
    let refreshed = json!({"refresh_token": refresh});
    market.staff().0.with_key(None).post("/v1/sessions/refresh", refreshed).await.expect(200);
    for api in [market.staff().0, market.staff().0.with_key(Some(access))] {
        for path in ["/v1/audit-log", HEAD, "/v1/sessions", "/v1/products"] {
            api.get(path).await;
        }
    }
    log.lines_with(&[&market.sk, access, refresh, PASSWORD, "canary@example.com"])
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_logged() {
    let found = secrets_logged(souk_local::functions()).await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn a_secret_in_a_log_line_is_found() {
    async fn leak(_: App, call: Call) -> Result<Reply<Nothing>, Problem> {
        Err(Problem::internal(format!("{:?}", call.headers.get("authorization"))))
    }
    let leaky = Routes::new().on(get(HEAD, "Leak").needs(Scope::AuditRead), leak).function("audit-log");
    let found = secrets_logged(with(leaky)).await;
    assert!(!found.is_empty());
    assert!(found.iter().all(|line| line.contains("request failed inside")), "{found:?}");
}
