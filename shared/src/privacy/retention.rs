//! Erasing whom a store has no reason left to know, as its settings say.
//!
//! Each run goes on where the one before stopped, store by store, and looks at so many customers and orders of each at
//! most. A store that says nothing keeps what it has.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{erasure, person};
use crate::{
    customer::{self, Customer},
    http::Problem,
    id::CustomerId,
    identity::{Days, StoreProfile},
    order::{self, Of},
    principal::Who,
    runtime::App,
    session,
    store::{self, Write, keys},
    tenant::Tenant,
    vault::Subject,
};

/// How many customers, and how many orders, one run looks at in each store.
const AT_ONCE: usize = 500;

/// How far the runs before came.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Progress {
    /// The last customer that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer: Option<CustomerId>,
    /// The place of the last order that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order: Option<String>,
}

/// Finishes the erasures of a store that were begun, and erases whom its settings say.
///
/// # Errors
/// [`Problem`] where storage fails; the next run goes on.
pub async fn enforce(app: &App, tenant: Tenant) -> Result<(), Problem> {
    erasure::finish_open(app, tenant).await?;
    let Some(profile) = StoreProfile::load(app, tenant).await? else {
        return Ok(());
    };
    let retention = profile.retention;
    if retention.inactive_customers_days.is_none() && retention.guest_contacts_days.is_none() {
        return Ok(());
    }
    let key = keys::retention(tenant);
    let mut progress: Progress = store::get(app, "retention", &key).await?.unwrap_or_default();
    if let Some(days) = retention.inactive_customers_days {
        progress.customer = inactive(app, tenant, before(app, days), progress.customer).await?;
    }
    if let Some(days) = retention.guest_contacts_days {
        progress.order = guests(app, tenant, before(app, days), progress.order).await?;
    }
    store::commit(app, vec![Write::put("retention", key, &progress)?]).await?;
    Ok(())
}

fn before(app: &App, days: Days) -> Timestamp {
    app.now() - SignedDuration::from_hours(24 * i64::from(days.get()))
}

/// Erases customers who were last seen before `time`, from the one after `from` on. Answers where to go on; nothing at
/// the end, where the next run begins anew.
async fn inactive(
    app: &App,
    tenant: Tenant,
    time: Timestamp,
    from: Option<CustomerId>,
) -> Result<Option<CustomerId>, Problem> {
    let customers = customer::after(app, tenant, from, AT_ONCE).await?;
    for customer in &customers {
        if customer.erased.is_some() || last_seen(app, tenant, customer, time).await? >= time {
            continue;
        }
        if let Some(person) = person::of_customer(app, tenant, customer.id).await? {
            erasure::erase_by_itself(app, tenant, &person).await?;
        }
    }
    let full = customers.len() == AT_ONCE;
    Ok(customers.last().filter(|_| full).map(|customer| customer.id))
}

/// When somebody was last seen. Where that is after `time`, any moment after it may be answered.
async fn last_seen(
    app: &App,
    tenant: Tenant,
    customer: &Customer,
    time: Timestamp,
) -> Result<Timestamp, Problem> {
    let mut last = customer.last_seen();
    if last < time {
        let sessions = session::all(app, tenant, Who::Customer(customer.id)).await?;
        last = sessions.iter().map(|session| session.used_at).fold(last, Timestamp::max);
    }
    if last < time {
        let order = order::newest_of(app, tenant, Of::Customer(customer.id)).await?;
        last = order.map_or(last, |order| order.placed_at.max(last));
    }
    Ok(last)
}

/// Erases guests whose last order was placed before `time`. Looks at each order once, when it is old enough: where the
/// guest ordered again later, at the later one's time. Answers where to go on.
async fn guests(
    app: &App,
    tenant: Tenant,
    time: Timestamp,
    from: Option<String>,
) -> Result<Option<String>, Problem> {
    let mut last = from.clone();
    for order in order::placed_before(app, tenant, from, time, AT_ONCE).await? {
        if let Some(Subject::Guest(email)) = order.subject {
            let newest = order::newest_of(app, tenant, Of::Email(email)).await?;
            if newest.is_none_or(|newest| newest.placed_at < time) {
                let guest = person::Person { customer: None, email: Some(email), guest: true };
                erasure::erase_by_itself(app, tenant, &guest).await?;
            }
        }
        last = Some(keys::order_position(order.placed_at, order.id));
    }
    Ok(last)
}
