//! What is left of a write's expressions when its condition is taken out.

use std::collections::BTreeSet;

use serde_json::Value;

/// Takes the condition out of a write, and the placeholders that only it used. Whether there was one.
pub fn without_condition(write: &mut Value) -> bool {
    let Some(map) = write.as_object_mut() else { return false };
    if map.remove("ConditionExpression").is_none() {
        return false;
    }
    let used = map.get("UpdateExpression").and_then(Value::as_str).map(placeholders).unwrap_or_default();
    for name in ["ExpressionAttributeNames", "ExpressionAttributeValues"] {
        let Some(Value::Object(given)) = map.get_mut(name) else { continue };
        given.retain(|placeholder, _| used.contains(placeholder.as_str()));
        if given.is_empty() {
            map.remove(name);
        }
    }
    true
}

/// The placeholders in an expression.
fn placeholders(expression: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = expression;
    while let Some(start) = rest.find(['#', ':']) {
        let tail = &rest[start..];
        let end = tail[1..]
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .map_or(tail.len(), |end| end + 1);
        found.insert(tail[..end].to_owned());
        rest = &tail[end..];
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_update_uses_stays() {
        let mut write = json!({
            "UpdateExpression": "SET locations.#l0.available = locations.#l0.available - :q0 ADD revision :one",
            "ConditionExpression": "(locations.#l0.available >= :q0) AND (#version = :seen)",
            "ExpressionAttributeNames": {"#l0": "berlin", "#version": "version"},
            "ExpressionAttributeValues": {":q0": {"N": "1"}, ":one": {"N": "1"}, ":seen": {"N": "3"}},
        });
        assert!(without_condition(&mut write));
        assert_eq!(write["ExpressionAttributeNames"], json!({"#l0": "berlin"}));
        assert_eq!(write["ExpressionAttributeValues"], json!({":q0": {"N": "1"}, ":one": {"N": "1"}}));
        assert!(!without_condition(&mut write));
    }

    #[test]
    fn a_put_needs_no_placeholders_then() {
        let mut write = json!({
            "Item": {"pk": {"S": "a"}}, "ConditionExpression": "revision = :read",
            "ExpressionAttributeValues": {":read": {"N": "1"}},
        });
        assert!(without_condition(&mut write));
        assert_eq!(write, json!({"Item": {"pk": {"S": "a"}}}));
    }
}
