//! What a store sells: products, their variants, and what is offered under each SKU.

mod product;
mod storage;
mod view;

pub use product::{
    ChangeProduct, NewProduct, Offer, Options, Product, ProductStatus, Sku, Variant, VariantInput,
};
pub use storage::{create, creation, get, list, offers, replace};
pub use view::{ProductView, VariantView, views};
