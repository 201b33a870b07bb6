//! Carries one batch of a stream to its end: done, halved, tried again, or given up.

use jiff::Timestamp;
use serde_json::{Value, value::RawValue};

use super::{
    backoff, destination,
    partial::{self, Ended},
    stream::Mapping,
};
use crate::engine::{happening::Cause, runner::Answer};

/// A change of an item, on its way to a function.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub sequence: u64,
    pub created: Timestamp,
    pub record: Value,
}

impl Item {
    /// The sequence number, as records and answers carry it.
    pub(super) fn number(&self) -> &str {
        self.record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str).unwrap_or_default()
    }
}

/// A part of a batch, and how often it has failed.
struct Piece {
    items: Vec<Item>,
    failures: u32,
}

/// Why records are given up; the names are those of the record that Lambda writes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    RetryAttemptsExhausted,
    RecordAgeExceeded,
}

impl Mapping {
    /// Works on a batch until none of its records is left. What comes later in the lane waits: order is kept.
    pub(super) async fn work(&self, batch: Vec<Item>) {
        // What comes first is on top.
        let mut pieces = vec![Piece { items: batch, failures: 0 }];
        while let Some(mut piece) = pieces.pop() {
            self.drop_expired(&mut piece).await;
            if piece.items.is_empty() {
                continue;
            }
            let answer = self.invoke(&piece.items).await;
            let known = |id: &str| piece.items.iter().any(|item| item.number() == id);
            let first_failed = match partial::ended(&answer, self.source.partial, known) {
                Ended::Done => piece.items.len(),
                Ended::Failed => 0,
                // Whatever else the answer names, everything from the first failed record on comes again.
                Ended::Partly(failed) => {
                    piece.items.iter().position(|item| failed.contains(item.number())).unwrap_or(0)
                }
            };
            let rest = piece.items.split_off(first_failed);
            self.done(piece.items.iter().map(|item| item.sequence));
            if rest.is_empty() {
                continue;
            }
            let rest = Piece { items: rest, failures: piece.failures };
            self.retry(rest, first_failed > 0, &answer, &mut pieces).await;
        }
    }

    async fn invoke(&self, items: &[Item]) -> Answer {
        // A JSON value always can be written.
        let event = RawValue::from_string(Self::event(items).to_string())
            .map_err(|_| crate::engine::runner::Failure::TooLarge { what: "event" })?;
        let cause = Cause::Stream(self.table.name.clone());
        self.engine.runner.run(&self.function.id, event, cause).await
    }

    /// Decides what becomes of records that failed. Halving a batch doesn't count as a try; where the answer tells
    /// the first failed record, the batch is cut there instead, and is halved only if that record leads it.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>
    async fn retry(&self, mut piece: Piece, advanced: bool, answer: &Answer, pieces: &mut Vec<Piece>) {
        if self.source.bisect && !advanced && piece.items.len() > 1 {
            let second = piece.items.split_off(piece.items.len() / 2);
            pieces.push(Piece { items: second, failures: piece.failures });
            pieces.push(piece);
            return;
        }
        piece.failures = if advanced { 1 } else { piece.failures.saturating_add(1) };
        if self.source.retries.is_some_and(|retries| piece.failures > retries) {
            self.give_up(piece, Condition::RetryAttemptsExhausted, Some(answer)).await;
            return;
        }
        // A market that closes leaves the rest to the one that opens next.
        tokio::select! {
            () = self.engine.closed() => pieces.clear(),
            () = tokio::time::sleep(backoff::before(piece.failures)) => pieces.push(piece),
        }
    }

    /// Gives up the records that are older than the template lets them get.
    async fn drop_expired(&self, piece: &mut Piece) {
        let Some(limit) = self.source.max_age.and_then(|limit| i64::try_from(limit).ok()) else { return };
        let now = self.engine.clock.now().as_second();
        let fresh = piece.items.iter().position(|item| now - item.created.as_second() <= limit);
        let rest = piece.items.split_off(fresh.unwrap_or(piece.items.len()));
        let expired = std::mem::replace(&mut piece.items, rest);
        if !expired.is_empty() {
            let expired = Piece { items: expired, failures: piece.failures };
            self.give_up(expired, Condition::RecordAgeExceeded, None).await;
        }
    }

    async fn give_up(&self, piece: Piece, condition: Condition, answer: Option<&Answer>) {
        destination::keep(self, &piece.items, condition, piece.failures, answer).await;
        self.done(piece.items.iter().map(|item| item.sequence));
    }
}
