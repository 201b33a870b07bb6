//! From what was published to what is posted. What an event says is only a hint: what is booked is read from the facts.

use super::{
    entry::{Entry, Lines, Unbalanced},
    posting, rules,
};
use crate::{
    event::CloudEvent,
    gift_card::{self, Change, Happened},
    id::OrderId,
    order::{self, Told},
    pricing::TenderKind,
    runtime::{App, JobError},
};

/// Posts what `event` tells of, once, however often it is told.
///
/// # Errors
/// [`JobError`]: the message comes again.
pub async fn hear(app: &App, event: &CloudEvent) -> Result<(), JobError> {
    let entry = match gift_card::happened_of(&event.kind) {
        Some(happened) => of_balance(app, event, happened).await?,
        None => of_order(app, event).await?,
    };
    match entry {
        Some(entry) => Ok(posting::post(app, event.tenant(), &entry).await.map(drop)?),
        None => Ok(()),
    }
}

/// As [`hear`], of an event of the order `id` that was read already, and by one write. What is late takes more than that:
/// it is left to who hears.
///
/// # Errors
/// [`JobError`]: it has to be tried again, by [`hear`].
pub async fn book(app: &App, event: &CloudEvent, id: OrderId, told: &Told) -> Result<(), JobError> {
    match of_told(event, id, told)? {
        Some(entry) if posting::is_late(app, &entry) => {
            Err(JobError::new("late", "the balances may have passed it"))
        }
        Some(entry) => Ok(posting::post(app, event.tenant(), &entry).await.map(drop)?),
        None => Ok(()),
    }
}

async fn of_order(app: &App, event: &CloudEvent) -> Result<Option<Entry>, JobError> {
    let id = event.subject.parse().map_err(|error| JobError::new("unreadable_message", error))?;
    let told = order::told(app, event.tenant(), id, event.id).await?;
    let told = told.ok_or_else(|| JobError::new("unknown_event", "the order has no such event"))?;
    of_told(event, id, &told)
}

fn of_told(event: &CloudEvent, id: OrderId, told: &Told) -> Result<Option<Entry>, JobError> {
    let lines = match &told.before {
        Some(order) => rules::of_order(order, &told.event),
        None => Ok(None),
    };
    Ok(entry(unbalanced(lines)?, event, Some(id), told.at))
}

async fn of_balance(app: &App, event: &CloudEvent, happened: Happened) -> Result<Option<Entry>, JobError> {
    let unknown = || JobError::new("unknown_event", "nothing changed a balance for this cause");
    let of = match event.subject.parse() {
        Ok(id) => TenderKind::GiftCard { id },
        Err(_) => TenderKind::StoreCredit { customer: event.subject.parse().map_err(|_| unknown())? },
    };
    let cause = event.data["cause"].as_str().ok_or_else(unknown)?;
    let commit = gift_card::change_of(app, event.tenant(), &of, happened, cause).await?;
    let commit = commit.ok_or_else(unknown)?;
    let recorded = commit.events.iter().find(|recorded| recorded.id == event.id).ok_or_else(unknown)?;
    let change: Change =
        serde_json::from_value(recorded.data.clone()).map_err(|error| JobError::unreadable(&error))?;
    let lines = unbalanced(rules::of_change(&of, happened, &change))?;
    Ok(entry(lines, event, change.order, commit.at))
}

fn entry(
    lines: Option<Lines>,
    event: &CloudEvent,
    order: Option<OrderId>,
    at: jiff::Timestamp,
) -> Option<Entry> {
    lines.map(|lines| Entry::new(event.id, at, &event.kind, &event.subject, order, lines))
}

/// Nothing is posted that isn't balanced: the message is set aside for a person to look at.
fn unbalanced<T>(lines: Result<T, Unbalanced>) -> Result<T, JobError> {
    lines.map_err(|error| JobError::new("unbalanced", error))
}
