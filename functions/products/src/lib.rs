//! The catalog: products and their variants.

use std::slice;

use jiff::SignedDuration;
use serde::Deserialize;
use souk::{
    audit::Action,
    catalog::{self, ChangeProduct, NewProduct, Product, ProductStatus, ProductView},
    contact::Tag,
    display::{self, Display},
    http::{Call, ETag, Keys, Limit, List, Nothing, Problem, Reply, Routes, delete, get, patch, post},
    id::ProductId,
    money::Currency,
    principal::Scope,
    runtime::{App, Function},
    tenant::Tenant,
};
use utoipa::IntoParams;

/// Storefronts may show a product for so long after it changed.
const BRIEFLY: &str = "public, max-age=10, stale-while-revalidate=50";

/// Where many look at the same page at once, it is put together once in so long: much less than what they may keep it
/// for.
const REMEMBERED: SignedDuration = SignedDuration::from_millis(500);
/// What remembered pages are called.
const PAGES: &str = "products ";
/// Longer pages are not remembered: they are a machine's, and take memory.
const SHORT: usize = 25;

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ListProducts {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only products with this tag.
    #[param(value_type = Option<String>)]
    tag: Option<Tag>,
    /// Prices in this currency; the store's where absent.
    #[param(value_type = Option<String>)]
    currency: Option<Currency>,
    /// `archived`, for those no longer sold. Needs `catalog:write`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    status: ProductStatus,
}

/// How to show a product.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ShowProduct {
    /// Prices in this currency; the store's where absent.
    #[param(value_type = Option<String>)]
    currency: Option<Currency>,
}

/// The function.
pub fn function() -> Function {
    Routes::new()
        .on(get("/v1/products", "List products").needs(Scope::CatalogRead), list)
        .on(
            post("/v1/products", "Create a product")
                .needs(Scope::CatalogWrite)
                .audited(Action::ProductCreated)
                .answers(&[201]),
            create,
        )
        .on(get("/v1/products/{id}", "Read a product").needs(Scope::CatalogRead).answers(&[200, 304]), read)
        .on(
            patch("/v1/products/{id}", "Change a product")
                .needs(Scope::CatalogWrite)
                .audited(Action::ProductUpdated),
            change,
        )
        .on(
            delete("/v1/products/{id}", "Archive a product")
                .needs(Scope::CatalogWrite)
                .audited(Action::ProductArchived)
                .idempotency(Keys::Ignored)
                .answers(&[204]),
            archive,
        )
        .function("products")
}

async fn list(app: App, call: Call<Nothing, ListProducts>) -> Result<Reply<List<ProductView>>, Problem> {
    let (tenant, ask) = (call.tenant()?, &call.query);
    if ask.status == ProductStatus::Archived && !call.may(Scope::CatalogWrite) {
        return Err(Problem::missing_scope(Scope::CatalogWrite));
    }
    // Who changes products sees at once what became of it.
    if call.may(Scope::CatalogWrite) || ask.cursor.is_some() || ask.limit.get() > SHORT {
        return Ok(Reply::ok(page(&app, &call).await?).cache(BRIEFLY));
    }
    let name = format!("{PAGES}{:?} {:?} {}", ask.tag, ask.currency, ask.limit.get());
    let list = match app.tenant_memo().get::<List<ProductView>>(tenant, &name, app.now(), REMEMBERED) {
        Some(list) => list,
        None => app.tenant_memo().put(tenant, &name, app.now(), page(&app, &call).await?),
    };
    Ok(Reply::ok(List::clone(&list)).cache(BRIEFLY))
}

async fn page(app: &App, call: &Call<Nothing, ListProducts>) -> Result<List<ProductView>, Problem> {
    let (tenant, ask) = (call.tenant()?, &call.query);
    let tag = ask.tag.as_ref().map(Tag::as_str);
    let filters = format!("{tag:?} {:?}", ask.status);
    let from = call.position(app, ask.cursor.as_deref(), &filters).await?;
    let page = catalog::list(app, tenant, tag, ask.status, ask.limit.get(), from.as_deref()).await?;
    let List { data, has_more, next_cursor } = call.list(app, page, &filters).await?;
    let display = Display::of(&app.showing(), tenant, &data).await?;
    Ok(List { data: display.show(data, ask.currency).await?, has_more, next_cursor })
}

async fn read(app: App, call: Call<Nothing, ShowProduct>) -> Result<Reply<ProductView>, Problem> {
    // Who changes products sees at once what became of it.
    let all = call.may(Scope::CatalogWrite);
    let app = if all { app } else { app.showing() };
    let found = display::product(&app, call.tenant()?, call.path::<ProductId>("id")?).await?;
    let found = found.filter(|(product, _)| product.status == ProductStatus::Active || all);
    let (product, display) = found.ok_or_else(Problem::not_found)?;
    Ok(one(product, &display, call.query.currency).await?.cache(BRIEFLY))
}

async fn create(app: App, call: Call<NewProduct>) -> Result<Reply<ProductView>, Problem> {
    let product = Product::new(ProductId::new(&app), call.body.clone(), app.now())?;
    let reply = answer(&app, call.tenant()?, &product).await?;
    let reply = reply.status_created(format!("/v1/products/{}", product.id));
    changed(&app, call.tenant()?, catalog::create(&app, &call, &product, reply).await)
}

async fn change(app: App, call: Call<ChangeProduct>) -> Result<Reply<ProductView>, Problem> {
    let (tenant, id) = (call.tenant()?, call.path::<ProductId>("id")?);
    let old = catalog::get(&app, tenant, id).await?.ok_or_else(Problem::not_found)?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    let new = old.changed(call.body.clone(), app.now())?;
    let reply = answer(&app, tenant, &new).await?;
    changed(&app, tenant, catalog::replace(&app, &call, &old, &new, reply).await)
}

async fn archive(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    let old = catalog::get(&app, call.tenant()?, call.path("id")?).await?.ok_or_else(Problem::not_found)?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    let new = old.archived(app.now());
    if new.version == old.version {
        return Ok(Reply::empty());
    }
    changed(&app, call.tenant()?, catalog::replace(&app, &call, &old, &new, Reply::empty()).await)
}

/// Hands on what came of a change. What this environment remembers from before it is forgotten.
fn changed<T>(app: &App, tenant: Tenant, outcome: T) -> T {
    app.tenant_memo().forget_all(tenant, PAGES);
    outcome
}

/// What a change of a product is answered with.
async fn answer(app: &App, tenant: Tenant, product: &Product) -> Result<Reply<ProductView>, Problem> {
    let display = Display::of(&app.showing(), tenant, slice::from_ref(product)).await?;
    one(product.clone(), &display, None).await
}

/// One product, tagged by its version and by what the rest of the page shows of stock and currency.
async fn one(
    product: Product,
    display: &Display,
    currency: Option<Currency>,
) -> Result<Reply<ProductView>, Problem> {
    let version = product.version;
    let view = display.show(vec![product], currency).await?.into_iter().next();
    let view = view.ok_or_else(Problem::not_found)?;
    let rest: Vec<_> = view.variants.iter().map(|variant| (variant.price, variant.available)).collect();
    Ok(Reply::ok(view).etag(ETag::of_version(version).with(&format!("{rest:?}"))))
}
