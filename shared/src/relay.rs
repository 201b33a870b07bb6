//! Publishing what happened: the tables' streams are the outbox, and nothing is published any other way.

use std::collections::BTreeMap;

use aws_sdk_sns::{
    error::DisplayErrorContext,
    types::{MessageAttributeValue, PublishBatchRequestEntry},
};
use serde::Deserialize;
use serde_dynamo::Item;
use serde_json::json;

use crate::{
    catalog::{Product, ProductStatus, Sku},
    event::{Cause, CloudEvent, Commit, Recorded},
    id::EventId,
    inventory::{self, Levels, Stock},
    link::Link,
    runtime::{App, JobError, Record},
    store::keys,
    tenant::Tenant,
};

/// SNS takes at most so many messages in one batch.
const BATCH: usize = 10;

/// SNS takes at most so many bytes in one batch, attributes included. Some are left for those.
const BATCH_BYTES: usize = 250 * 1024;

/// The part of a state item that says what it is and whose.
#[derive(Deserialize)]
struct Head {
    kind: String,
    pk: String,
}

/// The events that a record of either table's stream stands for.
///
/// # Errors
/// [`JobError`] where the record can't be read: it is tried again, and set aside in the end.
pub fn events_of(record: &Record) -> Result<Vec<CloudEvent>, JobError> {
    events_beside(record, &Stocks::new())
}

/// What there is of the SKUs that are spread over buckets.
type Stocks = BTreeMap<(String, Sku), Stock>;

/// The same, where `stocks` say what there is of SKUs that no record shows all of.
fn events_beside(record: &Record, stocks: &Stocks) -> Result<Vec<CloudEvent>, JobError> {
    let Some(image) = record.new.clone() else {
        return Ok(Vec::new());
    };
    let head: Head = Record::read(image.clone())?;
    match head.kind.as_str() {
        "order" | "balance_change" => Ok(Record::read::<Commit>(image)?.published()),
        "product" => of_product(record, &head.pk, image),
        "stock" => of_stock(record, &head.pk, image, stocks),
        "link" => of_link(record, &head.pk, image),
        _ => Ok(Vec::new()),
    }
}

fn of_product(record: &Record, pk: &str, image: Item) -> Result<Vec<CloudEvent>, JobError> {
    let product: Product = Record::read(image)?;
    let before: Option<Product> = record.old.clone().map(Record::read).transpose()?;
    let kind = match (&before, product.status) {
        (None, _) => "product.created",
        (Some(old), ProductStatus::Archived) if old.status == ProductStatus::Active => "product.archived",
        _ => "product.updated",
    };
    let data = json!({ "id": product.id, "version": product.version, "status": product.status });
    Ok(vec![changed(record, tenant_of(pk)?, &product.id.to_string(), kind, product.version, data)])
}

fn of_stock(record: &Record, pk: &str, image: Item, stocks: &Stocks) -> Result<Vec<CloudEvent>, JobError> {
    let (tenant, sku) = sku_of(pk)?;
    let (revision, available) = match stocks.get(&(tenant.to_string(), sku.clone())) {
        Some(stock) => (stock.revision(), stock.available()),
        None => Record::read::<Levels>(image).map(|levels| (levels.revision, levels.available()))?,
    };
    let sequence = u32::try_from(revision).unwrap_or(u32::MAX);
    let data = json!({ "sku": sku, "available": available });
    Ok(vec![changed(record, tenant, sku.as_str(), "stock.changed", sequence, data)])
}

fn sku_of(pk: &str) -> Result<(Tenant, Sku), JobError> {
    let found = keys::sku_of_stock(pk).and_then(|(tenant, sku)| Some((tenant, sku.parse().ok()?)));
    found.ok_or_else(|| JobError::new("unreadable_record", "its key names no stock"))
}

/// What there is of each SKU that `records` show a bucket of: its event tells the sum, which only all buckets show. Read
/// once for all of them, and strongly: the last event tells what there is after the last change.
async fn stocks(app: &App, records: &[Record]) -> Result<Stocks, JobError> {
    let mut stocks = Stocks::new();
    for image in records.iter().filter_map(|record| record.new.as_ref()) {
        let head: Head = Record::read(image.clone())?;
        if head.kind != "stock" || !Record::read::<Levels>(image.clone())?.is_part() {
            continue;
        }
        let (tenant, sku) = sku_of(&head.pk)?;
        let name = (tenant.to_string(), sku);
        if !stocks.contains_key(&name)
            && let Some(stock) = inventory::read(app, tenant, &name.1).await?
        {
            stocks.insert(name, stock);
        }
    }
    Ok(stocks)
}

/// A link was asked for. It is told by its id: what proves it never leaves the mail.
fn of_link(record: &Record, pk: &str, image: Item) -> Result<Vec<CloudEvent>, JobError> {
    if record.old.is_some() {
        return Ok(Vec::new());
    }
    let link: Link = Record::read(image)?;
    let data = json!({ "link": link.id });
    Ok(vec![changed(record, tenant_of(pk)?, &link.subject, link.purpose.event(), 1, data)])
}

