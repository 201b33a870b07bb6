//! Topics: creating, listing, changing, deleting.

use super::page;
use crate::{
    AwsError,
    sns::{
        errors,
        form::Form,
        state::State,
        topic::{Topic, check_attribute},
        xml,
    },
};

pub(super) fn create(state: &mut State, form: &Form) -> Result<String, AwsError> {
    let arn = state.create(form.required("Name")?, &form.map("Attributes"), form.tags()?)?;
    Ok(xml::element("TopicArn", arn))
}

pub(super) fn delete(state: &mut State, form: &Form) -> Result<String, AwsError> {
    let name = state.name_of("TopicArn", form.required("TopicArn")?)?;
    // One that is gone already is no error.
    state.topics.remove(name);
    Ok(String::new())
}

pub(super) fn list(state: &mut State, form: &Form) -> Result<String, AwsError> {
    page(
        "Topics",
        state.topics.values(),
        form,
        |topic| topic.arn.as_str(),
        |topic: &&Topic| xml::element("TopicArn", &topic.arn),
    )
}

pub(super) fn get_attributes(state: &mut State, form: &Form) -> Result<String, AwsError> {
    let account = state.place.account.clone();
    let attributes = state.topic(form.required("TopicArn")?)?.described(&account);
    Ok(xml::map("Attributes", &attributes))
}

pub(super) fn set_attribute(state: &mut State, form: &Form) -> Result<String, AwsError> {
    let (name, value) = (form.required("AttributeName")?, form.get("AttributeValue").unwrap_or_default());
    let topic = state.topic(form.required("TopicArn")?)?;
    if name == "FifoTopic" {
        return Err(errors::invalid("AttributeName"));
    }
    check_attribute(name, value, topic.fifo).map_err(errors::invalid)?;
    match value.is_empty() {
        true => topic.attributes.remove(name),
        false => topic.attributes.insert(name.to_owned(), value.to_owned()),
    };
    Ok(String::new())
}
