//! Reading entries.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    account::{Account, Side},
    balance,
    entry::Entry,
    export::{self, Format},
    of_order,
    period::Period,
};
use crate::{
    http::{Call, Code, Limit, List, Problem, Reply},
    id::{EventId, LedgerEntryId, OrderId},
    identity::StoreProfile,
    money::Currency,
    runtime::App,
    store::{Page, Query, StoreError, Table, keys},
    tenant::Tenant,
};

/// How many entries a filtered page looks at in one round. With the ten rounds of [`Query::page`], no page looks at more
/// than 2,000 entries: what is rare is found over several pages, some of them short.
const LOOK: usize = 200;

/// Entries that one answer exports.
const EXPORTED: usize = 1_000;

/// Which entries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListEntries {
    /// How many at the most; an export has 1,000. A page that filters leave short has a cursor all the same.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Only what was about this order.
    #[param(value_type = Option<String>)]
    pub order: Option<OrderId>,
    /// Only what was booked on this account.
    pub account: Option<Account>,
    /// Only what happened from this time on.
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// Only what happened before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    pub to: Option<Timestamp>,
    /// `csv` or `ndjson` for an export, as `Accept` asks for one too.
    #[param(inline)]
    pub format: Option<Format>,
}

impl ListEntries {
    fn filters(&self) -> String {
        format!("{:?} {:?} {:?} {:?}", self.order, self.account, self.from, self.to)
    }

    fn query(&self, tenant: Tenant) -> Query {
        let query = Query::table(Table::Events, keys::ledger(tenant)).strongly();
        let query = between(query, self.from, self.to);
        match self.account {
            Some(account) => query.holding("accounts", account.as_str()).look_at(LOOK),
            None => query,
        }
    }

    fn takes(&self, entry: &Entry) -> bool {
        let place = keys::ledger_position(entry.at, entry.id);
        self.account.is_none_or(|account| entry.lines.accounts().contains(&account))
            && self.from.is_none_or(|from| keys::ledger_time(from) <= place)
            && self.to.is_none_or(|to| place < keys::ledger_time(to))
    }

    /// The next `limit` entries after `from`.
    async fn page(
        &self,
        app: &App,
        tenant: Tenant,
        limit: usize,
        from: Option<&[(String, String)]>,
    ) -> Result<Page<Entry>, StoreError> {
        let Some(order) = self.order else {
            return self.query(tenant).page(app, "ledger entry", limit, from).await;
        };
        let mut entries = of_order::about(app, tenant, order).await?;
        entries.retain(|entry| self.takes(entry));
        Ok(of_order::page(tenant, entries, limit, from))
    }
}

/// A time is the beginning of its entries' places; what comes before `to` ends below it.
pub(super) fn between(query: Query, from: Option<Timestamp>, to: Option<Timestamp>) -> Query {
    let query = from.into_iter().fold(query, |query, from| query.at_least(keys::ledger_time(from)));
    to.into_iter().fold(query, |query, to| query.at_most(keys::ledger_time(to)))
}

/// A page of the store's entries, oldest first: as a list, or as an export with the next page in `Link`.
///
/// # Errors
/// [`Problem`] where the query is wrong or storage fails.
pub async fn entries<B>(app: &App, call: &Call<B, ListEntries>) -> Result<Reply<List<Entry>>, Problem> {
    let (tenant, ask) = (call.tenant()?, &call.query);
    if ask.from.zip(ask.to).is_some_and(|(from, to)| to < from) {
        return Err(Problem::new(Code::InvalidQuery, "This time is before the first one.").at("to"));
    }
    let filters = ask.filters();
    let from = call.position(app, ask.cursor.as_deref(), &filters).await?;
    let format = Format::of_call(ask.format, call);
    let limit = if format.is_some() { EXPORTED } else { ask.limit.get() };
    let page = ask.page(app, tenant, limit, from.as_deref()).await?;
    let list = call.list(app, page, &filters).await?;
    match format {
        None => Ok(Reply::ok(list)),
        Some(format) => export::reply(format, &list, ask),
    }
}

/// The month of an account.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AskStatement {
    /// In which currency; the store's own where absent.
    #[param(value_type = Option<String>, example = "EUR")]
    pub currency: Option<Currency>,
    /// Which month, in UTC; the present one where absent.
    #[param(value_type = Option<String>, example = "2026-03")]
    pub period: Option<Period>,
    /// How many lines at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A line of a statement.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatementLine {
    /// The entry that it is of.
    pub entry: LedgerEntryId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The event that it tells of.
    pub event: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: String,
    /// The order that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// What the left side got, in minor units.
    pub debit: i64,
    /// What the right side got, in minor units.
    pub credit: i64,
}

/// What became of an account in a month.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Statement {
    /// Which.
    pub account: Account,
    /// The side on which it grows.
    pub normal_side: Side,
    /// In which currency.
    pub currency: Currency,
    /// Which month.
    pub period: Period,
    /// What it came to before, on the side on which it grows, in minor units.
    pub opening: i64,
    /// What its left side got, in minor units.
    pub debit: i64,
    /// What its right side got, in minor units.
    pub credit: i64,
    /// What it comes to after.
    pub closing: i64,
    /// What was booked, oldest first.
    pub data: Vec<StatementLine>,
    /// Whether there is more.
    pub has_more: bool,
    /// Give this as `cursor` to get it.
    pub next_cursor: Option<String>,
}

/// The statement of `account`.
///
/// # Errors
/// [`Problem`] where the query is wrong or storage fails.
pub async fn statement<B>(
    app: &App,
    call: &Call<B, AskStatement>,
    account: Account,
) -> Result<Statement, Problem> {
    let (tenant, ask) = (call.tenant()?, &call.query);
    let currency = match ask.currency {
        Some(currency) => currency,
        None => StoreProfile::of(app, tenant).await?.currency,
    };
    let period = match &ask.period {
        Some(period) => period.clone(),
        None => Period::of(app.now()).ok_or_else(|| Problem::internal("a time without a month"))?,
    };
    let period = &period;
    let (before, within) = balance::opening(app, tenant, account, currency, period).await?;
    let side = account.side();
    let opening = before.on(side)?;
    let closing = opening.checked_add(within.on(side)?).ok_or(crate::money::MoneyError::Overflow)?;
    let filters = format!("{account} {currency} {period}");
    let from = call.position(app, ask.cursor.as_deref(), &filters).await?;
    let query = Query::table(Table::Events, keys::ledger(tenant)).strongly();
    let query =
        between(query, period.first(), period.end()).holding("accounts", account.as_str()).look_at(LOOK);
    let page: Page<Entry> = query.page(app, "ledger entry", ask.limit.get(), from.as_deref()).await?;
    let list = call.list(app, page, &filters).await?;
    let of_currency = list.data.iter().filter(|entry| entry.lines.currency() == currency);
    let data = of_currency.map(|entry| line(entry, account)).collect();
    Ok(Statement {
        account,
        normal_side: side,
        currency,
        period: period.clone(),
        opening,
        debit: within.debit,
        credit: within.credit,
        closing,
        data,
        has_more: list.has_more,
        next_cursor: list.next_cursor,
    })
}

fn line(entry: &Entry, account: Account) -> StatementLine {
    StatementLine {
        entry: entry.id,
        at: entry.at,
        event: entry.event,
        kind: entry.kind.clone(),
        order: entry.order,
        debit: entry.lines.amount(account, Side::Debit),
        credit: entry.lines.amount(account, Side::Credit),
    }
}
