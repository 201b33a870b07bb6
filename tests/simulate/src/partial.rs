//! Batches of which only some is done, and indexes that lag: requests and answers, rewritten.

use bytes::Bytes;
use fastrand::Rng;
use serde_json::{Map, Value, json};
use souk_cloud::CallInfo;

/// What was held back of a batch.
pub enum Held {
    /// Keys or writes, by table: they are answered as not processed.
    Unprocessed(&'static str, Map<String, Value>),
    /// Entries of a batch of messages, by their ids: they are answered as failed.
    Messages(Vec<String>),
    /// The same of a queue.
    QueueMessages(Vec<String>),
}

/// Whether an operation does a batch of which some may fail.
pub fn can_be(operation: &str) -> bool {
    matches!(operation, "BatchGetItem" | "BatchWriteItem" | "PublishBatch" | "SendMessageBatch")
}

/// The request without some of its parts, and those parts. At least one is left: a batch that is held back whole would
/// be another fault.
pub fn hold_back(operation: &str, body: &Bytes, rng: &mut Rng) -> Option<(Bytes, Held)> {
    match operation {
        "BatchGetItem" => of_tables("UnprocessedKeys", body, rng),
        "BatchWriteItem" => of_tables("UnprocessedItems", body, rng),
        "PublishBatch" => of_topic(body, rng),
        _ => of_queue(body, rng),
    }
}

fn some<T>(all: &mut Vec<T>, rng: &mut Rng) -> Vec<T> {
    let mut out = Vec::new();
    let mut place = 0;
    while place < all.len() {
        if all.len() > 1 && rng.bool() {
            out.push(all.remove(place));
        } else {
            place += 1;
        }
    }
    out
}

fn of_tables(told_as: &'static str, body: &Bytes, rng: &mut Rng) -> Option<(Bytes, Held)> {
    let mut request: Value = serde_json::from_slice(body).ok()?;
    let mut held = Map::new();
    for (table, asked) in request.get_mut("RequestItems")?.as_object_mut()? {
        let list = if told_as == "UnprocessedKeys" { asked.get_mut("Keys")? } else { &mut *asked };
        let out = some(list.as_array_mut()?, rng);
        if !out.is_empty() {
            let out = if told_as == "UnprocessedKeys" {
                let mut rest = asked.clone();
                rest["Keys"] = out.into();
                rest
            } else {
                out.into()
            };
            held.insert(table.clone(), out);
        }
    }
    (!held.is_empty()).then(|| (request.to_string().into(), Held::Unprocessed(told_as, held)))
}

/// What the fields of a batch's entries begin with.
const ENTRY: &str = "PublishBatchRequestEntries.member.";

fn of_topic(body: &Bytes, rng: &mut Rng) -> Option<(Bytes, Held)> {
    let entry = |name: &str| {
        let rest = name.strip_prefix(ENTRY)?;
        rest.split_once('.').and_then(|(number, rest)| Some((number.parse::<u32>().ok()?, rest.to_owned())))
    };
    let form: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let mut numbers: Vec<u32> =
        form.iter().filter_map(|(name, _)| entry(name)).map(|(number, _)| number).collect();
    numbers.dedup();
    let out = some(&mut numbers, rng);
    if out.is_empty() {
        return None;
    }
    let (mut rest, mut ids) = (form_urlencoded::Serializer::new(String::new()), Vec::new());
    for (name, value) in &form {
        match entry(name) {
            Some((number, field)) if out.contains(&number) => {
                if field == "Id" {
                    ids.push(value.clone());
                }
            }
            // Their numbers have no holes.
            Some((number, field)) => {
                let place = numbers.iter().position(|left| *left == number)? + 1;
                rest.append_pair(&format!("{ENTRY}{place}.{field}"), value);
            }
            None => {
                rest.append_pair(name, value);
            }
        }
    }
    Some((rest.finish().into(), Held::Messages(ids)))
}

fn of_queue(body: &Bytes, rng: &mut Rng) -> Option<(Bytes, Held)> {
    let mut request: Value = serde_json::from_slice(body).ok()?;
    let out = some(request.get_mut("Entries")?.as_array_mut()?, rng);
    let ids: Vec<_> = out.iter().filter_map(|entry| entry["Id"].as_str().map(str::to_owned)).collect();
    (!ids.is_empty()).then(|| (request.to_string().into(), Held::QueueMessages(ids)))
}

impl Held {
    /// The answer, which tells of what was held back.
    pub fn tell(self, body: &Bytes) -> Option<Bytes> {
        match self {
            Self::Unprocessed(name, held) => {
                let mut answer: Value = serde_json::from_slice(body).ok()?;
                let told = answer.as_object_mut()?.entry(name).or_insert_with(|| json!({}));
                told.as_object_mut()?.extend(held);
                Some(answer.to_string().into())
            }
            Self::QueueMessages(ids) => {
                let mut answer: Value = serde_json::from_slice(body).ok()?;
                let told = answer.as_object_mut()?.entry("Failed").or_insert_with(|| json!([]));
                let failed = |id: String| json!({"Id": id, "Code": "InternalError", "SenderFault": false});
                told.as_array_mut()?.extend(ids.into_iter().map(failed));
                Some(answer.to_string().into())
            }
            Self::Messages(ids) => {
                let text = std::str::from_utf8(body).ok()?;
                let failed: String = ids
                    .iter()
                    .map(|id| {
                        format!(
                            "<member><Id>{id}</Id><Code>InternalError</Code><SenderFault>false</SenderFault></member>"
                        )
                    })
                    .collect();
                Some(text.replacen("<Failed>", &format!("<Failed>{failed}"), 1).into())
            }
        }
    }
}

/// Whether a call reads an index.
pub fn is_of_index(call: &CallInfo) -> bool {
    call.operation == "Query" && call.resources.iter().any(|resource| resource.contains("/index/"))
}

/// What an index tells that has not heard of the latest changes: some of its items are not there yet.
pub fn stale(body: &Bytes, rng: &mut Rng) -> Option<Bytes> {
    let mut answer: Value = serde_json::from_slice(body).ok()?;
    let items = answer.get_mut("Items")?.as_array_mut()?;
    if items.is_empty() {
        return None;
    }
    items.retain(|_| rng.bool());
    let count = items.len();
    answer["Count"] = count.into();
    Some(answer.to_string().into())
}
