//! What an order costs does not grow unnoticed.

use std::time::Duration;

use souk_local::bill::{Item, Prices, Share, Usage};
use souk_tests::{FakeStripe, TestMarket, purchase, stock_up};

/// Write units of a whole purchase of one line. Lower it with every saving.
const WRITES: u64 = 20;

/// What the sandbox writes of it, which plays the provider.
const SANDBOX: u64 = 3;

/// What Souk itself writes in its place where Stripe is the provider: what it asked Stripe, and what Stripe calls it.
const STRIPE: u64 = 2;

/// What more it is where every POST has an idempotency key, not only the checkout.
const KEYS: u64 = 6;

/// Read units of the same, in halves.
const READS: u64 = 83;

/// Requests to queues, where nobody else buys: the order is paid while its shopper waits.
const QUEUES: u64 = 0;

async fn rest(market: &TestMarket) {
    market.market.settled().await;
    tokio::time::sleep(Duration::from_secs(40)).await;
}

/// What one purchase takes where others were made before.
async fn used(keys: bool) -> Usage {
    used_in(TestMarket::open(|_| {}).await, keys).await
}

async fn used_in(market: TestMarket, keys: bool) -> Usage {
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

#[tokio::test(start_paused = true)]
async fn a_store_that_is_live_pays_for_no_sandbox() {
    let (prices, stripe) = (Prices::listed().unwrap(), FakeStripe::default());
    let market = TestMarket::open(|options| options.outside = Some(stripe.outside())).await;
    FakeStripe::connect(&market, None).await;
    let usage = used_in(market, false).await;
    assert_eq!(stripe.captures(), 2);
    let written =
        [Share::Story, Share::Sandbox].map(|of| usage.halves_of(of, Item::TableWrites, &prices) / 2);
    assert_eq!(written, [WRITES + STRIPE, 0]);
}