/// The event that state changed. Its id follows from the change's place in the stream, so that a second reading of the
/// record is no second event.
fn changed(
    record: &Record,
    tenant: Tenant,
    subject: &str,
    kind: &str,
    sequence: u32,
    data: serde_json::Value,
) -> CloudEvent {
    let id = EventId::derived(record.at, &[subject.as_bytes(), record.sequence_number.as_bytes()]);
    let cause = Cause { correlation: id.to_string(), causation: id.to_string() };
    let event = Recorded { id, kind: kind.to_owned(), version: 1, sequence, data };
    CloudEvent::new(tenant, subject, record.at, &cause, &event)
}

fn tenant_of(pk: &str) -> Result<Tenant, JobError> {
    let mut parts = pk.split('/');
    let (store, mode) = (parts.next().and_then(|store| store.parse().ok()), parts.next());
    let mode = mode.and_then(|mode| mode.parse().ok());
    let tenant = store.zip(mode).map(|(store, mode)| Tenant::of_own_record(store, mode));
    tenant.ok_or_else(|| JobError::new("unreadable_record", "its key names no tenant"))
}

/// Publishes what `records` stand for, in order. All records before the one that is answered as failed are published;
/// some after it may be too, and will be again: events are delivered at least once.
///
/// # Errors
/// The sequence number of the first record that is not published, and why.
pub async fn publish(app: &App, records: Vec<Record>) -> Result<(), (String, JobError)> {
    let topic = app.settings().require("EVENTS_TOPIC_ARN");
    let topic = topic.map_err(|error| first_of(&records, JobError::new("configuration", error)))?;
    let stocks = stocks(app, &records).await.map_err(|error| first_of(&records, error))?;
    let mut batch = Batch::default();
    for record in &records {
        let events = match events_beside(record, &stocks) {
            Ok(events) => events,
            Err(error) => {
                // What stands before it must be out before it is reported.
                batch.send(app, topic).await?;
                return Err((record.sequence_number.clone(), error));
            }
        };
        let many = events.len();
        for (place, event) in events.into_iter().enumerate() {
            let body = serde_json::to_string(&event)
                .map_err(|error| (record.sequence_number.clone(), JobError::unreadable(&error)))?;
            if batch.is_full_with(body.len()) {
                std::mem::take(&mut batch).send(app, topic).await?;
            }
            batch.add(&record.sequence_number, &event, body, place + 1 == many);
        }
    }
    batch.send(app, topic).await
}

fn first_of(records: &[Record], error: JobError) -> (String, JobError) {
    (records.first().map(|record| record.sequence_number.clone()).unwrap_or_default(), error)
}

#[derive(Default)]
struct Batch {
    entries: Vec<(String, BTreeMap<&'static str, String>, String)>,
    bytes: usize,
}

impl Batch {
    fn is_full_with(&self, more: usize) -> bool {
        self.entries.len() == BATCH || (!self.entries.is_empty() && self.bytes + more > BATCH_BYTES)
    }

    /// Adds `event`. Whoever only wants to hear once of what happened together listens to the `last` of it.
    fn add(&mut self, sequence: &str, event: &CloudEvent, body: String, last: bool) {
        let attributes = [("type", event.kind.clone()), ("store", event.store.to_string())];
        let told = |name, tell: bool| tell.then(|| (name, "true".to_owned()));
        // The saga leaves such an order to who placed it.
        let carried = event.data.get("carried").is_some_and(|carried| carried == true);
        let told = [told("last", last), told("carried", carried)].into_iter().flatten();
        self.bytes += body.len();
        self.entries.push((sequence.to_owned(), attributes.into_iter().chain(told).collect(), body));
    }

    /// Publishes the batch. A 200 may still say that some entries failed (guards.md, 16).
    async fn send(self, app: &App, topic: &str) -> Result<(), (String, JobError)> {
        let Some((first, ..)) = self.entries.first().cloned() else {
            return Ok(());
        };
        let mut call = app.sns().publish_batch().topic_arn(topic);
        for (place, (_, attributes, body)) in self.entries.iter().enumerate() {
            let mut entry = PublishBatchRequestEntry::builder().id(place.to_string()).message(body);
            for (name, value) in attributes {
                let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
                let value = value.map_err(|error| (first.clone(), JobError::new("publish", error)))?;
                entry = entry.message_attributes(*name, value);
            }
            let entry = entry.build().map_err(|error| (first.clone(), JobError::new("publish", error)))?;
            call = call.publish_batch_request_entries(entry);
        }
        let answer = call.send().await;
        let answer = answer.map_err(|error| (first, JobError::new("publish", DisplayErrorContext(error))))?;
        let place = |id: Option<&str>| id.and_then(|id| id.parse::<usize>().ok()).unwrap_or(0);
        let failed = answer.failed().iter().min_by_key(|entry| place(Some(entry.id())));
        match failed {
            None => Ok(()),
            Some(entry) => {
                let sequence =
                    self.entries.get(place(Some(entry.id()))).map(|(sequence, ..)| sequence.clone());
                Err((
                    sequence.unwrap_or_default(),
                    JobError::new("publish", format!("SNS refused: {}", entry.code())),
                ))
            }
        }
    }
}
