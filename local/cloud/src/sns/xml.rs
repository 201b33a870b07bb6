//! Writing the answers of the query protocol.

use std::fmt::{Display, Write};

/// An element with text in it.
pub(super) fn element(name: &str, text: impl Display) -> String {
    let mut escaped = String::new();
    for c in text.to_string().chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    format!("<{name}>{escaped}</{name}>")
}

/// An element with elements in it.
pub(super) fn group(name: &str, inner: &str) -> String {
    format!("<{name}>{inner}</{name}>")
}

/// A list, each of whose items is a `member`.
pub(super) fn list(name: &str, items: impl IntoIterator<Item = String>) -> String {
    let mut members = String::new();
    for item in items {
        // Writing to a String never fails.
        let _ = write!(members, "<member>{item}</member>");
    }
    group(name, &members)
}

/// A map, each of whose entries has a key and a value.
pub(super) fn map<'a, V: Display + 'a>(
    name: &str,
    entries: impl IntoIterator<Item = (&'a String, V)>,
) -> String {
    let mut inner = String::new();
    for (key, value) in entries {
        let _ = write!(inner, "<entry>{}{}</entry>", element("key", key), element("value", value));
    }
    group(name, &inner)
}
