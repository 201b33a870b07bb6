//! The demo store: what a newcomer finds in a market that just opened.

mod file;

use jiff::SignedDuration;
use souk::{
    catalog::{self, Product},
    http::Problem,
    id::ProductId,
    identity::{self, ProvisionError},
    inventory,
    runtime::App,
    store::{self, StoreError, Write},
    tenant::{Mode, Tenant},
    vault,
};

use crate::engine::Market;

pub use self::file::{CATALOG, Catalog, Entry};

/// The demo store's id: the one that the sample events in `events/` name.
pub const STORE: &str = "store_01m6dsg7e0fabs2v1n9dm8936v";
/// The demo store's publishable key, for a storefront.
pub const PUBLISHABLE_KEY: &str = "pk_test_demo";
/// The demo store's secret key, for the shop's own systems.
pub const SECRET_KEY: &str = "sk_test_demo";

/// How many writes one transaction takes.
const BATCH: usize = 100;
/// How old the oldest product is made: none is to be younger than the store.
const AGE: SignedDuration = SignedDuration::from_secs(1);

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
    /// The catalog has what no store may sell.
    #[error("catalog.json: {0:?}")]
    Refused(Problem),
    /// The catalog calls something what it may not be called.
    #[error("catalog.json: {0}")]
    Name(String),
}

impl From<Problem> for SeedError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

/// Creates the demo store with its catalog and stock; leaves one alone that is there already.
///
/// It is made by what the functions themselves are made of, in few transactions: two hundred requests one after the
/// other would take longer than all the rest of opening a market.
///
/// # Errors
/// [`SeedError`].
pub async fn seed(market: &Market) -> Result<(), SeedError> {
    let app = market.app("provision-store").ok_or(SeedError::NoProvisioner)?;
    // The function only ever writes what makes a store; this also reads whether it is there, and fills it.
    let operator = market.operator(app.settings().clone());
    let id = STORE.parse().map_err(|_| SeedError::Name(STORE.to_owned()))?;
    if identity::identify(&operator, Some(&format!("Bearer {SECRET_KEY}")), "").await?.is_ok() {
        // A folder that was made before stores had keys.
        vault::make_store_key(&operator, Tenant::of_new_store(id, Mode::Test))
            .await
            .map_err(ProvisionError::from)?;
        return Ok(());
    }
    let Catalog { store, products } = Catalog::read()?;
    let known = Some((PUBLISHABLE_KEY, SECRET_KEY));
    identity::provision(&operator, serde_json::from_value(store)?, Some(id), known).await?;
    let tenant = Tenant::of_new_store(id, Mode::Test);
    let mut writes = Vec::new();
    for (place, entry) in products.into_iter().enumerate() {
        writes.extend(product(&operator, tenant, place, entry)?);
    }
    let batches = batches(writes);
    futures::future::try_join_all(batches.into_iter().map(|batch| store::commit(&operator, batch)))
        .await
        .map_err(ProvisionError::from)?;
    Ok(())
}

/// What creates a product and its stock: the product with its offers first, then each SKU's stock.
fn product(app: &App, tenant: Tenant, place: usize, entry: Entry) -> Result<Vec<Vec<Write>>, SeedError> {
    let (now, place) = (app.now(), i64::try_from(place).unwrap_or(0));
    // Lists show products by age: a millisecond apart they stay in the catalog's order.
    let since = SignedDuration::from_millis(place) - AGE;
    let id = ProductId::derived(now + since, &[entry.product.to_string().as_bytes()]);
    let product = Product::new(id, serde_json::from_value(entry.product)?, now)?;
    let mut writes = vec![catalog::creation(tenant, &product)?];
    let reason = "received".parse().map_err(SeedError::Name)?;
    for (sku, counts) in entry.stock {
        let counts = counts.into_iter().filter(|(_, count)| *count > 0);
        let counts: Result<_, String> = counts.map(|(at, count)| Ok((at.parse()?, count))).collect();
        let counts = counts.map_err(SeedError::Name)?;
        let sku = sku.parse().map_err(SeedError::Name)?;
        writes.push(inventory::opening(app, tenant, &sku, &counts, &reason)?);
    }
    Ok(writes)
}

/// Groups of writes in as few transactions as hold them; each group stays whole.
fn batches(groups: Vec<Vec<Write>>) -> Vec<Vec<Write>> {
    let mut batches = vec![Vec::new()];
    for group in groups {
        match batches.last_mut() {
            Some(batch) if batch.len() + group.len() <= BATCH => batch.extend(group),
            _ => batches.push(group),
        }
    }
    batches
}
