//! How much there is of each SKU, and where.

use souk::{
    audit::Action,
    catalog::{self, Sku},
    http::{Call, Code, Keys, Problem, Reply, Routes, get, patch, post},
    identity::StoreProfile,
    inventory::{self, ChangeStock, Movement, NewMovement, StockView},
    principal::Scope,
    runtime::{App, Function},
    tenant::Tenant,
};

/// The function.
pub fn function() -> Function {
    Routes::new()
        .on(
            get("/v1/stock/{sku}", "Read the stock of a SKU").needs(Scope::StockRead).answers(&[200, 304]),
            read,
        )
        .on(
            patch("/v1/stock/{sku}", "Spread the stock of a SKU over buckets")
                .needs(Scope::StockWrite)
                .audited(Action::StockSpread)
                .idempotency(Keys::Required),
            spread,
        )
        .on(
            post("/v1/stock/{sku}/movements", "Receive, adjust or count stock")
                .needs(Scope::StockWrite)
                .audited(Action::StockMoved)
                .idempotency(Keys::Required)
                .answers(&[201]),
            r#move,
        )
        .function("stock")
}

async fn read(app: App, call: Call) -> Result<Reply<StockView>, Problem> {
    let (tenant, sku) = (call.tenant()?, call.path::<Sku>("sku")?);
    let stock = inventory::read(&app, tenant, &sku).await?;
    if stock.is_none() {
        must_be_sold(&app, tenant, &sku).await?;
    }
    let locations = StoreProfile::of(&app, tenant).await?.location_ids();
    Ok(inventory::view(&sku, &stock.unwrap_or_default(), &locations))
}

async fn spread(app: App, call: Call<ChangeStock>) -> Result<Reply<StockView>, Problem> {
    let (tenant, sku) = (call.tenant()?, call.path::<Sku>("sku")?);
    must_be_sold(&app, tenant, &sku).await?;
    let locations = StoreProfile::of(&app, tenant).await?.location_ids();
    inventory::spread(&app, &call, &sku, &locations).await
}

async fn r#move(app: App, call: Call<NewMovement>) -> Result<Reply<Movement>, Problem> {
    let (tenant, sku) = (call.tenant()?, call.path::<Sku>("sku")?);
    must_be_sold(&app, tenant, &sku).await?;
    let location = &call.body.location;
    if !StoreProfile::of(&app, tenant).await?.has_location(location) {
        let detail = format!("The store has no location {location}.");
        return Err(Problem::new(Code::UnknownLocation, detail).at("location"));
    }
    inventory::record(&app, &call, &sku).await
}

/// Stock is kept of what some product has as a variant, for sale or not.
async fn must_be_sold(app: &App, tenant: Tenant, sku: &Sku) -> Result<(), Problem> {
    let offers = catalog::offers(app, tenant, std::slice::from_ref(sku)).await?;
    offers.into_iter().flatten().next().map(drop).ok_or_else(Problem::not_found)
}
