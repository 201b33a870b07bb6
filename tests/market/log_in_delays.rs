//! Guessing at log-ins, by many at once and from many places.

use std::time::Duration;

use futures::future::join_all;
use souk::{
    limit::{
        Address,
        attempts::{self, Refused},
    },
    tenant::{Mode, Tenant},
};
use souk_tests::TestMarket;

fn tenant(market: &TestMarket) -> Tenant {
    Tenant::of_own_record(market.store.parse().unwrap(), Mode::Test)
}

/// How many of these tries are evaluated, each from an environment of its own. All are wrong.
async fn guesses(market: &TestMarket, addresses: impl Iterator<Item = String>) -> usize {
    let tries = addresses.map(|address| {
        let app = market.app();
        async move {
            let address = Address::of_gateway(&address);
            match attempts::check(&app, tenant(market), "account", &address).await {
                Ok(pass) => {
                    attempts::failed(&app, pass, None).await.unwrap();
                    1
                }
                Err(Refused::TooSoon { seconds }) => {
                    assert!((1..=900).contains(&seconds));
                    0
                }
                Err(error) => panic!("{error}"),
            }
        }
    });
    join_all(tries).await.into_iter().sum()
}

fn one(address: &str, times: usize) -> impl Iterator<Item = String> {
    std::iter::repeat_n(address.to_owned(), times)
}

fn many(from: u32, count: u32) -> impl Iterator<Item = String> {
    (from..from + count).map(|n| format!("10.0.{}.{}", n / 250, n % 250))
}

#[tokio::test(start_paused = true)]
async fn of_fifty_guesses_at_once_a_handful_is_looked_at() {
    let market = TestMarket::crowded(1).await;
    let looked_at = guesses(&market, one("203.0.113.7", 50)).await;
    assert!((1..=2).contains(&looked_at), "{looked_at}");
    assert_eq!(guesses(&market, one("203.0.113.7", 50)).await, 0, "the next one waits");
    // In an hour of trying every second, no more than the delays let through.
    let mut looked_at = 0;
    for _ in 0..3_600 / 5 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        looked_at += guesses(&market, one("203.0.113.7", 1)).await;
    }
    assert!((8..=16).contains(&looked_at), "{looked_at} in an hour");
}

#[tokio::test(start_paused = true)]
async fn of_fifty_guesses_from_as_many_addresses_a_handful_is_looked_at() {
    let market = TestMarket::crowded(1).await;
    let looked_at = guesses(&market, many(0, 50)).await;
    assert!((1..=6).contains(&looked_at), "{looked_at}");
}

#[tokio::test(start_paused = true)]
async fn an_attacker_with_many_addresses_keeps_nobody_out() {
    let market = TestMarket::crowded(1).await;
    let (app, tenant) = (market.app(), tenant(&market));
    let home = Address::of_gateway("198.51.100.1");
    let pass = attempts::check(&app, tenant, "account", &home).await.unwrap();
    attempts::succeeded(&app, pass).await.unwrap();

    // Attacked without pause for minutes, from more and more places.
    for n in 0..20 {
        guesses(&market, many(0, 20 + n)).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    let pass = attempts::check(&app, tenant, "account", &home).await.expect("from home, at once");
    attempts::succeeded(&app, pass).await.unwrap();

    // From a new place, after half a minute, while the attack goes on.
    let hotel = Address::of_gateway("198.51.100.99");
    let Err(Refused::TooSoon { seconds }) = attempts::check(&app, tenant, "account", &hotel).await else {
        panic!("the account is under attack");
    };
    assert!((4..=30).contains(&seconds), "{seconds}");
    for n in 0..15 {
        guesses(&market, many(1_000 + n * 20, 20)).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let pass = attempts::check(&app, tenant, "account", &hotel).await.expect("after its own wait");
    attempts::succeeded(&app, pass).await.unwrap();
    // Another account of the store, and the same one of another store, know nothing of it.
    let _ = attempts::check(&app, tenant, "other", &hotel).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_who_mistyped_twice_and_then_did_not_starts_anew() {
    let market = TestMarket::crowded(1).await;
    let (app, tenant) = (market.app(), tenant(&market));
    let address = Address::of_gateway("203.0.113.7");
    for _ in 0..3 {
        for _ in 0..2 {
            let pass = attempts::check(&app, tenant, "account", &address).await.unwrap();
            attempts::failed(&app, pass, None).await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let pass = attempts::check(&app, tenant, "account", &address).await.unwrap();
        attempts::succeeded(&app, pass).await.unwrap();
    }
    // Nothing of an address or account is readable in what is stored.
    for item in market.state_items("attempts").await {
        assert!(!item.to_string().contains("203.0.113.7"), "{item}");
        assert!(item["expires"].as_i64().unwrap() > app.now().as_second(), "all of it ends: {item}");
    }
}
