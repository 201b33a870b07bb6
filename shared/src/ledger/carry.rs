//! What accounts come to: what is kept of each month, and the entries behind that. Whoever met many of those keeps what
//! they come to, so that the next one does not read them again.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    checkpoint::{self, Checkpoint},
    entry::Entry,
    list::between,
    period::{Period, Periods},
    posting::SETTLED,
    turnover::{self, Turnovers},
};
use crate::{
    runtime::App,
    store::{self, Page, Query, StoreError, Table, WriteError, keys},
    tenant::Tenant,
};

/// Entries that are read at once.
const AT_ONCE: usize = 1_000;

/// So many entries that no longer change are worth a write to whoever read them: reading them costs some 20 units.
const MANY: usize = 100;

/// What is known of a month.
#[derive(Debug, Default)]
struct Month {
    kept: Option<Checkpoint>,
    /// What the entries behind that come to, of those before which nothing is written any more without being told.
    settled: Turnovers,
    /// What those come to that are younger.
    young: Turnovers,
}

/// What months come to, and how much of it was read entry by entry.
struct Months {
    by_period: BTreeMap<Period, Month>,
    /// Up to here, entries are settled.
    horizon: Timestamp,
    /// How many that are not in what is kept.
    settled: usize,
}

/// What accounts got in `periods`, month by month, read strongly.
///
/// # Errors
/// [`StoreError`].
pub async fn by_period(
    app: &App,
    tenant: Tenant,
    periods: &Periods,
) -> Result<BTreeMap<Period, Turnovers>, StoreError> {
    let app = &app.deciding();
    let months = read(app, tenant, periods).await?;
    let mut all = BTreeMap::new();
    for (period, month) in &months.by_period {
        let mut sums = month.settled()?;
        add(&mut sums, &month.young)?;
        all.insert(period.clone(), sums);
    }
    if months.settled >= MANY
        && let Err(error) = keep(app, tenant, &months).await
    {
        // The answer is right without.
        tracing::warn!(store = %tenant, %error, "balances were not carried forward");
    }
    Ok(all)
}

/// Keeps what all entries come to that no longer change. Nothing is done where nothing was booked.
///
/// # Errors
/// [`StoreError`]; what was kept is right.
pub async fn carry_forward(app: &App, tenant: Tenant) -> Result<(), StoreError> {
    let app = &app.deciding();
    let months = read(app, tenant, &Periods::default()).await?;
    if months.settled > 0 { keep(app, tenant, &months).await } else { Ok(()) }
}

/// What is kept is read before what is behind it. So an entry is met in one of the two, and never in both: what is kept
/// later, or booked late into it, is behind what was read of it here.
async fn read(app: &App, tenant: Tenant, periods: &Periods) -> Result<Months, StoreError> {
    // Before anything is read: the proof at `SETTLED` rests on it.
    let horizon = app.now() - SETTLED;
    let kept = kept(app, tenant, periods).await?;
    let from = periods.from.as_ref().and_then(Period::first);
    let to = periods.to.as_ref().and_then(Period::end);
    let gaps = gaps(&kept, from, to);
    let of = |kept: Checkpoint| (kept.period.clone(), Month { kept: Some(kept), ..Month::default() });
    let mut months = Months { by_period: kept.into_iter().map(of).collect(), horizon, settled: 0 };
    for (from, to) in gaps {
        let query = between(Query::table(Table::Events, keys::ledger(tenant)).strongly(), from, to);
        let mut next = None;
        loop {
            let page: Page<Entry> = query.page(app, "ledger entry", AT_ONCE, next.as_deref()).await?;
            page.items.iter().try_for_each(|entry| months.meet(entry))?;
            next = page.next;
            if next.is_none() {
                break;
            }
        }
    }
    Ok(months)
}

async fn kept(app: &App, tenant: Tenant, periods: &Periods) -> Result<Vec<Checkpoint>, StoreError> {
    let query = Query::partition(keys::ledger_balances(tenant)).strongly();
    let query = periods.from.iter().fold(query, |query, from| query.at_least(from.as_str()));
    let query = periods.to.iter().fold(query, |query, to| query.at_most(to.as_str()));
    let (mut kept, mut next) = (Vec::new(), None);
    loop {
        let page = query.page(app, "ledger balance", AT_ONCE, next.as_deref()).await?;
        kept.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(kept);
        }
    }
}

/// From when to when nothing is kept, between `from` and `to`.
fn gaps(
    kept: &[Checkpoint],
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Vec<(Option<Timestamp>, Option<Timestamp>)> {
    let (mut gaps, mut at) = (Vec::new(), from);
    for one in kept {
        let (Some(first), Some(until)) = (one.period.first(), one.until) else { continue };
        if at < Some(first) {
            gaps.push((at, Some(first)));
        }
        at = Some(until);
    }
    if to.is_none() || at < to {
        gaps.push((at, to));
    }
    gaps
}

impl Months {
    fn meet(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let Some(period) = Period::of_entry(entry) else { return Ok(()) };
        let month = self.by_period.entry(period).or_default();
        let settled = keys::ledger_position(entry.at, entry.id) < keys::ledger_time(self.horizon);
        self.settled += usize::from(settled);
        let sums = if settled { &mut month.settled } else { &mut month.young };
        turnover::add_entry(sums, entry).map_err(|error| too_much(&error))
    }
}

impl Month {
    /// What is kept, and what is settled beyond it.
    fn settled(&self) -> Result<Turnovers, StoreError> {
        let mut sums = self.kept.as_ref().map(Checkpoint::sums).transpose()?.unwrap_or_default();
        add(&mut sums, &self.settled)?;
        Ok(sums)
    }
}

/// Moves what is kept of each month on to the horizon, or to the month's end: so that no gap is left between months.
/// Where somebody else did, or something was booked late meanwhile, it stays as it is, until the next one comes.
async fn keep(app: &App, tenant: Tenant, months: &Months) -> Result<(), StoreError> {
    for (period, month) in &months.by_period {
        let until = period.end().map_or(months.horizon, |end| end.min(months.horizon));
        let before = month.kept.as_ref().and_then(|kept| kept.until).or_else(|| period.first());
        if before >= Some(until) {
            continue;
        }
        let write = checkpoint::moved(tenant, period, month.kept.as_ref(), until, &month.settled()?)?;
        match store::commit(app, vec![write]).await {
            Ok(()) | Err(WriteError::Refused(_)) => {}
            Err(WriteError::Store(error)) => return Err(error),
        }
    }
    Ok(())
}

fn add(sums: &mut Turnovers, more: &Turnovers) -> Result<(), StoreError> {
    turnover::add_all(sums, more).map_err(|error| too_much(&error))
}

fn too_much(error: &crate::money::MoneyError) -> StoreError {
    StoreError::Unreadable { kind: "ledger balance", reason: error.to_string() }
}
