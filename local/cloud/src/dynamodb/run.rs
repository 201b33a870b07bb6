//! Runs requests: one at a time, each to its end.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use dynoxide::actions::{
    batch_get_item, batch_write_item, delete_item, get_item, put_item, query, scan, transact_get_items,
    transact_write_items, update_item,
};
use futures::FutureExt;
use http::StatusCode;
use serde::Serialize;

use super::{
    DynamoDb, State,
    capacity::{self, Consumed},
    needs::Keys,
    refusals::{cost_of_failure, refusal},
    request::{Kind, Request},
    throttle::Direction,
    tokens::Known,
};
use crate::{AwsError, Refusal, call::Answer};

impl DynamoDb {
    /// Runs a request. `keys` are the partition keys it names.
    pub(crate) async fn run(&self, request: Request, keys: &Keys) -> Result<Answer, Refusal> {
        let direction = direction(&request.kind);
        let limited = self.limited.load(Ordering::Relaxed);
        let answer = {
            let _turn = self.turn.lock().await;
            let mut state = self.lock();
            let mut run = Run { cloud: self, state: &mut state, limited, body: request.body };
            let ran = run.kind(request.kind, keys);
            if limited && let Some(direction) = direction {
                match &ran {
                    Ok((_, consumed)) => run.charge(direction, keys, consumed),
                    Err(refusal) => run.charge_failure(keys, refusal),
                }
            }
            ran
        };
        let (body, consumed) = answer?;
        let wrote = direction == Some(Direction::Write)
            && keys.iter().any(|(table, _)| self.tables().has_stream(table));
        if wrote || direction.is_none() {
            self.changes.tell();
        }
        let (read_units, write_units) = match direction {
            Some(Direction::Read) => (consumed.total, Default::default()),
            _ => (Default::default(), consumed.total),
        };
        Ok(Answer { body, read_units, write_units, capacity: consumed.shares })
    }
}

/// Whether a request reads or writes items. Neither, for tables and for PartiQL, which may do either.
fn direction(kind: &Kind) -> Option<Direction> {
    match kind {
        Kind::Get(_) | Kind::Query(_) | Kind::Scan(_) | Kind::BatchGet(_) | Kind::TransactGet(_) => {
            Some(Direction::Read)
        }
        Kind::Put(_) | Kind::Update(_) | Kind::Delete(_) | Kind::BatchWrite(_) | Kind::TransactWrite(_) => {
            Some(Direction::Write)
        }
        Kind::Other { .. } => None,
    }
}

/// One request, while it has the database to itself.
pub(super) struct Run<'a> {
    pub(super) cloud: &'a DynamoDb,
    pub(super) state: &'a mut State,
    /// Whether partitions are limited.
    pub(super) limited: bool,
    body: Bytes,
}

type Ran = Result<(Bytes, Consumed), Refusal>;

/// Runs one action, and settles what it consumed.
macro_rules! act {
    ($run:ident, $action:ident, $request:ident) => {{
        let asked = capacity::ask(&mut $request.return_consumed_capacity);
        let mut answer = now($action::execute(&$run.state.storage, $request))?;
        let consumed = capacity::settle(&mut answer.consumed_capacity, asked);
        Ok((written(&answer)?, consumed))
    }};
}

impl<'a> Run<'a> {
    /// For the owner of the cloud, whom nothing limits.
    pub(super) fn new(cloud: &'a DynamoDb, state: &'a mut State) -> Self {
        Self { cloud, state, limited: false, body: Bytes::new() }
    }
}

