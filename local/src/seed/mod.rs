//! The demo store: what a newcomer finds in a market that just opened.

mod catalog;

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use http::{Request, header};
use serde_json::{Value, json};
use souk::{
    identity::{self, ProvisionError},
    store::StoreError,
};

use crate::engine::Market;

pub use catalog::{CATALOG, Catalog};

/// The demo store's id: the one that the sample events in `events/` name.
pub const STORE: &str = "store_01m6dsg7e0fabs2v1n9dm8936v";
/// The demo store's publishable key, for a storefront.
pub const PUBLISHABLE_KEY: &str = "pk_test_demo";
/// The demo store's secret key, for the shop's own systems.
pub const SECRET_KEY: &str = "sk_test_demo";

/// How many SKUs are stocked at once.
const AT_ONCE: usize = 4;

/// A demo store that can't be made.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The template has no function that creates stores.
    #[error("the template has no function provision-store")]
    NoProvisioner,
    /// The catalog's file is wrong.
    #[error("catalog.json: {0}")]
    Catalog(#[from] serde_json::Error),
    /// The store can't be created.
    #[error(transparent)]
    Store(#[from] ProvisionError),
    /// Whether the store is there can't be told.
    #[error(transparent)]
    Unknown(#[from] StoreError),
    /// The API refused something.
    #[error("{what} was answered with {status}: {body}")]
    Refused {
        /// The request.
        what: String,
        /// The answer's status.
        status: u16,
        /// The answer's body.
        body: String,
    },
}

/// Creates the demo store with its catalog and stock, through the market's own API; leaves one alone that is there
/// already.
///
/// # Errors
/// [`SeedError`].
pub async fn seed(market: &Market) -> Result<(), SeedError> {
    if !create_store(market).await? {
        return Ok(());
    }
    let catalog = Catalog::read()?;
    // One after the other: lists show products in the order in which they came.
    for entry in &catalog.products {
        post(market, "/v1/products", &entry.product).await?;
    }
    let stock = catalog.products.iter().flat_map(|entry| &entry.stock);
    let received = stock.map(|(sku, levels)| receive(market, sku, levels));
    futures::stream::iter(received).buffer_unordered(AT_ONCE).try_collect().await
}

/// Whether the store had to be created. Its keys are known ones, so it can't come from the operator's function.
async fn create_store(market: &Market) -> Result<bool, SeedError> {
    let app = market.app("provision-store").ok_or(SeedError::NoProvisioner)?;
    // The function only ever writes; whoever looks first whether the store is there needs to read too.
    let operator = market.operator(app.settings().clone());
    if identity::identify(&operator, Some(&format!("Bearer {SECRET_KEY}")), "").await?.is_ok() {
        return Ok(false);
    }
    let store = serde_json::from_value(Catalog::read()?.store)?;
    identity::provision(&operator, store, STORE.parse().ok(), Some((PUBLISHABLE_KEY, SECRET_KEY))).await?;
    Ok(true)
}

async fn receive(market: &Market, sku: &str, levels: &BTreeMap<String, u64>) -> Result<(), SeedError> {
    for (location, count) in levels.iter().filter(|(_, count)| **count > 0) {
        let movement = json!({ "location": location, "change": count, "reason": "received" });
        post(market, &format!("/v1/stock/{sku}/movements"), &movement).await?;
    }
    Ok(())
}

async fn post(market: &Market, path: &str, body: &Value) -> Result<(), SeedError> {
    let what = format!("POST {path}");
    let text = body.to_string();
    // Each request of the seed is made once in a store's life: its content is key enough.
    let key: String =
        format!("seed {path} {text}").chars().filter(char::is_ascii_graphic).take(200).collect();
    let request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {SECRET_KEY}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", key)
        .body(Bytes::from(text))
        .map_err(|error| SeedError::Refused { what: what.clone(), status: 0, body: error.to_string() })?;
    let response = market.request(request).await;
    if response.status().is_success() {
        return Ok(());
    }
    let body = String::from_utf8_lossy(response.body()).into_owned();
    Err(SeedError::Refused { what, status: response.status().as_u16(), body })
}
