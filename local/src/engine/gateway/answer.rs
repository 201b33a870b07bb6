//! From a function's answer to the response: payload format 2.0.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, value::RawValue};

/// A response of the gateway itself.
pub(crate) fn message(status: StatusCode, message: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(serde_json::json!({ "message": message }).to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// What a function answered, as a response; nothing where it isn't one.
///
/// An answer without a status code is the body of a 200 in JSON, as API Gateway infers it.
pub(crate) fn response(answer: &RawValue) -> Option<Response<Bytes>> {
    let value: Value = serde_json::from_str(answer.get()).ok()?;
    let Some(status) = value.get("statusCode") else {
        let body = match value {
            Value::String(text) => text,
            _ => answer.get().to_owned(),
        };
        let mut response = Response::new(Bytes::from(body));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        return Some(response);
    };
    let status = match status {
        Value::Number(number) => u16::try_from(number.as_u64()?).ok()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    let body = match value.get("body") {
        None | Some(Value::Null) => Bytes::new(),
        Some(Value::String(text)) if value.get("isBase64Encoded") == Some(&Value::Bool(true)) => {
            STANDARD.decode(text).ok()?.into()
        }
        Some(Value::String(text)) => Bytes::from(text.clone()),
        Some(_) => return None,
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).ok().filter(|status| status.as_u16() >= 200)?;
    let headers = response.headers_mut();
    for (name, value) in value.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(value) => value.to_string(),
            _ => return None,
        };
        headers.append(HeaderName::try_from(name.as_str()).ok()?, HeaderValue::try_from(value).ok()?);
    }
    for cookie in value.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        headers.append(header::SET_COOKIE, HeaderValue::try_from(cookie.as_str()?).ok()?);
    }
    // The gateway counts the bytes itself.
    headers.remove(header::CONTENT_LENGTH);
    if !response.body().is_empty() && !response.headers().contains_key(header::CONTENT_TYPE) {
        let plain = HeaderValue::from_static("text/plain;charset=UTF-8");
        response.headers_mut().insert(header::CONTENT_TYPE, plain);
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(answer: &str) -> Option<String> {
        let response = response(&RawValue::from_string(answer.to_owned()).unwrap())?;
        let mut text = response.status().as_u16().to_string();
        for (name, value) in response.headers() {
            text.push_str(&format!(" {name}={}", value.to_str().unwrap()));
        }
        Some(format!("{text} {}", String::from_utf8_lossy(response.body())))
    }

    #[test]
    fn answers_become_responses() {
        let cases = [
            (
                r#"{"statusCode":201,"headers":{"ETag":"\"1\"","content-type":"application/json"},"body":"{}"}"#,
                "201 etag=\"1\" content-type=application/json {}",
            ),
            (
                r#"{"statusCode":200,"body":"YQ==","isBase64Encoded":true}"#,
                "200 content-type=text/plain;charset=UTF-8 a",
            ),
            (r#"{"statusCode":204}"#, "204 "),
            (r#"{"statusCode":200,"cookies":["a=b","c=d"]}"#, "200 set-cookie=a=b set-cookie=c=d "),
            (r#"{"hello":"world"}"#, r#"200 content-type=application/json {"hello":"world"}"#),
            (r#""hello""#, "200 content-type=application/json hello"),
        ];
        for (answer, expected) in cases {
            assert_eq!(of(answer).as_deref(), Some(expected), "{answer}");
        }
    }

    #[test]
    fn what_is_no_response_is_refused() {
        for answer in [
            r#"{"statusCode":"ok"}"#,
            r#"{"statusCode":99}"#,
            r#"{"statusCode":200,"body":{"a":1}}"#,
            r#"{"statusCode":200,"body":"%","isBase64Encoded":true}"#,
            r#"{"statusCode":200,"headers":{"a":["b"]}}"#,
            r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
        ] {
            assert_eq!(of(answer), None, "{answer}");
        }
    }
}
