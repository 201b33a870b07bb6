//! What an order costs does not grow unnoticed.

use std::time::Duration;

use souk_local::bill::{Item, Prices, Share, Usage};
use souk_tests::{TestMarket, purchase, stock_up};

/// Write units of a whole purchase of one line. Lower it with every saving.
const WRITES: u64 = 35;

/// What the sandbox writes of it, which plays the provider.
const SANDBOX: u64 = 3;

/// What more it is where every POST has an idempotency key, not only the checkout.
const KEYS: u64 = 6;

/// Read units of the same, in halves.
const READS: u64 = 120;

/// Requests to queues, where nobody else buys.
const QUEUES: u64 = 17;

async fn rest(market: &TestMarket) {
    market.market.settled().await;
    tokio::time::sleep(Duration::from_secs(40)).await;
}

/// What one purchase takes where others were made before.
async fn used(keys: bool) -> Usage {
    let market = TestMarket::open(|_| {}).await;
    stock_up(&market.staff(), 100).await;
    rest(&market).await;
    purchase(&market.shopper(), "ada", 1, keys).await;
    rest(&market).await;
    let before = market.happenings().len();
    purchase(&market.shopper(), "grace", 1, keys).await;
    rest(&market).await;
    let mut usage = Usage::default();
    market.happenings().split_off(before).iter().for_each(|happening| usage.add(happening));
    usage
}

#[tokio::test(start_paused = true)]
async fn an_order_of_one_line_takes_as_much_as_it_did() {
    let prices = Prices::listed().unwrap();
    let usage = used(false).await;
    let of = |item| usage.halves(item, &prices);
    let calls: Vec<_> = usage.calls().collect();
    let taken = (of(Item::TableWrites), of(Item::TableReads), of(Item::QueueRequests));
    assert_eq!(taken, (2 * WRITES, READS, 2 * QUEUES), "{calls:#?}");
    assert_eq!(usage.halves_of(Share::Sandbox, Item::TableWrites, &prices), 2 * SANDBOX, "{calls:#?}");
    assert_eq!((of(Item::ApiRequests), of(Item::Mails), of(Item::KeyRequests)), (14, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn keys_that_are_not_required_cost_little() {
    let usage = used(true).await;
    assert_eq!(usage.halves(Item::TableWrites, &Prices::listed().unwrap()), 2 * (WRITES + KEYS));
}
