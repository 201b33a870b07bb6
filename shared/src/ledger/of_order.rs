//! The entries that are about an order. No list of them is kept: an entry stands at the time of what it tells of, and
//! what happened to an order is known.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use jiff::Timestamp;

use super::{entry::Entry, rules::ORDER_EVENTS};
use crate::{
    gift_card::{self, Happened},
    id::OrderId,
    order::{self, Order},
    pricing::TenderKind,
    runtime::App,
    store::{Page, Query, StoreError, Table, keys},
    tenant::Tenant,
};

/// Entries that are read at once. Seldom does anything else stand at the same millisecond.
const AT_ONCE: usize = 100;

/// All entries about the order `id`, oldest first: those of its events, and those of what it took from gift cards and
/// store credit and gave back to them.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn about(app: &App, tenant: Tenant, id: OrderId) -> Result<Vec<Entry>, StoreError> {
    let Some(order) = order::load(app, tenant, id).await? else { return Ok(Vec::new()) };
    let mut times = times(&order);
    times.extend(times_of_balances(app, tenant, &order).await?);
    at(app, tenant, id, &times).await
}

/// The entries of what happened to `order` itself, oldest first.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn of(app: &App, tenant: Tenant, order: &Order) -> Result<Vec<Entry>, StoreError> {
    at(app, tenant, order.id, &times(order)).await
}

/// When anything happened that is booked. What a provider charges is booked as of when it took the money, or else of when
/// the order was placed.
fn times(order: &Order) -> BTreeSet<Timestamp> {
    let booked = order.timeline.iter().filter(|entry| ORDER_EVENTS.contains(&entry.kind.as_str()));
    booked.map(|entry| entry.at).chain([order.placed_at]).collect()
}

/// When the balances changed that the order was paid from, or that it was given back to: for its own sake, or for that of
/// one of its refunds.
async fn times_of_balances(app: &App, tenant: Tenant, order: &Order) -> Result<Vec<Timestamp>, StoreError> {
    let (whole, mut changes) = (order.id.to_string(), Vec::new());
    let tenders = order.placed.tenders.iter().map(|tender| tender.kind);
    let shares = order.refunds.iter().flat_map(|refund| {
        let shares = refund.request.shares.iter().filter_map(|share| share.way.tender());
        shares.map(|kind| (kind, refund.id().to_string()))
    });
    for kind in tenders {
        changes.push((kind, Happened::Redeemed, whole.clone()));
        changes.push((kind, Happened::Returned, whole.clone()));
    }
    changes.extend(shares.map(|(kind, refund)| (kind, Happened::Returned, refund)));
    let read = |(of, happened, cause): &(TenderKind, Happened, String)| {
        let (of, happened, cause) = (*of, *happened, cause.clone());
        async move { gift_card::change_of(app, tenant, &of, happened, &cause).await }
    };
    let commits = try_join_all(changes.iter().map(read)).await?;
    Ok(commits.into_iter().flatten().map(|commit| commit.at).collect())
}

/// The entries about an order that stand at these times.
async fn at(
    app: &App,
    tenant: Tenant,
    order: OrderId,
    times: &BTreeSet<Timestamp>,
) -> Result<Vec<Entry>, StoreError> {
    let read = |time: String| async move {
        let query = Query::table(Table::Events, keys::ledger(tenant))
            .at_least(format!("{time}/"))
            .at_most(format!("{time}/~"))
            .only("order", &order.to_string())
            .strongly();
        let (mut entries, mut next) = (Vec::new(), None);
        loop {
            let page: Page<Entry> = query.page(app, "ledger entry", AT_ONCE, next.as_deref()).await?;
            entries.extend(page.items);
            next = page.next;
            if next.is_none() {
                return Ok::<_, StoreError>(entries);
            }
        }
    };
    let places: BTreeSet<String> = times.iter().copied().map(keys::ledger_time).collect();
    Ok(try_join_all(places.into_iter().map(read)).await?.into_iter().flatten().collect())
}

/// The next `limit` of `entries` after `from`, as a query of the partition would answer.
pub(super) fn page(
    tenant: Tenant,
    entries: Vec<Entry>,
    limit: usize,
    from: Option<&[(String, String)]>,
) -> Page<Entry> {
    let from = from.and_then(|from| from.iter().find(|(name, _)| name == "sk")).map(|(_, place)| place);
    let mut places: BTreeMap<String, Entry> =
        entries.into_iter().map(|entry| (keys::ledger_position(entry.at, entry.id), entry)).collect();
    places.retain(|place, _| from.is_none_or(|from| from < place));
    let rest = places.keys().nth(limit).cloned().map(|first| places.split_off(&first));
    let last = rest.and_then(|_| places.keys().next_back().cloned());
    let key = |last| vec![("pk".to_owned(), keys::ledger(tenant)), ("sk".to_owned(), last)];
    Page { items: places.into_values().collect(), next: last.map(key) }
}
