//! Requests that name their tables by ARN, which AWS allows and `dynoxide` doesn't.

use std::borrow::Cow;

use serde_json::Value;

use super::needs::bare;

const ARN: &str = "arn:aws:dynamodb:";

/// The body with the names of its tables in place of their ARNs. A body that has no ARN is not even parsed, and
/// what an item holds stays as it is.
pub(super) fn with_names(body: &[u8]) -> Cow<'_, [u8]> {
    let has_arn = std::str::from_utf8(body).is_ok_and(|text| text.contains(ARN));
    let Some(mut request) = has_arn.then(|| serde_json::from_slice::<Value>(body).ok()).flatten() else {
        return Cow::Borrowed(body);
    };
    name(&mut request);
    if let Some(tables) = request.get_mut("RequestItems").and_then(Value::as_object_mut) {
        *tables = std::mem::take(tables)
            .into_iter()
            .map(|(table, items)| (bare(&table).to_owned(), items))
            .collect();
    }
    let elements = request.get_mut("TransactItems").and_then(Value::as_array_mut).into_iter().flatten();
    elements.filter_map(Value::as_object_mut).flat_map(|element| element.values_mut()).for_each(name);
    Cow::Owned(request.to_string().into_bytes())
}

fn name(request: &mut Value) {
    if let Some(table) = request.get_mut("TableName")
        && let Some(name) = table.as_str().map(bare)
    {
        *table = name.to_owned().into();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_are_named_and_items_are_left_alone() {
        let arn = format!("{ARN}eu-central-1:000000000000:table/orders");
        let read = |request: &Value| {
            serde_json::from_slice::<Value>(&with_names(request.to_string().as_bytes())).unwrap()
        };
        assert_eq!(
            read(&json!({"TableName": arn, "Item": {"TableName": {"S": arn}}})),
            json!({"TableName": "orders", "Item": {"TableName": {"S": arn}}})
        );
        assert_eq!(read(&json!({"RequestItems": {&arn: []}})), json!({"RequestItems": {"orders": []}}));
        assert_eq!(
            read(&json!({"TransactItems": [{"Put": {"TableName": arn, "Item": {"a": {"S": arn}}}}]})),
            json!({"TransactItems": [{"Put": {"TableName": "orders", "Item": {"a": {"S": arn}}}}]})
        );
    }
}
