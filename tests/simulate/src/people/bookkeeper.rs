//! Who keeps the books: comes in the morning, has them carried forward, and reads them.

use std::{sync::Arc, time::Duration};

use fastrand::Rng;
use jiff::SignedDuration;
use serde_json::value::RawValue;
use tokio::time::sleep;

use super::Shop;
use crate::model::Model;

/// So long that all that happened before is old enough to be summed for good.
const NIGHT: SignedDuration = SignedDuration::from_hours(9);

/// Lets a night pass at once, and closes the books as often as anything may still be under way.
pub async fn close(shop: Arc<Shop>, span: u32, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    sleep(Duration::from_millis(rng.u64(..u64::from(span) * 500 + 1000))).await;
    // Of all times, when something is under way.
    for _ in 0..600 {
        if shop.stage.watch.model(Model::is_booking) {
            break;
        }
        sleep(Duration::from_millis(rng.u64(..200))).await;
    }
    shop.stage.leap(NIGHT);
    for _ in 0..8 {
        let event = RawValue::from_string("{}".to_owned()).expect("this is JSON");
        // It may fail like everything else, and comes again.
        let _ = shop.stage.market.invoke("reconcile", event).await;
        balanced(&shop).await;
        sleep(Duration::from_millis(rng.u64(..4000))).await;
    }
}

/// Whenever the books are read, they balance.
async fn balanced(shop: &Arc<Shop>) {
    let read = shop.staff("bookkeeper".to_owned()).get("/v1/ledger/trial-balance").await;
    for total in read.json["totals"].as_array().into_iter().flatten() {
        if total["debit"] != total["credit"] {
            shop.stage.history.wrong(format!("ledger: the trial balance does not balance: {total}"));
        }
    }
}

/// In the end, they are what was booked.
pub async fn read(shop: &Arc<Shop>) {
    let read = shop.staff("bookkeeper".to_owned()).get("/v1/ledger/accounts").await;
    shop.stage.watch.catch_up();
    for wrong in shop.stage.watch.model(|model| model.told(&read.json["data"])) {
        shop.stage.history.wrong(wrong);
    }
}
