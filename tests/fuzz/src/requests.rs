//! What comes through the gateway or out of a queue, to the functions themselves: from the event's JSON to the answer's.

use std::sync::LazyLock;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};
use souk::runtime::Kind;

use crate::market::{Frozen, frozen};

/// What stands for an id of each kind in a path.
const ID: &str = "01m6dsg7e0fabs2v1n9dm8936v";

/// Headers that say where a request goes. The gateway answers at its own names only, so nobody outside chooses them; and
/// `lambda_http` panics where they make no URI.
const PLACES: [&str; 4] = ["host", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto"];

/// The first line of an input and the rest of it. The line names a route or a function; any other line is one, too.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    (&bytes[..end], bytes.get(end + 1..).unwrap_or_default())
}

/// What the line names, or what it comes to.
fn one_of<'a, T>(all: &'a [T], line: &[u8], name: impl Fn(&T) -> &str) -> &'a T {
    let sum: usize = line.iter().map(|&byte| usize::from(byte)).sum();
    all.iter().find(|one| name(one).as_bytes() == line).unwrap_or(&all[sum % all.len()])
}

type Route = (String, &'static str);

fn route(line: &[u8], fits: impl Fn(&Route) -> bool) -> Route {
    let frozen = frozen();
    let fitting: Vec<Route> = frozen.routes.iter().filter(|route| fits(route)).cloned().collect();
    one_of(&fitting, line, |(key, _)| key).clone()
}

fn is_form(key: &str) -> bool {
    key.contains(" /oauth/") || key.contains("/stores/")
}

/// The event of a request.
fn event(
    frozen: &Frozen,
    key: &str,
    who: usize,
    query: &[u8],
    headers: Map<String, Value>,
    body: &[u8],
) -> Value {
    let (method, path) = key.split_once(' ').unwrap_or(("GET", key));
    let mut path_parameters = Map::new();
    let mut real = Vec::new();
    for part in path.split('/') {
        let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else {
            real.push(part.to_owned());
            continue;
        };
        let id = match name {
            "id" => format!("{}_{ID}", prefix(path)),
            "store" => format!("store_{ID}"),
            "provider" => "sandbox".to_owned(),
            other => other.to_owned(),
        };
        path_parameters.insert(name.to_owned(), id.clone().into());
        real.push(id);
    }
    // As the gateway takes it: nothing that can't stand in a request's line.
    let pairs = form_urlencoded::parse(query);
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let (body, encoded) = match std::str::from_utf8(body) {
        Ok(text) => (Value::from(text), false),
        Err(_) => (BASE64_STANDARD.encode(body).into(), true),
    };
    json!({
        "version": "2.0", "routeKey": key, "rawPath": real.join("/"), "rawQueryString": query, "headers": headers, "pathParameters": path_parameters,
        "requestContext": {
            "accountId": "000000000000", "apiId": "api", "domainName": "localhost", "domainPrefix": "localhost",
            "requestId": "req", "routeKey": key, "stage": "$default",
            "time": "01/Mar/2026:09:00:00 +0000", "timeEpoch": 1_772_355_600_000_i64,
            "authorizer": frozen.principals[who],
            "http": {"method": method, "path": real.join("/"), "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "fuzz"},
        },
        "body": body, "isBase64Encoded": encoded,
    })
}

/// How ids of this path's things begin.
fn prefix(path: &str) -> &'static str {
    const PREFIXES: [(&str, &str); 14] = [
        ("/returns", "ret"),
        ("/carts", "cart"),
        ("/orders", "ord"),
        ("/products", "prod"),
        ("/customers", "cus"),
        ("/drafts", "draft"),
        ("/gift-cards", "gift"),
        ("/price-lists", "plist"),
        ("/promotions", "promo"),
        ("/tax-rates", "rate"),
        ("/staff", "stf"),
        ("/api-keys", "key"),
        ("/invoices", "invc"),
        ("/shipping", "zone"),
    ];
    PREFIXES.iter().find(|(part, _)| path.contains(part)).map_or("evt", |(_, prefix)| prefix)
}

/// Asks; whatever it is, the answer has a status and is no panic.
fn ask(key: &str, function: &str, who: usize, query: &[u8], headers: Map<String, Value>, body: &[u8]) {
    let frozen = frozen();
    let event = event(frozen, key, who, query, headers, body);
    let answer = frozen.invoke(function, event.to_string()).expect("a request has an answer");
    assert!(answer["statusCode"].is_u64(), "{answer}");
}

fn typed(kind: &str) -> Map<String, Value> {
    let headers =
        json!({"content-type": kind, "host": "localhost", "idempotency-key": "fuzzing-0123456789abcdef"});
    headers.as_object().cloned().unwrap_or_default()
}

/// A route, and a JSON body.
pub fn bodies(bytes: &[u8]) {
    let (line, body) = split(bytes);
    let (key, function) = route(line, |(key, _)| !key.starts_with("GET") && !is_form(key));
    let customer = usize::from(key.contains("/me"));
    ask(&key, function, customer, b"", typed("application/json"), body);
}

/// A route, and a query: filters, limits, cursors.
pub fn queries(bytes: &[u8]) {
    let (line, query) = split(bytes);
    let (key, function) = route(line, |(key, _)| key.starts_with("GET"));
    let customer = usize::from(key.contains("/me"));
    ask(&key, function, customer, query, typed("application/json"), b"");
}

/// A route that takes a form, and the form: OAuth's requests and what its pages send.
pub fn forms(bytes: &[u8]) {
    let (line, form) = split(bytes);
    let (key, function) = route(line, |(key, _)| is_form(key));
    if key.starts_with("GET") {
        ask(&key, function, 0, form, typed("text/html"), b"");
    } else {
        ask(&key, function, 0, b"", typed("application/x-www-form-urlencoded"), form);
    }
}

/// A route, and headers, one a line.
pub fn headers(bytes: &[u8]) {
    let (line, rest) = split(bytes);
    let (key, function) = route(line, |_| true);
    let mut headers = typed("application/json");
    for header in String::from_utf8_lossy(rest).lines() {
        if let Some((name, value)) = header.split_once(':') {
            // The gateway passes on what is a header only.
            let name = name.trim().to_ascii_lowercase();
            let fits = !PLACES.contains(&name.as_str())
                && name.parse::<http::HeaderName>().is_ok()
                && http::HeaderValue::from_str(value.trim()).is_ok();
            if fits {
                headers.insert(name, value.trim().into());
            }
        }
    }
    ask(&key, function, 0, b"", headers, b"{}");
}

/// What comes as `Authorization`: API keys, access tokens, tokens of other issuers. A line that is a dot stands for what
/// follows it being a token's header and claims, as JSON, a line each.
pub fn credentials(bytes: &[u8]) {
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    let frozen = frozen();
    let (line, rest) = split(bytes);
    let presented = if line == b"." {
        let (header, claims) = split(rest);
        let part = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        format!("Bearer {}.{}.{}", part(header), part(claims), part(&[7; 64]))
    } else {
        String::from_utf8_lossy(bytes).into_owned()
    };
    if http::HeaderValue::from_str(&presented).is_err() {
        return;
    }
    let headers = Map::from_iter([("authorization".to_owned(), presented.into())]);
    let mut event = event(frozen, "GET /v1/products", 0, b"", headers, b"");
    event["type"] = "REQUEST".into();
    frozen.invoke("authorizer", event.to_string());
}

/// A payment provider, the header of its signature, and a body.
pub fn notifications(bytes: &[u8]) {
    const PROVIDERS: [(&str, &str); 2] =
        [("sandbox", "souk-sandbox-signature"), ("stripe", "stripe-signature")];
    let frozen = frozen();
    let (line, rest) = split(bytes);
    let (provider, header) = one_of(&PROVIDERS, line, |(provider, _)| provider);
    let (signature, body) = split(rest);
    let mut headers = typed("application/json");
    let signature = String::from_utf8_lossy(signature).into_owned();
    if http::HeaderValue::from_str(&signature).is_ok() {
        headers.insert((*header).to_owned(), signature.into());
    }
    let key = "POST /v1/payment-events/{provider}/{store}";
    let mut event = event(frozen, key, 0, b"", headers, body);
    event["pathParameters"]["provider"] = (*provider).into();
    event["pathParameters"]["store"] = frozen.principals[0]["lambda"]["store"].clone();
    frozen.invoke("payment-events", event.to_string());
}

/// A function behind a queue, and the body of a message.
pub fn messages(bytes: &[u8]) {
    static FUNCTIONS: LazyLock<Vec<&str>> = LazyLock::new(|| frozen().of_kind(&[Kind::Queue]));
    let (line, body) = split(bytes);
    let function = one_of(&FUNCTIONS, line, |name| name);
    let record = json!({
        "messageId": "00000000-0000-4000-8000-000000000000", "receiptHandle": "x",
        "body": String::from_utf8_lossy(body), "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:souk", "awsRegion": "eu-central-1",
    });
    frozen().invoke(function, json!({"Records": [record]}).to_string());
}

/// A function behind no gateway, and its whole event. What API Gateway itself writes is read by AWS's own crates, which
/// panic where it isn't as AWS writes it.
pub fn events(bytes: &[u8]) {
    static FUNCTIONS: LazyLock<Vec<&str>> =
        LazyLock::new(|| frozen().of_kind(&[Kind::Queue, Kind::Stream, Kind::Schedule, Kind::Direct]));
    let (line, event) = split(bytes);
    let function = one_of(&FUNCTIONS, line, |name| name);
    frozen().invoke(function, String::from_utf8_lossy(event).into_owned());
}
