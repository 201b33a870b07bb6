//! Writes: puts, updates and deletes with conditions, alone or all together.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update as SdkUpdate},
};
use serde::Serialize;
use tokio::time::Instant;

use super::{Item, Key, StoreError, edition};
use crate::{
    audit::Digest,
    runtime::{App, StartError},
};

/// The reason that a transaction gives which met another one.
const CONFLICT: &str = "TransactionConflict";

/// How often a transaction that found the tables busy is tried again. Each pause is drawn from a doubling range.
const BUSY_TRIES: u32 = 8;

/// How long a transaction that met others on the same items is tried again. A meeting costs the tables next to nothing
/// and tells that somebody else got on: where many want one item, as the counter of a promotion, each has its turn
/// within seconds. Well below the 10 seconds that a function has.
const CONFLICT_PATIENCE: Duration = Duration::from_secs(6);

/// One change of one item.
#[derive(Clone, Debug)]
pub struct Write {
    key: Key,
    what: What,
    conditions: Vec<String>,
    names: Vec<(String, String)>,
    values: Vec<(String, AttributeValue)>,
    subject: bool,
    before: Option<Digest>,
    gives_way: bool,
}

#[derive(Clone, Debug)]
enum What {
    Put(Item),
    Update(String),
    Delete,
    Check,
}

/// Why a write, or a set of them, did not happen. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The conditions of the writes at these places did not hold.
    #[error("a condition did not hold (writes {0:?})")]
    Refused(Vec<usize>),
    /// Storage failed; whether the write happened may be unknown.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WriteError {
    /// Whether the condition of the write at `place` did not hold.
    pub fn refused(&self, place: usize) -> bool {
        matches!(self, Self::Refused(places) if places.contains(&place))
    }
}

impl From<StartError> for WriteError {
    fn from(error: StartError) -> Self {
        Self::Store(error.into())
    }
}

impl Write {
    fn new(key: Key, what: What) -> Self {
        let (conditions, names, values) = (Vec::new(), Vec::new(), Vec::new());
        Self { key, what, conditions, names, values, subject: false, before: None, gives_way: false }
    }

    /// Puts `value` at `key`, whatever is there.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] where `value` does not make an item.
    pub fn put<T: Serialize>(kind: &'static str, key: Key, value: &T) -> Result<Self, StoreError> {
        let mut item: Item =
            serde_dynamo::to_item(value).map_err(|error| StoreError::unreadable(kind, &error))?;
        item.extend(key.item());
        item.insert("kind".to_owned(), AttributeValue::S(kind.to_owned()));
        Ok(Self::new(key, What::Put(item)))
    }

    /// Puts `value` at `key`, where nothing is.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] where `value` does not make an item.
    pub fn create<T: Serialize>(kind: &'static str, key: Key, value: &T) -> Result<Self, StoreError> {
        Ok(Self::put(kind, key, value)?.when("attribute_not_exists(pk)"))
    }

    /// Changes the item at `key` by an update expression, as DynamoDB writes it: `SET a = :a REMOVE b`.
    pub fn update(key: Key, expression: impl Into<String>) -> Self {
        Self::new(key, What::Update(expression.into()))
    }

    /// Deletes the item at `key`, if it is there.
    pub fn delete(key: Key) -> Self {
        Self::new(key, What::Delete)
    }

    /// Changes nothing at `key`: says what must hold of it for the other writes to happen.
    pub fn check(key: Key) -> Self {
        Self::new(key, What::Check)
    }

    /// Adds a condition. All of them must hold.
    #[must_use]
    pub fn when(mut self, condition: impl Into<String>) -> Self {
        self.conditions.push(condition.into());
        self
    }

    /// Adds an alternative to the conditions so far.
    #[must_use]
    pub fn or(mut self, condition: &str) -> Self {
        if let Some(so_far) = self.condition() {
            self.conditions = vec![format!("{so_far} OR ({condition})")];
        }
        self
    }

