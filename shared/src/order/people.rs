//! Orders by whose they are, for what is done with all that is known of a person.

use jiff::Timestamp;

use super::{list::Summary, model::OrderStatus};
use crate::{
    id::{CustomerId, OrderId},
    runtime::App,
    store::{Index, Page, Query, StoreError, keys},
    tenant::Tenant,
    vault::{EmailHash, Subject},
};

/// Orders that are read at once.
const AT_ONCE: usize = 100;

/// Whose orders.
#[derive(Clone, Copy, Debug)]
pub enum Of {
    /// Those of a customer who was logged in.
    Customer(CustomerId),
    /// Those that gave this email address.
    Email(EmailHash),
}

/// An order, as far as it tells whose it is.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Its id.
    pub id: OrderId,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// Whose key opens its contact.
    pub subject: Option<Subject>,
}

impl From<Summary> for Trace {
    fn from(summary: Summary) -> Self {
        Self { id: summary.id, placed_at: summary.created_at, subject: summary.contact.subject() }
    }
}

fn of(tenant: Tenant, whose: Of) -> Query {
    let query = match whose {
        Of::Customer(id) => Query::partition(keys::orders_of_customer(tenant, id)),
        Of::Email(email) => Query::index(Index::OrdersByCustomer, keys::orders_of_email(tenant, email)),
    };
    query.newest_first()
}

/// All orders of somebody, the newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn all_of(app: &App, tenant: Tenant, whose: Of) -> Result<Vec<Trace>, StoreError> {
    let (query, mut all, mut from) = (of(tenant, whose), Vec::new(), None);
    loop {
        let page: Page<Summary> = query.page(app, "order summary", AT_ONCE, from.as_deref()).await?;
        all.extend(page.items.into_iter().map(Trace::from));
        from = page.next;
        if from.is_none() {
            return Ok(all);
        }
    }
}

/// The last order of somebody.
///
/// # Errors
/// [`StoreError`].
pub async fn newest_of(app: &App, tenant: Tenant, whose: Of) -> Result<Option<Trace>, StoreError> {
    let page: Page<Summary> = of(tenant, whose).page(app, "order summary", 1, None).await?;
    Ok(page.items.into_iter().next().map(Trace::from))
}

/// Up to `limit` orders of a store that were placed before `time`, oldest first, from the one after the place `after` on.
///
/// # Errors
/// [`StoreError`].
pub async fn placed_before(
    app: &App,
    tenant: Tenant,
    after: Option<String>,
    time: Timestamp,
    limit: usize,
) -> Result<Vec<Trace>, StoreError> {
    let mut query = Query::partition(keys::orders(tenant)).at_most(format!("{time:.3}"));
    if let Some(after) = after {
        // No place goes on from another one: the next one after it is one with something behind it.
        query = query.at_least(format!("{after}+"));
    }
    let page: Page<Summary> = query.page(app, "order summary", limit, None).await?;
    Ok(page.items.into_iter().map(Trace::from).collect())
}

/// Whether somebody has ordered before and did not have it canceled, as the lists of orders tell: a moment late.
///
/// # Errors
/// [`StoreError`].
pub async fn has_ordered(app: &App, tenant: Tenant, whose: Of) -> Result<bool, StoreError> {
    let (query, mut from) = (of(tenant, whose), None);
    loop {
        let page: Page<Summary> = query.page(app, "order summary", AT_ONCE, from.as_deref()).await?;
        if page.items.iter().any(|summary| summary.status != OrderStatus::Canceled) {
            return Ok(true);
        }
        from = page.next;
        if from.is_none() {
            return Ok(false);
        }
    }
}
