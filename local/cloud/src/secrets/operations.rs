//! The operations.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::secret::{CURRENT, Content, Secret, arn};
use crate::{AwsError, Place, sqs::ids::uuid};

/// The longest content, in bytes.
const SIZE_LIMIT: usize = 65_536;

type All = BTreeMap<String, Secret>;

pub(super) fn run(
    place: &Place,
    secrets: &mut All,
    operation: &str,
    input: &Value,
) -> Result<Value, AwsError> {
    match operation {
        "CreateSecret" => create(place, secrets, input),
        "PutSecretValue" => put(place, secrets, input),
        "GetSecretValue" => get(secrets, input),
        "DescribeSecret" => find(secrets, required(input, "SecretId")?).map(describe),
        "ListSecrets" => Ok(json!({"SecretList": secrets.values().map(describe).collect::<Vec<_>>()})),
        _ => Err(AwsError::new("UnknownOperationException", "")),
    }
}

/// The secret with this name, ARN, or ARN without its last six characters.
pub(super) fn find<'a>(secrets: &'a All, id: &str) -> Result<&'a Secret, AwsError> {
    let name = name_of(secrets, id)?;
    secrets.get(&name).ok_or_else(not_found)
}

fn name_of(secrets: &All, id: &str) -> Result<String, AwsError> {
    let by_arn = |secret: &&Secret| {
        id.starts_with("arn:")
            && (secret.arn == id || secret.arn.rsplit_once('-').is_some_and(|(arn, _)| arn == id))
    };
    match secrets.get(id).or_else(|| secrets.values().find(by_arn)) {
        Some(secret) => Ok(secret.name.clone()),
        None => Err(not_found()),
    }
}

fn not_found() -> AwsError {
    AwsError::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

fn create(place: &Place, secrets: &mut All, input: &Value) -> Result<Value, AwsError> {
    let name = required(input, "Name")?.to_owned();
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
    if name.len() > 512 || !name.bytes().all(valid) {
        let message = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the \
                       following: -/_+=.@!";
        return Err(AwsError::new("ValidationException", message));
    }
    if secrets.contains_key(&name) {
        let message = format!("The operation failed because the secret {name} already exists.");
        return Err(AwsError::new("ResourceExistsException", message));
    }
    let now = place.now();
    let mut secret = Secret {
        name: name.clone(),
        arn: arn(place, &name),
        description: text(input, "Description").map(str::to_owned),
        created: now,
        changed: now,
        versions: BTreeMap::new(),
    };
    let mut answer = json!({"ARN": secret.arn, "Name": name});
    if let Some(content) = content(input)? {
        let id = version_id(&secret, input);
        answer["VersionId"] = id.as_str().into();
        secret.add(id, content, vec![CURRENT.to_owned()], now);
    }
    secrets.insert(name, secret);
    Ok(answer)
}

fn put(place: &Place, secrets: &mut All, input: &Value) -> Result<Value, AwsError> {
    let name = name_of(secrets, required(input, "SecretId")?)?;
    let secret = secrets.get_mut(&name).ok_or_else(not_found)?;
    let content = content(input)?.ok_or_else(|| {
        AwsError::new("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
    })?;
    let id = version_id(secret, input);
    match secret.versions.get(&id) {
        Some(version) if version.content == content => {}
        Some(_) => {
            let message = "A resource with the ID you requested already exists.";
            return Err(AwsError::new("ResourceExistsException", message));
        }
        None => {
            let stages = input.get("VersionStages").and_then(Value::as_array);
            let stages =
                stages.map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect());
            secret.add(id.clone(), content, stages.unwrap_or_else(|| vec![CURRENT.to_owned()]), place.now());
        }
    }
    let stages = secret.versions.get(&id).map(|version| version.stages.clone());
    Ok(json!({"ARN": secret.arn, "Name": secret.name, "VersionId": id, "VersionStages": stages}))
}

fn get(secrets: &All, input: &Value) -> Result<Value, AwsError> {
    let secret = find(secrets, required(input, "SecretId")?)?;
    let stage = text(input, "VersionStage");
    let found = match text(input, "VersionId") {
        Some(id) => secret.versions.get_key_value(id),
        None => secret.staged(stage.unwrap_or(CURRENT)),
    };
    let matching = found
        .filter(|(_, version)| stage.is_none_or(|stage| version.stages.iter().any(|name| name == stage)));
    let (id, version) = matching.ok_or_else(|| {
        let which = text(input, "VersionId").map_or_else(
            || format!("staging label: {}", stage.unwrap_or(CURRENT)),
            |id| format!("VersionId: {id}"),
        );
        let message = format!("Secrets Manager can't find the specified secret value for {which}");
        AwsError::new("ResourceNotFoundException", message)
    })?;
    let mut answer = json!({
        "ARN": secret.arn, "Name": secret.name, "VersionId": id, "VersionStages": version.stages,
        "CreatedDate": seconds(version.created),
    });
    match &version.content {
        Content::Text(text) => answer["SecretString"] = text.as_str().into(),
        Content::Binary(bytes) => answer["SecretBinary"] = bytes.as_str().into(),
    }
    Ok(answer)
}

fn describe(secret: &Secret) -> Value {
    let stages = secret.versions.iter().filter(|(_, version)| !version.stages.is_empty());
    let stages = stages.map(|(id, version)| (id.clone(), json!(version.stages))).collect::<Map<_, _>>();
    let mut answer = json!({
        "ARN": secret.arn, "Name": secret.name, "VersionIdsToStages": stages,
        "CreatedDate": seconds(secret.created), "LastChangedDate": seconds(secret.changed),
    });
    if let Some(description) = &secret.description {
        answer["Description"] = description.as_str().into();
    }
    answer
}

fn content(input: &Value) -> Result<Option<Content>, AwsError> {
    let content = match (text(input, "SecretString"), text(input, "SecretBinary")) {
        (Some(_), Some(_)) => {
            let message = "You can't specify both a binary and a string secret value in the same secret.";
            return Err(AwsError::new("InvalidParameterException", message));
        }
        (Some(text), None) => Content::Text(text.to_owned()),
        (None, Some(bytes)) => Content::Binary(bytes.to_owned()),
        (None, None) => return Ok(None),
    };
    let (Content::Text(held) | Content::Binary(held)) = &content;
    if held.len() > SIZE_LIMIT {
        let message = format!("The secret value is longer than {SIZE_LIMIT} bytes.");
        return Err(AwsError::new("InvalidParameterException", message));
    }
    Ok(Some(content))
}

/// The client's token is the version's id, which makes the call idempotent. Every SDK sends one.
fn version_id(secret: &Secret, input: &Value) -> String {
    let number = secret.versions.len() as u64;
    text(input, "ClientRequestToken").map_or_else(|| uuid(number, secret.name.len() as u64), str::to_owned)
}

fn text<'a>(input: &'a Value, member: &str) -> Option<&'a str> {
    input.get(member).and_then(Value::as_str)
}

fn required<'a>(input: &'a Value, member: &str) -> Result<&'a str, AwsError> {
    text(input, member).filter(|text| !text.is_empty()).ok_or_else(|| {
        AwsError::new(
            "InvalidParameterException",
            format!("You must provide a value for the {member} parameter."),
        )
    })
}

fn seconds(moment: Timestamp) -> f64 {
    moment.as_duration().as_secs_f64()
}
