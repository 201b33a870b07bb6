//! Patterns against events, operator by operator.

use serde_json::{Value, json};

use super::{Dialect, Pattern};

#[track_caller]
fn matches(pattern: &Value, yes: &[Value], no: &[Value]) {
    let parsed = Pattern::parse(pattern).unwrap();
    for event in yes {
        assert!(parsed.matches(event), "{pattern} should match {event}");
    }
    for event in no {
        assert!(!parsed.matches(event), "{pattern} should not match {event}");
    }
}

#[test]
fn a_leaf_lists_alternatives() {
    let pattern = json!({ "type": ["placed", "paid", 3, true, null] });
    let yes =
        [json!({ "type": "paid" }), json!({ "type": 3.0 }), json!({ "type": true }), json!({ "type": null })];
    let no = [
        json!({ "type": "Paid" }),
        json!({ "type": "3" }),
        json!({ "type": false }),
        json!({}),
        json!("paid"),
    ];
    matches(&pattern, &yes, &no);
}

#[test]
fn all_fields_must_match() {
    let pattern = json!({ "a": [1], "b": { "c": [2] } });
    let no = [json!({ "a": 1 }), json!({ "a": 1, "b": 2 }), json!({ "a": 2, "b": { "c": 2 } })];
    matches(&pattern, &[json!({ "a": 1, "b": { "c": 2, "d": 3 } })], &no);
}

#[test]
fn of_a_list_one_element_is_enough() {
    matches(
        &json!({ "tags": ["b"] }),
        &[json!({ "tags": ["a", "b"] }), json!({ "tags": [["b"]] })],
        &[json!({ "tags": ["a"] }), json!({ "tags": [] })],
    );
}

#[test]
fn fields_of_different_elements_do_not_add_up() {
    let pattern = json!({ "lines": { "sku": ["x"], "quantity": [2] } });
    let yes = json!({ "lines": [{ "sku": "y", "quantity": 1 }, { "sku": "x", "quantity": 2 }] });
    let no = json!({ "lines": [{ "sku": "x", "quantity": 1 }, { "sku": "y", "quantity": 2 }] });
    matches(&pattern, &[yes], &[no, json!({ "lines": [] })]);
}

#[test]
fn text_operators() {
    let yes = [json!({ "t": "order.placed" })];
    matches(
        &json!({ "t": [{ "prefix": "order." }] }),
        &yes,
        &[json!({ "t": "an order." }), json!({ "t": 1 })],
    );
    matches(&json!({ "t": [{ "suffix": ".placed" }] }), &yes, &[json!({ "t": "order.placed." }), json!({})]);
    matches(&json!({ "t": [{ "equals-ignore-case": "ORDER.Placed" }] }), &yes, &[json!({ "t": "order" })]);
    matches(
        &json!({ "t": [{ "prefix": { "equals-ignore-case": "ORD" } }] }),
        &yes,
        &[json!({ "t": "xord" })],
    );
    matches(&json!({ "t": [{ "suffix": { "equals-ignore-case": "ED" } }] }), &yes, &[json!({ "t": "edx" })]);
    matches(&json!({ "t": [{ "wildcard": "o*.pl*d" }] }), &yes, &[json!({ "t": "order.plea" })]);
    matches(&json!({ "t": [{ "wildcard": "order*r.placed" }] }), &[], &yes);
}

#[test]
fn anything_but() {
    matches(
        &json!({ "t": [{ "anything-but": "a" }] }),
        &[json!({ "t": "b" }), json!({ "t": 1 })],
        &[json!({ "t": "a" }), json!({})],
    );
    matches(&json!({ "t": [{ "anything-but": 1 }] }), &[json!({ "t": 2 })], &[json!({ "t": 1 })]);
    matches(
        &json!({ "t": [{ "anything-but": ["a", "b"] }] }),
        &[json!({ "t": "c" }), json!({ "t": ["a", "c"] })],
        &[json!({ "t": "b" }), json!({ "t": ["a", "b"] })],
    );
    matches(
        &json!({ "t": [{ "anything-but": { "prefix": "a" } }] }),
        &[json!({ "t": "ba" })],
        &[json!({ "t": "ab" })],
    );
    matches(
        &json!({ "t": [{ "anything-but": { "suffix": ["x", "y"] } }] }),
        &[json!({ "t": "xa" })],
        &[json!({ "t": "ax" }), json!({ "t": "ay" })],
    );
}

#[test]
fn numbers() {
    let numeric = |terms: Value| json!({ "n": [{ "numeric": terms }] });
    let n = |number: f64| json!({ "n": number });
    matches(&numeric(json!(["=", 3.5])), &[n(3.5)], &[n(3.4), json!({ "n": "3.5" })]);
    matches(&numeric(json!(["<", 3])), &[n(2.9)], &[n(3.0)]);
    matches(&numeric(json!(["<=", 3])), &[n(3.0)], &[n(3.1)]);
    matches(&numeric(json!([">", 3])), &[n(3.1)], &[n(3.0)]);
    matches(&numeric(json!([">=", 3])), &[n(3.0)], &[n(2.9)]);
    matches(&numeric(json!([">", 0, "<=", 100])), &[n(0.1), n(100.0)], &[n(0.0), n(100.1)]);
    matches(&numeric(json!([">=", -2, "<", 2])), &[n(-2.0), n(0.0)], &[n(-2.1), n(2.0)]);
}

