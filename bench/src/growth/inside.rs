//! The market within this process, for what its API has no route for.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{json, value::RawValue};
use souk::identity::Provisioned;
use souk_local::engine::{Market, MarketError, MarketOptions};

use crate::market::BenchError;

impl From<MarketError> for BenchError {
    fn from(error: MarketError) -> Self {
        Self::Market(error.to_string())
    }
}

async fn open(folder: &Path) -> Result<Market, BenchError> {
    let mut options = MarketOptions::new(std::fs::read_to_string("template.yaml")?, souk_local::functions());
    options.data = Some(folder.to_owned());
    options.schedules = false;
    Ok(Market::open(options).await?)
}

/// Creates stores as an operator does, and says the publishable and the secret key of each.
pub(super) async fn provision(folder: &Path, many: u64) -> Result<Vec<[String; 2]>, BenchError> {
    let market = open(folder).await?;
    let mut keys = Vec::new();
    for store in 0..many {
        let new = json!({
            "name": format!("Store {store}"),
            "currency": "EUR",
            "locations": [{"id": "berlin", "name": "Berlin"}],
        });
        let answer = market.invoke("provision-store", RawValue::from_string(new.to_string())?).await;
        let answer = answer.map_err(|failure| BenchError::Market(failure.to_string()))?;
        let Provisioned { test, .. } = serde_json::from_str(answer.get())?;
        keys.push([test.publishable_key, test.secret_key]);
    }
    market.close().await;
    Ok(keys)
}

/// How long looking for expired items takes, which the market does each minute while all else waits for the tables.
pub(super) async fn sweep(folder: &Path) -> Result<Duration, BenchError> {
    let market = open(folder).await?;
    let began = Instant::now();
    market.cloud().dynamodb.sweep_ttl();
    let took = began.elapsed();
    market.close().await;
    Ok(took)
}
