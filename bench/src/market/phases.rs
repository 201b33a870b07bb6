//! What shoppers do to the market: buy one after the other, all want the same few, ask twice for the same.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures::future::{join_all, try_join_all};
use serde::Serialize;
use serde_json::json;

use super::{
    BenchError,
    client::Client,
    process::MarketProcess,
    shopper::{self, PUBLISHABLE, Wish},
};

/// The demo store's key for the shop's own systems.
pub(crate) const SECRET: &str = "sk_test_demo";
/// More than any run can buy.
pub(crate) const PLENTY: u64 = 100_000_000;

/// A store that sells what is measured.
pub(super) struct Shop {
    address: SocketAddr,
    wish: Wish,
}

/// What came of shoppers who buy one after the other.
#[derive(Debug, Serialize)]
pub(super) struct Load {
    pub(super) shoppers: usize,
    pub(super) orders: usize,
    pub(super) millis: u128,
    /// Processor time of the market, until all that the orders set in motion was done.
    pub(super) processor_millis: u128,
    pub(super) complete_p50_micros: u128,
    pub(super) complete_p99_micros: u128,
    pub(super) journey_p50_micros: u128,
}

/// What came of many shoppers and few things.
#[derive(Debug, Serialize)]
pub(super) struct Flash {
    pub(super) shoppers: usize,
    pub(super) units: u64,
    pub(super) sold: u64,
    pub(super) confirmed: usize,
    pub(super) answers_of_500: usize,
}

/// What came of carts that two clients order at the same moment.
#[derive(Debug, Serialize)]
pub(super) struct Twins {
    pub(super) carts: usize,
    pub(super) orders: usize,
    pub(super) payments: u64,
    pub(super) sold: u64,
}

impl Shop {
    /// Puts plenty of one thing on the shelves, and a way to send it.
    pub(super) async fn open(address: SocketAddr) -> Result<Self, BenchError> {
        let mut client = Client::connect(address).await?;
        stock(&mut client, "BENCH", PLENTY).await?;
        let zone = json!({
            "name": "Germany",
            "places": [{"country": "DE"}],
            "methods": [{"name": "Parcel", "rates": [{
                "currency": "EUR", "tiers": [{"price": {"amount": 490, "currency": "EUR"}}],
            }]}],
        });
        let zone = post(&mut client, "/v1/shipping/zones", &zone, 201).await?;
        let wish = Wish { sku: "BENCH".to_owned(), shipping_method: zone.text("/methods/0/id").to_owned() };
        Ok(Self { address, wish })
    }
}

/// Lets so many shoppers buy for so long, each again and again.
pub(super) async fn buy(
    market: &MarketProcess,
    shop: &Shop,
    shoppers: usize,
    time: Duration,
) -> Result<Load, BenchError> {
    let mut clients = Vec::new();
    for _ in 0..shoppers {
        let mut client = Client::connect(shop.address).await?;
        // What is done once is not what is measured.
        shopper::buy(&mut client, &shop.wish).await?;
        clients.push(client);
    }
    let (began, before) = (Instant::now(), at_rest(market).await?);
    let bought = try_join_all(clients.into_iter().map(async |mut client| {
        let mut bought = Vec::new();
        while began.elapsed() < time {
            bought.push(shopper::buy(&mut client, &shop.wish).await?);
        }
        Ok::<_, BenchError>(bought)
    }));
    let bought: Vec<_> = bought.await?.into_iter().flatten().collect();
    let millis = began.elapsed().as_millis();
    let used = at_rest(market).await?.saturating_sub(before);
    let completed = sorted(bought.iter().map(|bought| bought.completed));
    let whole = sorted(bought.iter().map(|bought| bought.whole));
    Ok(Load {
        shoppers,
        orders: bought.len(),
        millis,
        processor_millis: used.as_millis(),
        complete_p50_micros: at(&completed, 50),
        complete_p99_micros: at(&completed, 99),
        journey_p50_micros: at(&whole, 50),
    })
}

