//! Holding the books against what the payment providers say, and telling what differs. Nothing is put right here: that
//! is a person's decision.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    account::Account,
    compare::{Difference, Record, by_order, compare},
    entry::{Entry, Unbalanced},
    late_fee, of_order, posting,
};
use crate::{
    http::{Call, Limit, List, Problem},
    id::OrderId,
    order::{self, Order},
    payment::{self, PaymentKey, Provider, ProviderError, ProviderName, ProviderPayment},
    runtime::{App, Metric, Unit},
    store::{self, Page, Query, StoreError, Table, Write, keys},
    tenant::Tenant,
};

/// The providers that are asked.
const PROVIDERS: [ProviderName; 2] = [ProviderName::Sandbox, ProviderName::Stripe];

/// How far a run looks back. Runs overlap, so that one that failed is made up for.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An order that moved so recently may not be in the books yet.
const IN_FLIGHT: SignedDuration = SignedDuration::from_mins(15);

/// Differences that one report names; of the rest it tells how many there are.
const NAMED: usize = 200;

/// Entries that are read at once.
const AT_ONCE: usize = 500;

/// What a run found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Reconciliation {
    /// When it ran.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// It looked at what moved from this time on.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// The orders that were compared.
    pub orders: u32,
    /// Orders that were moving at the time. They are compared by the next run.
    pub in_flight: u32,
    /// The fees that a provider told later than it took the money. They were booked.
    #[serde(default)]
    pub late_fees: u32,
    /// How many differences there are.
    pub count: u32,
    /// The first 200 of them.
    pub differences: Vec<Difference>,
}

