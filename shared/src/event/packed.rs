//! The events of a commit as its item keeps them: as JSON, made small. Commits of before kept a list.

use std::fmt;

use serde::{
    Deserializer, Serializer,
    de::{Error, SeqAccess, Visitor},
    ser::Error as _,
};

use super::Recorded;
use crate::store::{pack, unpack};

pub(super) fn serialize<S: Serializer>(events: &[Recorded], serializer: S) -> Result<S::Ok, S::Error> {
    let json = serde_json::to_vec(events).map_err(S::Error::custom)?;
    serializer.serialize_bytes(&pack(&json))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Recorded>, D::Error> {
    deserializer.deserialize_any(Events)
}

struct Events;

impl<'de> Visitor<'de> for Events {
    type Value = Vec<Recorded>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("events, packed or as a list")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        let json = unpack(bytes).ok_or_else(|| E::custom("the events do not unpack"))?;
        serde_json::from_slice(&json).map_err(E::custom)
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Self::Value, E> {
        self.visit_bytes(&bytes)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut events = Vec::new();
        while let Some(event) = list.next_element()? {
            events.push(event);
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};
    use serde_json::json;

    use crate::{event::Commit, store::Item};

    fn commit() -> Commit {
        serde_json::from_value(json!({
            "store": "store_01m6dsg7e0fabs2v1n9dm8936v", "mode": "test", "subject": "ord_1", "at": "2026-03-01T09:00:00Z",
            "correlation": "c", "causation": "c",
            "events": [{
                "id": "evt_01kjma4me0hdjaj93f6ya2ewxd", "type": "order.placed", "version": 3, "sequence": 1,
                "data": {"total": {"amount": 9_007_199_254_740_993_i64, "currency": "EUR"}, "name": "A cup"},
            }],
        }))
        .unwrap()
    }

    #[test]
    fn a_commit_is_read_as_it_was_written() {
        let item: Item = to_item(commit()).unwrap();
        assert!(item["events"].is_b(), "{item:?}");
        let read: Commit = from_item(item).unwrap();
        assert_eq!(read, commit());
    }

    #[test]
    fn a_commit_of_before_is_read_too() {
        let mut item: Item = to_item(commit()).unwrap();
        let events = to_item(json!({"events": commit().events})).unwrap();
        item.extend(events);
        assert!(item["events"].is_l(), "{item:?}");
        let read: Commit = from_item(item).unwrap();
        assert_eq!(read, commit());
    }
}
