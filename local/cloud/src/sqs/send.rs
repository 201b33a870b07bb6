//! Sending one message: checks, deduplication, delay.

use std::{collections::BTreeMap, sync::Arc};

use ring::digest::{SHA256, digest as sha};

use super::{
    MessageAttribute, check,
    dedup::First,
    digest, errors,
    ids::uuid,
    message::{Content, Message, Whereabouts},
    queue::Change,
    settings::Settings,
    state::State,
};
use crate::AwsError;

/// FIFO numbers have twenty digits.
const FIRST_NUMBER: u64 = 10_000_000_000_000_000_000;

/// What a sender asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Sending {
    pub body: String,
    /// Seconds.
    pub delay: Option<i64>,
    pub attributes: BTreeMap<String, MessageAttribute>,
    pub trace: Option<String>,
    pub group: Option<String>,
    pub deduplication: Option<String>,
}

/// What a sender is told.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub message_id: String,
    pub md5_of_body: String,
    pub md5_of_attributes: Option<String>,
    pub md5_of_system_attributes: Option<String>,
    pub number: Option<String>,
}

impl Sending {
    fn check(&self, settings: &Settings) -> Result<(), AwsError> {
        check::body(&self.body)?;
        check::attributes(&self.attributes)?;
        if check::size(&self.body, &self.attributes) > settings.max_size {
            let max = settings.max_size;
            let message = format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {max} bytes."
            );
            return Err(errors::invalid(message));
        }
        if let Some(group) = &self.group {
            check::id("MessageGroupId", group)?;
        }
        if let Some(id) = &self.deduplication {
            check::id("MessageDeduplicationId", id)?;
        }
        let unfit = "The request include parameter that is not valid for this queue type.";
        match (settings.fifo, self.delay) {
            // Only the queue as a whole delays in FIFO queues; clients send a zero all the same.
            (true, Some(delay)) if delay != 0 => {
                return Err(errors::invalid_value("DelaySeconds", delay, unfit));
            }
            (_, Some(delay)) if !(0..=900).contains(&delay) => {
                let reason = "DelaySeconds must be >= 0 and <= 900.";
                return Err(errors::invalid_value("DelaySeconds", delay, reason));
            }
            _ => {}
        }
        match (settings.fifo, &self.group, &self.deduplication) {
            (true, None, _) => Err(errors::missing("MessageGroupId")),
            (true, Some(_), None) if !settings.content_deduplication => Err(no_deduplication()),
            (false, _, Some(id)) => Err(errors::invalid_value("MessageDeduplicationId", id, unfit)),
            _ => Ok(()),
        }
    }
}

pub(super) fn no_deduplication() -> AwsError {
    errors::invalid(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    )
}

impl State {
    /// Sends a message to the queue of that name.
    pub fn send(&mut self, name: &str, sender: &str, sending: Sending) -> Result<Sent, AwsError> {
        let now = self.now();
        sending.check(&self.queue(name)?.settings)?;
        let seq = self.next_id();
        let queue = self.queue(name)?;
        let settings = &queue.settings;
        let group = sending.group.map(Arc::from);
        let deduplication = match sending.deduplication {
            None if settings.fifo => Some(hexadecimal(sha(&SHA256, sending.body.as_bytes()).as_ref())),
            given => given,
        };
        let mut sent = Sent {
            message_id: uuid(seq, 1),
            md5_of_body: digest::of_body(&sending.body),
            md5_of_attributes: digest::of_attributes(&sending.attributes),
            md5_of_system_attributes: sending.trace.as_ref().and_then(|trace| {
                digest::of_attributes(&BTreeMap::from([(
                    "AWSTraceHeader".into(),
                    MessageAttribute::text(trace),
                )]))
            }),
            number: settings.fifo.then(|| (FIRST_NUMBER + seq).to_string()),
        };
        let key = deduplication.clone().filter(|_| settings.fifo).map(|id| {
            let scope = if settings.deduplicates_by_group { Option::clone(&group) } else { None };
            (scope, id)
        });
        if let (Some(key), Some(number)) = (key, &sent.number) {
            if let Some(first) = queue.dedup.first(&key, now) {
                sent.message_id.clone_from(&first.message_id);
                sent.number = Some(first.number.clone());
                return Ok(sent);
            }
            let first = First { message_id: sent.message_id.clone(), number: number.clone() };
            queue.record(Change::Deduplicated { key: key.clone(), first: first.clone(), at: now });
            queue.dedup.remember(key, first, now);
        }
        let delay = sending.delay.filter(|_| !queue.settings.fifo).map_or(queue.settings.delay, |s| s * 1000);
        let content = Content {
            id: sent.message_id.clone(),
            body: sending.body,
            md5: sent.md5_of_body.clone(),
            attributes: sending.attributes,
            trace: sending.trace,
            sender: sender.to_owned(),
            sent: now,
            group,
            deduplication,
            number: sent.number.clone(),
        };
        queue.insert(Message {
            seq,
            content: Arc::new(content),
            enqueued: now,
            receives: 0,
            first_received: None,
            last_received: None,
            receipt: 0,
            dead_letter_source: None,
            whereabouts: if delay > 0 {
                Whereabouts::Delayed(now + delay)
            } else {
                Whereabouts::Visible(now)
            },
        });
        Ok(sent)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
