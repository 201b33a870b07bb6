//! Products in the state table: the product, a mark for each tag, an offer for each SKU, always together.

use serde::Deserialize;

use super::{NewProduct, Offer, Product, ProductStatus, Sku, product::ChangeProduct};
use crate::{
    http::{Call, Code, CommitError, ETag, Problem, Reply},
    id::ProductId,
    runtime::App,
    store::{self, Page, Query, StoreError, Write, keys},
    tenant::Tenant,
};

/// The mark that a product has a tag.
#[derive(serde::Serialize, Deserialize)]
struct Tagged {
    id: ProductId,
}

/// The product `id`, archived or not.
///
/// # Errors
/// [`StoreError`].
pub async fn get(app: &App, tenant: Tenant, id: ProductId) -> Result<Option<Product>, StoreError> {
    store::get(app, "product", &keys::product(tenant, id)).await
}

/// What is offered under each of `skus`, in their order, `None` where nothing is.
///
/// # Errors
/// [`StoreError`].
pub async fn offers(app: &App, tenant: Tenant, skus: &[Sku]) -> Result<Vec<Option<Offer>>, StoreError> {
    let keys: Vec<_> = skus.iter().map(|sku| keys::offer(tenant, sku.as_str())).collect();
    store::get_many(app, "offer", &keys, true).await
}

/// A page of the products with this status, all or those with a tag, by age.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    app: &App,
    tenant: Tenant,
    tag: Option<&str>,
    status: ProductStatus,
    limit: usize,
    from: Option<&[(String, String)]>,
) -> Result<Page<Product>, StoreError> {
    let Some(tag) = tag else {
        let query = Query::partition(keys::products(tenant)).only("status", status.as_str());
        return query.page(app, "product", limit, from).await;
    };
    let query = Query::partition(keys::tagged_products(tenant, tag)).only("status", status.as_str());
    let page: Page<Tagged> = query.page(app, "tag", limit, from).await?;
    let keys: Vec<_> = page.items.iter().map(|tagged| keys::product(tenant, tagged.id)).collect();
    let products = store::get_many::<Product>(app, "product", &keys, false).await?;
    let items = products.into_iter().flatten().filter(|product| product.status == status).collect();
    Ok(Page { items, next: page.next })
}

/// Creates a product and answers `reply` of it.
///
/// # Errors
/// 422 or 409, where the product breaks a rule or a SKU is another product's.
pub async fn create<R: serde::Serialize, Q>(
    app: &App,
    call: &Call<NewProduct, Q>,
    reply: impl FnOnce(&Product) -> Reply<R>,
) -> Result<Reply<R>, Problem> {
    let tenant = call.tenant()?;
    let product = Product::new(ProductId::new(app), call.body.clone(), app.now())?;
    let mut writes = vec![Write::create("product", keys::product(tenant, product.id), &product)?];
    let skus: Vec<Sku> = product.variants.iter().map(|variant| variant.sku.clone()).collect();
    for offer in product.offers() {
        writes.push(Write::create("offer", keys::offer(tenant, offer.variant.sku.as_str()), &offer)?);
    }
    for tag in &product.tags {
        writes.push(tagged(tenant, tag.as_str(), &product)?);
    }
    call.commit(app, writes, reply(&product)).await.map_err(|error| sku_taken(error, &skus))
}

/// Changes a product and answers `reply` of it.
///
/// # Errors
/// 404, 409, 412 or 422.
pub async fn update<R: serde::Serialize, Q>(
    app: &App,
    call: &Call<ChangeProduct, Q>,
    id: ProductId,
    reply: impl FnOnce(&Product) -> Reply<R>,
) -> Result<Reply<R>, Problem> {
    let tenant = call.tenant()?;
    let old = get(app, tenant, id).await?.ok_or_else(Problem::not_found)?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    let new = old.changed(call.body.clone(), app.now())?;
    let (writes, skus) = replace(tenant, &old, &new)?;
    call.commit(app, writes, reply(&new)).await.map_err(|error| sku_taken(error, &skus))
}

/// Takes a product from sale. Archiving an archived product changes nothing.
///
/// # Errors
/// 404, 409 or 412.
pub async fn archive<B, Q>(app: &App, call: &Call<B, Q>, id: ProductId) -> Result<(), Problem> {
    let tenant = call.tenant()?;
    let old = get(app, tenant, id).await?.ok_or_else(Problem::not_found)?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    if old.status == ProductStatus::Archived {
        return Ok(());
    }
    let mut new = old.clone();
    new.status = ProductStatus::Archived;
    new.version += 1;
    new.updated_at = app.now();
    let (writes, _) = replace(tenant, &old, &new)?;
    store::commit(app, writes).await?;
    Ok(())
}

/// The writes that put `new` in place of `old`, and the SKUs whose offers stand from the second write on.
fn replace(tenant: Tenant, old: &Product, new: &Product) -> Result<(Vec<Write>, Vec<Sku>), StoreError> {
    let product = Write::put("product", keys::product(tenant, new.id), new)?
        .when("#version = :read")
        .name("#version", "version")
        .number(":read", old.version);
    let mut writes = vec![product];
    let mut skus = Vec::new();
    for offer in new.offers() {
        let key = keys::offer(tenant, offer.variant.sku.as_str());
        let write = Write::put("offer", key, &offer)?
            .when("attribute_not_exists(pk) OR product = :product")
            .text(":product", new.id.to_string());
        writes.push(write);
        skus.push(offer.variant.sku);
    }
    for variant in &old.variants {
        if !skus.contains(&variant.sku) {
            writes.push(Write::delete(keys::offer(tenant, variant.sku.as_str())));
        }
    }
    for tag in &new.tags {
        if !old.tags.contains(tag) || old.status != new.status {
            writes.push(tagged(tenant, tag.as_str(), new)?);
        }
    }
    for tag in old.tags.difference(&new.tags) {
        writes.push(Write::delete(keys::product_tag(tenant, tag.as_str(), new.id)));
    }
    Ok((writes, skus))
}

fn tagged(tenant: Tenant, tag: &str, product: &Product) -> Result<Write, StoreError> {
    let mark = Tagged { id: product.id };
    let status = aws_sdk_dynamodb::types::AttributeValue::S(product.status.as_str().to_owned());
    Ok(Write::put("tag", keys::product_tag(tenant, tag, product.id), &mark)?.with("status", status))
}

/// The first write is the product's, the following ones are the offers'.
fn sku_taken(error: CommitError, skus: &[Sku]) -> Problem {
    let taken = (0..skus.len()).find(|place| error.refused(place + 1));
    match taken {
        Some(place) => Problem::new(Code::SkuTaken, format!("The SKU {} is another product's.", skus[place]))
            .at(format!("variants[{place}].sku")),
        None => error.into(),
    }
}
