//! Cross-origin sharing, as HTTP APIs do it by themselves.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use crate::template::Cors;

const OWN: [HeaderName; 6] = [
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_MAX_AGE,
];

/// The answer to a preflight: the gateway's own, no function is asked.
pub(crate) fn preflight(cors: &Cors, origin: Option<&str>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if allow(cors, origin, response.headers_mut()) {
        let headers = response.headers_mut();
        put(headers, header::ACCESS_CONTROL_ALLOW_METHODS, &cors.methods.join(","));
        put(headers, header::ACCESS_CONTROL_ALLOW_HEADERS, &cors.headers.join(","));
        if let Some(seconds) = cors.max_age {
            put(headers, header::ACCESS_CONTROL_MAX_AGE, &seconds.to_string());
        }
    }
    response
}

/// Puts the configured headers on a response; what the function says of them itself is dropped.
pub(crate) fn share(cors: &Cors, origin: Option<&str>, headers: &mut HeaderMap) {
    for name in OWN {
        headers.remove(name);
    }
    if allow(cors, origin, headers) {
        put(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, &cors.expose.join(","));
    }
}

/// Names the origin where it is allowed.
fn allow(cors: &Cors, origin: Option<&str>, headers: &mut HeaderMap) -> bool {
    let Some(origin) = origin else { return false };
    let any = cors.origins.iter().any(|allowed| allowed == "*");
    let one = cors.origins.iter().any(|allowed| matches(allowed, origin));
    if !any && !one {
        return false;
    }
    put(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, if any { "*" } else { origin });
    if cors.credentials {
        put(headers, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    }
    true
}

/// Whether `allowed` is the origin itself, or its scheme with any host: `https://*`.
fn matches(allowed: &str, origin: &str) -> bool {
    allowed.eq_ignore_ascii_case(origin)
        || allowed
            .strip_suffix('*')
            .is_some_and(|scheme| scheme.ends_with("://") && origin.starts_with(scheme))
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let (false, Ok(value)) = (value.is_empty(), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors(origins: &[&str]) -> Cors {
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        Cors {
            origins: list(origins),
            headers: list(&["authorization", "content-type"]),
            methods: list(&["GET", "POST"]),
            expose: list(&["etag"]),
            max_age: Some(600),
            credentials: false,
        }
    }

    fn header<'r>(response: &'r Response<Bytes>, name: &str) -> Option<&'r str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn a_preflight_is_answered_with_what_is_allowed() {
        let response = preflight(&cors(&["https://shop.example"]), Some("https://shop.example"));
        assert_eq!(response.status(), 204);
        assert_eq!(header(&response, "access-control-allow-origin"), Some("https://shop.example"));
        assert_eq!(header(&response, "access-control-allow-methods"), Some("GET,POST"));
        assert_eq!(header(&response, "access-control-allow-headers"), Some("authorization,content-type"));
        assert_eq!(header(&response, "access-control-max-age"), Some("600"));
    }

    #[test]
    fn another_origin_learns_nothing() {
        for (allowed, origin) in
            [("https://shop.example", "https://evil.example"), ("https://*", "http://x.example")]
        {
            let response = preflight(&cors(&[allowed]), Some(origin));
            assert_eq!((response.status().as_u16(), response.headers().len()), (204, 0), "{origin}");
        }
        assert_eq!(preflight(&cors(&["*"]), None).headers().len(), 0);
    }

    #[test]
    fn the_gateway_overrules_the_function() {
        let mut headers = HeaderMap::new();
        headers.insert("access-control-allow-origin", HeaderValue::from_static("https://function.example"));
        share(&cors(&["*"]), Some("https://a.example"), &mut headers);
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert_eq!(headers["access-control-expose-headers"], "etag");
        share(&cors(&["https://b.example"]), Some("https://a.example"), &mut headers);
        assert!(headers.is_empty());
    }
}