    /// Gives the placeholder `name`, which begins with `#`, its attribute.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>, attribute: impl Into<String>) -> Self {
        self.names.push((name.into(), attribute.into()));
        self
    }

    /// Gives the placeholder `name`, which begins with `:`, its value.
    #[must_use]
    pub fn value(mut self, name: impl Into<String>, value: AttributeValue) -> Self {
        self.values.push((name.into(), value));
        self
    }

    /// As [`Write::value`], with a string.
    #[must_use]
    pub fn text(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.value(name, AttributeValue::S(value.into()))
    }

    /// As [`Write::value`], with a whole number.
    #[must_use]
    pub fn number(self, name: impl Into<String>, value: impl Into<i64>) -> Self {
        let value: i64 = value.into();
        self.value(name, AttributeValue::N(value.to_string()))
    }

    /// Adds an attribute to an item that is put.
    #[must_use]
    pub fn with(mut self, attribute: &str, value: AttributeValue) -> Self {
        if let What::Put(item) = &mut self.what {
            item.insert(attribute.to_owned(), value);
        }
        self
    }

    /// Says that this is the write that the audit log tells of; otherwise it is the first put among those committed.
    #[must_use]
    pub fn as_subject(self) -> Self {
        Self { subject: true, ..self }
    }

    /// As [`Write::as_subject`], and what is there now, so that the audit log tells its digest too.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] where `old` does not make an item.
    pub fn replacing<T: Serialize>(self, kind: &'static str, old: &T) -> Result<Self, StoreError> {
        let old: Item = serde_dynamo::to_item(old).map_err(|error| StoreError::unreadable(kind, &error))?;
        Ok(Self { subject: true, before: Some(Digest::of_item(&old)), ..self })
    }

    /// Says that where another transaction is at the same item, this one is refused by this write, as if its condition
    /// did not hold, rather than tried again.
    #[must_use]
    pub fn giving_way(self) -> Self {
        Self { gives_way: true, ..self }
    }

    /// Where it writes.
    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    fn changes(&self) -> bool {
        !matches!(self.what, What::Check)
    }

    pub(crate) fn is_subject(&self) -> bool {
        self.subject
    }

    /// The digest of what [`Write::replacing`] was told.
    pub(crate) fn before(&self) -> Option<Digest> {
        self.before
    }

    /// The digest of what is put.
    pub(crate) fn after(&self) -> Option<Digest> {
        match &self.what {
            What::Put(item) => Some(Digest::of_item(item)),
            What::Update(_) | What::Delete | What::Check => None,
        }
    }

    fn condition(&self) -> Option<String> {
        (!self.conditions.is_empty())
            .then(|| self.conditions.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" AND "))
    }
}

/// Makes all of `writes` happen, or none.
///
/// One write is a plain conditional write; several are a transaction, which costs twice as much. A transaction
/// that meets another one is tried again with growing, random pauses. What changes a store's rules counts as a new
/// edition of them, in the same transaction.
///
/// # Errors
/// [`WriteError::Refused`] naming the writes whose conditions did not hold.
pub async fn commit(app: &App, mut writes: Vec<Write>) -> Result<(), WriteError> {
    let counts = edition::counted(writes.iter().filter(|write| write.changes()).map(Write::key));
    writes.extend(counts);
    match writes.len() {
        0 => Ok(()),
        1 => alone(app, writes.remove(0)).await,
        _ => together(app, writes).await,
    }
}

macro_rules! filled {
    ($builder:expr, $write:ident) => {{
        let condition = $write.condition();
        let mut builder = $builder.set_condition_expression(condition);
        for (name, attribute) in $write.names {
            builder = builder.expression_attribute_names(name, attribute);
        }
        for (name, value) in $write.values {
            builder = builder.expression_attribute_values(name, value);
        }
        builder
    }};
}

async fn alone(app: &App, write: Write) -> Result<(), WriteError> {
    let table = write.key.table().name(app.settings())?.to_owned();
    let (client, key) = (app.dynamodb(), write.key.item());
    match write.what.clone() {
        What::Put(item) => {
            let call = filled!(client.put_item().table_name(table).set_item(Some(item)), write);
            call.send().await.map(drop).map_err(|error| of_single(&error))
        }
        What::Update(expression) => {
            let call =
                client.update_item().table_name(table).set_key(Some(key)).update_expression(expression);
            filled!(call, write).send().await.map(drop).map_err(|error| of_single(&error))
        }
        // Only a transaction can.
        What::Check => together(app, vec![write]).await,
        What::Delete => {
            let call = filled!(client.delete_item().table_name(table).set_key(Some(key)), write);
            call.send().await.map(drop).map_err(|error| of_single(&error))
        }
    }
}

