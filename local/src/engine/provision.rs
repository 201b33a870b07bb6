//! Makes the template's resources in the emulated services, or finds them where a folder kept them.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};
use souk::runtime::Entropy;
use souk_cloud::{Caller, Cloud};

use super::market::MarketError;
use crate::template::{Secret, SecretValue, Stack, Table, storage::PUNCTUATION};

/// Makes everything that `stack` declares, but its secrets and encryption keys.
pub(super) async fn provision(cloud: &Cloud, stack: &Stack) -> Result<(), MarketError> {
    for (id, table) in &stack.tables {
        make_table(cloud, table).await.map_err(failed(id))?;
    }
    let policies = queue_policies(stack);
    // A queue can name only a dead-letter queue that exists.
    let (sources, targets): (Vec<_>, Vec<_>) =
        stack.queues.iter().partition(|(_, queue)| queue.dead_letters.is_some());
    for (id, queue) in targets.into_iter().chain(sources) {
        let mut attributes = queue.attributes.clone();
        if let Some(policy) = policies.get(queue.url.as_str()) {
            attributes.insert("Policy".to_owned(), policy.to_string());
        }
        cloud.sqs.create_queue(&queue.name, &attributes).map_err(failed(id))?;
    }
    for (id, topic) in &stack.topics {
        cloud.sns.create_topic(&topic.name, &BTreeMap::new()).map_err(failed(id))?;
    }
    for (id, subscription) in &stack.subscriptions {
        cloud
            .sns
            .subscribe(&subscription.topic, &subscription.endpoint, &subscription.attributes)
            .map_err(failed(id))?;
    }
    for identity in &stack.identities {
        cloud.ses.verify(identity);
    }
    Ok(())
}

fn failed<E: ToString>(id: &str) -> impl FnOnce(E) -> MarketError {
    move |error| MarketError::Make { what: id.to_owned(), reason: error.to_string() }
}

/// The statements about each queue, by its URL.
fn queue_policies(stack: &Stack) -> BTreeMap<&str, Value> {
    let mut policies: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for policy in &stack.queue_policies {
        let statements = match policy.document.get("Statement") {
            Some(Value::Array(statements)) => statements.clone(),
            Some(one) => vec![one.clone()],
            None => Vec::new(),
        };
        for queue in &policy.queues {
            policies.entry(queue).or_default().extend(statements.iter().cloned());
        }
    }
    policies
        .into_iter()
        .map(|(queue, statements)| (queue, json!({ "Version": "2012-10-17", "Statement": statements })))
        .collect()
}

async fn make_table(cloud: &Cloud, table: &Table) -> Result<(), String> {
    match call(cloud, "DynamoDB_20120810.CreateTable", &table.description).await {
        Err(reason) if reason.contains("ResourceInUseException") => return Ok(()),
        made => made?,
    };
    if let Some(attribute) = &table.ttl {
        let specification = json!({ "AttributeName": attribute, "Enabled": true });
        let input = json!({ "TableName": table.name, "TimeToLiveSpecification": specification });
        call(cloud, "DynamoDB_20120810.UpdateTimeToLive", &input).await?;
    }
    Ok(())
}

/// Makes the secrets that aren't there yet. The ARN of each, by logical id: only the service knows it.
pub(super) fn secrets(
    cloud: &Cloud,
    stack: &Stack,
    entropy: &Entropy,
) -> Result<BTreeMap<String, String>, MarketError> {
    let make = |secret: &Secret| match &secret.value {
        SecretValue::Text(text) => text.clone(),
        SecretValue::Generated { length, without } => generate(*length, without, entropy),
        SecretValue::Empty => String::new(),
    };
    let arn = |(id, secret): (&String, &Secret)| {
        let arn = cloud.secrets.ensure(&secret.name, || make(secret)).map_err(failed(id))?;
        Ok((id.clone(), arn))
    };
    stack.secrets.iter().map(arn).collect()
}

/// Makes the encryption keys that aren't there yet.
pub(super) fn keys(cloud: &Cloud, stack: &Stack, entropy: &Entropy) -> Result<(), MarketError> {
    stack.keys.iter().try_for_each(|(logical, key)| {
        cloud.kms.ensure(&key.id, &key.description, || entropy.bytes()).map_err(failed(logical))
    })
}

/// Random characters, none of them in `without`.
fn generate(length: usize, without: &str, entropy: &Entropy) -> String {
    let characters: Vec<char> = ('a'..='z')
        .chain('A'..='Z')
        .chain('0'..='9')
        .chain(PUNCTUATION.chars())
        .chain([' '])
        .filter(|character| !without.contains(*character))
        .collect();
    let bound = u64::try_from(characters.len()).unwrap_or(1);
    let pick = || characters.get(usize::try_from(entropy.below(bound)).unwrap_or(0)).copied();
    (0..length).filter_map(|_| pick()).collect()
}

/// One call of a JSON protocol as the account's owner; the refusal's code and message where it is refused.
async fn call(cloud: &Cloud, target: &str, input: &Value) -> Result<Value, String> {
    let request = http::Request::post("/")
        .header("x-amz-target", target)
        .header("content-type", "application/x-amz-json-1.0")
        .body(Bytes::from(input.to_string()))
        .map_err(|error| error.to_string())?;
    let owner = Caller::everything("cloudformation");
    let response = cloud.call(&owner, request).await.map_err(|error| error.to_string())?;
    if response.status().is_success() {
        Ok(serde_json::from_slice(response.body()).unwrap_or_default())
    } else {
        Err(String::from_utf8_lossy(response.body()).into_owned())
    }
}
