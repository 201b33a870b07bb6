//! Shipping zones in the state table: each with its methods in it.

use super::{ChangeZone, NewZone, Zone};
use crate::{
    contact::LocationId,
    http::{Call, CommitError, ETag, Nothing, Problem, Reply},
    id::{ShippingMethodId, ShippingZoneId},
    identity::StoreProfile,
    limit::Bounded,
    runtime::App,
    store::{self, Page, Query, StoreError, Table, Write, keys},
    tenant::Tenant,
};

/// Zones of a store.
const BOUNDED: Bounded = Bounded { what: "shipping-zones", most: 50 };

/// All zones of a store, by age.
///
/// # Errors
/// [`StoreError`].
pub async fn zones(app: &App, tenant: Tenant) -> Result<Vec<Zone>, StoreError> {
    store::query_all(app, "shipping_zone", Table::State, &keys::shipping_zones(tenant)).await
}

/// The zone `id`.
///
/// # Errors
/// [`StoreError`].
pub async fn get(app: &App, tenant: Tenant, id: ShippingZoneId) -> Result<Option<Zone>, StoreError> {
    store::get(app, "shipping_zone", &keys::shipping_zone(tenant, id)).await
}

/// A page of a store's zones, by age.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    app: &App,
    tenant: Tenant,
    limit: usize,
    from: Option<&[(String, String)]>,
) -> Result<Page<Zone>, StoreError> {
    Query::partition(keys::shipping_zones(tenant)).page(app, "shipping_zone", limit, from).await
}

/// A zone as it is answered.
pub fn view(zone: &Zone) -> Reply<Zone> {
    Reply::ok(zone.clone()).etag(ETag::of_version(zone.version))
}

/// Creates a zone.
///
/// # Errors
/// 422, or 409 where there are as many as there may be.
pub async fn create(app: &App, call: &Call<NewZone>) -> Result<Reply<Zone>, Problem> {
    let tenant = call.tenant()?;
    let locations = locations(app, tenant).await?;
    let next = || ShippingMethodId::new(app);
    let zone = Zone::new(ShippingZoneId::new(app), call.body.clone(), &locations, next, app.now())?;
    let writes = vec![
        Write::create("shipping_zone", keys::shipping_zone(tenant, zone.id), &zone)?,
        BOUNDED.more(tenant, 1),
    ];
    let reply = view(&zone).status_created(format!("/v1/shipping/zones/{}", zone.id));
    let too_many = |error: CommitError| if error.refused(1) { BOUNDED.exceeded() } else { error.into() };
    call.commit(app, writes, reply).await.map_err(too_many)
}

/// Changes a zone.
///
/// # Errors
/// 404, 422, 412 or 409.
pub async fn change(app: &App, call: &Call<ChangeZone>) -> Result<Reply<Zone>, Problem> {
    let tenant = call.tenant()?;
    let old = get(app, tenant, call.path("id")?).await?.ok_or_else(Problem::not_found)?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    let locations = locations(app, tenant).await?;
    let new = old.changed(call.body.clone(), &locations, || ShippingMethodId::new(app), app.now())?;
    let write = unchanged(Write::put("shipping_zone", keys::shipping_zone(tenant, new.id), &new)?, &old)
        .replacing("shipping_zone", &old)?;
    let reply = view(&new);
    Ok(call.commit(app, vec![write], reply).await?)
}

/// Removes a zone. Orders that were sent by its methods tell their names themselves.
///
/// # Errors
/// 404, 412 or 409.
pub async fn remove(app: &App, call: &Call) -> Result<Reply<Nothing>, Problem> {
    let tenant = call.tenant()?;
    let old = get(app, tenant, call.path("id")?).await?.ok_or_else(Problem::not_found)?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    let delete = unchanged(Write::delete(keys::shipping_zone(tenant, old.id)), &old)
        .replacing("shipping_zone", &old)?;
    Ok(call.commit(app, vec![delete, BOUNDED.one_less(tenant)], Reply::empty()).await?)
}

fn unchanged(write: Write, old: &Zone) -> Write {
    write.when("#version = :read").name("#version", "version").number(":read", old.version)
}

/// Where goods can be picked up.
async fn locations(app: &App, tenant: Tenant) -> Result<Vec<LocationId>, Problem> {
    let profile = StoreProfile::of(app, tenant).await?;
    Ok(profile.locations.into_iter().map(|location| location.id).collect())
}
