//! What staff read of a store with much in it, and whether what was copied can be read at all.

use std::time::{Duration, Instant};

use super::{
    base::{Base, SKU},
    measure::Times,
};
use crate::market::{BenchError, client::Client, process::MarketProcess, shopper};

/// How often each is read at the most.
const READS: u64 = 400;
/// How often each is read at least.
const FEWEST: u64 = 20;
/// How many pages of a list are followed.
const PAGES: usize = 5;

/// Reads what staff read, one after the other, for so long in all.
pub(super) async fn read(
    market: &MarketProcess,
    base: &Base,
    time: Duration,
) -> Result<Vec<Times>, BenchError> {
    let mut client = Client::connect(market.address).await?;
    let key = base.stall.secret.as_str();
    let deep = cursor(&mut client, key, "/v1/orders?limit=100").await?;
    let mut fixed = vec![
        ("list orders", "/v1/orders?limit=20".to_owned()),
        ("list orders by status", "/v1/orders?limit=20&status=confirmed".to_owned()),
        ("list orders by email", format!("/v1/orders?limit=20&customer={}", shopper::EMAIL)),
    ];
    if let Some(deep) = deep {
        fixed.push(("list orders, a late page", format!("/v1/orders?limit=20&cursor={deep}")));
    }
    fixed.extend([
        ("trial balance", "/v1/ledger/trial-balance".to_owned()),
        ("list ledger entries", "/v1/ledger/entries?limit=20".to_owned()),
        ("list products, of a tag", "/v1/products?limit=20&tag=growth".to_owned()),
        ("read stock", format!("/v1/stock/{SKU}")),
    ]);
    let routes = u32::try_from(fixed.len()).unwrap_or(u32::MAX) + 1;
    let mut times = Vec::new();
    for (route, path) in &fixed {
        times.push(again(market, &mut client, key, route, time / routes, |_| path.clone()).await?);
    }
    // Spread over all there are, so that few are read twice.
    let any = |read: u64| format!("/v1/orders/{}", base.copied_order(1 + read * 7919 % base.orders.max(1)));
    times.push(again(market, &mut client, key, "read any order", time / routes, any).await?);
    Ok(times)
}

async fn again(
    market: &MarketProcess,
    client: &mut Client,
    key: &str,
    route: &'static str,
    time: Duration,
    path: impl Fn(u64) -> String,
) -> Result<Times, BenchError> {
    // What is done once is not what is measured.
    client.get(key, &path(0)).await?.expect(200)?;
    let before = market.processor_time()?;
    let (began, mut times) = (Instant::now(), Vec::new());
    for read in 0..READS {
        let asked = Instant::now();
        client.get(key, &path(read)).await?.expect(200)?;
        times.push(asked.elapsed());
        if began.elapsed() > time && read + 1 >= FEWEST {
            break;
        }
    }
    let used = market.processor_time()?.saturating_sub(before);
    let each = used.as_micros() / u128::try_from(times.len()).unwrap_or(1).max(1);
    Ok(Times { processor_micros: Some(each), ..Times::of(route, times.into_iter()) })
}

/// The cursor after some pages, or the last there is.
async fn cursor(client: &mut Client, key: &str, list: &str) -> Result<Option<String>, BenchError> {
    let mut last = None;
    for _ in 0..PAGES {
        let path = last.as_ref().map_or_else(|| list.to_owned(), |cursor| format!("{list}&cursor={cursor}"));
        let page = client.get(key, &path).await?.expect(200)?;
        match page.text("/next_cursor") {
            "" => break,
            next => last = Some(next.to_owned()),
        }
    }
    Ok(last)
}

/// Fails where a copy is not like what the market made itself.
pub(super) async fn check(market: &MarketProcess, base: &Base) -> Result<(), BenchError> {
    let mut client = Client::connect(market.address).await?;
    let key = base.stall.secret.as_str();
    let fail = |what: &str| Err(BenchError::Market(format!("copies can't be read: {what}")));
    for copy in [1, base.orders.div_ceil(2), base.orders] {
        let id = base.copied_order(copy);
        let order = client.get(key, &format!("/v1/orders/{id}")).await?.expect(200)?;
        if order.text("/status") != "confirmed" || order.body["erased"] != true {
            return fail(&order.body.to_string());
        }
        let invoice = client.get(key, &format!("/v1/orders/{id}/invoice")).await?.expect(200)?;
        if !invoice.body.to_string().contains(&id) {
            return fail(&invoice.body.to_string());
        }
    }
    for list in [
        "/v1/orders?limit=100".to_owned(),
        "/v1/orders?limit=100&status=confirmed".to_owned(),
        format!("/v1/orders?limit=100&customer={}", shopper::EMAIL),
    ] {
        let orders = listed(&mut client, key, &list, 100).await?;
        if orders < base.orders.min(500) {
            return fail(&format!("{list} has {orders}"));
        }
    }
    let products = listed(&mut client, key, "/v1/products?limit=100&tag=growth", 100).await?;
    if products < base.products.min(500) {
        return fail(&format!("the list of products has {products}"));
    }
    Ok(())
}

/// How many there are on the first pages of a list.
async fn listed(client: &mut Client, key: &str, list: &str, each: u64) -> Result<u64, BenchError> {
    let (mut count, mut path) = (0, list.to_owned());
    for _ in 0..PAGES {
        let page = client.get(key, &path).await?.expect(200)?;
        let items = page.body["data"].as_array().map_or(0, Vec::len);
        count += u64::try_from(items).unwrap_or(0).min(each);
        match page.text("/next_cursor") {
            "" => break,
            next => path = format!("{list}&cursor={next}"),
        }
    }
    Ok(count)
}
