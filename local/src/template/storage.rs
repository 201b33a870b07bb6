//! Tables, secrets, encryption keys and buckets.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    error::{Result, TemplateError},
    typed::{self, Flag, Ignored, Integer},
};

/// A DynamoDB table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The body of the `CreateTable` call that makes it.
    pub description: Value,
    /// Its stream, where it has one.
    pub stream: Option<TableStream>,
    /// The attribute that says when an item expires.
    pub ttl: Option<String>,
}

/// A table's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableStream {
    /// The ARN that the template's functions are given.
    pub arn: String,
    /// Such as `NEW_AND_OLD_IMAGES`.
    pub view: String,
}

/// A secret of Secrets Manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// What it holds.
    pub value: SecretValue,
}

/// A key of KMS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptionKey {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub description: String,
}

/// What a new secret holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretValue {
    /// This text.
    Text(String),
    /// Random characters.
    Generated {
        /// How many.
        length: usize,
        /// Characters to leave out, beside those that the flags leave out.
        without: String,
    },
    /// Nothing yet.
    Empty,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TableProperties {
    attribute_definitions: Value,
    key_schema: Value,
    billing_mode: Option<String>,
    global_secondary_indexes: Option<Value>,
    local_secondary_indexes: Option<Value>,
    stream_specification: Option<StreamSpecification>,
    time_to_live_specification: Option<TimeToLive>,
    provisioned_throughput: Option<Value>,
    #[serde(rename = "TableName")]
    _name: Option<Ignored>,
    #[serde(rename = "SSESpecification")]
    _sse: Option<Ignored>,
    #[serde(rename = "PointInTimeRecoverySpecification")]
    _recovery: Option<Ignored>,
    #[serde(rename = "DeletionProtectionEnabled")]
    _protection: Option<Ignored>,
    #[serde(rename = "OnDemandThroughput")]
    _throughput: Option<Ignored>,
    #[serde(rename = "TableClass")]
    _class: Option<Ignored>,
    #[serde(rename = "Tags")]
    _tags: Option<Ignored>,
    #[serde(rename = "ContributorInsightsSpecification")]
    _insights: Option<Ignored>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct StreamSpecification {
    stream_view_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TimeToLive {
    attribute_name: String,
    enabled: Flag,
}

pub(super) fn table(
    properties: Value,
    path: &str,
    name: String,
    arn: String,
    stream_arn: String,
) -> Result<Table> {
    let table: TableProperties = typed::parse(properties, path)?;
    let mut description = Map::new();
    description.insert("TableName".to_owned(), json!(name));
    description.insert("AttributeDefinitions".to_owned(), table.attribute_definitions);
    description.insert("KeySchema".to_owned(), table.key_schema);
    description
        .insert("BillingMode".to_owned(), json!(table.billing_mode.as_deref().unwrap_or("PROVISIONED")));
    let optional = [
        ("GlobalSecondaryIndexes", table.global_secondary_indexes),
        ("LocalSecondaryIndexes", table.local_secondary_indexes),
        ("ProvisionedThroughput", table.provisioned_throughput),
    ];
    for (property, value) in optional {
        if let Some(value) = value {
            description.insert(property.to_owned(), value);
        }
    }
    let stream = table
        .stream_specification
        .map(|stream| TableStream { arn: stream_arn, view: stream.stream_view_type });
    if let Some(stream) = &stream {
        let specification = json!({ "StreamEnabled": true, "StreamViewType": stream.view });
        description.insert("StreamSpecification".to_owned(), specification);
    }
    let ttl = table.time_to_live_specification.filter(|ttl| ttl.enabled.0).map(|ttl| ttl.attribute_name);
    Ok(Table { name, arn, description: Value::Object(description), stream, ttl })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SecretProperties {
    generate_secret_string: Option<Generate>,
    secret_string: Option<String>,
    #[serde(rename = "Name")]
    _name: Option<Ignored>,
    #[serde(rename = "Description")]
    _description: Option<Ignored>,
    #[serde(rename = "KmsKeyId")]
    _key: Option<Ignored>,
    #[serde(rename = "Tags")]
    _tags: Option<Ignored>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Generate {
    password_length: Option<Integer>,
    exclude_characters: Option<String>,
    exclude_punctuation: Option<Flag>,
    exclude_lowercase: Option<Flag>,
    exclude_uppercase: Option<Flag>,
    exclude_numbers: Option<Flag>,
    include_space: Option<Flag>,
    #[serde(rename = "RequireEachIncludedType")]
    _each: Option<Ignored>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EncryptionKeyProperties {
    description: Option<String>,
    enabled: Option<Flag>,
    key_spec: Option<String>,
    key_usage: Option<String>,
    #[serde(rename = "KeyPolicy")]
    _policy: Option<Ignored>,
    #[serde(rename = "EnableKeyRotation")]
    _rotation: Option<Ignored>,
    #[serde(rename = "RotationPeriodInDays")]
    _period: Option<Ignored>,
    #[serde(rename = "PendingWindowInDays")]
    _window: Option<Ignored>,
    #[serde(rename = "Tags")]
    _tags: Option<Ignored>,
}

pub(super) fn encryption_key(properties: Value, path: &str, id: String) -> Result<EncryptionKey> {
    let key: EncryptionKeyProperties = typed::parse(properties, path)?;
    let only =
        [("KeySpec", key.key_spec, "SYMMETRIC_DEFAULT"), ("KeyUsage", key.key_usage, "ENCRYPT_DECRYPT")];
    for (property, value, known) in only {
        if let Some(value) = value.filter(|value| value != known) {
            let reason = format!("is {value}, and local knows {known} only");
            return Err(TemplateError::new(format!("{path}.{property}"), reason));
        }
    }
    if key.enabled.is_some_and(|enabled| !enabled.0) {
        return Err(TemplateError::new(format!("{path}.Enabled"), "is false: a key that can't be used"));
    }
    Ok(EncryptionKey { id, description: key.description.unwrap_or_default() })
}

/// The punctuation that AWS generates secrets with.
pub(crate) const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

pub(super) fn secret(properties: Value, path: &str, name: String, arn: String) -> Result<Secret> {
    let secret: SecretProperties = typed::parse(properties, path)?;
    let value = match (secret.generate_secret_string, secret.secret_string) {
        (Some(_), Some(_)) => {
            return Err(TemplateError::new(path, "has both SecretString and GenerateSecretString"));
        }
        (None, None) => SecretValue::Empty,
        (None, Some(text)) => SecretValue::Text(text),
        (Some(generate), None) => {
            let mut without = generate.exclude_characters.unwrap_or_default();
            let on = |flag: Option<Flag>| flag.is_some_and(|flag| flag.0);
            for (excluded, characters) in [
                (on(generate.exclude_punctuation), PUNCTUATION),
                (on(generate.exclude_lowercase), "abcdefghijklmnopqrstuvwxyz"),
                (on(generate.exclude_uppercase), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
                (on(generate.exclude_numbers), "0123456789"),
                (!on(generate.include_space), " "),
            ] {
                if excluded {
                    without.push_str(characters);
                }
            }
            let length = generate.password_length.map_or(32, Integer::count);
            SecretValue::Generated { length: usize::try_from(length).unwrap_or(32), without }
        }
    };
    Ok(Secret { name, arn, value })
}
