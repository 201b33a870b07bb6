//! A store's table of taxes.

use serde::Deserialize;
use souk::{
    audit::Action,
    contact::Country,
    http::{Call, Keys, Limit, List, Nothing, Problem, Reply, Routes, delete, get, patch, post},
    principal::Scope,
    runtime::{App, Function},
    tax::{self, ChangeTaxRate, ImportTaxRates, NewTaxRate, TaxRate},
};
use utoipa::IntoParams;

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ListTaxRates {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only those of this country.
    #[param(value_type = Option<String>)]
    country: Option<Country>,
}

/// The function.
pub fn function() -> Function {
    let (reads, writes) = (Scope::SettingsRead, Scope::SettingsWrite);
    Routes::new()
        .on(get("/v1/tax-rates", "List tax rates").needs(reads), list)
        .on(
            post("/v1/tax-rates", "Add a tax rate")
                .needs(writes)
                .audited(Action::TaxRateCreated)
                .answers(&[201]),
            |app: App, call: Call<NewTaxRate>| async move { tax::create(&app, &call).await },
        )
        .on(
            post("/v1/tax-rates/import", "Import a table of tax rates")
                .needs(writes)
                .audited(Action::TaxRatesImported),
            |app: App, call: Call<ImportTaxRates>| async move { tax::import(&app, &call).await },
        )
        .on(get("/v1/tax-rates/{id}", "Read a tax rate").needs(reads).answers(&[200, 304]), read)
        .on(
            patch("/v1/tax-rates/{id}", "Change a tax rate").needs(writes).audited(Action::TaxRateUpdated),
            |app: App, call: Call<ChangeTaxRate>| async move { tax::change(&app, &call).await },
        )
        .on(
            delete("/v1/tax-rates/{id}", "Remove a tax rate")
                .needs(writes)
                .audited(Action::TaxRateRemoved)
                .idempotency(Keys::Ignored)
                .answers(&[204]),
            |app: App, call: Call| async move { tax::remove(&app, &call).await },
        )
        .function("tax-rates")
}

async fn list(app: App, call: Call<Nothing, ListTaxRates>) -> Result<Reply<List<TaxRate>>, Problem> {
    let (ask, country) = (&call.query, call.query.country.as_ref());
    let filters = format!("{country:?}");
    let from = call.position(&app, ask.cursor.as_deref(), &filters).await?;
    let page = tax::list(&app, call.tenant()?, country, ask.limit.get(), from.as_deref()).await?;
    Ok(Reply::ok(call.list(&app, page, &filters).await?))
}

async fn read(app: App, call: Call) -> Result<Reply<TaxRate>, Problem> {
    let found = tax::get(&app, call.tenant()?, call.path("id")?).await?;
    Ok(tax::view(&found.ok_or_else(Problem::not_found)?))
}
