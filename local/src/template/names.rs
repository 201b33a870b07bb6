//! What `Ref` and `Fn::GetAtt` give for each resource: the names and ARNs of the emulated services.

use serde_json::{Map, Value};
use souk_cloud::kms;

use super::{
    error::{Result, TemplateError},
    intrinsics::Resolver,
    typed,
};

/// The id of the one HTTP API.
pub(super) const API_ID: &str = "localmarket";
/// The part of a stream's ARN that AWS makes of the moment it is switched on.
const STREAM_LABEL: &str = "2026-01-01T00:00:00.000";

/// The physical name of a resource: the one the template gives, else one made of the stack's and its own.
pub(super) fn physical(resolver: &Resolver<'_>, id: &str, resource: &Value) -> Result<String> {
    let kind = kind_of(resource);
    let property = match kind {
        "AWS::Serverless::Function" => "FunctionName",
        "AWS::DynamoDB::Table" => "TableName",
        "AWS::SQS::Queue" => "QueueName",
        "AWS::SNS::Topic" => "TopicName",
        "AWS::S3::Bucket" => "BucketName",
        "AWS::Logs::LogGroup" => "LogGroupName",
        "AWS::IAM::Role" => "RoleName",
        "AWS::SecretsManager::Secret" | "AWS::CloudWatch::Dashboard" => "Name",
        "AWS::SES::EmailIdentity" => "EmailIdentity",
        "AWS::CloudWatch::Alarm" => "AlarmName",
        "AWS::KMS::Alias" => "AliasName",
        "AWS::ApiGatewayV2::DomainName" => "DomainName",
        _ => "",
    };
    let path = format!("Resources.{id}.Properties.{property}");
    if let Some(name) = resource.get("Properties").and_then(|properties| properties.get(property))
        && let Some(name) = resolver.value(name, &path)?
    {
        return typed::text_of(&name).ok_or_else(|| TemplateError::new(path, "isn't text"));
    }
    let made = format!("{}-{id}", resolver.place.stack);
    Ok(match kind {
        "AWS::KMS::Key" => kms::id_of(&made),
        "AWS::S3::Bucket" => made.to_lowercase(),
        "AWS::Serverless::HttpApi" => API_ID.to_owned(),
        "AWS::SQS::Queue" if is_fifo(resource) => format!("{made}.fifo"),
        _ => made,
    })
}

fn is_fifo(resource: &Value) -> bool {
    resource.pointer("/Properties/FifoQueue").is_some_and(|fifo| fifo == true || fifo == "true")
}

fn kind_of(resource: &Value) -> &str {
    resource.get("Type").and_then(Value::as_str).unwrap_or_default()
}

/// What `Ref` gives for the resource `id`.
pub(super) fn reference(resolver: &Resolver<'_>, id: &str, resource: &Value) -> Result<String> {
    match kind_of(resource) {
        "AWS::SQS::Queue" => {
            let name = physical(resolver, id, resource)?;
            let place = resolver.place;
            Ok(format!("https://sqs.{}.amazonaws.com/{}/{name}", place.region, place.account))
        }
        "AWS::SNS::Topic" | "AWS::SecretsManager::Secret" | "AWS::SNS::Subscription" => {
            attribute(resolver, id, resource, "Arn")
        }
        _ => physical(resolver, id, resource),
    }
}

/// What `Fn::GetAtt` gives for `attribute` of the resource `id`.
pub(super) fn attribute(resolver: &Resolver<'_>, id: &str, resource: &Value, name: &str) -> Result<String> {
    if let Some(arn) = resolver.arns.get(id).filter(|_| ["Arn", "Id"].contains(&name)) {
        return Ok(arn.clone());
    }
    let kind = kind_of(resource);
    let physical = physical(resolver, id, resource)?;
    let place = resolver.place;
    let arn =
        |service: &str, rest: String| format!("arn:aws:{service}:{}:{}:{rest}", place.region, place.account);
    Ok(match (kind, name) {
        ("AWS::Serverless::Function", "Arn") => arn("lambda", format!("function:{physical}")),
        ("AWS::DynamoDB::Table", "Arn") => arn("dynamodb", format!("table/{physical}")),
        ("AWS::DynamoDB::Table", "StreamArn") => {
            arn("dynamodb", format!("table/{physical}/stream/{STREAM_LABEL}"))
        }
        ("AWS::SQS::Queue", "Arn") => arn("sqs", physical),
        ("AWS::SQS::Queue", "QueueName") | ("AWS::SNS::Topic", "TopicName") => physical,
        ("AWS::SQS::Queue", "QueueUrl") => reference(resolver, id, resource)?,
        ("AWS::SNS::Topic", "Arn" | "TopicArn") => arn("sns", physical),
        ("AWS::SNS::Subscription", "Arn") => arn("sns", format!("{physical}:{id}")),
        // AWS draws six characters for a secret's ARN: until it is made, these stand for them.
        ("AWS::SecretsManager::Secret", "Arn" | "Id") => {
            arn("secretsmanager", format!("secret:{physical}-AbCdEf"))
        }
        ("AWS::S3::Bucket", "Arn") => format!("arn:aws:s3:::{physical}"),
        ("AWS::Logs::LogGroup", "Arn") => arn("logs", format!("log-group:{physical}:*")),
        ("AWS::IAM::Role", "Arn") => format!("arn:aws:iam::{}:role/{physical}", place.account),
        ("AWS::KMS::Key", "KeyId") => physical,
        ("AWS::KMS::Key", "Arn") => arn("kms", format!("key/{physical}")),
        ("AWS::CloudWatch::Alarm", "Arn") => arn("cloudwatch", format!("alarm:{physical}")),
        ("AWS::Serverless::HttpApi", "ApiEndpoint") => {
            format!("https://{physical}.execute-api.{}.amazonaws.com", place.region)
        }
        ("AWS::ApiGatewayV2::DomainName", "RegionalDomainName" | "RegionalHostedZoneId")
        | ("AWS::CertificateManager::Certificate", "Arn") => physical,
        _ => {
            return Err(TemplateError::new(
                format!("Resources.{id}"),
                format!("local knows no attribute {name} of {kind}"),
            ));
        }
    })
}

/// What SAM makes beside a resource and lets the template name: a function's role, an API's stage.
pub(super) fn generated(
    resolver: &Resolver<'_>,
    resources: &Map<String, Value>,
    id: &str,
    attribute: Option<&str>,
) -> Option<String> {
    let is = |id: &str, kind: &str| resources.get(id).is_some_and(|resource| kind_of(resource) == kind);
    if let Some(function) = id.strip_suffix("Role")
        && is(function, "AWS::Serverless::Function")
    {
        let name = format!("{}-{id}", resolver.place.stack);
        return match attribute {
            None => Some(name),
            Some("Arn") => Some(format!("arn:aws:iam::{}:role/{name}", resolver.place.account)),
            Some(_) => None,
        };
    }
    let api = id.strip_suffix("ApiGatewayDefaultStage")?;
    (attribute.is_none() && is(api, "AWS::Serverless::HttpApi")).then(|| "$default".to_owned())
}
