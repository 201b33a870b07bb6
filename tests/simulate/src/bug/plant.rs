//! How a bug is planted: in requests, answers and ends of invocations.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use fastrand::Rng;
use serde_json::{Value, json, value::RawValue};
use souk::runtime::{Function, Invocation};
use souk_cloud::Instead;

use super::{Bug, Family, How, expression::without_condition};
use crate::{item, plan::WHOLE};

/// A bug that is planted.
#[derive(Debug)]
pub struct Planted {
    bug: &'static Bug,
    rng: Mutex<Rng>,
    struck: Arc<AtomicU64>,
}

impl Planted {
    /// Plants a bug. When it shows is drawn from the seed.
    pub fn new(bug: &'static Bug, seed: u64) -> Self {
        Self { bug, rng: Mutex::new(Rng::with_seed(seed ^ 0x6275_6773)), struck: Arc::default() }
    }

    /// How often the bug has made a difference to what was asked, answered or told so far. That a write lost its condition
    /// counts whether or not the condition would have held.
    pub fn struck(&self) -> u64 {
        self.struck.load(Ordering::Relaxed)
    }

    fn strike(struck: &AtomicU64) {
        struck.fetch_add(1, Ordering::Relaxed);
    }

    fn shows(&self) -> bool {
        self.bug.chance >= WHOLE
            || self.rng.lock().unwrap_or_else(PoisonError::into_inner).u32(..WHOLE) < self.bug.chance
    }

    /// What the function asks instead, where that is where the bug is.
    pub fn request(&self, caller: &str, operation: &str, body: &Bytes) -> Option<Instead> {
        if caller != self.bug.function {
            return None;
        }
        let instead = self.instead(operation, body);
        // What an old answer lacks is counted where it is taken away.
        if instead.is_some() && !matches!(self.bug.how, How::Stale(_)) {
            Self::strike(&self.struck);
        }
        instead
    }

    fn instead(&self, operation: &str, body: &Bytes) -> Option<Instead> {
        if let Some(answer) = self.pretended(operation, body) {
            return Some(Instead::Answer(answer));
        }
        let plain = |body: Bytes| Instead::Ask { body, answer: Box::new(|answer| answer) };
        match self.bug.how {
            How::Unconditional(family) => {
                self.of_writes(operation, body, family, &mut |write, _| without_condition(write)).map(plain)
            }
            How::OffBy { family, name, by } => {
                self.of_writes(operation, body, family, &mut |write, _| off_by(write, name, by)).map(plain)
            }
            How::Astray(family) => {
                let place = self.below(u64::MAX);
                let astray = &mut |write: &mut Value, _: &str| astray(write, place);
                self.of_writes(operation, body, family, astray).map(plain)
            }
            How::Lacking { family, name } => {
                let lacking = &mut |write: &mut Value, _: &str| {
                    let item = write.get_mut("Item").and_then(Value::as_object_mut);
                    item.is_some_and(|item| item.remove(name).is_some())
                };
                self.of_writes(operation, body, family, lacking).map(plain)
            }
            How::ToFirst(family) => {
                self.of_writes(operation, body, family, &mut |write, _| to_first(write)).map(plain)
            }
            How::LeftOut(family) if operation == "TransactWriteItems" => {
                self.left_out(body, family).map(plain)
            }
            How::Stale(family) if operation == "Query" => {
                let asked: Value = serde_json::from_slice(body).ok()?;
                let pk = asked["ExpressionAttributeValues"][":pk"]["S"].as_str()?;
                let fits = table_fits(&asked, family) && pk_fits(pk, family) && self.shows();
                let struck = Arc::clone(&self.struck);
                let shorten: Box<dyn FnOnce(Bytes) -> Bytes + Send> = Box::new(move |answer| {
                    let Some(shorter) = shorter(&answer) else { return answer };
                    Self::strike(&struck);
                    shorter
                });
                fits.then(|| Instead::Ask { body: body.clone(), answer: shorten })
            }
            _ => None,
        }
    }

    /// What the function is told without anything having been done, where that is what is wrong.
    fn pretended(&self, operation: &str, body: &Bytes) -> Option<Bytes> {
        let pretended = match self.bug.how {
            How::Undone(undone) => undone == operation,
            How::Unwritten(family) => {
                let asked: Value = serde_json::from_slice(body).ok()?;
                ["PutItem", "UpdateItem", "DeleteItem"].contains(&operation) && fits(&asked, family)
            }
            _ => false,
        };
        (pretended && self.shows()).then(|| match operation {
            "PublishBatch" => PUBLISHED.into(),
            "SendEmail" => json!({"MessageId": "none"}).to_string().into(),
            _ => "{}".into(),
        })
    }

    /// The functions, of which one has the bug.
    pub fn functions(self: &Arc<Self>, functions: Vec<Function>) -> Vec<Function> {
        let wraps = matches!(self.bug.how, How::Swallowed | How::Early | How::FirstOnly);
        let wrap = |function: Function| match wraps && function.name() == self.bug.function {
            true => Arc::clone(self).wrap(function),
            false => function,
        };
        functions.into_iter().map(wrap).collect()
    }

