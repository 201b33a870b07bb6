//! Forged and misused credentials, on every protected route: none is accepted, and nothing changes (guards.md, 24).
//!
//! Each is one step away from a token that is good, so that it is that step which is refused.

mod external;
mod own;

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};
use souk::http::Access;
use souk_cloud::Caller;
use souk_tests::TestMarket;

/// What is sent in place of a good `Authorization` header: a name for it, and the header's lines.
pub struct Forgery {
    name: String,
    lines: Vec<String>,
}

/// Forgeries, as they are gathered.
#[derive(Default)]
pub struct Forgeries(Vec<Forgery>);

impl Forgeries {
    /// Adds lines of the header as they are.
    pub fn lines(&mut self, name: impl Into<String>, lines: &[&str]) {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        self.0.push(Forgery { name: name.into(), lines });
    }

    /// Adds a token, sent as tokens are.
    pub fn token(&mut self, name: impl Into<String>, token: &str) {
        self.lines(name, &[&format!("Bearer {token}")]);
    }
}

/// Every route that asks who is calling, with a path that could be one of it.
fn protected() -> Vec<(Method, String)> {
    let functions = souk_local::functions();
    let routes = functions.iter().filter_map(|function| function.routes()).flat_map(souk::http::Routes::iter);
    let protected = routes.filter(|route| matches!(route.access(), Access::Scope(_)));
    protected
        .map(|route| {
            let key = route.key();
            let (method, path) = key.split_once(' ').unwrap();
            let parts = path.split('/').map(|part| if part.starts_with('{') { "MUG" } else { part });
            (method.parse().unwrap(), parts.collect::<Vec<_>>().join("/"))
        })
        .collect()
}

/// The status with which the market answers these lines.
async fn status(market: &TestMarket, route: &(Method, String), lines: &[String]) -> u16 {
    let (method, path) = route;
    let headers: Vec<(&str, &str)> = lines.iter().map(|line| ("authorization", line.as_str())).collect();
    let body = (*method != Method::GET && *method != Method::DELETE).then(|| json!({}));
    let nobody = market.staff().0.with_key(None);
    nobody.send(method.clone(), path, body, &headers).await.status.as_u16()
}

/// All that is stored, but what is known of other issuers' keys: to look for a key is to note when.
pub async fn stored(market: &TestMarket) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for table in market.market.stack().tables.values() {
        let mut from = Value::Null;
        loop {
            let mut ask = json!({ "TableName": table.name });
            if !from.is_null() {
                ask["ExclusiveStartKey"] = from;
            }
            let request = http::Request::post("http://localhost/")
                .header("x-amz-target", "DynamoDB_20120810.Scan")
                .header("content-type", "application/x-amz-json-1.0")
                .body(ask.to_string().into())
                .unwrap();
            let answer = market.market.cloud().call(&Caller::everything("test"), request).await.unwrap();
            let mut page: Value = serde_json::from_slice(answer.body()).unwrap();
            for item in page["Items"].as_array().unwrap() {
                // Requests are counted, whoever sends them.
                let counts = item["pk"]["S"].as_str().is_some_and(|pk| pk.contains("limit/"));
                if item["kind"]["S"] != "issuer_keys" && !counts {
                    all.insert(format!("{} {} {}", table.name, item["pk"], item["sk"]), item.to_string());
                }
            }
            from = page["LastEvaluatedKey"].take();
            if from.is_null() {
                break;
            }
        }
    }
    all
}

/// Tries every forgery on every protected route, and the good credentials before and after.
pub async fn none_is_accepted(market: &TestMarket, forgeries: &Forgeries, good: &[(&str, String)]) {
    let routes = protected();
    assert!(routes.len() >= 20, "only {} routes", routes.len());
    let controls = |when: &'static str| {
        let routes = &routes;
        async move {
            for (name, credential) in good {
                let lines = [format!("Bearer {credential}")];
                for route in routes.iter().filter(|(method, _)| when == "after" || *method == Method::GET) {
                    let status = status(market, route, &lines).await;
                    assert_ne!(status, 401, "{when}: {name} is good, on {route:?}");
                    assert!(status < 500, "{when}: {name} on {route:?}: {status}");
                }
            }
        }
    };
    controls("before").await;
    market.market.settled().await;
    let before = stored(market).await;
    let (mut cases, mut accepted) = (0, Vec::new());
    for forgery in &forgeries.0 {
        for route in &routes {
            let status = status(market, route, &forgery.lines).await;
            cases += 1;
            if status != 401 {
                accepted.push(format!("{}: {route:?} answers {status}", forgery.name));
            }
        }
    }
    assert!(accepted.is_empty(), "{} of {cases}:\n{}", accepted.len(), accepted.join("\n"));
    market.market.settled().await;
    assert!(before == stored(market).await, "something changed");
    controls("after").await;
    println!(
        "{} forgeries on {} routes: {cases} cases, none accepted; {} good credentials on each",
        forgeries.0.len(),
        routes.len(),
        good.len()
    );
}