#[test]
fn existence_is_of_leaves() {
    let object = json!({ "k": { "inner": 1 } });
    matches(
        &json!({ "k": [{ "exists": true }] }),
        &[json!({ "k": null }), json!({ "k": [1] })],
        &[json!({}), object.clone(), json!({ "k": [] })],
    );
    matches(&json!({ "k": [{ "exists": false }] }), &[json!({}), object], &[json!({ "k": "" })]);
    let nested = json!({ "dynamodb": { "OldImage": { "pk": [{ "exists": false }] } } });
    matches(
        &nested,
        &[json!({ "dynamodb": { "NewImage": {} } })],
        &[json!({ "dynamodb": { "OldImage": { "pk": "x" } } })],
    );
}

#[test]
fn one_alternative_of_each_or() {
    let pattern = json!({ "source": ["a"], "$or": [{ "x": [1] }, { "y": [2], "z": [3] }] });
    let yes = [json!({ "source": "a", "x": 1 }), json!({ "source": "a", "y": 2, "z": 3 })];
    matches(
        &pattern,
        &yes,
        &[json!({ "source": "a", "y": 2 }), json!({ "source": "b", "x": 1 }), json!({ "x": 1 })],
    );
}

#[test]
fn addresses() {
    let ip = |address: &str| json!({ "ip": address });
    matches(&json!({ "ip": [{ "cidr": "10.0.0.0/24" }] }), &[ip("10.0.0.255")], &[ip("10.0.1.0"), ip("x")]);
    matches(
        &json!({ "ip": [{ "cidr": "2001:db8::/32" }] }),
        &[ip("2001:db8::1")],
        &[ip("2001:db9::1"), ip("10.0.0.1")],
    );
}

#[test]
fn records_of_a_stream() {
    let pattern = json!({ "dynamodb": { "NewImage": { "kind": { "S": ["product", "stock"] } } } });
    let record =
        |kind: &str| json!({ "eventName": "INSERT", "dynamodb": { "NewImage": { "kind": { "S": kind } } } });
    matches(&pattern, &[record("stock")], &[record("cart"), json!({ "dynamodb": { "OldImage": {} } })]);
}

#[test]
fn what_is_no_pattern_is_refused() {
    let refused = [
        (json!([]), "Filter is not an object"),
        (json!({}), "Empty patterns are not allowed"),
        (json!({ "k": "v" }), "\"k\" must be an object or an array"),
        (json!({ "k": [] }), "Empty arrays are not allowed"),
        (json!({ "k": [["v"]] }), "Match value must be String, number, true, false, or null"),
        (json!({ "k": [{ "sounds-like": "v" }] }), "Unrecognized match type sounds-like"),
        (json!({ "k": [{ "prefix": "a", "suffix": "b" }] }), "Only one key allowed in match expression"),
        (json!({ "k": [{ "suffix": 1 }] }), "suffix match pattern must be a string"),
        (json!({ "k": [{ "exists": "no" }] }), "exists match pattern must be either true or false."),
        (json!({ "k": [{ "numeric": [] }] }), "Invalid member in numeric match: ]"),
        (json!({ "k": [{ "numeric": ["~", 1] }] }), "Unrecognized numeric range operator: ~"),
        (json!({ "k": [{ "numeric": [1, "<="] }] }), "Invalid member in numeric match: 1"),
        (json!({ "k": [{ "numeric": ["=", "0"] }] }), "Value of equals must be numeric"),
        (json!({ "k": [{ "numeric": [">="] }] }), "Value of >= must be numeric"),
        (json!({ "k": [{ "numeric": ["<", 9, ">", 1] }] }), "Too many elements in numeric expression"),
        (json!({ "k": [{ "numeric": [">", 1, ">", 2] }] }), "Bad numeric range operator: >"),
        (json!({ "k": [{ "numeric": [">", 3, "<", 1] }] }), "Bottom must be less than top"),
        (json!({ "k": [{ "numeric": [">", 1, 2] }] }), "Bad value in numeric range: 2"),
        (
            json!({ "k": [{ "numeric": [">", 1, "<", 3, "<", 5] }] }),
            "Too many terms in numeric range expression",
        ),
        (json!({ "k": [{ "cidr": "10.0.0.0/33" }] }), "Malformed CIDR: 10.0.0.0/33"),
    ];
    for (pattern, why) in refused {
        assert_eq!(Pattern::parse(&pattern).unwrap_err().0, why, "{pattern}");
    }
    let wildcard = json!({ "k": [{ "wildcard": "a*" }] });
    let refusal = Pattern::parse_as(&wildcard, Dialect::FilterPolicy).unwrap_err();
    assert_eq!(refusal.0, "Unrecognized match type wildcard");
}

/// The examples in the SNS developer guide, and policies that SNS itself found too complex.
#[test]
fn combinations_multiply_by_depth_and_add_up_over_alternatives() {
    let count = |pattern: Value| Pattern::parse(&pattern).unwrap().combinations();
    assert_eq!(count(json!({ "a": ["1", "2", "3"], "b": ["1"], "c": ["1", "2"] })), 6);
    let nested = json!({ "a": { "b": { "c": ["1", "2", "3", "4"] } }, "d": { "e": ["1", "2", "3"] } });
    assert_eq!(count(nested), 72);
    let either = json!({
        "source": ["1", "2", "3", "4"],
        "$or": [
            { "name": ["1", "2", "3", "4", "5", "6"] },
            { "type": ["1", "2", "3", "4"], "$or": [{ "id": [1, 2, 3, 4] }, { "space": [1, 2, 3, 4] }] },
        ],
    });
    assert_eq!(count(either), 152);
}
