//! The event that the gateway makes of a request: payload format 2.0.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Request, header};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    PeerAddress,
    encoding::{form_decode, percent_decode},
};
use crate::template::HttpApi;

/// What is known of a request before its route is.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub request_id: String,
    pub method: String,
    /// As it came, for matching.
    pub path: String,
    /// Decoded, as HTTP APIs give it on.
    pub raw_path: String,
    pub query: String,
    pub headers: BTreeMap<String, String>,
    pub cookies: Vec<String>,
    pub origin: Option<String>,
    pub source: String,
    pub at: Timestamp,
    pub body: Bytes,
}

impl Incoming {
    pub(crate) fn read(request: Request<Bytes>, request_id: String, trace: &str, at: Timestamp) -> Self {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        let source =
            parts.extensions.get::<PeerAddress>().map_or("127.0.0.1".to_owned(), |peer| peer.0.to_string());
        let origin = text(&parts.headers, header::ORIGIN);
        let (mut headers, cookies) = read_headers(&parts.headers);
        let host = parts.uri.authority().map(ToString::to_string);
        headers.entry("host".to_owned()).or_insert_with(|| host.unwrap_or_else(|| "localhost".to_owned()));
        let port = headers["host"].rsplit_once(':').map_or("80", |(_, port)| port).to_owned();
        headers.insert("content-length".to_owned(), body.len().to_string());
        // The gateway adds itself to what came before; the last address is the one that it saw.
        let forwarded = match headers.get("x-forwarded-for") {
            Some(before) => format!("{before}, {source}"),
            None => source.clone(),
        };
        headers.insert("x-forwarded-for".to_owned(), forwarded);
        headers.insert("x-forwarded-port".to_owned(), port);
        headers.insert("x-forwarded-proto".to_owned(), "http".to_owned());
        headers.insert("x-amzn-trace-id".to_owned(), trace.to_owned());
        let decoded = percent_decode(&path);
        Self {
            request_id,
            method: parts.method.as_str().to_owned(),
            // As at AWS: a decoded question mark ends the path that the function sees.
            raw_path: decoded.split('?').next().unwrap_or_default().to_owned(),
            path,
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers,
            cookies,
            origin,
            source,
            at,
            body,
        }
    }

    /// The event, for a function on `route`; an authorizer's has no body, and what it says is in a function's.
    pub(crate) fn event(
        &self,
        api: &HttpApi,
        account: &str,
        route: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Map<String, Value> {
        let host = self.headers.get("host").map_or("", |host| host.split(':').next().unwrap_or_default());
        let mut context = json!({
            "accountId": account,
            "apiId": api.api_id,
            "domainName": host,
            "domainPrefix": host.split('.').next(),
            "http": {
                "method": self.method,
                "path": self.raw_path,
                "protocol": "HTTP/1.1",
                "sourceIp": self.source,
                "userAgent": self.headers.get("user-agent").map_or("", String::as_str),
            },
            "requestId": self.request_id,
            "routeKey": route,
            "stage": "$default",
            "time": self.at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": self.at.as_millisecond(),
        });
        let mut event = Map::new();
        event.insert("version".to_owned(), json!("2.0"));
        event.insert("routeKey".to_owned(), json!(route));
        event.insert("rawPath".to_owned(), json!(self.raw_path));
        event.insert("rawQueryString".to_owned(), json!(self.query));
        if !self.cookies.is_empty() {
            event.insert("cookies".to_owned(), json!(self.cookies));
        }
        event.insert("headers".to_owned(), json!(self.headers));
        let query = query_parameters(&self.query);
        if !query.is_empty() {
            event.insert("queryStringParameters".to_owned(), json!(query));
        }
        event.insert("requestContext".to_owned(), context.take());
        if !parameters.is_empty() {
            event.insert("pathParameters".to_owned(), json!(parameters));
        }
        if !api.stage_variables.is_empty() {
            event.insert("stageVariables".to_owned(), json!(api.stage_variables));
        }
        event
    }

    /// Adds the body, in base64 unless its content type says that it is text.
    pub(crate) fn add_body(&self, event: &mut Map<String, Value>) {
        let is_text = is_text(self.headers.get("content-type").map_or("", String::as_str));
        let encoded = !self.body.is_empty() && !is_text;
        if !self.body.is_empty() {
            let body = if encoded {
                STANDARD.encode(&self.body)
            } else {
                String::from_utf8_lossy(&self.body).into_owned()
            };
            event.insert("body".to_owned(), json!(body));
        }
        event.insert("isBase64Encoded".to_owned(), json!(encoded));
    }
}

/// The content types whose bodies an HTTP API hands on as they are; every other, and none, it encodes.
fn is_text(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || ["application/json", "application/xml", "application/javascript"].contains(&kind.as_str())
}

/// Headers by lower-case name, values of the same name joined by commas; cookies apart.
fn read_headers(all: &HeaderMap) -> (BTreeMap<String, String>, Vec<String>) {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    let mut cookies = Vec::new();
    for (name, value) in all {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        if name == header::COOKIE {
            cookies.extend(
                value.split(';').map(|cookie| cookie.trim().to_owned()).filter(|cookie| !cookie.is_empty()),
            );
            continue;
        }
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(&value);
            })
            .or_insert(value);
    }
    (headers, cookies)
}