/// So many shoppers want one each, at the same moment, of less than that.
pub(super) async fn flash_sale(shop: &Shop, shoppers: usize, units: u64) -> Result<Flash, BenchError> {
    let mut staff = Client::connect(shop.address).await?;
    stock(&mut staff, "BENCH-FEW", units).await?;
    let wish = Wish { sku: "BENCH-FEW".to_owned(), ..shop.wish.clone() };
    let answers = join_all((0..shoppers).map(async |_| {
        let mut client = Client::connect(shop.address).await?;
        let cart = shopper::fill(&mut client, &wish).await?;
        shopper::complete(&mut client, &cart).await
    }));
    let (mut answers_of_500, mut confirmed) = (0, 0);
    for answer in answers.await {
        let answer = answer?;
        answers_of_500 += usize::from(answer.status >= 500);
        confirmed += usize::from(answer.text("/status") == "confirmed");
    }
    let sold = units.saturating_sub(available(&mut staff, "BENCH-FEW").await?);
    Ok(Flash { shoppers, units, sold, confirmed, answers_of_500 })
}

/// Each of so many carts is ordered by two clients at the same moment.
pub(super) async fn twins(shop: &Shop, carts: usize) -> Result<Twins, BenchError> {
    let mut staff = Client::connect(shop.address).await?;
    stock(&mut staff, "BENCH-TWINS", 1000).await?;
    let wish = Wish { sku: "BENCH-TWINS".to_owned(), ..shop.wish.clone() };
    let (mut orders, mut payments) = (std::collections::BTreeSet::new(), 0);
    for _ in 0..carts {
        let mut pair = [Client::connect(shop.address).await?, Client::connect(shop.address).await?];
        let cart = shopper::fill(&mut pair[0], &wish).await?;
        let path = format!("{cart}/checkout");
        let payment = json!({"payment_method": "pm_card_visa"});
        let asked = try_join_all(pair.iter_mut().zip(["one", "other"]).map(async |(client, name)| {
            let key = format!("{cart}-{name}");
            let headers = [("idempotency-key", key.as_str()), ("prefer", "wait=20")];
            client.send(PUBLISHABLE, http::Method::POST, &path, Some(&payment), &headers).await
        }));
        let placed: Vec<_> = asked
            .await?
            .iter()
            .filter(|answer| answer.status < 300)
            .map(|answer| answer.text("/id").to_owned())
            .collect();
        orders.extend(placed);
    }
    for order in &orders {
        let order = staff.get(SECRET, &format!("/v1/orders/{order}")).await?.expect(200)?;
        payments += u64::from(order.text("/payment/status") == "captured");
    }
    let sold = 1000 - available(&mut staff, "BENCH-TWINS").await?;
    Ok(Twins { carts, orders: orders.len(), payments, sold })
}

async fn stock(client: &mut Client, sku: &str, count: u64) -> Result<(), BenchError> {
    let price = json!({"amount": 1250, "currency": "EUR"});
    let product = json!({"name": sku, "variants": [{"sku": sku, "price": price}]});
    post(client, "/v1/products", &product, 201).await?;
    let movement = json!({"location": "berlin", "change": count, "reason": "received"});
    post(client, &format!("/v1/stock/{sku}/movements"), &movement, 201).await?;
    Ok(())
}

async fn post(
    client: &mut Client,
    path: &str,
    body: &serde_json::Value,
    status: u16,
) -> Result<super::client::Answer, BenchError> {
    let key = format!("{path}-{}", body.to_string().len());
    client
        .send(SECRET, http::Method::POST, path, Some(body), &[("idempotency-key", &key)])
        .await?
        .expect(status)
}

async fn available(client: &mut Client, sku: &str) -> Result<u64, BenchError> {
    let stock = client.get(SECRET, &format!("/v1/stock/{sku}")).await?.expect(200)?;
    Ok(stock.body["available"].as_u64().unwrap_or_default())
}

/// The market's processor time, once it does nothing any more.
pub(crate) async fn at_rest(market: &MarketProcess) -> Result<Duration, BenchError> {
    let mut last = market.processor_time()?;
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = market.processor_time()?;
        if now.saturating_sub(last) <= Duration::from_millis(20) {
            return Ok(now);
        }
        last = now;
    }
}

pub(crate) fn sorted(times: impl Iterator<Item = Duration>) -> Vec<Duration> {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times
}

/// The time that so many of a hundred don't exceed, in microseconds.
pub(crate) fn at(times: &[Duration], percent: usize) -> u128 {
    let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(place).map_or(0, Duration::as_micros)
}
