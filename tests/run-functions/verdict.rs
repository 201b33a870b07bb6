//! Judges what a function answered: is it what its event source takes, and what the sample expects?

use serde_json::Value;

use souk_tests::compiled::{Sample, holds};

/// Words of the samples that tell who a shopper is or let one in. None of them belongs into a log.
const PRIVATE: [&str; 6] =
    ["layla@example.com", "Layla Haddad", "Oranienstra", "pk_test_demo", "sk_test_demo", "pk_test_nobody"];

/// Judges an answer.
///
/// # Errors
/// What is wrong with it.
pub fn answer(sample: &Sample, answer: &[u8]) -> Result<String, String> {
    let event: Value = serde_json::from_slice(&sample.payload).map_err(|error| error.to_string())?;
    let mut answer: Value =
        serde_json::from_slice(answer).map_err(|error| format!("the answer is not JSON: {error}"))?;
    let said = match &event {
        _ if event["type"] == "REQUEST" => authorizer(&answer)?,
        _ if event["requestContext"]["http"].is_object() => {
            // What OAuth answers and pages show is another standard's, or a person's.
            let ours = !event["rawPath"].as_str().is_some_and(|path| path.starts_with("/oauth/"));
            http(&mut answer, ours)?
        }
        _ if event["Records"].is_array() => batch(&event, &answer)?,
        _ => "done".to_owned(),
    };
    holds(&sample.expected, &answer, "answer")?;
    Ok(said)
}

/// API Gateway's payload format 2.0. The body is parsed in place, so that a sample can look into it. Errors that are
/// `ours` are problems of RFC 9457.
fn http(answer: &mut Value, ours: bool) -> Result<String, String> {
    let status = answer["statusCode"].as_u64().filter(|status| (200..600).contains(status));
    let status = status.ok_or_else(|| format!("statusCode is {}", answer["statusCode"]))?;
    let headers = answer["headers"].as_object().ok_or("headers are missing")?;
    if let Some((name, value)) =
        headers.iter().find(|(name, value)| !value.is_string() || *name != &name.to_lowercase())
    {
        return Err(format!("header {name} is {value}: names are in lower case and values are text"));
    }
    let kind = headers.get("content-type").and_then(Value::as_str).unwrap_or_default().to_owned();
    for needed in ["request-id", "cache-control"] {
        if !headers.contains_key(needed) {
            return Err(format!("header {needed} is missing"));
        }
    }
    if ours && status >= 400 && kind != "application/problem+json" {
        return Err(format!("{status} comes as {kind:?}, not as application/problem+json"));
    }
    let body = answer["body"].as_str().unwrap_or_default();
    if (kind == "application/json" || kind.ends_with("+json")) && answer["isBase64Encoded"] != true {
        answer["body"] =
            serde_json::from_str(body).map_err(|error| format!("the body is not JSON: {error}"))?;
    }
    Ok(status.to_string())
}

/// A simple response of format 2.0.
fn authorizer(answer: &Value) -> Result<String, String> {
    if !answer["isAuthorized"].is_boolean() {
        return Err(format!("isAuthorized is {}", answer["isAuthorized"]));
    }
    let context = answer["context"].as_object().ok_or("the context is missing")?;
    if let Some((name, value)) = context.iter().find(|(_, value)| value.is_object() || value.is_array()) {
        return Err(format!("context.{name} is {value}: the gateway passes on plain values only"));
    }
    Ok(if context.contains_key("denied") { "denied" } else { "known" }.to_owned())
}

/// A partial batch response. Every failure has to name a record of the batch, or Lambda fails all of them.
fn batch(event: &Value, answer: &Value) -> Result<String, String> {
    let failures = answer["batchItemFailures"].as_array().ok_or("batchItemFailures is missing")?;
    let records = event["Records"].as_array().map_or(0, Vec::len);
    let known = |id: &Value| {
        event["Records"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|record| record["messageId"] == *id || record["dynamodb"]["SequenceNumber"] == *id)
    };
    if let Some(unknown) = failures.iter().find(|failure| !known(&failure["itemIdentifier"])) {
        return Err(format!("{unknown} names no record of the batch"));
    }
    Ok(format!("{}/{records}", records - failures.len()))
}

/// Judges what a function wrote to its log.
///
/// # Errors
/// The first line that is not JSON, or that tells what no log may.
pub fn log(lines: &[String]) -> Result<(), String> {
    for line in lines {
        if let Some(word) = PRIVATE.iter().find(|word| line.contains(*word)) {
            return Err(format!("the log tells {word}"));
        }
        if serde_json::from_str::<Value>(line).is_err() {
            return Err(format!("the log is not JSON: {line}"));
        }
    }
    Ok(())
}
