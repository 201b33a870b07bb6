//! Products in the state table: the product, a mark for each tag, an offer for each SKU, always together.

use serde::{Deserialize, Serialize};

use super::{Offer, Product, ProductStatus, Sku};
use crate::{
    http::{Call, Code, CommitError, Problem, Reply},
    id::ProductId,
    limit::usage::{self, Change},
    runtime::App,
    store::{self, Page, Query, StoreError, Write, keys},
    tenant::Tenant,
};

/// The mark that a product has a tag.
#[derive(Serialize, Deserialize)]
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

/// Creates `product` and answers `reply`.
///
/// # Errors
/// 409, where a SKU is another product's.
pub async fn create<B, Q, R: Serialize>(
    app: &App,
    call: &Call<B, Q>,
    product: &Product,
    reply: Reply<R>,
) -> Result<Reply<R>, Problem> {
    let writes = creation(call.tenant()?, product)?;
    let skus: Vec<Sku> = product.variants.iter().map(|variant| variant.sku.clone()).collect();
    commit(app, call, writes, &skus, used(product)?, reply).await
}

/// The writes that create `product`, all together or none: the product's, those of its offers, those of its tags.
///
/// # Errors
/// [`StoreError`] where it makes no item.
pub fn creation(tenant: Tenant, product: &Product) -> Result<Vec<Write>, StoreError> {
    let mut writes = vec![Write::create("product", keys::product(tenant, product.id), product)?];
    for offer in product.offers() {
        writes.push(Write::create("offer", keys::offer(tenant, offer.variant.sku.as_str()), &offer)?);
    }
    for tag in &product.tags {
        writes.push(tagged(tenant, tag.as_str(), product)?);
    }
    Ok(writes)
}

/// Puts `new` in place of `old` and answers `reply`.
///
/// # Errors
/// 409, where somebody else changed it meanwhile or a SKU is another product's.
pub async fn replace<B, Q, R: Serialize>(
    app: &App,
    call: &Call<B, Q>,
    old: &Product,
    new: &Product,
    reply: Reply<R>,
) -> Result<Reply<R>, Problem> {
    let (writes, skus) = replacement(call.tenant()?, old, new)?;
    let (before, after) = (used(old)?, used(new)?);
    let change = Change { products: after.products - before.products, bytes: after.bytes - before.bytes };
    commit(app, call, writes, &skus, change, reply).await
}

/// What a product uses of the store's quotas.
fn used(product: &Product) -> Result<Change, Problem> {
    let bytes = serde_json::to_vec(product).map_err(Problem::internal)?.len();
    let products = i64::from(product.status == ProductStatus::Active);
    Ok(Change { products, bytes: i64::try_from(bytes).unwrap_or(i64::MAX) })
}

/// Commits `writes` and counts what they use, together.
async fn commit<B, Q, R: Serialize>(
    app: &App,
    call: &Call<B, Q>,
    mut writes: Vec<Write>,
    skus: &[Sku],
    change: Change,
    reply: Reply<R>,
) -> Result<Reply<R>, Problem> {
    let place = writes.len();
    writes.extend(usage::counted(app, call.tenant()?, change).await?);
    call.commit(app, writes, reply).await.map_err(|error| {
        // Without a quota the count has no condition, and can't be refused.
        if error.refused(place) { usage::exceeded() } else { sku_taken(error, skus) }
    })
}

/// The writes that put `new` in place of `old`, and the SKUs whose offers stand from the second write on.
fn replacement(tenant: Tenant, old: &Product, new: &Product) -> Result<(Vec<Write>, Vec<Sku>), StoreError> {
    let product = Write::put("product", keys::product(tenant, new.id), new)?
        .when("#version = :read")
        .name("#version", "version")
        .number(":read", old.version)
        .replacing("product", old)?;
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
