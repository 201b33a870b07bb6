//! Whose an invocation is, by its event alone.

use std::{collections::BTreeSet, fmt};

use serde::Deserialize;
use souk::runtime::Kind;

use super::key;

/// What an invocation may touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bounds {
    /// These tenants: those that its event is about.
    These(BTreeSet<String>),
    /// One store, whichever it touches first: its event doesn't tell, as where a provider notifies, an operator creates
    /// a store, or the authorizer has yet to find out.
    OneStore,
    /// Every store: a schedule is for all of them.
    AnyStore,
}

/// What of an event tells whose it is.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "requestContext")]
    request: Option<Request>,
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
}

#[derive(Deserialize)]
struct Request {
    authorizer: Option<Authorizer>,
}

#[derive(Deserialize)]
struct Authorizer {
    lambda: Option<Named>,
}

/// A tenant, named by its two parts.
#[derive(Deserialize)]
struct Named {
    store: Option<String>,
    mode: Option<String>,
}

#[derive(Deserialize)]
struct Record {
    body: Option<String>,
    dynamodb: Option<Change>,
}

#[derive(Deserialize)]
struct Change {
    #[serde(rename = "Keys")]
    keys: Keys,
}

#[derive(Deserialize)]
struct Keys {
    pk: Text,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

impl Bounds {
    /// What the invocation on `event` may touch, of a function made for this.
    pub(super) fn of(event: &str, kind: Kind) -> Self {
        let read: Option<Event> = serde_json::from_str(event).ok();
        match read {
            Some(Event { records: Some(records), .. }) => {
                Self::These(records.iter().filter_map(Record::tenant).collect())
            }
            Some(Event { request: Some(Request { authorizer: Some(authorizer) }), .. }) => {
                let tenant = authorizer.lambda.as_ref().and_then(Named::tenant);
                tenant.map_or(Self::OneStore, |tenant| Self::These([tenant].into()))
            }
            _ if kind == Kind::Schedule => Self::AnyStore,
            _ => Self::OneStore,
        }
    }

    /// Nothing at all.
    pub(super) fn nothing() -> Self {
        Self::These(BTreeSet::new())
    }
}

impl Record {
    /// A message tells its tenant in its body, a change in its key.
    fn tenant(&self) -> Option<String> {
        match (&self.body, &self.dynamodb) {
            (Some(body), _) => serde_json::from_str::<Named>(body).ok()?.tenant(),
            (None, Some(change)) => key::tenant(&change.keys.pk.text).map(|(_, tenant)| tenant.to_owned()),
            (None, None) => None,
        }
    }
}

impl Named {
    fn tenant(&self) -> Option<String> {
        Some(format!("{}/{}", self.store.as_ref()?, self.mode.as_ref()?))
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::These(tenants) if tenants.is_empty() => f.write_str("no store"),
            Self::These(tenants) => {
                f.write_str(&tenants.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
            }
            Self::OneStore => f.write_str("one store"),
            Self::AnyStore => f.write_str("every store"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: &str = "store_01m6dsg7e0fabs2v1n9dm8936v";

    fn these(tenants: &[&str]) -> Bounds {
        Bounds::These(tenants.iter().map(|mode| format!("{STORE}/{mode}")).collect())
    }

    fn queue() -> Kind {
        Kind::Queue
    }

    #[test]
    fn a_request_is_its_principals() {
        let request = Kind::Http;
        let context =
            |inner: &str| format!(r#"{{"requestContext": {{"authorizer": {inner}}}, "body": "x"}}"#);
        let known =
            context(&format!(r#"{{"lambda": {{"store": "{STORE}", "mode": "test", "id": "key_1"}}}}"#));
        assert_eq!(Bounds::of(&known, request), these(&["test"]));
        for unknown in [context(r#"{"lambda": {"denied": "unknown"}}"#), context("null"), "{}".to_owned()] {
            assert_eq!(Bounds::of(&unknown, request), Bounds::OneStore, "{unknown}");
        }
    }

    #[test]
    fn messages_and_changes_tell_their_tenants() {
        let body = format!(r#"{{\"store\": \"{STORE}\", \"mode\": \"live\", \"order\": \"ord_1\"}}"#);
        let other = format!(
            r#"{{"dynamodb": {{"Keys": {{"pk": {{"S": "{STORE}/test/cart/1"}}, "sk": {{"S": "x"}}}}}}}}"#
        );
        let event = format!(r#"{{"Records": [{{"body": "{body}"}}, {other}, {{"body": "no json"}}]}}"#);
        assert_eq!(Bounds::of(&event, queue()), these(&["live", "test"]));
        assert_eq!(Bounds::of(r#"{"Records": []}"#, queue()), Bounds::nothing());
    }

    #[test]
    fn a_schedule_is_for_all_and_an_operator_for_one() {
        let event = r#"{"source": "aws.scheduler", "detail": "{}"}"#;
        assert_eq!(Bounds::of(event, Kind::Schedule), Bounds::AnyStore);
        assert_eq!(Bounds::of(r#"{"name": "Kiosk"}"#, Kind::Direct), Bounds::OneStore);
    }
}