    fn wrap(self: Arc<Self>, function: Function) -> Function {
        Function::raw(function.name(), function.kind(), move |app, invocation| {
            let (planted, function) = (Arc::clone(&self), function.clone());
            Box::pin(async move {
                let struck = || Self::strike(&planted.struck);
                match planted.bug.how {
                    _ if !planted.shows() => function.invoke(app, invocation).await,
                    How::FirstOnly => {
                        let (invocation, shorter) = first_only(invocation);
                        shorter.then(struck);
                        function.invoke(app, invocation).await
                    }
                    How::Early => {
                        let moment = Duration::from_millis(planted.below(60));
                        let done = tokio::time::timeout(moment, function.invoke(app, invocation)).await;
                        done.is_err().then(struck);
                        Ok(all_done())
                    }
                    _ => function.invoke(app, invocation).await.map(|answer| {
                        (answer.get() != ALL_DONE).then(struck);
                        all_done()
                    }),
                }
            })
        })
    }

    fn below(&self, bound: u64) -> u64 {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).u64(..bound)
    }

    /// Changes the writes of such items in a request. Nothing, where none was changed.
    fn of_writes(
        &self,
        operation: &str,
        body: &Bytes,
        family: Family,
        change: &mut dyn FnMut(&mut Value, &str) -> bool,
    ) -> Option<Bytes> {
        let mut asked: Value = serde_json::from_slice(body).ok()?;
        let mut changed = false;
        match operation {
            "PutItem" | "UpdateItem" | "DeleteItem" => {
                changed = fits(&asked, family) && self.shows() && change(&mut asked, operation);
            }
            "TransactWriteItems" => {
                for element in asked.get_mut("TransactItems")?.as_array_mut()? {
                    for (kind, write) in element.as_object_mut()? {
                        if fits(write, family) && kind != "ConditionCheck" && self.shows() {
                            changed |= change(write, kind);
                        }
                    }
                }
            }
            _ => {}
        }
        changed.then(|| asked.to_string().into())
    }

    fn left_out(&self, body: &Bytes, family: Family) -> Option<Bytes> {
        let mut asked: Value = serde_json::from_slice(body).ok()?;
        let elements = asked.get_mut("TransactItems")?.as_array_mut()?;
        let of_family =
            |element: &Value| element.as_object().into_iter().flatten().any(|(_, write)| fits(write, family));
        let before = elements.len();
        if !elements.iter().any(of_family) || !self.shows() {
            return None;
        }
        elements.retain(|element| !of_family(element));
        (!elements.is_empty() && elements.len() < before).then(|| asked.to_string().into())
    }
}

/// What SNS answers to a batch.
const PUBLISHED: &str = "<PublishBatchResponse><PublishBatchResult><Successful></Successful><Failed></Failed>\
                         </PublishBatchResult></PublishBatchResponse>";

/// The answer that no message of a batch failed, as every function gives it.
const ALL_DONE: &str = r#"{"batchItemFailures":[]}"#;

fn all_done() -> Box<RawValue> {
    RawValue::from_string(ALL_DONE.to_owned()).expect("this is JSON")
}

/// The invocation with the first of its records, and whether it had more.
fn first_only(mut invocation: Invocation) -> (Invocation, bool) {
    let mut event: Value = serde_json::from_str(invocation.event.get()).unwrap_or_default();
    let Some(records) = event["Records"].as_array_mut().filter(|records| records.len() > 1) else {
        return (invocation, false);
    };
    records.truncate(1);
    invocation.event = RawValue::from_string(event.to_string()).expect("this is JSON");
    (invocation, true)
}

fn table_fits(write: &Value, family: Family) -> bool {
    write["TableName"].as_str().is_some_and(|table| table.ends_with(family.table))
}

fn pk_fits(pk: &str, family: Family) -> bool {
    item::thing(pk).is_some_and(|(kind, _)| kind == family.pk)
}

/// Whether a write is of such an item.
fn fits(write: &Value, family: Family) -> bool {
    let key = write.get("Item").or_else(|| write.get("Key")).unwrap_or(&Value::Null);
    table_fits(write, family)
        && pk_fits(item::text(key, "pk"), family)
        && item::text(key, "sk").starts_with(family.sk)
}

/// Names the first bucket of a SKU's stock in place of another one.
fn to_first(write: &mut Value) -> bool {
    let Some(key) = write.get_mut("Key") else { return false };
    let Some((first, _)) = item::text(key, "pk").rsplit_once('/') else { return false };
    *key = json!({"pk": {"S": first}, "sk": {"S": "stock"}});
    true
}

/// Adds to the number of an attribute or a placeholder.
fn off_by(write: &mut Value, name: &str, by: i64) -> bool {
    for place in ["/Item", "/ExpressionAttributeValues"] {
        let Some(number) = write.pointer_mut(&format!("{place}/{name}/N")) else { continue };
        if let Some(value) = number.as_str().and_then(|text| text.parse::<i64>().ok()) {
            *number = (value + by).to_string().into();
            return true;
        }
    }
    false
}

/// Puts an item elsewhere in its partition.
fn astray(write: &mut Value, place: u64) -> bool {
    let Some(Value::String(sk)) = write.pointer_mut("/Item/sk/S") else { return false };
    sk.truncate(sk.len().saturating_sub(16));
    sk.push_str(&format!("{place:016x}"));
    true
}

/// The answer to a query without its last item.
fn shorter(answer: &Bytes) -> Option<Bytes> {
    let mut answer: Value = serde_json::from_slice(answer).ok()?;
    answer.get_mut("Items")?.as_array_mut()?.pop()?;
    let count = answer["Items"].as_array().map_or(0, Vec::len);
    answer["Count"] = count.into();
    Some(answer.to_string().into())
}
