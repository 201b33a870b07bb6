//! Subscriptions: creating, listing, changing, deleting.

use std::collections::BTreeMap;

use super::page;
use crate::{
    AwsError,
    sns::{errors, form::Form, state::State, subscription::Subscription, xml},
};

pub(super) fn subscribe(state: &mut State, form: &Form) -> Result<String, AwsError> {
    let (topic, protocol) = (form.required("TopicArn")?, form.required("Protocol")?);
    let endpoint = form.required("Endpoint")?;
    Ok(xml::element("SubscriptionArn", state.subscribe(topic, protocol, endpoint, &form.map("Attributes"))?))
}

pub(super) fn unsubscribe(state: &mut State, form: &Form) -> Result<String, AwsError> {
    state.unsubscribe(form.required("SubscriptionArn")?)?;
    Ok(String::new())
}

pub(super) fn list(state: &mut State, form: &Form) -> Result<String, AwsError> {
    let all = state.topics.values().flat_map(|topic| &topic.subscriptions).collect();
    subscriptions(all, &state.place.account, form)
}

pub(super) fn list_by_topic(state: &mut State, form: &Form) -> Result<String, AwsError> {
    let account = state.place.account.clone();
    let topic = state.topic(form.required("TopicArn")?)?;
    subscriptions(topic.subscriptions.iter().collect(), &account, form)
}

fn subscriptions(mut all: Vec<&Subscription>, account: &str, form: &Form) -> Result<String, AwsError> {
    all.sort_by(|one, other| one.arn.cmp(&other.arn));
    page(
        "Subscriptions",
        all,
        form,
        |it| it.arn.as_str(),
        |it: &&Subscription| {
            xml::element("SubscriptionArn", &it.arn)
                + &xml::element("Owner", account)
                + &xml::element("Protocol", "sqs")
                + &xml::element("Endpoint", &it.endpoint)
                + &xml::element("TopicArn", &it.topic_arn)
        },
    )
}

pub(super) fn get_attributes(state: &mut State, form: &Form) -> Result<String, AwsError> {
    let account = state.place.account.clone();
    let attributes = state.subscription(form.required("SubscriptionArn")?)?.described(&account);
    Ok(xml::map("Attributes", &attributes))
}

pub(super) fn set_attribute(state: &mut State, form: &Form) -> Result<String, AwsError> {
    let (name, value) = (form.required("AttributeName")?, form.get("AttributeValue").unwrap_or_default());
    let subscription = state.subscription(form.required("SubscriptionArn")?)?;
    let given = BTreeMap::from([(name.to_owned(), value.to_owned())]);
    subscription.settings = subscription.settings.changed(&given).map_err(errors::invalid)?;
    Ok(String::new())
}
