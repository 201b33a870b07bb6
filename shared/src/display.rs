//! Products on display: in a currency, and with what there is of each SKU. Nothing is decided by that, so whoever only looks
//! reads by [`App::showing`], and all of it may be a moment old.

use std::{collections::BTreeMap, slice};

use jiff::SignedDuration;

use crate::{
    catalog::{self, Product, ProductView, Sku},
    http::Problem,
    id::ProductId,
    identity::StoreProfile,
    inventory,
    money::Currency,
    runtime::App,
    store::{Edition, StoreError, keys},
    tenant::Tenant,
};

/// How long an environment guesses that a product has the SKUs that it once saw it have.
const GUESSED: SignedDuration = SignedDuration::from_mins(30);

/// What products are shown with.
#[derive(Debug)]
pub struct Display {
    available: BTreeMap<Sku, u64>,
    /// Of the rules that say what the store's currency is.
    edition: Edition,
}

impl Display {
    /// What `products` are shown with, by one call.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(app: &App, tenant: Tenant, products: &[Product]) -> Result<Self, StoreError> {
        let skus = skus(products);
        let (found, edition) = Edition::beside(app, tenant, inventory::keys_of(tenant, &skus)).await?;
        Ok(Self { available: inventory::available_in(app, tenant, &skus, &found).await?, edition })
    }

    /// `products` in `currency`, or in the store's.
    ///
    /// # Errors
    /// [`Problem`], where the store's currency can't be read.
    pub async fn show(
        &self,
        products: Vec<Product>,
        currency: Option<Currency>,
    ) -> Result<Vec<ProductView>, Problem> {
        let currency = match currency {
            Some(currency) => currency,
            None => StoreProfile::under(&self.edition).await?.currency,
        };
        Ok(catalog::views(products, currency, &self.available))
    }
}

/// The product `id`, archived or not, and what it is shown with. That is one call, where this environment has seen which
/// SKUs the product has.
///
/// # Errors
/// [`StoreError`].
pub async fn product(
    app: &App,
    tenant: Tenant,
    id: ProductId,
) -> Result<Option<(Product, Display)>, StoreError> {
    let (memo, name, key) = (app.tenant_memo(), format!("skus of {id}"), keys::product(tenant, id));
    let guess = memo.get::<Vec<Sku>>(tenant, &name, app.now(), GUESSED).unwrap_or_default();
    let asked = [key.clone()].into_iter().chain(inventory::keys_of(tenant, &guess)).collect();
    let (mut found, edition) = Edition::beside(app, tenant, asked).await?;
    let Some(product) = found.take::<Product>("product", &key)? else { return Ok(None) };
    let skus = skus(slice::from_ref(&product));
    let available = if *guess == skus {
        inventory::available_in(app, tenant, &skus, &found).await?
    } else {
        memo.put(tenant, &name, app.now(), skus.clone());
        inventory::available(app, tenant, &skus, false).await?
    };
    Ok(Some((product, Display { available, edition })))
}

fn skus(products: &[Product]) -> Vec<Sku> {
    products.iter().flat_map(|product| &product.variants).map(|variant| variant.sku.clone()).collect()
}
