//! How often somebody ordered lately: for each email address, address, source and card an item an hour that holds the
//! ids of its orders. A set: noting an order again changes nothing.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{RiskRule, RiskRules, Traits};
use crate::{
    id::OrderId,
    runtime::App,
    store::{self, StoreError, Table, Write, WriteError, keys},
    tenant::Tenant,
    vault::EmailHash,
};

/// How long the notes are kept, in hours: the longest time that rules look back over, and the hour that is not over.
const KEPT: i64 = 26;

/// Orders of one thing, by how many hours ago they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Velocity(Vec<(i64, u32)>);

impl Velocity {
    /// So many orders, so many hours ago.
    pub fn of(hours: &[(i64, u32)]) -> Self {
        Self(hours.to_vec())
    }

    /// How many there were within the last `hours`, counted by whole hours of the clock.
    pub fn within(&self, hours: u8) -> u32 {
        self.0.iter().filter(|(ago, _)| *ago < i64::from(hours)).map(|(_, count)| count).sum()
    }
}

/// How many orders there were lately, for all that is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of the same email address.
    pub email: Velocity,
    /// To the same address.
    pub address: Velocity,
    /// From the same network address.
    pub source: Velocity,
    /// By the same card.
    pub card: Velocity,
}

#[derive(Deserialize)]
struct Hour {
    hour: i64,
    orders: BTreeSet<String>,
}

/// Notes `order` where the store's rules ask for it, and counts what was noted. May be repeated.
///
/// # Errors
/// [`StoreError`].
pub async fn count(
    app: &App,
    tenant: Tenant,
    order: OrderId,
    rules: &RiskRules,
    (email, traits, card): (Option<EmailHash>, Option<&Traits>, Option<&str>),
) -> Result<Counts, StoreError> {
    let now = app.now();
    let email = email.map(|email| email.to_string());
    let of = |kind: &'static str, name: Option<&str>, asks: fn(&RiskRule) -> bool| {
        let (name, asked) = (name.map(ToOwned::to_owned), rules.hours_of(asks));
        async move {
            match (name, asked) {
                (Some(name), Some(_)) => noted(app, tenant, kind, &name, order, now).await,
                _ => Ok(Velocity::default()),
            }
        }
    };
    let (email, address, source, card) = futures::try_join!(
        of("email", email.as_deref(), |rule| matches!(rule, RiskRule::OrdersPerEmail { .. })),
        of("address", traits.map(|traits| traits.address.as_str()), |rule| {
            matches!(rule, RiskRule::OrdersPerAddress { .. })
        }),
        of("source", traits.map(|traits| traits.source.as_str()), |rule| {
            matches!(rule, RiskRule::OrdersPerSource { .. })
        }),
        of("card", card, |rule| matches!(rule, RiskRule::OrdersPerCard { .. })),
    )?;
    Ok(Counts { email, address, source, card })
}

async fn noted(
    app: &App,
    tenant: Tenant,
    kind: &str,
    name: &str,
    order: OrderId,
    now: Timestamp,
) -> Result<Velocity, StoreError> {
    let hour = hour_of(now);
    let note = Write::update(
        keys::velocity_hour(tenant, kind, name, hour),
        "SET #hour = :hour, expires = :expires, kind = :kind ADD orders :order",
    )
    .name("#hour", "hour")
    .number(":hour", hour)
    .number(":expires", (now + SignedDuration::from_hours(KEPT)).as_second())
    .text(":kind", "velocity")
    .value(":order", AttributeValue::Ss(vec![order.to_string()]));
    match store::commit(app, vec![note]).await {
        Ok(()) | Err(WriteError::Refused(_)) => {}
        Err(WriteError::Store(error)) => return Err(error),
    }
    let hours: Vec<Hour> =
        store::query_all(app, "velocity", Table::State, &keys::velocity(tenant, kind, name)).await?;
    let counts = hours
        .into_iter()
        .map(|past| (hour - past.hour, u32::try_from(past.orders.len()).unwrap_or(u32::MAX)));
    Ok(Velocity(counts.collect()))
}

/// Orders that were noted lately under something of a person's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NotedOrders {
    /// Under what: `email`, `address` or `source`.
    pub kind: String,
    /// The orders, also of others who share it.
    pub orders: BTreeSet<String>,
}

/// What is noted at present under an email address and the traits of orders. Cards are noted by what their provider says
/// of them, which no order tells.
///
/// # Errors
/// [`StoreError`].
pub async fn noted_of(
    app: &App,
    tenant: Tenant,
    email: Option<EmailHash>,
    traits: impl IntoIterator<Item = &Traits>,
) -> Result<Vec<NotedOrders>, StoreError> {
    let mut names: BTreeSet<(&str, String)> =
        email.map(|email| ("email", email.to_string())).into_iter().collect();
    for traits in traits {
        names.extend([("address", traits.address.clone()), ("source", traits.source.clone())]);
    }
    let mut noted = Vec::new();
    for (kind, name) in names {
        let hours: Vec<Hour> =
            store::query_all(app, "velocity", Table::State, &keys::velocity(tenant, kind, &name)).await?;
        let orders: BTreeSet<_> = hours.into_iter().flat_map(|hour| hour.orders).collect();
        if !orders.is_empty() {
            noted.push(NotedOrders { kind: kind.to_owned(), orders });
        }
    }
    Ok(noted)
}

/// Forgets what is noted under an email address. What is noted under others' traits too ends by itself within a day.
///
/// # Errors
/// [`StoreError`].
pub async fn forget(app: &App, tenant: Tenant, email: EmailHash) -> Result<(), StoreError> {
    let name = email.to_string();
    let hours: Vec<Hour> =
        store::query_all(app, "velocity", Table::State, &keys::velocity(tenant, "email", &name)).await?;
    for hour in hours {
        let delete = Write::delete(keys::velocity_hour(tenant, "email", &name, hour.hour));
        match store::commit(app, vec![delete]).await {
            Ok(()) | Err(WriteError::Refused(_)) => {}
            Err(WriteError::Store(error)) => return Err(error),
        }
    }
    Ok(())
}

fn hour_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(3600)
}
