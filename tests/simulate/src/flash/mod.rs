//! A flash sale: many buyers, few units, and tables whose partitions have their limits and whose transactions meet.

mod meetings;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use tokio::time::{Instant, sleep};

use self::meetings::Meetings;
use crate::{
    Plan,
    history::Known,
    model::{Model, Standing},
    people::Shop,
    run::in_a_world,
    stage::{Opening, open, settle, verdict},
    weather::Weather,
};

/// What is sold.
const SKU: &str = "SKU-0";

/// Of so many buyers one never proves who they are, so that what they reserved expires.
const LEAVES: u32 = 10;

/// How long it takes until what was reserved and never paid is let go, and a little more.
const EXPIRY: Duration = Duration::from_secs(35 * 60);

/// How often those come who want what others left.
const LATE_WAVES: u32 = 4;

/// What is sold to whom.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// How many come.
    pub buyers: u32,
    /// For how many units.
    pub units: u32,
    /// Within how many seconds.
    pub span: u32,
    /// Over how many buckets the units are spread.
    pub buckets: u32,
}

/// What came of a sale.
#[derive(Clone, Debug, Default)]
pub struct Sale {
    /// Orders that were confirmed.
    pub sold: usize,
    /// Those of them that those bought who came later, for what others had left.
    pub sold_late: usize,
    /// Orders that were placed.
    pub placed: usize,
    /// Orders that were canceled.
    pub canceled: usize,
    /// Units that could still be bought in the end.
    pub left: i64,
    /// Checkouts that were never answered.
    pub unanswered: u64,
    /// Calls that were throttled, by who made them and what they were of.
    pub throttled: BTreeMap<String, u64>,
    /// Transactions that were refused because another one was at the same stock.
    pub met: u64,
    /// AWS calls.
    pub calls: u64,
    /// Milliseconds of the market's time from the first buyer until nothing could be bought any more.
    pub sold_out_after: u64,
    /// Until the last of them was confirmed who came in time.
    pub confirmed_after: u64,
    /// Until nobody had anything left to do, but those who left.
    pub answered_after: u64,
    /// What must hold and did not.
    pub violations: Vec<String>,
}

/// What is noted while buyers come.
#[derive(Debug, Default)]
struct Notes {
    sold_out: AtomicU64,
    confirmed: AtomicU64,
    unanswered: AtomicU64,
}

/// Sells on these terms.
pub fn sale(terms: Terms) -> Sale {
    in_a_world(11, play(terms))
}

