//! One line of the access log, in the format that the template gives.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html>

use std::time::Duration;

use serde_json::Value;

use super::event::Incoming;

/// What is known of a request once it is answered.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub route: Option<String>,
    pub function: Option<String>,
    pub status: u16,
    pub bytes: usize,
    pub latency: Duration,
    pub integration: Option<Duration>,
    pub integration_error: Option<String>,
    pub authorizer: Value,
    pub authorizer_error: Option<String>,
    pub message: Option<String>,
}

/// Fills the format's `$context` variables; what has no value is `-`, as at AWS.
pub(crate) fn line(format: &str, incoming: &Incoming, outcome: &Outcome) -> String {
    let mut line = String::new();
    let mut rest = format;
    while let Some(start) = rest.find("$context.") {
        line.push_str(&rest[..start]);
        rest = &rest[start + "$context.".len()..];
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_')).unwrap_or(rest.len());
        let name = rest[..end].trim_end_matches('.');
        rest = &rest[name.len()..];
        let value = value(name, incoming, outcome);
        // The format is JSON: a value must not end its string.
        let quoted = Value::String(value.filter(|value| !value.is_empty()).unwrap_or_else(|| "-".to_owned()))
            .to_string();
        line.push_str(&quoted[1..quoted.len() - 1]);
    }
    line.push_str(rest);
    line
}

fn value(name: &str, incoming: &Incoming, outcome: &Outcome) -> Option<String> {
    let millis = |duration: Duration| duration.as_millis().to_string();
    Some(match name {
        "requestId" => incoming.request_id.clone(),
        "requestTime" => incoming.at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
        "requestTimeEpoch" => incoming.at.as_millisecond().to_string(),
        "httpMethod" => incoming.method.clone(),
        "path" => incoming.raw_path.clone(),
        "protocol" => "HTTP/1.1".to_owned(),
        "stage" => "$default".to_owned(),
        "identity.sourceIp" => incoming.source.clone(),
        "identity.userAgent" => incoming.headers.get("user-agent")?.clone(),
        "domainName" => incoming.headers.get("host")?.clone(),
        "routeKey" => outcome.route.clone()?,
        "status" => outcome.status.to_string(),
        "responseLength" => outcome.bytes.to_string(),
        "responseLatency" => millis(outcome.latency),
        "integrationLatency" | "integration.latency" => millis(outcome.integration?),
        "integrationErrorMessage" | "integration.error" => outcome.integration_error.clone()?,
        "authorizer.error" => outcome.authorizer_error.clone()?,
        "error.message" => outcome.message.clone()?,
        _ => match outcome.authorizer.get(name.strip_prefix("authorizer.")?)? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        },
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_says_what_the_format_asks_for() {
        let request = http::Request::get("/a%22b").body(Bytes::new()).unwrap();
        let incoming = Incoming::read(request, "id".to_owned(), "", Timestamp::from_second(1).unwrap());
        let outcome = Outcome {
            status: 200,
            bytes: 12,
            authorizer: json!({ "store": "store_1" }),
            ..Outcome::default()
        };
        let format = r#"{"at":"$context.requestTimeEpoch","path":"$context.path","status":$context.status,"store":"$context.authorizer.store","error":"$context.error.message"}"#;
        assert_eq!(
            line(format, &incoming, &outcome),
            r#"{"at":"1000","path":"/a\"b","status":200,"store":"store_1","error":"-"}"#
        );
    }
}
