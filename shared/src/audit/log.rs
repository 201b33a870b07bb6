//! Reading the chain.

use jiff::Timestamp;

use super::{Action, Actor, Entry, Head, entry::millis};
use crate::{
    runtime::App,
    store::{Page, Query, StoreError, Table, keys},
    tenant::Tenant,
};

/// How many entries a filtered page looks at in one round. With the ten rounds of [`Query::page`], no page looks at
/// more than 2,000 entries: what is rare is found over several pages, some of them short.
const LOOK: usize = 200;

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only what this one did.
    pub actor: Option<Actor>,
    /// Only this action.
    pub action: Option<Action>,
    /// Only what was done to this.
    pub resource: Option<String>,
    /// Only what was done from then on.
    pub from: Option<Timestamp>,
    /// Only what was done before then.
    pub to: Option<Timestamp>,
}

/// A page of the entries that `filter` lets through, newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn page(
    app: &App,
    tenant: Tenant,
    filter: &Filter,
    limit: usize,
    from: Option<&[(String, String)]>,
) -> Result<Page<Entry>, StoreError> {
    let mut query = Query::table(Table::Events, keys::audit_chain(tenant)).newest_first();
    let texts = [
        ("actor", filter.actor.map(|actor| actor.to_string())),
        ("action", filter.action.map(|action| action.to_string())),
        ("resource", filter.resource.clone()),
    ];
    for (attribute, value) in texts {
        if let Some(value) = value {
            query = query.only(attribute, &value).look_at(LOOK);
        }
    }
    if filter.from.is_some() || filter.to.is_some() {
        let text = |at: Option<Timestamp>| at.as_ref().map(millis::text);
        query = query.within("at", text(filter.from), text(filter.to)).look_at(LOOK);
    }
    query.page(app, "audit entry", limit, from).await
}

/// Up to `limit` entries after the first `seq` ones, oldest first, read strongly.
///
/// # Errors
/// [`StoreError`].
pub async fn tail(app: &App, tenant: Tenant, seq: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
    let after = keys::audit_entry(tenant, seq.saturating_add(1));
    let query = Query::table(Table::Events, keys::audit_chain(tenant)).at_least(after.sk()).strongly();
    Ok(query.page(app, "audit entry", limit, None).await?.items)
}

/// How far the chain of `tenant` goes.
///
/// # Errors
/// [`StoreError`].
pub async fn head(app: &App, tenant: Tenant) -> Result<Head, StoreError> {
    let query = Query::table(Table::Events, keys::audit_chain(tenant)).newest_first().strongly();
    let newest: Page<Entry> = query.page(app, "audit entry", 1, None).await?;
    Ok(newest.items.first().map_or(Head::START, Entry::head))
}
