//! The attribute `Policy`: which other services may send to a queue.
//!
//! Only what such a policy can say about a service is evaluated: principals, actions, resources, and
//! conditions on where the message comes from. <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies.html>

use serde_json::{Map, Value};

use super::errors;
use crate::AwsError;

/// A resource policy.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    statements: Vec<Value>,
}

/// Who asks for what.
pub(super) struct Request<'a> {
    /// Such as `sns.amazonaws.com`.
    pub service: &'a str,
    /// Such as `sqs:SendMessage`.
    pub action: &'a str,
    pub resource: &'a str,
    pub source_arn: &'a str,
    pub source_account: &'a str,
}

impl Policy {
    pub fn parse(json: &str) -> Result<Self, AwsError> {
        let refuse = || errors::bad_attribute("Policy", "");
        let policy: Value = serde_json::from_str(json).map_err(|_| refuse())?;
        let statements = list(policy.get("Statement").ok_or_else(refuse)?).to_vec();
        let complete = |statement: &Value| {
            let effect = statement.get("Effect").and_then(Value::as_str);
            matches!(effect, Some("Allow" | "Deny"))
                && statement.get("Principal").or(statement.get("NotPrincipal")).is_some()
                && statement.get("Action").or(statement.get("NotAction")).is_some()
        };
        if statements.iter().all(complete) { Ok(Self { statements }) } else { Err(refuse()) }
    }

    /// Allowed by a statement and denied by none.
    pub fn allows(&self, request: &Request) -> bool {
        let applies = |effect: &str| {
            let mut of_effect =
                self.statements.iter().filter(|s| s.get("Effect").is_some_and(|e| e == effect));
            of_effect.any(|statement| covers(statement, request))
        };
        applies("Allow") && !applies("Deny")
    }
}

fn covers(statement: &Value, request: &Request) -> bool {
    let principal = match (statement.get("Principal"), statement.get("NotPrincipal")) {
        (Some(principal), _) => names(principal, request.service),
        (None, Some(principal)) => !names(principal, request.service),
        (None, None) => false,
    };
    let is_action = |pattern: &str| like(&pattern.to_ascii_lowercase(), &request.action.to_ascii_lowercase());
    let action = match (statement.get("Action"), statement.get("NotAction")) {
        (Some(actions), _) => any(actions, is_action),
        (None, Some(actions)) => !any(actions, is_action),
        (None, None) => false,
    };
    let is_resource = |pattern: &str| like(pattern, request.resource);
    let resource = statement.get("Resource").is_none_or(|resources| any(resources, is_resource));
    let condition = statement.get("Condition").and_then(Value::as_object);
    principal && action && resource && condition.is_none_or(|condition| holds(condition, request))
}

/// Whether a `Principal` element names the service.
fn names(principal: &Value, service: &str) -> bool {
    match principal {
        Value::String(everyone) => everyone == "*",
        Value::Object(kinds) => {
            kinds.get("Service").is_some_and(|services| any(services, |name| name == service))
                || kinds.get("AWS").is_some_and(|accounts| any(accounts, |name| name == "*"))
        }
        _ => false,
    }
}

fn holds(condition: &Map<String, Value>, request: &Request) -> bool {
    condition.iter().all(|(operator, keys)| {
        let keys = keys.as_object();
        keys.is_some_and(|keys| keys.iter().all(|(key, wanted)| compare(operator, key, wanted, request)))
    })
}

fn compare(operator: &str, key: &str, wanted: &Value, request: &Request) -> bool {
    let (operator, if_exists) =
        operator.strip_suffix("IfExists").map_or((operator, false), |name| (name, true));
    let actual = match key.to_ascii_lowercase().as_str() {
        "aws:sourcearn" => request.source_arn,
        "aws:sourceaccount" => request.source_account,
        "aws:principalisawsservice" | "aws:securetransport" => "true",
        "aws:principalservicename" => request.service,
        _ => return if_exists,
    };
    match operator {
        // Both compare with wildcards, as IAM documents.
        "ArnEquals" | "ArnLike" | "StringLike" => any(wanted, |pattern| like(pattern, actual)),
        "ArnNotEquals" | "ArnNotLike" | "StringNotLike" => !any(wanted, |pattern| like(pattern, actual)),
        "StringEquals" => any(wanted, |value| value == actual),
        "StringNotEquals" => !any(wanted, |value| value == actual),
        "StringEqualsIgnoreCase" | "Bool" => any(wanted, |value| value.eq_ignore_ascii_case(actual)),
        // What isn't understood is not granted.
        _ => false,
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

fn any(values: &Value, test: impl Fn(&str) -> bool) -> bool {
    list(values).iter().any(|value| match value {
        Value::String(text) => test(text),
        Value::Bool(flag) => test(if *flag { "true" } else { "false" }),
        _ => false,
    })
}

/// `*` stands for any text, `?` for one character.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == b'?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            // Let the last star swallow one byte more.
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}
