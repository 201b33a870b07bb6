//! Which permission an operation needs.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html>

use super::{Sns, form::Form};

impl Sns {
    /// The action and the ARN of the resource that an operation needs. `PublishBatch` needs `sns:Publish`.
    pub fn needs(&self, operation: &str, form: &[(String, String)]) -> (String, String) {
        let action = if operation == "PublishBatch" { "Publish" } else { operation };
        let form = Form::new(form);
        let arn = |name: &str| form.get(name).map(str::to_owned);
        let resource = match operation {
            "CreateTopic" => form.get("Name").map(|name| self.state().place.arn("sns", name)),
            // A subscription is part of its topic, which is what policies name.
            "Unsubscribe" | "GetSubscriptionAttributes" | "SetSubscriptionAttributes" => {
                arn("SubscriptionArn").and_then(|arn| Some(arn.rsplit_once(':')?.0.to_owned()))
            }
            "TagResource" | "UntagResource" | "ListTagsForResource" => arn("ResourceArn"),
            _ => arn("TopicArn").or_else(|| arn("TargetArn")),
        };
        (format!("sns:{action}"), resource.unwrap_or_else(|| "*".into()))
    }
}
