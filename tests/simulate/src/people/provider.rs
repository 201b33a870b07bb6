//! The payment provider, which calls back more often than it has to, and late.

use std::{sync::Arc, time::Duration};

use fastrand::Rng;
use souk::{
    payment::{PaymentKey, Sandbox},
    runtime::App,
    tenant::{Mode, Tenant},
};
use tokio::time::sleep;

use super::Shop;
use crate::kind::Kind;

/// Notifies the store of payments it knows of, until it is dropped. What it sent it sends again later.
pub async fn notify(shop: Arc<Shop>, provider: App, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let client = shop.stranger("provider");
    let path = format!("/v1/payment-events/sandbox/{}", shop.id);
    let tenant = Tenant::of_own_record(shop.id.parse().expect("a store's id"), Mode::Test);
    let sandbox = Sandbox::new(provider, tenant);
    let mut sent: Vec<(String, String)> = Vec::new();
    loop {
        sleep(Duration::from_millis(rng.u64(20..6000))).await;
        if !shop.stage.weather.strikes(Kind::Webhook) {
            continue;
        }
        let names = shop.stage.watch.model(crate::model::Model::payment_names);
        if names.is_empty() {
            continue;
        }
        let again = rng.u32(..3) == 0 && !sent.is_empty();
        let (body, signature) = if again {
            sent[rng.usize(..sent.len())].clone()
        } else {
            let name: PaymentKey = names[rng.usize(..names.len())].parse().expect("a payment's name");
            let Ok(notice) = sandbox.notice(name).await else { continue };
            sent.push((notice.body.clone(), notice.signature.clone()));
            (notice.body, notice.signature)
        };
        for _ in 0..rng.u32(1..=3) {
            let (client, path) = (client.clone(), path.clone());
            let (body, signature) = (body.clone(), signature.clone());
            tokio::spawn(async move { client.notify(&path, body, &signature).await });
        }
    }
}