fn of_single<E>(error: &SdkError<E>) -> WriteError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if error.code() == Some("ConditionalCheckFailedException") {
        WriteError::Refused(vec![0])
    } else {
        WriteError::Store(StoreError::of_call(error))
    }
}

async fn together(app: &App, writes: Vec<Write>) -> Result<(), WriteError> {
    let give_way: Vec<bool> = writes.iter().map(|write| write.gives_way).collect();
    let items = writes.into_iter().map(|write| part(app, write)).collect::<Result<Vec<_>, _>>()?;
    let (mut tries, began) = (0, Instant::now());
    loop {
        let call = app.dynamodb().transact_write_items().set_transact_items(Some(items.clone()));
        let Err(error) = call.send().await else {
            return Ok(());
        };
        let error = of_transaction(&error, &give_way);
        tries += 1;
        let again = match &error {
            WriteError::Store(StoreError::Busy(code)) if code == CONFLICT => {
                began.elapsed() < CONFLICT_PATIENCE
            }
            WriteError::Store(StoreError::Busy(_)) => tries < BUSY_TRIES,
            _ => false,
        };
        if !again {
            return Err(error);
        }
        pause(app, tries).await;
    }
}

/// Reads each reason: a condition is a domain answer, a conflict is worth another try (guards.md, 5).
fn of_transaction(error: &SdkError<TransactWriteItemsError>, give_way: &[bool]) -> WriteError {
    let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error()
    else {
        return WriteError::Store(StoreError::of_call(error));
    };
    let codes: Vec<&str> =
        canceled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or("None")).collect();
    let yields = |place: usize| codes[place] == CONFLICT && give_way.get(place) == Some(&true);
    let refused: Vec<usize> =
        (0..codes.len()).filter(|&place| codes[place] == "ConditionalCheckFailed" || yields(place)).collect();
    if !refused.is_empty() {
        return WriteError::Refused(refused);
    }
    let busy = [CONFLICT, "ThrottlingError", "ProvisionedThroughputExceeded"];
    match codes.iter().find(|code| **code != "None") {
        Some(code) if busy.contains(code) => WriteError::Store(StoreError::Busy((*code).to_owned())),
        reason => WriteError::Store(StoreError::Service(format!("transaction canceled: {reason:?}"))),
    }
}

fn part(app: &App, write: Write) -> Result<TransactWriteItem, WriteError> {
    let table = write.key.table().name(app.settings())?.to_owned();
    let key = write.key.item();
    let incomplete = |error: aws_sdk_dynamodb::error::BuildError| StoreError::Service(error.to_string());
    let item = TransactWriteItem::builder();
    Ok(match write.what.clone() {
        What::Put(content) => {
            let put = filled!(Put::builder().table_name(table).set_item(Some(content)), write);
            item.put(put.build().map_err(incomplete)?)
        }
        What::Update(expression) => {
            let update =
                SdkUpdate::builder().table_name(table).set_key(Some(key)).update_expression(expression);
            item.update(filled!(update, write).build().map_err(incomplete)?)
        }
        What::Delete => {
            let delete = filled!(Delete::builder().table_name(table).set_key(Some(key)), write);
            item.delete(delete.build().map_err(incomplete)?)
        }
        What::Check => {
            let check = filled!(ConditionCheck::builder().table_name(table).set_key(Some(key)), write);
            item.condition_check(check.build().map_err(incomplete)?)
        }
    }
    .build())
}

/// Waits before try number `tries`: nothing before the first, then a random part of 10 ms, 20 ms, 40 ms … 640 ms.
pub(crate) async fn pause(app: &App, tries: u32) {
    if tries > 0 {
        let most = 10_u64 << tries.min(7).saturating_sub(1);
        tokio::time::sleep(Duration::from_millis(app.entropy().below(most) + 1)).await;
    }
}
