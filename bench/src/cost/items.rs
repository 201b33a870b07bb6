//! What a purchase leaves in the tables: DynamoDB bills writes by the size of an item, in steps of a kilobyte.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use souk_tests::TestMarket;

/// Prints each kind of item that is about an order or a cart, with its largest attributes.
pub(super) async fn print(market: &TestMarket, about: &[&str]) {
    for end in ["-state", "-events", "-vault"] {
        let page = market.dynamodb("Scan", json!({"TableName": market.table(end)})).await;
        for item in page["Items"].as_array().into_iter().flatten() {
            let text = item.to_string();
            if !about.iter().any(|about| text.contains(about)) {
                continue;
            }
            let mut parts: Vec<(usize, &String)> = item
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.len() + size(value), name))
                .collect();
            parts.sort_unstable_by(|a, b| b.cmp(a));
            let whole: usize = parts.iter().map(|(size, _)| size).sum();
            let shown: BTreeMap<&str, usize> =
                parts.iter().take(6).map(|(size, name)| (name.as_str(), *size)).collect();
            if whole > 1400 {
                println!("{}", souk_tests::plain(item));
            }
            println!(
                "{whole:>6} bytes  {end} {:<16} {} {shown:?}",
                item["kind"]["S"].as_str().unwrap_or("?"),
                item["pk"]["S"]
            );
        }
    }
}

/// As DynamoDB counts: names and values in UTF-8, about half a byte a digit, three bytes and one for each element of what
/// holds others.
fn size(value: &Value) -> usize {
    let Some((kind, inner)) = value.as_object().and_then(|one| one.iter().next()) else { return 0 };
    match kind.as_str() {
        "S" => inner.as_str().map_or(0, str::len),
        "B" => inner.as_str().map_or(0, |text| text.len() * 3 / 4),
        "N" => inner.as_str().map_or(0, |digits| digits.len().div_ceil(2) + 1),
        "M" => {
            3 + inner
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, one)| 1 + name.len() + size(one))
                .sum::<usize>()
        }
        "L" => 3 + inner.as_array().into_iter().flatten().map(|one| 1 + size(one)).sum::<usize>(),
        _ => 1,
    }
}
