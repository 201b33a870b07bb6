//! `Publish` and `PublishBatch`.

use std::collections::HashSet;

use crate::{
    AwsError,
    sns::{check, errors, form::Form, publish::Publishing, state::State, topic::Published, xml},
    sqs::Sqs,
};

const MAX_ENTRIES: usize = 10;

fn publishing(form: &Form) -> Result<Publishing, AwsError> {
    let text = |name: &str| form.get(name).map(str::to_owned);
    let structured = match form.get("MessageStructure") {
        None | Some("") => false,
        Some("json") => true,
        Some(_) => return Err(errors::invalid("MessageStructure")),
    };
    Ok(Publishing {
        message: text("Message").unwrap_or_default(),
        subject: text("Subject"),
        structured,
        attributes: form.message_attributes()?,
        group: text("MessageGroupId"),
        deduplication: text("MessageDeduplicationId"),
    })
}

fn published(published: &Published) -> String {
    let number = published.number.as_ref().map(|number| xml::element("SequenceNumber", number));
    xml::element("MessageId", &published.message_id) + &number.unwrap_or_default()
}

pub(super) fn one(state: &mut State, sqs: &Sqs, form: &Form) -> Result<String, AwsError> {
    let Some(arn) = form.get("TopicArn").or(form.get("TargetArn")) else {
        return Err(errors::invalid("TopicArn or TargetArn Reason: no value for required parameter"));
    };
    let name = state.name_of("TopicArn", arn)?;
    Ok(published(&state.publish(sqs, name, &publishing(form)?)?))
}

pub(super) fn batch(state: &mut State, sqs: &Sqs, form: &Form) -> Result<String, AwsError> {
    let arn = form.required("TopicArn")?;
    let name = state.name_of("TopicArn", arn)?;
    let entries = form.items("PublishBatchRequestEntries", "member");
    let topic = state.topic(arn)?;
    let (fifo, by_content) = (topic.fifo, topic.is("ContentBasedDeduplication"));
    if entries.is_empty() {
        return Err(AwsError::new("EmptyBatchRequest", "The batch request doesn't contain any entries."));
    }
    if entries.len() > MAX_ENTRIES {
        let message = "The batch request contains more entries than permissible.";
        return Err(AwsError::new("TooManyEntriesInBatchRequest", message));
    }
    let mut ids = HashSet::new();
    let mut parsed = Vec::new();
    for entry in &entries {
        let id = entry.get("Id").unwrap_or_default();
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !(1..=80).contains(&id.len()) || !id.bytes().all(valid) {
            let message = "The Id of a batch entry in a batch request doesn't abide by the specification.";
            return Err(AwsError::new("InvalidBatchEntryId", message));
        }
        if !ids.insert(id) {
            let message = "Two or more batch entries in the request have the same Id.";
            return Err(AwsError::new("BatchEntryIdsNotDistinct", message));
        }
        parsed.push((id, publishing(entry)?));
    }
    if parsed.iter().map(|(_, publishing)| check::size(publishing)).sum::<usize>() > check::MAX_BYTES {
        let message = "The length of all the messages put together is more than the limit.";
        return Err(AwsError::new("BatchRequestTooLong", message));
    }
    // These are asked of the batch as a whole; what else is wrong with an entry fails that entry.
    for (_, publishing) in &parsed {
        check::order(publishing, fifo, by_content)?;
        if publishing.structured {
            check::structured(&publishing.message)?;
        }
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, publishing) in &parsed {
        let refused = state.refuses.as_ref().is_some_and(|refuses| refuses(id));
        let outcome = match refused {
            true => Err(AwsError::new("InternalError", "An internal error occurred.")
                .with_status(http::StatusCode::INTERNAL_SERVER_ERROR)),
            false => state.publish(sqs, name, publishing),
        };
        match outcome {
            Ok(it) => successful.push(xml::element("Id", id) + &published(&it)),
            Err(error) => failed.push(
                xml::element("Id", id)
                    + &xml::element("Code", &error.code)
                    + &xml::element("Message", &error.message)
                    + &xml::element("SenderFault", error.status.is_client_error()),
            ),
        }
    }
    Ok(xml::list("Successful", successful) + &xml::list("Failed", failed))
}
