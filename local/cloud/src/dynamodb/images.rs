//! Whether two images are the same item.

use serde_json::Value;

/// Equal as DynamoDB counts it: the members of a set have no order.
pub(super) fn same_item(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| match other.get(name) {
                    Some(other) if ["SS", "NS", "BS"].contains(&name.as_str()) => same_set(value, other),
                    Some(other) => same_item(value, other),
                    None => false,
                })
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_item(one, other))
        }
        (one, other) => one == other,
    }
}

/// An attribute that happens to be called `SS` holds an object and not a list, and is compared as one.
fn same_set(one: &Value, other: &Value) -> bool {
    match (one.as_array(), other.as_array()) {
        (Some(one), Some(other)) => {
            one.len() == other.len() && one.iter().all(|member| other.contains(member))
        }
        _ => same_item(one, other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sets_have_no_order_and_lists_do() {
        assert!(same_item(&json!({"a": {"SS": ["x", "y"]}}), &json!({"a": {"SS": ["y", "x"]}})));
        assert!(!same_item(&json!({"a": {"SS": ["x"]}}), &json!({"a": {"SS": ["y"]}})));
        assert!(!same_item(
            &json!({"a": {"L": [{"N": "1"}, {"N": "2"}]}}),
            &json!({"a": {"L": [{"N": "2"}, {"N": "1"}]}})
        ));
        assert!(!same_item(&json!({"a": {"S": "1"}}), &json!({"a": {"N": "1"}})));
        assert!(!same_item(&json!({"a": {"S": "1"}}), &json!({"b": {"S": "1"}})));
        assert!(same_item(
            &json!({"SS": {"M": {"a": {"BOOL": true}}}}),
            &json!({"SS": {"M": {"a": {"BOOL": true}}}})
        ));
    }
}
