//! One alternative of a pattern's leaf.

use std::net::IpAddr;

use serde_json::Value;

/// What a value must meet.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// This string, number, `true`, `false` or `null`.
    Equals(Value),
    Prefix(String),
    Suffix(String),
    /// These three compare in lower case.
    EqualsIgnoreCase(String),
    PrefixIgnoreCase(String),
    SuffixIgnoreCase(String),
    /// `*` stands for any text.
    Wildcard(String),
    /// None of these.
    AnythingBut(Vec<Test>),
    Numeric(Range),
    Cidr(Network),
    /// Whether there is a value at all.
    Exists(bool),
}

/// Bounds of a number, and whether they are within.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Range {
    pub low: Option<(f64, bool)>,
    pub high: Option<(f64, bool)>,
}

/// Addresses that share their first bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Network {
    pub address: IpAddr,
    pub bits: u32,
}

impl Test {
    /// Whether the value at the leaf, or one in its list, meets the test. An object is no leaf.
    pub fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Exists(wanted), value) => *wanted == value.is_some_and(has_leaf),
            (_, Some(Value::Array(items))) => items.iter().any(|item| self.matches(Some(item))),
            (_, None | Some(Value::Object(_))) => false,
            (test, Some(value)) => test.meets(value),
        }
    }

    fn meets(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Equals(wanted) => same(wanted, value),
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix.as_str())),
            Self::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix.as_str())),
            Self::EqualsIgnoreCase(wanted) => text.is_some_and(|text| text.to_lowercase() == *wanted),
            Self::PrefixIgnoreCase(prefix) => {
                text.is_some_and(|text| text.to_lowercase().starts_with(prefix.as_str()))
            }
            Self::SuffixIgnoreCase(suffix) => {
                text.is_some_and(|text| text.to_lowercase().ends_with(suffix.as_str()))
            }
            Self::Wildcard(pattern) => text.is_some_and(|text| wildcard(pattern, text)),
            Self::AnythingBut(tests) => !tests.iter().any(|test| test.meets(value)),
            Self::Numeric(range) => value.as_f64().is_some_and(|number| range.contains(number)),
            Self::Cidr(network) => {
                text.and_then(|text| text.parse().ok()).is_some_and(|address| network.contains(address))
            }
            Self::Exists(wanted) => *wanted,
        }
    }
}

fn has_leaf(value: &Value) -> bool {
    match value {
        Value::Object(_) => false,
        Value::Array(items) => items.iter().any(has_leaf),
        _ => true,
    }
}

/// Numbers are compared by value: 3 is 3.0.
fn same(wanted: &Value, value: &Value) -> bool {
    match (wanted.as_f64(), value.as_f64()) {
        (Some(wanted), Some(number)) => wanted == number,
        _ => wanted == value,
    }
}

fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

impl Range {
    fn contains(&self, number: f64) -> bool {
        let above = self.low.is_none_or(|(low, within)| number > low || (within && number == low));
        let below = self.high.is_none_or(|(high, within)| number < high || (within && number == high));
        above && below
    }
}

impl Network {
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let (address, bits): (IpAddr, u32) = (address.parse().ok()?, bits.parse().ok()?);
        let width = if address.is_ipv4() { 32 } else { 128 };
        (bits <= width).then_some(Self { address, bits })
    }

    fn contains(&self, address: IpAddr) -> bool {
        let differ = match (self.address, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => u128::from(a.to_bits() ^ b.to_bits()) << 96,
            (IpAddr::V6(a), IpAddr::V6(b)) => a.to_bits() ^ b.to_bits(),
            _ => return false,
        };
        differ.leading_zeros() >= self.bits
    }
}