async fn play(terms: Terms) -> Sale {
    let calm = Plan { chances: Default::default(), ..Plan::of(0) };
    let weather = Weather::new(&calm, None);
    let meetings = Meetings::new(&weather, 11);
    let faults = Arc::clone(&meetings) as _;
    let (skus, stock, buckets) = (1, terms.units, terms.buckets);
    let shop = open(Opening {
        seed: 11,
        skus,
        stock,
        buckets,
        weather,
        faults,
        delivery: None,
        traced: false,
        crowd: true,
        leap: Arc::default(),
    })
    .await;
    // Calls take their time, and nothing else goes wrong on purpose.
    shop.stage.weather.begin();
    let (began, notes) = (Instant::now(), Arc::<Notes>::default());
    let watcher = tokio::spawn(watch(Arc::clone(&shop), began, Arc::clone(&notes)));
    come(&shop, &notes, 0..terms.buyers, terms.span, LEAVES).await;
    let answered_after = millis(began);
    sleep(Duration::from_secs(120)).await;
    watcher.abort();
    let in_time = settled(&shop).await;
    // What those left who did not pay is there for others.
    let mut next = terms.buyers;
    for _ in 0..LATE_WAVES {
        let (left, _) = shop.stage.watch.model(|model| model.stock(SKU));
        if left == 0 {
            break;
        }
        let more = u32::try_from(left).unwrap_or(0) * 2;
        come(&shop, &notes, next..next + more, 1, u32::MAX).await;
        next += more;
        settled(&shop).await;
    }
    let violations = verdict(&shop, 0);
    let (_, _, calls, _) = shop.stage.watch.summary();
    let ask = |ask: &dyn Fn(&Model) -> usize| shop.stage.watch.model(ask);
    let noted = |note: &AtomicU64| note.load(Ordering::Relaxed);
    let sold = ask(&Model::confirmed);
    Sale {
        sold,
        sold_late: sold - in_time,
        placed: ask(&Model::order_count),
        canceled: ask(&|model| model.count(Standing::Canceled)),
        left: shop.stage.watch.model(|model| model.stock(SKU)).0,
        unanswered: noted(&notes.unanswered),
        throttled: shop.stage.watch.throttled(),
        met: meetings.count(),
        calls,
        sold_out_after: noted(&notes.sold_out),
        confirmed_after: noted(&notes.confirmed),
        answered_after,
        violations,
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Waits until nobody has anything left to do, and what was reserved and never paid is let go. How many orders are
/// confirmed then.
async fn settled(shop: &Arc<Shop>) -> usize {
    sleep(EXPIRY).await;
    settle(shop).await;
    shop.stage.watch.model(Model::confirmed)
}

/// These buyers come, evenly within `span` seconds; of `leaves` one leaves without paying.
async fn come(shop: &Arc<Shop>, notes: &Arc<Notes>, numbers: std::ops::Range<u32>, span: u32, leaves: u32) {
    let many = numbers.len().max(1) as u64;
    let buyers: Vec<_> = numbers
        .zip(0_u64..)
        .map(|(number, place)| {
            let after = Duration::from_millis(place * u64::from(span) * 1000 / many);
            let pays = number % leaves != leaves - 1;
            tokio::spawn(buy(Arc::clone(shop), Arc::clone(notes), number, pays, after))
        })
        .collect();
    for buyer in buyers {
        if let Err(error) = buyer.await {
            shop.stage.history.wrong(format!("a buyer: {error}"));
        }
    }
}

/// Notes when there was nothing left for the first time, and when the number of confirmed orders grew last.
async fn watch(shop: Arc<Shop>, began: Instant, notes: Arc<Notes>) {
    let mut known = 0;
    loop {
        sleep(Duration::from_millis(10)).await;
        let (confirmed, (left, _)) = shop.stage.watch.model(|model| (model.confirmed(), model.stock(SKU)));
        if left == 0 && notes.sold_out.load(Ordering::Relaxed) == 0 {
            notes.sold_out.store(millis(began), Ordering::Relaxed);
        }
        if confirmed > known {
            known = confirmed;
            notes.confirmed.store(millis(began), Ordering::Relaxed);
        }
    }
}

async fn buy(shop: Arc<Shop>, notes: Arc<Notes>, number: u32, pays: bool, after: Duration) {
    sleep(after).await;
    let client = shop.shopper(format!("buyer {number}"));
    let cart = client.post("/v1/carts", json!({"currency": "EUR"})).await;
    let id = cart.text("/id").to_owned();
    let line = json!({"sku": SKU, "quantity": 1});
    let added = client.post(&format!("/v1/carts/{id}/lines"), line).await;
    shop.stage.history.add(&id, SKU, 1, added.known);
    let contact = json!({
        "email": format!("{number}@example.com"),
        "shipping_address": {"line1": "12 Analytical Row", "city": "Berlin", "postal_code": "10115", "country": "DE"},
    });
    client.patch(&format!("/v1/carts/{id}"), contact).await;
    let method = if pays { "pm_card_visa" } else { "pm_card_authenticationRequired" };
    let answer = client.post(&format!("/v1/carts/{id}/checkout"), json!({"payment_method": method})).await;
    match answer.known {
        Known::Done => shop.stage.history.ordered(&id, answer.text("/id")),
        Known::NotDone => {}
        // Where another try was refused, this is the answer, though nobody knows what became of the one before.
        Known::Unknown if (400..500).contains(&answer.status) => {}
        Known::Unknown => _ = notes.unanswered.fetch_add(1, Ordering::Relaxed),
    }
}
