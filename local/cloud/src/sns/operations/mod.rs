//! The API of SNS, in the AWS query protocol.
//!
//! <https://docs.aws.amazon.com/sns/latest/api/API_Operations.html>

mod publish;
mod subscriptions;
mod tags;
mod topics;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Sns, errors, form::Form, xml};
use crate::AwsError;

const PAGE: usize = 100;

impl Sns {
    /// Runs one operation of the query protocol: form pairs in, the XML inside `<…Result>` out, which is
    /// empty for operations that have no result.
    ///
    /// # Errors
    /// As the operation documents.
    // Nothing is awaited today; deliveries that take time would be.
    #[allow(clippy::unused_async)]
    pub async fn call(&self, operation: &str, form: &[(String, String)]) -> Result<String, AwsError> {
        let form = Form::new(form);
        let state = &mut *self.state();
        match operation {
            "Publish" => publish::one(state, &self.0.sqs, &form),
            "PublishBatch" => publish::batch(state, &self.0.sqs, &form),
            "CreateTopic" => topics::create(state, &form),
            "DeleteTopic" => topics::delete(state, &form),
            "ListTopics" => topics::list(state, &form),
            "GetTopicAttributes" => topics::get_attributes(state, &form),
            "SetTopicAttributes" => topics::set_attribute(state, &form),
            "Subscribe" => subscriptions::subscribe(state, &form),
            "Unsubscribe" => subscriptions::unsubscribe(state, &form),
            "ListSubscriptions" => subscriptions::list(state, &form),
            "ListSubscriptionsByTopic" => subscriptions::list_by_topic(state, &form),
            "GetSubscriptionAttributes" => subscriptions::get_attributes(state, &form),
            "SetSubscriptionAttributes" => subscriptions::set_attribute(state, &form),
            "TagResource" => tags::tag(state, &form),
            "UntagResource" => tags::untag(state, &form),
            "ListTagsForResource" => tags::list(state, &form),
            unknown => {
                let message = format!("The action {unknown} is not valid for this web service.");
                Err(AwsError::new("InvalidAction", message))
            }
        }
    }
}

/// A page of a list, each of whose items is told by `key`, and the token of the next page.
fn page<T>(
    name: &str,
    items: impl IntoIterator<Item = T>,
    form: &Form,
    key: impl Fn(&T) -> &str,
    write: impl Fn(&T) -> String,
) -> Result<String, AwsError> {
    let after = form.get("NextToken").map(|token| {
        let key = STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        key.ok_or_else(|| errors::invalid("NextToken Reason: Invalid token"))
    });
    let after = after.transpose()?;
    let mut rest =
        items.into_iter().filter(|item| after.as_deref().is_none_or(|after| key(item) > after)).peekable();
    let found: Vec<T> = rest.by_ref().take(PAGE).collect();
    let list = xml::list(name, found.iter().map(write));
    let token = found.last().filter(|_| rest.peek().is_some()).map(|last| STANDARD.encode(key(last)));
    Ok(match token {
        Some(token) => list + &xml::element("NextToken", token),
        None => list,
    })
}
