//! `AddPermission` and `RemovePermission`: one statement of a queue's policy each.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{nothing, queue_name, read, text};
use crate::{
    AwsError,
    sqs::{errors, state::State},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AddInput {
    #[serde(default)]
    label: String,
    #[serde(rename = "AWSAccountIds", default)]
    accounts: Vec<String>,
    #[serde(default)]
    actions: Vec<String>,
}

pub(super) fn add(state: &mut State, input: Value) -> Result<Value, AwsError> {
    let name = queue_name(state, &input)?;
    let input: AddInput = read(input)?;
    for (field, empty) in [
        ("Label", input.label.is_empty()),
        ("AWSAccountIds", input.accounts.is_empty()),
        ("Actions", input.actions.is_empty()),
    ] {
        if empty {
            return Err(errors::missing(field));
        }
    }
    let (mut policy, arn) = policy(state, &name)?;
    if change(&mut policy, |statements| statements.iter().any(|statement| statement["Sid"] == input.label)) {
        return Err(errors::invalid_value("Label", input.label, "Already exists."));
    }
    let accounts: Vec<String> = input.accounts.iter().map(|id| format!("arn:aws:iam::{id}:root")).collect();
    let actions: Vec<String> = input.actions.iter().map(|action| format!("SQS:{action}")).collect();
    let statement = json!({
        "Sid": input.label,
        "Effect": "Allow",
        "Principal": { "AWS": one_or_many(accounts) },
        "Action": one_or_many(actions),
        "Resource": arn,
    });
    change(&mut policy, |statements| statements.push(statement));
    save(state, &name, &policy)
}

pub(super) fn remove(state: &mut State, input: &Value) -> Result<Value, AwsError> {
    let name = queue_name(state, input)?;
    let label = text(input, "Label")?;
    let (mut policy, _) = policy(state, &name)?;
    let removed = change(&mut policy, |statements| {
        let before = statements.len();
        statements.retain(|statement| statement["Sid"] != label);
        before - statements.len()
    });
    if removed == 0 {
        return Err(errors::invalid_value("Label", label, "can't find label."));
    }
    save(state, &name, &policy)
}

/// The queue's policy, or an empty one, and the queue's ARN.
fn policy(state: &mut State, name: &str) -> Result<(Value, String), AwsError> {
    let queue = state.queue(name)?;
    let arn = queue.arn.clone();
    let policy = queue.settings.values.get("Policy").and_then(|json| serde_json::from_str(json).ok());
    let new = || json!({ "Version": "2008-10-17", "Id": format!("{arn}/SQSDefaultPolicy"), "Statement": [] });
    Ok((policy.unwrap_or_else(new), arn))
}

/// Changes the statements of a policy, of which there may be one without a list.
fn change<T>(policy: &mut Value, change: impl FnOnce(&mut Vec<Value>) -> T) -> T {
    let mut statements = match policy["Statement"].take() {
        Value::Array(statements) => statements,
        one => vec![one],
    };
    let outcome = change(&mut statements);
    policy["Statement"] = statements.into();
    outcome
}

fn one_or_many(mut values: Vec<String>) -> Value {
    if values.len() == 1 { values.remove(0).into() } else { values.into() }
}

fn save(state: &mut State, name: &str, policy: &Value) -> Result<Value, AwsError> {
    let empty = policy["Statement"].as_array().is_some_and(Vec::is_empty);
    let policy = if empty { String::new() } else { policy.to_string() };
    state.set_attributes(name, &BTreeMap::from([("Policy".to_owned(), policy)]))?;
    Ok(nothing())
}
