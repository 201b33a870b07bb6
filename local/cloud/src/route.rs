//! Which service and operation a request is for.

use http::{HeaderMap, Method, Request, StatusCode, header::AUTHORIZATION};

use crate::AwsError;

/// An emulated service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    DynamoDb,
    DynamoDbStreams,
    Sqs,
    Sns,
    Ses,
    Secrets,
    Kms,
    Sts,
}

impl Service {
    /// As IAM and the credential scope name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DynamoDb | Self::DynamoDbStreams => "dynamodb",
            Self::Sqs => "sqs",
            Self::Sns => "sns",
            Self::Ses => "ses",
            Self::Secrets => "secretsmanager",
            Self::Kms => "kms",
            Self::Sts => "sts",
        }
    }
}

/// Where a request goes. The operation is still in the body where the protocol puts it there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) service: Service,
    pub(crate) operation: String,
}

const TARGETS: [(&str, Service); 5] = [
    ("DynamoDB_20120810", Service::DynamoDb),
    ("DynamoDBStreams_20120810", Service::DynamoDbStreams),
    ("AmazonSQS", Service::Sqs),
    ("secretsmanager", Service::Secrets),
    ("TrentService", Service::Kms),
];

/// Finds the route by `x-amz-target`, else by the path of a REST protocol, else by the service that the
/// signature is scoped to and the form's `Action`.
pub(crate) fn route<B: AsRef<[u8]>>(request: &Request<B>) -> Result<Route, AwsError> {
    if let Some(target) = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok()) {
        let (prefix, operation) = target.split_once('.').unwrap_or((target, ""));
        let known = TARGETS.iter().find(|(name, _)| *name == prefix);
        return known
            .map(|(_, service)| Route { service: *service, operation: operation.to_owned() })
            .ok_or_else(unknown);
    }
    if request.uri().path().starts_with("/v2/email/") {
        return match (request.method(), request.uri().path()) {
            (&Method::POST, "/v2/email/outbound-emails") => {
                Ok(Route { service: Service::Ses, operation: "SendEmail".to_owned() })
            }
            _ => Err(unknown().with_status(StatusCode::NOT_FOUND)),
        };
    }
    let action = form(request.body().as_ref(), "Action").ok_or_else(unknown)?;
    let service = match scope(request.headers()) {
        Some("sns") => Service::Sns,
        Some("sts") => Service::Sts,
        Some(_) => return Err(unknown()),
        None => match form(request.body().as_ref(), "Version").as_deref() {
            Some("2010-03-31") => Service::Sns,
            Some("2011-06-15") => Service::Sts,
            _ => return Err(unknown()),
        },
    };
    Ok(Route { service, operation: action })
}

/// The service in `Credential=AKID/20260101/region/SERVICE/aws4_request`.
fn scope(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = authorization.split_once("Credential=")?;
    credential.split([',', ' ']).next()?.split('/').nth(3)
}

fn form(body: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn unknown() -> AwsError {
    AwsError::new("UnknownOperationException", "No emulated service answers this request.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_found_by_target_path_scope_or_version() {
        let target = Request::builder().header("x-amz-target", "AmazonSQS.SendMessage").body("{}").unwrap();
        assert_eq!(route(&target), Ok(Route { service: Service::Sqs, operation: "SendMessage".to_owned() }));

        let path = Request::post("/v2/email/outbound-emails").body("{}").unwrap();
        assert_eq!(route(&path).unwrap().service, Service::Ses);

        let signed = Request::builder()
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AK/20260101/eu-central-1/sns/aws4_request, x",
            )
            .body("Action=Publish&Message=a")
            .unwrap();
        assert_eq!(route(&signed), Ok(Route { service: Service::Sns, operation: "Publish".to_owned() }));

        let unsigned = Request::builder().body("Action=GetCallerIdentity&Version=2011-06-15").unwrap();
        assert_eq!(route(&unsigned).unwrap().service, Service::Sts);

        assert!(route(&Request::builder().body("").unwrap()).is_err());
        let other =
            Request::builder().header("x-amz-target", "Kinesis_20131202.PutRecord").body("{}").unwrap();
        assert!(route(&other).is_err());
    }
}
