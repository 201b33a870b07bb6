//! Price lists and their entries in the state table. The lists that count lie together and are few, so that a cart's
//! prices are one query for them and batches of entries.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ChangePriceList, Entry, EntryInput, ListStatus, NewPriceList, PriceList, Prices};
use crate::{
    catalog::Sku,
    http::{Call, ETag, Nothing, Problem, Reply},
    id::PriceListId,
    limit::Bounded,
    money::Currency,
    pricing::CustomerGroup,
    runtime::App,
    store::{self, Edition, Page, Query, StoreError, Table, Write, keys},
    tenant::Tenant,
};

/// The lists that count.
const BOUNDED: Bounded = Bounded { what: "price-lists", most: 20 };
/// Entries that one request may set and remove: a transaction has 100 writes, some of which are not theirs.
const MOST_ENTRIES: usize = 90;

/// What to set and remove of a list's entries, all of it or nothing.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEntries {
    /// What to set, in place of what is there. With `remove`, 1 to 90.
    #[serde(default)]
    pub set: Vec<EntryInput>,
    /// What to remove.
    #[serde(default)]
    pub remove: Vec<Sku>,
}

/// What was set and removed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChangedEntries {
    /// What was set.
    pub set: Vec<Entry>,
    /// What was removed.
    pub remove: Vec<Sku>,
}

/// The prices of `skus` by the lists of an edition, for whoever is of `group` and pays in `currency`, at `at`.
///
/// # Errors
/// [`StoreError`].
pub async fn load(
    app: &App,
    edition: &Edition,
    currency: Currency,
    skus: &[Sku],
    group: Option<&CustomerGroup>,
    at: jiff::Timestamp,
) -> Result<Prices, StoreError> {
    let tenant = edition.tenant();
    let all = keys::price_lists(tenant);
    let all = store::query_all(edition.app(), "price_list", Table::State, &all);
    let all: Arc<Vec<PriceList>> = edition.rules("price-lists", all).await?;
    let lists: Vec<PriceList> =
        all.iter().filter(|list| list.applies(currency, group, at)).cloned().collect();
    let key = |list: PriceListId| skus.iter().map(move |sku| keys::price_entry(tenant, list, sku.as_str()));
    let keys: Vec<_> = lists.iter().flat_map(|list| key(list.id)).collect();
    let entries = store::get_many(app, "price", &keys, true).await?.into_iter().flatten().collect();
    Ok(Prices { currency, lists, entries, group: group.cloned(), at })
}

/// The list `id`, archived or not.
///
/// # Errors
/// [`StoreError`].
pub async fn get(app: &App, tenant: Tenant, id: PriceListId) -> Result<Option<PriceList>, StoreError> {
    match store::get(app, "price_list", &keys::price_list(tenant, id)).await? {
        Some(list) => Ok(Some(list)),
        None => store::get(app, "price_list", &keys::archived_price_list(tenant, id)).await,
    }
}

/// A page of the lists with this status, by age.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    app: &App,
    tenant: Tenant,
    status: ListStatus,
    limit: usize,
    from: Option<&[(String, String)]>,
) -> Result<Page<PriceList>, StoreError> {
    let partition = match status {
        ListStatus::Active => keys::price_lists(tenant),
        ListStatus::Archived => keys::archived_price_lists(tenant),
    };
    Query::partition(partition).page(app, "price_list", limit, from).await
}

/// A list as it is answered.
pub fn view(list: &PriceList) -> Reply<PriceList> {
    Reply::ok(list.clone()).etag(ETag::of_version(list.version))
}

/// Creates a list.
///
/// # Errors
/// 422, or 409 where there are as many as there may be.
pub async fn create(app: &App, call: &Call<NewPriceList>) -> Result<Reply<PriceList>, Problem> {
    let tenant = call.tenant()?;
    let list = PriceList::new(PriceListId::new(app), call.body.clone(), app.now())?;
    let writes =
        vec![Write::create("price_list", keys::price_list(tenant, list.id), &list)?, BOUNDED.more(tenant, 1)];
    let reply = view(&list).status_created(format!("/v1/price-lists/{}", list.id));
    let too_many = |error: crate::http::CommitError| {
        if error.refused(1) { BOUNDED.exceeded() } else { error.into() }
    };
    call.commit(app, writes, reply).await.map_err(too_many)
}

