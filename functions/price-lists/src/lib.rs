//! Price lists and their entries.

use serde::Deserialize;
use souk::{
    audit::Action,
    http::{Call, Keys, Limit, List, Nothing, Problem, Reply, Routes, delete, get, patch, post},
    id::PriceListId,
    price_list::{self, ChangeEntries, ChangePriceList, Entry, ListStatus, NewPriceList, PriceList},
    principal::Scope,
    runtime::{App, Function},
};
use utoipa::IntoParams;

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ListPriceLists {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// `archived`, for those that no longer count.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    status: ListStatus,
}

/// Which entries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ListEntries {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The function. Who may read a list sees what others pay, so that reading needs the same right as writing.
pub fn function() -> Function {
    let right = Scope::CatalogWrite;
    Routes::new()
        .on(get("/v1/price-lists", "List price lists").needs(right), list)
        .on(
            post("/v1/price-lists", "Create a price list")
                .needs(right)
                .audited(Action::PriceListCreated)
                .answers(&[201]),
            |app: App, call: Call<NewPriceList>| async move { price_list::create(&app, &call).await },
        )
        .on(get("/v1/price-lists/{id}", "Read a price list").needs(right).answers(&[200, 304]), read)
        .on(
            patch("/v1/price-lists/{id}", "Change a price list")
                .needs(right)
                .audited(Action::PriceListUpdated),
            |app: App, call: Call<ChangePriceList>| async move { price_list::change(&app, &call).await },
        )
        .on(
            delete("/v1/price-lists/{id}", "Archive a price list")
                .needs(right)
                .audited(Action::PriceListArchived)
                .idempotency(Keys::Ignored)
                .answers(&[204]),
            |app: App, call: Call| async move { price_list::archive(&app, &call).await },
        )
        .on(get("/v1/price-lists/{id}/entries", "List a price list's entries").needs(right), entries)
        .on(
            patch("/v1/price-lists/{id}/entries", "Set and remove entries of a price list")
                .needs(right)
                .audited(Action::PricesUpdated),
            |app: App, call: Call<ChangeEntries>| async move { price_list::change_entries(&app, &call).await },
        )
        .function("price-lists")
}

async fn list(app: App, call: Call<Nothing, ListPriceLists>) -> Result<Reply<List<PriceList>>, Problem> {
    let ask = &call.query;
    let filters = format!("{:?}", ask.status);
    let from = call.position(&app, ask.cursor.as_deref(), &filters).await?;
    let page = price_list::list(&app, call.tenant()?, ask.status, ask.limit.get(), from.as_deref()).await?;
    Ok(Reply::ok(call.list(&app, page, &filters).await?))
}

async fn read(app: App, call: Call) -> Result<Reply<PriceList>, Problem> {
    let found = price_list::get(&app, call.tenant()?, call.path("id")?).await?;
    Ok(price_list::view(&found.ok_or_else(Problem::not_found)?))
}

async fn entries(app: App, call: Call<Nothing, ListEntries>) -> Result<Reply<List<Entry>>, Problem> {
    let (tenant, id) = (call.tenant()?, call.path::<PriceListId>("id")?);
    let ask = &call.query;
    let from = call.position(&app, ask.cursor.as_deref(), "").await?;
    price_list::get(&app, tenant, id).await?.ok_or_else(Problem::not_found)?;
    let page = price_list::entries(&app, tenant, id, ask.limit.get(), from.as_deref()).await?;
    Ok(Reply::ok(call.list(&app, page, "").await?))
}
