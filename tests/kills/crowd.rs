//! Who uses the store: shoppers who come and go, staff, a provider that calls back, and now and then a crowd that wants
//! what is scarce.

use std::{sync::Arc, time::Duration};

use fastrand::Rng;
use futures::future::join_all;
use serde_json::json;
use simulate::{client::Client, people, people::Shop};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

/// How many there are of what is scarce.
const SCARCE: i64 = 10;

/// How many want one of it.
const BUYERS: u32 = 40;

/// How long it is between two sales.
const BETWEEN: Duration = Duration::from_secs(60);

/// All of them.
pub struct Crowd {
    shop: Arc<Shop>,
    shoppers: u32,
    seed: u64,
}

impl Crowd {
    /// The crowd of a store.
    pub fn new(shop: &Arc<Shop>, shoppers: u32, seed: u64) -> Self {
        Self { shop: Arc::clone(shop), shoppers, seed }
    }

    /// They come, until then; who is there by then does what they came for. What came of the sales.
    pub async fn come(self, until: Instant) -> Sales {
        let Self { shop, shoppers, seed } = self;
        let mut rng = Rng::with_seed(seed ^ 0x6372_6f77);
        let mut crowd: Vec<_> = (0..shoppers)
            .map(|number| tokio::spawn(shop_on(Arc::clone(&shop), number, until, rng.u64(..))))
            .collect();
        let time = until.saturating_duration_since(Instant::now()).as_secs();
        let span = u32::try_from(time).unwrap_or(u32::MAX);
        crowd.push(tokio::spawn(people::work(Arc::clone(&shop), span, span / 2, rng.u64(..))));
        let market = &shop.stage.market;
        let app = market.app("payment-events").expect("the template has it");
        let provider =
            people::notify(Arc::clone(&shop), market.operator(app.settings().clone()), rng.u64(..));
        let provider = tokio::spawn(async move { timeout_at(until, provider).await });
        let sales = sell_scarce(&shop, until).await;
        for person in crowd {
            if let Err(error) = person.await {
                shop.stage.history.wrong(format!("a client: {error}"));
            }
        }
        let _ = provider.await;
        sales
    }
}

/// One after the other.
async fn shop_on(shop: Arc<Shop>, number: u32, until: Instant, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    // Not all in the same moment.
    sleep(Duration::from_millis(rng.u64(..10_000))).await;
    while Instant::now() < until {
        people::shop(Arc::clone(&shop), number, 0, rng.u64(..)).await;
    }
}

/// What came of the sales of what is scarce.
pub struct Sales {
    staff: Client,
    /// Each sale's SKU, and the orders that its buyers were told of.
    sales: Vec<(String, Vec<String>)>,
    /// How many were sold in all.
    pub sold: std::sync::atomic::AtomicUsize,
}

async fn sell_scarce(shop: &Arc<Shop>, until: Instant) -> Sales {
    let staff = shop.staff("sales".to_owned());
    let mut sales = Vec::new();
    let mut next = Instant::now() + BETWEEN / 4;
    while next < until {
        sleep_until(next).await;
        let sku = format!("SCARCE-{}", sales.len());
        let product = json!({"name": sku, "variants": [{"sku": sku, "price": people::euros(990)}]});
        let made = staff.post("/v1/products", product).await;
        let mark = shop.stage.history.mark();
        let movement = json!({"location": "berlin", "change": SCARCE, "reason": mark});
        let brought = staff.post_marked(&format!("/v1/stock/{sku}/movements"), &mark, movement).await;
        if made.is_done() && brought.is_done() {
            let buyers = (0..BUYERS).map(|number| tokio::spawn(buy(Arc::clone(shop), sku.clone(), number)));
            let orders = join_all(buyers).await.into_iter().filter_map(|bought| bought.ok().flatten());
            sales.push((sku, orders.collect()));
        }
        next += BETWEEN;
    }
    Sales { staff, sales, sold: Default::default() }
}

async fn buy(shop: Arc<Shop>, sku: String, number: u32) -> Option<String> {
    let client = shop.shopper(format!("buyer {number} of {sku}"));
    let cart = client.post("/v1/carts", json!({"currency": "EUR"})).await;
    let path = format!("/v1/carts/{}", cart.text("/id"));
    client.post(&format!("{path}/lines"), json!({"sku": sku, "quantity": 1})).await;
    let contact = json!({
        "email": format!("{number}@example.com"),
        "shipping_address": {"line1": "12 Analytical Row", "city": "Berlin", "postal_code": "10115", "country": "DE"},
    });
    client.patch(&path, contact).await;
    let answer = client.post(&format!("{path}/checkout"), json!({"payment_method": "pm_card_visa"})).await;
    let order = answer.text("/id").to_owned();
    answer.is_done().then(|| {
        shop.stage.history.ordered(cart.text("/id"), &order);
        order
    })
}

impl Sales {
    /// What is wrong with what the shop itself says of them.
    pub async fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (sku, orders) in &self.sales {
            let stock = self.staff.get(&format!("/v1/stock/{sku}")).await.json;
            let (mut paid, mut open) = (0, 0);
            for order in orders {
                let order = self.staff.get(&format!("/v1/orders/{order}")).await.json;
                match (order["status"].as_str(), order["payment"]["status"].as_str()) {
                    (Some("confirmed"), Some("captured")) => paid += 1,
                    (Some("canceled"), _) => {}
                    _ => open += 1,
                }
            }
            // Who was told nothing may have bought one, too.
            let reserved = stock["reserved"].as_i64().unwrap_or(-1);
            if open > 0 || stock["on_hand"] != SCARCE || !(paid..=SCARCE).contains(&reserved) {
                wrong.push(format!(
                    "{sku}: {paid} orders are paid, {open} are neither paid nor canceled: {stock}"
                ));
            }
            let sold = usize::try_from(reserved).unwrap_or(0);
            self.sold.fetch_add(sold, std::sync::atomic::Ordering::Relaxed);
        }
        wrong
    }

    /// How many sales there were, and of how many in all.
    pub fn count(&self) -> (usize, i64) {
        (self.sales.len(), SCARCE * i64::try_from(self.sales.len()).unwrap_or(0))
    }
}