/// Why a run did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A provider did not answer.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// Amounts can't be reckoned together.
    #[error(transparent)]
    Money(#[from] crate::money::MoneyError),
    /// A fee can't be booked.
    #[error(transparent)]
    Unbalanced(#[from] Unbalanced),
    /// The report could not be kept.
    #[error(transparent)]
    Unkept(#[from] store::WriteError),
}

/// Compares what moved lately, keeps a report, and tells the metrics and the log. A store without movements and
/// without differences gets no report.
///
/// # Errors
/// [`Failure`]; the next run goes on.
pub async fn reconcile(app: &App, tenant: Tenant) -> Result<Option<Reconciliation>, Failure> {
    let from = app.now() - LOOK_BACK;
    let (at, differences) = (app.now(), Vec::new());
    let mut report =
        Reconciliation { at, from, orders: 0, in_flight: 0, late_fees: 0, count: 0, differences };
    // Of these the payment may be older, or at no provider at all.
    let booked = booked_since(app, tenant, from).await?;
    let mut orders: BTreeMap<_, Vec<_>> = booked.into_iter().map(|order| (order, Vec::new())).collect();
    let mut providers = Vec::new();
    for name in PROVIDERS {
        let Some(provider) = payment::provider_of(app, tenant, name).await? else { continue };
        let (known, unknown) = by_order(all_since(provider.as_ref(), from).await?);
        unknown.into_iter().for_each(|difference| report.add(difference));
        // One order may be known to two providers: the second was asked when the first one was out of order.
        known.into_iter().for_each(|(order, payments)| orders.entry(order).or_default().extend(payments));
        providers.push(provider);
    }
    for (id, mut payments) in orders {
        let order = order::load(app, tenant, id).await?;
        payments.extend(others_of(&providers, id, order.as_ref(), &payments).await?);
        report.order(app, tenant, (id, order.as_ref()), &payments).await?;
    }
    report.tell(app, tenant);
    if report.orders == 0 && report.in_flight == 0 && report.count == 0 {
        return Ok(None);
    }
    let key = keys::reconciliation(tenant, report.at);
    store::commit(app, vec![Write::put("reconciliation", key, &report)?]).await?;
    Ok(Some(report))
}

impl Reconciliation {
    fn add(&mut self, difference: Difference) {
        self.count = self.count.saturating_add(1);
        if self.differences.len() < NAMED {
            self.differences.push(difference);
        }
    }

    async fn order(
        &mut self,
        app: &App,
        tenant: Tenant,
        (id, order): (OrderId, Option<&Order>),
        payments: &[ProviderPayment],
    ) -> Result<(), Failure> {
        let entries = match order {
            Some(order) => of_order::of(app, tenant, order).await?,
            None => Vec::new(),
        };
        let currency = entries.first().map(|entry| entry.lines.currency());
        let currency = currency.or_else(|| payments.first().map(|payment| payment.amount.currency()));
        let Some(currency) = currency else {
            return Ok(());
        };
        let provider = Record::of_payments(payments, currency)?;
        let found = compare(id, &provider, &Record::of_entries(&entries, currency)?);
        if !found.is_empty() && moved_lately(app, order) {
            self.in_flight = self.in_flight.saturating_add(1);
            return Ok(());
        }
        self.orders = self.orders.saturating_add(1);
        if let (Some((fee, booked)), Some(order)) = (late_fee::told_late(&found), order) {
            if let Some(entry) = late_fee::entry(order, fee, booked)?
                && posting::post(app, tenant, &entry).await?
            {
                self.late_fees = self.late_fees.saturating_add(1);
            }
            return Ok(());
        }
        found.into_iter().for_each(|difference| self.add(difference));
        Ok(())
    }

    fn tell(&self, app: &App, tenant: Tenant) {
        Metric::new("LedgerDifferences", Unit::Count, i64::from(self.count)).emit(app);
        if self.count > 0 {
            let (count, first) = (self.count, self.differences.first());
            tracing::error!(store = %tenant, count, ?first, "the ledger and a provider don't agree");
        }
    }
}

/// The orders whose money at providers was booked since then.
async fn booked_since(app: &App, tenant: Tenant, from: Timestamp) -> Result<BTreeSet<OrderId>, StoreError> {
    let query = Query::table(Table::Events, keys::ledger(tenant))
        .at_least(keys::ledger_time(from))
        .holding("accounts", Account::ProviderClearing.as_str());
    let (mut orders, mut next) = (BTreeSet::new(), None);
    loop {
        let page: Page<Entry> = query.page(app, "ledger entry", AT_ONCE, next.as_deref()).await?;
        orders.extend(page.items.iter().filter_map(|entry| entry.order));
        next = page.next;
        if next.is_none() {
            return Ok(orders);
        }
    }
}

async fn all_since(provider: &dyn Provider, from: Timestamp) -> Result<Vec<ProviderPayment>, ProviderError> {
    let (mut payments, mut cursor) = (Vec::new(), None);
    loop {
        let page = provider.payments_since(from, cursor).await?;
        payments.extend(page.payments);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(payments);
        }
    }
}

/// The payments of an order that are not among those `listed`: begun before the time that is looked at.
async fn others_of(
    providers: &[Box<dyn Provider>],
    id: OrderId,
    order: Option<&Order>,
    listed: &[ProviderPayment],
) -> Result<Vec<ProviderPayment>, ProviderError> {
    let mut numbers = order.map_or_else(|| [1].into(), Order::payment_numbers);
    for key in listed.iter().filter_map(|payment| payment.key) {
        numbers.remove(&key.number);
    }
    let mut others = Vec::new();
    for number in numbers {
        for provider in providers {
            others.extend(provider.find(PaymentKey { order: id, number }).await?);
        }
    }
    Ok(others)
}

fn moved_lately(app: &App, order: Option<&Order>) -> bool {
    let last = order.and_then(|order| order.timeline.last().map(|entry| entry.at));
    last.is_some_and(|last| app.now().duration_since(last) < IN_FLIGHT)
}

/// Which reports to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListReconciliations {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A page of the store's reports, newest first.
///
/// # Errors
/// [`Problem`] where the cursor is wrong or storage fails.
pub async fn reconciliations<B>(
    app: &App,
    call: &Call<B, ListReconciliations>,
) -> Result<List<Reconciliation>, Problem> {
    let (tenant, ask) = (call.tenant()?, &call.query);
    let from = call.position(app, ask.cursor.as_deref(), "").await?;
    let query = Query::partition(keys::reconciliations(tenant)).newest_first();
    let page = query.page(app, "reconciliation", ask.limit.get(), from.as_deref()).await?;
    call.list(app, page, "").await
}