/// Changes a list that counts.
///
/// # Errors
/// 404, 422, 412 or 409.
pub async fn change(app: &App, call: &Call<ChangePriceList>) -> Result<Reply<PriceList>, Problem> {
    let tenant = call.tenant()?;
    let old = counting(app, call).await?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    let new = old.changed(call.body.clone(), app.now())?;
    let write = unchanged(Write::put("price_list", keys::price_list(tenant, new.id), &new)?, &old)
        .replacing("price_list", &old)?;
    let reply = view(&new);
    Ok(call.commit(app, vec![write], reply).await?)
}

/// Archives a list: its prices no longer count. One that is archived stays as it is.
///
/// # Errors
/// 404, 412 or 409.
pub async fn archive(app: &App, call: &Call) -> Result<Reply<Nothing>, Problem> {
    let (tenant, id) = (call.tenant()?, call.path("id")?);
    let old = get(app, tenant, id).await?.ok_or_else(Problem::not_found)?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    if old.status == ListStatus::Archived {
        return Ok(Reply::empty());
    }
    let new = old.archived(app.now());
    let writes = vec![
        unchanged(Write::delete(keys::price_list(tenant, id)), &old),
        Write::create("price_list", keys::archived_price_list(tenant, id), &new)?
            .replacing("price_list", &old)?,
        BOUNDED.one_less(tenant),
    ];
    Ok(call.commit(app, writes, Reply::empty()).await?)
}

/// A page of a list's entries, by SKU.
///
/// # Errors
/// [`StoreError`].
pub async fn entries(
    app: &App,
    tenant: Tenant,
    id: PriceListId,
    limit: usize,
    from: Option<&[(String, String)]>,
) -> Result<Page<Entry>, StoreError> {
    Query::partition(keys::price_entries(tenant, id)).page(app, "price", limit, from).await
}

/// Sets and removes entries of a list that counts, all of them or none.
///
/// # Errors
/// 404, 422 or 409.
pub async fn change_entries(app: &App, call: &Call<ChangeEntries>) -> Result<Reply<ChangedEntries>, Problem> {
    let tenant = call.tenant()?;
    let list = counting(app, call).await?;
    let ChangeEntries { set, remove } = call.body.clone();
    if !(1..=MOST_ENTRIES).contains(&(set.len() + remove.len())) {
        let detail = format!("There must be 1 to {MOST_ENTRIES} entries to set and remove, together.");
        return Err(Problem::invalid("set", detail));
    }
    let mut seen = std::collections::BTreeSet::new();
    if let Some(twice) = set.iter().map(|entry| &entry.sku).chain(&remove).find(|sku| !seen.insert(*sku)) {
        return Err(Problem::invalid("set", format!("{twice} is there twice.")));
    }
    let mut writes = Vec::with_capacity(set.len() + remove.len());
    let mut entries = Vec::with_capacity(set.len());
    for (place, input) in set.into_iter().enumerate() {
        let entry = Entry::new(&list, input).map_err(|problem| problem.at(format!("set[{place}].tiers")))?;
        writes.push(Write::put("price", keys::price_entry(tenant, list.id, entry.sku.as_str()), &entry)?);
        entries.push(entry);
    }
    for sku in &remove {
        writes.push(Write::delete(keys::price_entry(tenant, list.id, sku.as_str())));
    }
    let reply = Reply::ok(ChangedEntries { set: entries, remove });
    Ok(call.commit(app, writes, reply).await?)
}

/// The list that the path names, which counts.
async fn counting<B>(app: &App, call: &Call<B>) -> Result<PriceList, Problem> {
    let key = keys::price_list(call.tenant()?, call.path("id")?);
    store::get(app, "price_list", &key).await?.ok_or_else(Problem::not_found)
}

fn unchanged(write: Write, old: &PriceList) -> Write {
    write.when("#version = :read").name("#version", "version").number(":read", old.version)
}
