//! Bodies and queries: parsed into types that can only hold valid values.

use http::HeaderMap;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Code, Problem, card};

/// A body may have so many bytes. DynamoDB's largest item is 400 KB; nothing a caller sends comes near.
const MOST_BYTES: usize = 256 * 1024;

/// No body, or no query parameters.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl utoipa::IntoParams for Nothing {
    fn into_params(
        _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
    ) -> Vec<utoipa::openapi::path::Parameter> {
        Vec::new()
    }
}

/// Reads a JSON body. No body reads as `{}`.
pub(super) fn parse_body<B: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<B, Problem> {
    if bytes.len() > MOST_BYTES {
        let detail = format!("The body has {} bytes; {MOST_BYTES} are the most.", bytes.len());
        return Err(Problem::new(Code::BodyTooLarge, detail));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return of_value(Value::Object(Map::new()));
    }
    let declared = headers.get("content-type").map(|value| value.to_str().unwrap_or_default());
    let media_type =
        declared.map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    if media_type.is_some_and(|media| media != "application/json" && !media.ends_with("+json")) {
        let detail = "Send the body as JSON, with `Content-Type: application/json`.";
        return Err(Problem::new(Code::UnsupportedMediaType, detail).at("Content-Type"));
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        Problem::new(
            Code::MalformedJson,
            format!("Line {}, column {}: {}.", error.line(), error.column(), reason(&error)),
        )
    })?;
    card::refuse_cards(&value)?;
    // serde would take an array for an object, field by field.
    if !value.is_object() {
        return Err(Problem::new(Code::InvalidRequest, "The body must be a JSON object."));
    }
    // Read once more from the bytes, not from `value`, which has forgotten fields that came twice.
    read(&mut serde_json::Deserializer::from_slice(bytes))
}

/// Reads a body that is a form, each field given at most once.
pub(super) fn parse_form<B: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<B, Problem> {
    if bytes.len() > MOST_BYTES {
        let detail = format!("The body has {} bytes; {MOST_BYTES} are the most.", bytes.len());
        return Err(Problem::new(Code::BodyTooLarge, detail));
    }
    let declared = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = declared.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let detail = "Send the body as a form, with `Content-Type: application/x-www-form-urlencoded`.";
        return Err(Problem::new(Code::UnsupportedMediaType, detail).at("Content-Type"));
    }
    let pairs = url::form_urlencoded::parse(bytes);
    let mut fields = Map::new();
    for (name, value) in pairs {
        card::refuse_card(&value).map_err(|problem| problem.at(name.as_ref()))?;
        if fields.insert(name.to_string(), Value::String(value.into_owned())).is_some() {
            return Err(Problem::invalid(name.as_ref(), "This field is given twice."));
        }
    }
    of_value(Value::Object(fields))
}

/// Why serde_json gave up, without the place, which is told apart, and without the text, which may be personal.
fn reason(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "the text ends too early",
        _ => "this is not JSON",
    }
}

fn of_value<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    read(value)
}

fn read<'de, T: DeserializeOwned, D: serde::Deserializer<'de>>(from: D) -> Result<T, Problem>
where
    D::Error: std::fmt::Display,
{
    serde_path_to_error::deserialize(from).map_err(|error| {
        let (path, message) = (error.path().to_string(), error.inner().to_string());
        let (param, detail) = explain(&path, &message);
        Problem::invalid(param, detail)
    })
}

/// Turns serde's words into ours, and its path into the field that is at fault.
fn explain(path: &str, message: &str) -> (String, String) {
    let message = message.split(" at line ").next().unwrap_or(message);
    let named = |prefix: &str| {
        let name = message.strip_prefix(prefix)?.split('`').next()?;
        Some(if path == "." || path.is_empty() { name.to_owned() } else { format!("{path}.{name}") })
    };
    if let Some(param) = named("unknown field `") {
        // serde's path ends with the unknown field itself, where it has one.
        let param = if path.ends_with(param.rsplit('.').next().unwrap_or_default()) {
            path.to_owned()
        } else {
            param
        };
        return (param, "This field is not known here.".to_owned());
    }
    if let Some(param) = named("missing field `") {
        return (param, "This field is required.".to_owned());
    }
    if let Some(param) = named("duplicate field `") {
        return (param, "This field is given twice.".to_owned());
    }
    (path.to_owned(), format!("{}.", capitalized(&unquoted(message))))
}

/// serde's words without the value that they quote: it may be a password.
fn unquoted(message: &str) -> String {
    const QUOTING: [&str; 4] = ["invalid type", "invalid value", "invalid length", "unknown variant"];
    let quoting = QUOTING.into_iter().find(|kind| message.starts_with(kind));
    match quoting.zip(message.rsplit_once(", expected ")) {
        Some((kind, (_, expected))) => format!("{kind}, expected {expected}"),
        None => quoting.unwrap_or(message).to_owned(),
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Reads query parameters, each given at most once.
pub(super) fn parse_query<Q: DeserializeOwned>(
    pairs: impl IntoIterator<Item = (String, String)>,
) -> Result<Q, Problem> {
    let mut fields = Map::new();
    for (name, value) in pairs {
        card::refuse_card(&name)
            .and_then(|()| card::refuse_card(&value))
            .map_err(|problem| problem.at("query"))?;
        if fields.insert(name.clone(), Value::String(value)).is_some() {
            return Err(Problem::new(Code::InvalidQuery, "This parameter is given twice.").at(name));
        }
    }
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let (path, message) = (error.path().to_string(), error.inner().to_string());
        let (param, detail) = explain(&path, &message);
        Problem::new(Code::InvalidQuery, detail.replace("field", "parameter")).at(param)
    })
}

/// Refuses a text from outside the body, such as a path parameter, that holds a card number.
///
/// # Errors
/// 422 where it does.
pub fn check_text(text: &str) -> Result<(), Problem> {
    card::refuse_card(text)
}
