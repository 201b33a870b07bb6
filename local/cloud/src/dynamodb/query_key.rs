//! The partition key that a query names.

use dynoxide::{actions::query::QueryRequest, types::AttributeValue};

use super::needs::text;

/// The value that `hash_key` must equal, by the query's key condition. `None` where the condition says no such
/// thing, which the query itself will be refused for.
pub(super) fn query_key(hash_key: &str, query: &QueryRequest) -> Option<String> {
    if let Some(expression) = &query.key_condition_expression {
        return conditions(expression).find_map(|condition| {
            let (left, right) = condition.split_once('=')?;
            let (left, right) = (left.trim(), right.trim());
            let name = if left.starts_with('#') {
                query.expression_attribute_names.as_ref()?.get(left)?
            } else {
                left
            };
            if name != hash_key {
                return None;
            }
            text(query.expression_attribute_values.as_ref()?.get(right)?)
        });
    }
    let condition = query.key_conditions.as_ref()?.get(hash_key)?;
    let value = condition.get("AttributeValueList")?.get(0)?;
    text(&serde_json::from_value::<AttributeValue>(value.clone()).ok()?)
}

/// The conditions that `AND` joins, in any case, without the parentheses around them. The `AND` of a `BETWEEN`
/// splits it into what equals nothing, which does no harm.
fn conditions(expression: &str) -> impl Iterator<Item = &str> {
    let upper = expression.to_ascii_uppercase();
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, _) in upper.match_indices("AND") {
        let bounded =
            |byte: Option<&u8>| byte.is_none_or(|byte| byte.is_ascii_whitespace() || b"()".contains(byte));
        let before = at.checked_sub(1).and_then(|index| upper.as_bytes().get(index));
        if bounded(before) && bounded(upper.as_bytes().get(at + 3)) {
            parts.push(&expression[from..at]);
            from = at + 3;
        }
    }
    parts.push(&expression[from..]);
    parts.into_iter().map(|part| part.trim().trim_matches(['(', ')']))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_partition_key_is_found_however_the_condition_is_written() {
        for (expression, key) in [
            ("pk = :a", Some("A")),
            ("#p=:a", Some("A")),
            ("(pk = :a) and begins_with(sk, :b)", Some("A")),
            ("sk between :b AND :c and #p = :a", Some("A")),
            ("candy = :a AND pk = :b", Some("B")),
            ("sk = :a", None),
        ] {
            let query: QueryRequest = serde_json::from_value(json!({
                "TableName": "some-table", "KeyConditionExpression": expression,
                "ExpressionAttributeNames": {"#p": "pk"},
                "ExpressionAttributeValues": {":a": {"S": "A"}, ":b": {"S": "B"}, ":c": {"S": "C"}}
            }))
            .unwrap();
            assert_eq!(query_key("pk", &query).as_deref(), key, "{expression}");
        }
    }
}
