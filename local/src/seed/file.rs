//! What the demo store sells and has.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The file of the demo store.
pub const CATALOG: &str = include_str!("catalog.json");

/// The demo store.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// The event of `provision-store`.
    pub store: Value,
    /// Its products, in the order in which they are created.
    pub products: Vec<Entry>,
}

/// A product, and what there is of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The body of `POST /v1/products`.
    pub product: Value,
    /// How many of each SKU are where.
    pub stock: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Catalog {
    /// Reads the file.
    ///
    /// # Errors
    /// The file isn't what it should be.
    pub fn read() -> Result<Self, serde_json::Error> {
        serde_json::from_str(CATALOG)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use souk::{catalog::NewProduct, identity::NewStore};

    use super::*;

    #[test]
    fn the_catalog_is_a_believable_store() {
        let catalog = Catalog::read().unwrap();
        let store: NewStore = serde_json::from_value(catalog.store).unwrap();
        assert_eq!(store.locations.len(), 2);
        assert!(catalog.products.len() >= 30);
        let (mut skus, mut tags, mut on_sale, mut in_dollars, mut sold_out) =
            (BTreeSet::new(), BTreeSet::new(), 0, 0, 0);
        for entry in &catalog.products {
            let product: NewProduct = serde_json::from_value(entry.product.clone()).unwrap();
            tags.extend(product.tags);
            for variant in &product.variants {
                assert!(skus.insert(variant.sku.to_string()), "{} is there twice", variant.sku);
                let levels = &entry.stock[variant.sku.as_str()];
                assert!(levels.keys().all(|id| store.locations.iter().any(|known| known.id.as_str() == id)));
                on_sale += usize::from(!variant.compare_at.is_empty());
                in_dollars += usize::from(variant.prices.len() > 1);
                sold_out += usize::from(levels.values().any(|count| *count == 0));
            }
        }
        assert!(tags.len() >= 8 && on_sale > 0 && in_dollars > 0 && sold_out > 0);
    }
}
