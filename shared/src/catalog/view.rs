//! Products as shoppers and staff see them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Product, ProductStatus,
    product::{Description, ImageUrl, Options, Sku},
};
use crate::{
    contact::{Line, Tag},
    id::ProductId,
    metadata::Metadata,
    money::{Currency, Money},
    pricing::TaxCategory,
};

/// A product.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Product)]
pub struct ProductView {
    /// Its id.
    pub id: ProductId,
    /// What people call it.
    pub name: Line,
    /// What there is to say of it.
    pub description: Option<Description>,
    /// What it is found by.
    pub tags: BTreeSet<Tag>,
    /// What tax tables call it, where it is not taxed as most things are.
    pub tax_category: Option<TaxCategory>,
    /// What can be bought.
    pub variants: Vec<VariantView>,
    /// Its pictures.
    pub images: Vec<ImageUrl>,
    /// Whether it is for sale.
    pub status: ProductStatus,
    /// The caller's own.
    pub metadata: Metadata,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// One form of a product that can be bought.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Variant)]
pub struct VariantView {
    /// What it is counted by.
    pub sku: Sku,
    /// What sets it apart.
    pub options: Options,
    /// Its price in the currency that was asked for, or the store's; null where it has none.
    pub price: Option<Money>,
    /// What it used to cost, in the same currency.
    pub compare_at: Option<Money>,
    /// All its prices.
    pub prices: Vec<Money>,
    /// What it weighs, in grams.
    pub weight_grams: Option<u32>,
    /// Its pictures.
    pub images: Vec<ImageUrl>,
    /// How many can be bought just now, over all locations.
    pub available: u64,
}

/// The products in `currency`, with what is `available` of each SKU.
pub fn views(products: Vec<Product>, currency: Currency, available: &BTreeMap<Sku, u64>) -> Vec<ProductView> {
    products.into_iter().map(|product| view(product, currency, available)).collect()
}

fn view(product: Product, currency: Currency, available: &BTreeMap<Sku, u64>) -> ProductView {
    let variants = product.variants.into_iter().map(|variant| VariantView {
        price: variant.price_in(currency),
        compare_at: variant.compare_at.iter().copied().find(|was| was.currency() == currency),
        available: available.get(&variant.sku).copied().unwrap_or(0),
        sku: variant.sku,
        options: variant.options,
        prices: variant.prices,
        weight_grams: variant.weight_grams,
        images: variant.images,
    });
    ProductView {
        variants: variants.collect(),
        id: product.id,
        name: product.name,
        description: product.description,
        tags: product.tags,
        tax_category: product.tax_category,
        images: product.images,
        status: product.status,
        metadata: product.metadata,
        version: product.version,
        created_at: product.created_at,
        updated_at: product.updated_at,
    }
}