impl Run<'_> {
    fn kind(&mut self, kind: Kind, keys: &Keys) -> Ran {
        match kind {
            Kind::Put(mut put) => {
                self.admit(Direction::Write, keys)?;
                act!(self, put_item, put)
            }
            Kind::Update(mut update) => {
                self.admit(Direction::Write, keys)?;
                act!(self, update_item, update)
            }
            Kind::Delete(mut delete) => {
                self.admit(Direction::Write, keys)?;
                act!(self, delete_item, delete)
            }
            Kind::Get(mut get) => {
                self.admit(Direction::Read, keys)?;
                act!(self, get_item, get)
            }
            Kind::Query(mut query) => {
                self.admit(Direction::Read, keys)?;
                act!(self, query, query)
            }
            Kind::Scan(mut scan) => act!(self, scan, scan),
            Kind::BatchGet(mut batch) => {
                let put_off = self.put_off_reads(&mut batch)?;
                let asked = capacity::ask(&mut batch.return_consumed_capacity);
                let mut answer = now(batch_get_item::execute(&self.state.storage, batch))?;
                let consumed = capacity::settle(&mut answer.consumed_capacity, asked);
                answer.unprocessed_keys.extend(put_off);
                Ok((written(&answer)?, consumed))
            }
            Kind::BatchWrite(mut batch) => {
                let put_off = self.put_off_writes(&mut batch)?;
                let asked = capacity::ask(&mut batch.return_consumed_capacity);
                let mut answer = now(batch_write_item::execute(&self.state.storage, batch))?;
                let consumed = capacity::settle(&mut answer.consumed_capacity, asked);
                answer.unprocessed_items.extend(put_off);
                Ok((written(&answer)?, consumed))
            }
            Kind::TransactGet(mut transaction) => {
                self.admit_all(Direction::Read, keys)?;
                act!(self, transact_get_items, transaction)
            }
            Kind::TransactWrite(transaction) => self.transaction(transaction, keys),
            Kind::Other { operation, input } => Ok((self.other(operation, &input)?, Consumed::default())),
        }
    }

    /// A transaction, once per token.
    fn transaction(
        &mut self,
        mut transaction: transact_write_items::TransactWriteItemsRequest,
        keys: &Keys,
    ) -> Ran {
        // A token longer than AWS allows is left for the action, which refuses it.
        let token = transaction.client_request_token.take_if(|token| (1..=36).contains(&token.len()));
        let now_is = self.cloud.place.now();
        if let Some(token) = &token {
            match self.state.tokens.check(now_is, token, &self.body) {
                Known::New => {}
                Known::Same => return self.replay(transaction),
                Known::Other => {
                    let message =
                        "The request uses the same client token as a previous, but non-identical request.";
                    return Err(AwsError::new("IdempotentParameterMismatchException", message).into());
                }
            }
        }
        self.admit_all(Direction::Write, keys)?;
        // One that fails leaves here, so that it may be tried again.
        let answer: Ran = act!(self, transact_write_items, transaction);
        let answer = answer?;
        if let Some(token) = &token {
            self.state.tokens.remember(now_is, token, &self.body);
        }
        Ok(answer)
    }

    /// The answer to a transaction that was done before: nothing is written, and what it is billed is a read of
    /// its items, two units each (AWS: per 4 KB).
    fn replay(&self, transaction: transact_write_items::TransactWriteItemsRequest) -> Ran {
        let mut request = transaction;
        let mut counts = std::collections::BTreeMap::<String, u32>::new();
        for element in &request.transact_items {
            let table = (element.put.as_ref().map(|put| &put.table_name))
                .or(element.update.as_ref().map(|update| &update.table_name))
                .or(element.delete.as_ref().map(|delete| &delete.table_name))
                .or(element.condition_check.as_ref().map(|check| &check.table_name));
            *counts.entry(table.cloned().unwrap_or_default()).or_default() += 2;
        }
        let asked = capacity::ask(&mut request.return_consumed_capacity);
        let mut report = Some(
            counts
                .into_iter()
                .map(|(table_name, units)| dynoxide::types::ConsumedCapacity {
                    table_name,
                    capacity_units: units.into(),
                    read_capacity_units: Some(units.into()),
                    ..Default::default()
                })
                .collect::<Vec<_>>(),
        );
        capacity::settle(&mut report, asked);
        let answer = transact_write_items::TransactWriteItemsResponse {
            consumed_capacity: report,
            ..Default::default()
        };
        Ok((written(&answer)?, Consumed::default()))
    }

    fn charge_failure(&mut self, keys: &Keys, failure: &Refusal) {
        let each = cost_of_failure(failure);
        let now = self.cloud.place.now();
        for (table, key) in keys {
            self.state.throttle.charge(now, Direction::Write, (table, key), each);
        }
    }
}

/// The outcome of an action. `dynoxide`'s futures over a native storage never wait.
pub(super) fn now<T>(action: impl Future<Output = dynoxide::Result<T>>) -> Result<T, Refusal> {
    match action.now_or_never() {
        Some(Ok(done)) => Ok(done),
        Some(Err(error)) => Err(refusal(&error)),
        None => Err(internal("an action of the emulated DynamoDB waits")),
    }
}

pub(super) fn written(answer: &impl Serialize) -> Result<Bytes, Refusal> {
    serde_json::to_vec(answer).map(Bytes::from).map_err(|error| internal(&error.to_string()))
}

pub(super) fn internal(message: &str) -> Refusal {
    AwsError::new("InternalServerError", message).with_status(StatusCode::INTERNAL_SERVER_ERROR).into()
}
