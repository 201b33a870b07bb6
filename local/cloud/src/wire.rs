//! Answers and errors in each service's wire protocol.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use serde_json::Value;

use crate::{Refusal, route::Service, sqs::query_code};

/// A successful answer: the body, already in the service's protocol.
pub(crate) fn answer(service: Service, request_id: &str, body: Bytes) -> Response<Bytes> {
    respond(StatusCode::OK, content_type(service), request_id, body)
}

/// An error answer.
pub(crate) fn refusal(service: Service, request_id: &str, refusal: &Refusal) -> Response<Bytes> {
    let error = &refusal.error;
    if matches!(service, Service::Sns | Service::Sts) {
        let fault = if error.status.is_server_error() { "Receiver" } else { "Sender" };
        let body = format!(
            "<ErrorResponse xmlns=\"{}\"><Error><Type>{fault}</Type><Code>{}</Code><Message>{}</Message></Error>\
             <RequestId>{request_id}</RequestId></ErrorResponse>",
            namespace(service),
            escape(&error.code),
            escape(&error.message),
        );
        return respond(error.status, content_type(service), request_id, body.into());
    }
    let mut body = refusal.members.clone();
    if service != Service::Ses {
        body.insert("__type".to_owned(), qualified(service, &error.code).into());
    }
    if !error.message.is_empty() {
        body.insert(message_member(service, &error.code).to_owned(), error.message.as_str().into());
    }
    let body = Value::Object(body).to_string();
    let mut response = respond(error.status, content_type(service), request_id, body.into());
    let header = match service {
        Service::Sqs => {
            let fault = if error.status.is_server_error() { "Receiver" } else { "Sender" };
            let code = match error.code.as_str() {
                "AccessDeniedException" => "AccessDenied",
                code => query_code(code),
            };
            Some(("x-amzn-query-error", format!("{code};{fault}")))
        }
        Service::Ses => Some(("x-amzn-errortype", error.code.clone())),
        _ => None,
    };
    if let Some((name, value)) = header
        && let Ok(value) = HeaderValue::try_from(value)
    {
        response.headers_mut().insert(name, value);
    }
    response
}

/// The body of a query protocol's answer around its inner XML.
pub(crate) fn query_body(service: Service, operation: &str, request_id: &str, inner: &str) -> Bytes {
    let result = if inner.is_empty() {
        String::new()
    } else {
        format!("<{operation}Result>{inner}</{operation}Result>")
    };
    format!(
        "<{operation}Response xmlns=\"{}\">{result}<ResponseMetadata><RequestId>{request_id}</RequestId>\
         </ResponseMetadata></{operation}Response>",
        namespace(service),
    )
    .into()
}

fn respond(status: StatusCode, content_type: &'static str, request_id: &str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

fn content_type(service: Service) -> &'static str {
    match service {
        Service::DynamoDb | Service::DynamoDbStreams | Service::Sqs => "application/x-amz-json-1.0",
        Service::Secrets | Service::Kms => "application/x-amz-json-1.1",
        Service::Ses => "application/json",
        Service::Sns | Service::Sts => "text/xml",
    }
}

fn namespace(service: Service) -> &'static str {
    match service {
        Service::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
        _ => "http://sns.amazonaws.com/doc/2010-03-31/",
    }
}

/// The code with the namespace of the model that defines it. SDKs read what follows the `#`.
fn qualified(service: Service, code: &str) -> String {
    let namespace = match (service, code) {
        (Service::Secrets | Service::Kms, _) => return code.to_owned(),
        (_, "AccessDeniedException" | "SerializationException" | "UnknownOperationException") => {
            "com.amazon.coral.service"
        }
        (_, "ValidationException") => "com.amazon.coral.validate",
        (_, "ThrottlingException") => "com.amazon.coral.availability",
        (Service::Sqs, _) => "com.amazonaws.sqs",
        (Service::DynamoDbStreams, _) => "com.amazonaws.dynamodb.v20120810.streams",
        _ => "com.amazonaws.dynamodb.v20120810",
    };
    format!("{namespace}#{code}")
}

/// `Message` or `message`: AWS is of two minds, and some clients read only the one that theirs sends.
fn message_member(service: Service, code: &str) -> &'static str {
    match (service, code) {
        (Service::Secrets, _)
        | (_, "AccessDeniedException" | "SerializationException" | "TransactionCanceledException") => {
            "Message"
        }
        _ => "message",
    }
}

fn escape(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}
