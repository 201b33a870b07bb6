//! A store's table of taxes in the state table: rows by country, so that a basket reads those of one.

use super::{ChangeTaxRate, NewTaxRate, TaxRate};
use crate::{
    contact::Country,
    http::{Call, CommitError, ETag, Nothing, Problem, Reply},
    id::TaxRateId,
    limit::Bounded,
    runtime::App,
    store::{Page, Query, StoreError, Write, keys},
    tenant::Tenant,
};

/// Rows of a store's table.
pub(super) const BOUNDED: Bounded = Bounded { what: "tax-rates", most: 1000 };

/// More rows than a table has.
const ALL: usize = 1001;

/// The rows of one country.
pub(super) async fn of_country(
    app: &App,
    tenant: Tenant,
    country: &Country,
) -> Result<Vec<TaxRate>, StoreError> {
    let query = Query::partition(keys::tax_rates(tenant)).strongly();
    // `0` comes right after the slash.
    let query = query.at_least(format!("{country}/")).at_most(format!("{country}0"));
    Ok(query.page(app, "tax_rate", ALL, None).await?.items)
}

/// All rows.
pub(super) async fn all(app: &App, tenant: Tenant) -> Result<Vec<TaxRate>, StoreError> {
    let query = Query::partition(keys::tax_rates(tenant)).strongly();
    Ok(query.page(app, "tax_rate", ALL, None).await?.items)
}

/// The row `id`. Its country is not known, so the table is searched: only staff ask this way, and it is short.
///
/// # Errors
/// [`StoreError`].
pub async fn get(app: &App, tenant: Tenant, id: TaxRateId) -> Result<Option<TaxRate>, StoreError> {
    let query = Query::partition(keys::tax_rates(tenant)).strongly().only("id", &id.to_string()).look_at(ALL);
    Ok(query.page(app, "tax_rate", 1, None).await?.items.into_iter().next())
}

/// A page of the rows, by country, then by age; of one country where it is given.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    app: &App,
    tenant: Tenant,
    country: Option<&Country>,
    limit: usize,
    from: Option<&[(String, String)]>,
) -> Result<Page<TaxRate>, StoreError> {
    let mut query = Query::partition(keys::tax_rates(tenant));
    if let Some(country) = country {
        query = query.at_least(format!("{country}/")).at_most(format!("{country}0"));
    }
    query.page(app, "tax_rate", limit, from).await
}

/// A row as it is answered.
pub fn view(rate: &TaxRate) -> Reply<TaxRate> {
    Reply::ok(rate.clone()).etag(ETag::of_version(rate.version))
}

/// The write that adds a row.
pub(super) fn addition(tenant: Tenant, rate: &TaxRate) -> Result<Write, StoreError> {
    Write::create("tax_rate", keys::tax_rate(tenant, rate.place.country.as_str(), rate.id), rate)
}

/// Adds a row.
///
/// # Errors
/// 422, or 409 where there are as many as there may be.
pub async fn create(app: &App, call: &Call<NewTaxRate>) -> Result<Reply<TaxRate>, Problem> {
    let tenant = call.tenant()?;
    let rate = TaxRate::new(TaxRateId::new(app), call.body.clone(), app.now())?;
    let writes = vec![addition(tenant, &rate)?, BOUNDED.more(tenant, 1)];
    let reply = view(&rate).status_created(format!("/v1/tax-rates/{}", rate.id));
    let too_many = |error: CommitError| if error.refused(1) { BOUNDED.exceeded() } else { error.into() };
    call.commit(app, writes, reply).await.map_err(too_many)
}

/// Changes a row.
///
/// # Errors
/// 404, 422, 412 or 409.
pub async fn change(app: &App, call: &Call<ChangeTaxRate>) -> Result<Reply<TaxRate>, Problem> {
    let tenant = call.tenant()?;
    let old = get(app, tenant, call.path("id")?).await?.ok_or_else(Problem::not_found)?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    let new = old.changed(call.body.clone(), app.now())?;
    let key = keys::tax_rate(tenant, new.place.country.as_str(), new.id);
    let write = unchanged(Write::put("tax_rate", key, &new)?, &old).replacing("tax_rate", &old)?;
    let reply = view(&new);
    Ok(call.commit(app, vec![write], reply).await?)
}

/// Removes a row. Orders that it taxed tell its name and rate themselves.
///
/// # Errors
/// 404, 412 or 409.
pub async fn remove(app: &App, call: &Call) -> Result<Reply<Nothing>, Problem> {
    let tenant = call.tenant()?;
    let old = get(app, tenant, call.path("id")?).await?.ok_or_else(Problem::not_found)?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    let key = keys::tax_rate(tenant, old.place.country.as_str(), old.id);
    let delete = unchanged(Write::delete(key), &old).replacing("tax_rate", &old)?;
    Ok(call.commit(app, vec![delete, BOUNDED.one_less(tenant)], Reply::empty()).await?)
}

fn unchanged(write: Write, old: &TaxRate) -> Write {
    write.when("#version = :read").name("#version", "version").number(":read", old.version)
}