/// The query's parameters, decoded, values of the same name joined by commas.
pub(crate) fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (form_decode(name), form_decode(value));
        parameters
            .entry(name)
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(&value);
            })
            .or_insert(value);
    }
    parameters
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming(request: Request<&'static str>) -> Incoming {
        let request = request.map(|body| Bytes::from_static(body.as_bytes()));
        Incoming::read(request, "id".to_owned(), "Root=1", Timestamp::from_second(1_583_348_638).unwrap())
    }

    #[test]
    fn a_request_becomes_the_event_that_aws_sends() {
        let request = Request::post("/v1/caf%C3%A9?a=1&b=x+y&a=%32&flag")
            .header("Host", "api.example.com")
            .header("X-Two", "one")
            .header("X-Two", "two")
            .header("Cookie", "a=b; c=d")
            .header("Content-Type", "application/json; charset=utf-8")
            .body("{}")
            .unwrap();
        let incoming = incoming(request);
        let mut event = incoming.event(
            &HttpApi { api_id: "abc".to_owned(), ..HttpApi::default() },
            "000000000000",
            "POST /v1/{name}",
            &[("name".to_owned(), "café".to_owned())].into(),
        );
        incoming.add_body(&mut event);
        assert_eq!(
            Value::Object(event),
            json!({
                "version": "2.0",
                "routeKey": "POST /v1/{name}",
                "rawPath": "/v1/café",
                "rawQueryString": "a=1&b=x+y&a=%32&flag",
                "cookies": ["a=b", "c=d"],
                "headers": {
                    "content-length": "2",
                    "content-type": "application/json; charset=utf-8",
                    "host": "api.example.com",
                    "x-amzn-trace-id": "Root=1",
                    "x-forwarded-for": "127.0.0.1",
                    "x-forwarded-port": "80",
                    "x-forwarded-proto": "http",
                    "x-two": "one,two",
                },
                "queryStringParameters": {"a": "1,2", "b": "x y", "flag": ""},
                "requestContext": {
                    "accountId": "000000000000",
                    "apiId": "abc",
                    "domainName": "api.example.com",
                    "domainPrefix": "api",
                    "http": {
                        "method": "POST",
                        "path": "/v1/café",
                        "protocol": "HTTP/1.1",
                        "sourceIp": "127.0.0.1",
                        "userAgent": "",
                    },
                    "requestId": "id",
                    "routeKey": "POST /v1/{name}",
                    "stage": "$default",
                    "time": "04/Mar/2020:19:03:58 +0000",
                    "timeEpoch": 1_583_348_638_000_i64,
                },
                "pathParameters": {"name": "café"},
                "body": "{}",
                "isBase64Encoded": false,
            })
        );
    }

    #[test]
    fn a_body_is_encoded_unless_its_type_is_text() {
        for (kind, encoded) in [
            ("text/plain", false),
            ("application/json", false),
            ("Application/JSON;charset=utf-8", false),
            ("application/problem+json", true),
            ("application/x-www-form-urlencoded", true),
            ("application/octet-stream", true),
            ("", true),
        ] {
            let incoming = incoming(Request::post("/").header("content-type", kind).body("abc").unwrap());
            let mut event = Map::new();
            incoming.add_body(&mut event);
            assert_eq!(event["isBase64Encoded"], json!(encoded), "{kind}");
            assert_eq!(event["body"], if encoded { "YWJj" } else { "abc" }, "{kind}");
        }
    }

    #[test]
    fn an_empty_body_is_no_body() {
        let mut event = Map::new();
        incoming(Request::get("/").body("").unwrap()).add_body(&mut event);
        assert_eq!(Value::Object(event), json!({ "isBase64Encoded": false }));
    }

    #[test]
    fn a_decoded_question_mark_ends_the_path() {
        let incoming = incoming(Request::get("/a%3Fb/c?d=e").body("").unwrap());
        assert_eq!((incoming.raw_path.as_str(), incoming.query.as_str()), ("/a", "d=e"));
    }
}
