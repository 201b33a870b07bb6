//! Events: how facts are recorded, and how the rest of the market hears of them.

mod packed;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    id::{EventId, StoreId},
    tenant::{Mode, Tenant},
};

/// Fields that hold personal data or secrets of a shopper, wherever they stand at the top of an event's data. They stay
/// in the events table: what is published travels through queues and dead-letter queues, where nobody could erase it.
const PERSONAL: [&str; 4] = ["contact", "traits", "client_action", "note"];

/// What led to a change: the request that began it all, and the request or event that led to it directly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The same along the whole chain.
    pub correlation: String,
    /// One step up the chain.
    pub causation: String,
}

impl Cause {
    /// The beginning of a chain: a request, or an operator's or a schedule's invocation.
    pub fn of_request(request_id: &str) -> Self {
        Self { correlation: request_id.to_owned(), causation: request_id.to_owned() }
    }

    /// What `event` leads to.
    pub fn of_event(event: &CloudEvent) -> Self {
        Self { correlation: event.correlation_id.clone(), causation: event.id.to_string() }
    }
}

/// One event as it is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Which event it is. The effect of an event happens once per id.
    pub id: EventId,
    /// What happened, such as `order.placed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The version of the data's shape. Older ones are upcast when they are read.
    pub version: u32,
    /// Its place among the events of what it happened to, from 1. 0 where they have no order: what is added to a balance
    /// and taken from it comes to the same in any.
    pub sequence: u32,
    /// What there is to know of it.
    pub data: Value,
}

/// Events that happened to one thing at one moment: one item of the events table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Commit {
    /// Whose.
    pub store: StoreId,
    /// In which mode.
    pub mode: Mode,
    /// The id of what they happened to.
    pub subject: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    #[serde(flatten)]
    pub cause: Cause,
    /// The events, in order. At least one.
    #[serde(with = "packed")]
    pub events: Vec<Recorded>,
}

impl Commit {
    /// Whose events they are.
    pub fn tenant(&self) -> Tenant {
        Tenant::of_own_record(self.store, self.mode)
    }

    /// The events as they are published.
    pub fn published(&self) -> Vec<CloudEvent> {
        self.events.iter().map(|event| CloudEvent::of_recorded(self, event)).collect()
    }
}

/// An event on its way: a CloudEvents 1.0 envelope in structured JSON.
///
/// Delivered at least once, in no particular order. `sequence` orders the events of one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CloudEvent {
    /// Always `1.0`.
    pub specversion: String,
    /// The event's id.
    pub id: EventId,
    /// Where it happened: `/souk/store_…/test`.
    pub source: String,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id of what it happened to.
    pub subject: String,
    /// When.
    pub time: Timestamp,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// The version of the data's shape.
    #[serde(rename = "dataversion")]
    pub version: u32,
    /// Its place among the subject's events, as ten digits, which sort as text.
    pub sequence: String,
    /// Whose.
    pub store: StoreId,
    /// In which mode.
    pub mode: Mode,
    /// The request that began the chain it belongs to.
    #[serde(rename = "correlationid")]
    pub correlation_id: String,
    /// What led to it.
    #[serde(rename = "causationid")]
    pub causation_id: String,
    /// What there is to know of it, without personal data.
    pub data: Value,
}

impl CloudEvent {
    fn of_recorded(commit: &Commit, event: &Recorded) -> Self {
        Self::new(commit.tenant(), &commit.subject, commit.at, &commit.cause, event)
    }

    /// The envelope of `event`, which happened to `subject`.
    pub fn new(tenant: Tenant, subject: &str, at: Timestamp, cause: &Cause, event: &Recorded) -> Self {
        let mut data = event.data.clone();
        if let Value::Object(fields) = &mut data {
            for personal in PERSONAL {
                fields.remove(personal);
            }
        }
        Self {
            specversion: "1.0".to_owned(),
            id: event.id,
            source: format!("/souk/{tenant}"),
            kind: event.kind.clone(),
            subject: subject.to_owned(),
            time: at,
            datacontenttype: "application/json".to_owned(),
            version: event.version,
            sequence: format!("{:010}", event.sequence),
            store: tenant.store(),
            mode: tenant.mode(),
            correlation_id: cause.correlation.clone(),
            causation_id: cause.causation.clone(),
            data,
        }
    }

    /// Whose event it is.
    pub fn tenant(&self) -> Tenant {
        Tenant::of_own_record(self.store, self.mode)
    }
}
