//! The tags of topics.

use crate::{
    AwsError,
    sns::{errors, form::Form, state::State, topic::Topic, xml},
};

const MAX_TAGS: usize = 50;

fn topic<'a>(state: &'a mut State, form: &Form) -> Result<&'a mut Topic, AwsError> {
    let arn = form.required("ResourceArn")?;
    let name = state.name_of("ResourceArn", arn).map_err(|_| errors::no_such_resource())?;
    state.topics.get_mut(name).ok_or_else(errors::no_such_resource)
}

pub(super) fn tag(state: &mut State, form: &Form) -> Result<String, AwsError> {
    let added = form.tags()?;
    let topic = topic(state, form)?;
    let mut tags = topic.tags.clone();
    tags.extend(added);
    if tags.len() > MAX_TAGS {
        return Err(AwsError::new(
            "TagLimitExceeded",
            "Could not complete request: tag quota of per resource exceeded",
        ));
    }
    topic.tags = tags;
    Ok(String::new())
}

pub(super) fn untag(state: &mut State, form: &Form) -> Result<String, AwsError> {
    let keys = form.texts("TagKeys");
    topic(state, form)?.tags.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(String::new())
}

pub(super) fn list(state: &mut State, form: &Form) -> Result<String, AwsError> {
    let tag = |(key, value): (&String, &String)| xml::element("Key", key) + &xml::element("Value", value);
    Ok(xml::list("Tags", topic(state, form)?.tags.iter().map(tag)))
}
