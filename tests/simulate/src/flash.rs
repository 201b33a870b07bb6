//! A flash sale: many buyers, few units, and tables whose partitions have their limits.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{
    Plan,
    model::{Model, Standing},
    people::Shop,
    run::in_a_world,
    stage::{Opening, open, settle, verdict},
    weather::Weather,
};

/// What came of a sale.
#[derive(Clone, Debug, Default)]
pub struct Sale {
    /// Orders that were confirmed.
    pub sold: usize,
    /// Orders that were placed.
    pub placed: usize,
    /// Orders that were canceled.
    pub canceled: usize,
    /// Calls that were throttled.
    pub throttled: u64,
    /// AWS calls.
    pub calls: u64,
    /// Milliseconds of the market's time from the first buyer to the last confirmation.
    pub sold_out_after: u64,
    /// What must hold and did not.
    pub violations: Vec<String>,
}

/// Sells `units` to `buyers`, who all come within `span` seconds.
pub fn sale(buyers: u32, units: u32, span: u32) -> Sale {
    in_a_world(11, async {
        let calm = Plan { chances: Default::default(), ..Plan::of(0) };
        let weather = Weather::new(&calm, None);
        let faults = Arc::clone(&weather) as _;
        let opening = Opening {
            seed: 11,
            skus: 1,
            stock: units,
            weather,
            faults,
            delivery: None,
            traced: false,
            crowd: true,
            leap: Arc::default(),
        };
        let shop = open(opening).await;
        // Calls take their time, and nothing else goes wrong on purpose.
        shop.stage.weather.begin();
        let (began, last) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let watcher = tokio::spawn(watch(Arc::clone(&shop), began, Arc::clone(&last)));
        let buyers: Vec<_> = (0..buyers)
            .map(|number| {
                let after = u64::from(number) * u64::from(span) * 1000 / u64::from(buyers.max(1));
                tokio::spawn(buy(Arc::clone(&shop), number, Duration::from_millis(after)))
            })
            .collect();
        for buyer in buyers {
            let _ = buyer.await;
        }
        settle(&shop).await;
        watcher.abort();
        let violations = verdict(&shop, 0);
        let (_, _, calls, _) = shop.stage.watch.summary();
        let ask = |ask: &dyn Fn(&Model) -> usize| shop.stage.watch.model(ask);
        Sale {
            sold: ask(&Model::confirmed),
            placed: ask(&Model::order_count),
            canceled: ask(&|model| model.count(Standing::Canceled)),
            throttled: shop.stage.watch.throttled(),
            calls,
            sold_out_after: last.load(std::sync::atomic::Ordering::Relaxed),
            violations,
        }
    })
}

/// Notes when the number of confirmed orders grew last.
async fn watch(shop: Arc<Shop>, began: Instant, last: Arc<AtomicU64>) {
    let mut known = 0;
    loop {
        sleep(Duration::from_millis(100)).await;
        let confirmed = shop.stage.watch.model(Model::confirmed);
        if confirmed > known {
            known = confirmed;
            let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            last.store(millis, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

async fn buy(shop: Arc<Shop>, number: u32, after: Duration) {
    sleep(after).await;
    let client = shop.shopper(format!("buyer {number}"));
    let cart = client.post("/v1/carts", json!({"currency": "EUR"})).await;
    let id = cart.text("/id").to_owned();
    let line = json!({"sku": "SKU-0", "quantity": 1});
    let added = client.post(&format!("/v1/carts/{id}/lines"), line).await;
    shop.stage.history.add(&id, "SKU-0", 1, added.known);
    let contact = json!({
        "email": format!("{number}@example.com"),
        "shipping_address": {"line1": "12 Analytical Row", "city": "Berlin", "postal_code": "10115", "country": "DE"},
    });
    client.patch(&format!("/v1/carts/{id}"), contact).await;
    let answer =
        client.post(&format!("/v1/carts/{id}/checkout"), json!({"payment_method": "pm_card_visa"})).await;
    if answer.is_done() {
        shop.stage.history.ordered(&id, answer.text("/id"));
    }
}
