//! Plays a whole purchase on a fresh market, over real HTTP, and tells its story.

mod client;
mod story;

use http::Method;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use self::{
    client::{Actor, Client},
    story::Story,
};
use super::{args::Options, error::CliError, open};
use crate::{console::Style, seed};

const SHOPPER: Actor = Actor { name: "shopper", key: seed::PUBLISHABLE_KEY };
const STAFF: Actor = Actor { name: "staff", key: seed::SECRET_KEY };

/// What the shopper buys: something on sale, and two of something else.
const GRINDER: &str = "GRN-003";
const MUG: &str = "MUG-SAND";

pub(super) async fn demo(options: &Options) -> Result<(), CliError> {
    let paint = Style::for_terminal().paint();
    println!("{}", paint.dim("A fresh market, in memory, with the demo store."));
    let options = Options { no_seed: false, ..options.clone() };
    let market = open::open(&options, None).await?;
    market.hear_topics().map_err(|error| CliError::Demo(error.to_string()))?;
    let listener = open::listen(0, "--port").await?;
    let client = Client::new(listener.local_addr()?);
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = {
        let market = market.clone();
        tokio::spawn(async move { market.serve(listener, async { drop(stopped.await) }).await })
    };
    market.quiet().await;
    let mut story = Story::new(market.clone(), client, paint);
    play(&mut story).await?;
    let _ = stop.send(());
    let _ = serving.await;
    market.close().await;
    Ok(())
}

async fn play(story: &mut Story) -> Result<(), CliError> {
    story.chapter("The stock before");
    let before = (stock(story, GRINDER).await?, stock(story, MUG).await?);
    story.skip();

    story.chapter("A shopper looks around");
    let found = story.call(SHOPPER, Method::GET, "/v1/products?tag=coffee&limit=10", None).await?;
    for product in found["data"].as_array().into_iter().flatten() {
        let price = product.pointer("/variants/0/price").map(money).unwrap_or_default();
        let was = product.pointer("/variants/0/compare_at").filter(|was| !was.is_null()).map(money);
        let was = was.map(|was| format!(" instead of {was}")).unwrap_or_default();
        story.note(&format!("{:<24} {price}{was}", product["name"].as_str().unwrap_or_default()));
    }
    story.skip();

    story.chapter("… and fills a cart");
    let cart = story.call(SHOPPER, Method::POST, "/v1/carts", Some(json!({ "currency": "EUR" }))).await?;
    let cart = format!("/v1/carts/{}", cart["id"].as_str().unwrap_or_default());
    for (sku, quantity) in [(GRINDER, 1), (MUG, 2)] {
        let line = json!({ "sku": sku, "quantity": quantity });
        story.call(SHOPPER, Method::POST, &format!("{cart}/lines"), Some(line)).await?;
    }
    let address = json!({
        "name": "Ada Lovelace", "line1": "12 Analytical Row", "city": "Berlin", "postal_code": "10115", "country": "DE",
    });
    let contact = json!({ "email": "ada@example.com", "shipping_address": address });
    let filled = story.call(SHOPPER, Method::PATCH, &cart, Some(contact)).await?;
    story.note(&format!("total {}", money(&filled["totals"]["total"])));
    story.skip();

    story.chapter("… and pays");
    let payment = json!({ "payment_method": "pm_card_visa" });
    let order = story.call(SHOPPER, Method::POST, &format!("{cart}/checkout"), Some(payment)).await?;
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap_or_default());
    story.note(&status(&order));
    story.aftermath().await;
    let order = story.call(SHOPPER, Method::GET, &path, None).await?;
    story.note(&status(&order));
    story.skip();

    story.chapter("Staff ship it");
    let parcel = json!({ "tracking": { "carrier": "DHL", "number": "00340434161094042557" } });
    story.call(STAFF, Method::POST, &format!("{path}/fulfillments"), Some(parcel)).await?;
    story.aftermath().await;
    let order = story.call(STAFF, Method::GET, &path, None).await?;
    story.note(&status(&order));
    for event in order["timeline"].as_array().into_iter().flatten() {
        story.note(&format!(
            "{}  {}",
            event["at"].as_str().unwrap_or_default(),
            event["type"].as_str().unwrap_or_default()
        ));
    }
    story.skip();

    story.chapter("The stock after");
    let after = (stock(story, GRINDER).await?, stock(story, MUG).await?);
    let table = [(GRINDER, before.0, after.0), (MUG, before.1, after.1)];
    story.note(&story.paint.dim(&format!("{:<12}{:>10}{:>10}{:>14}", "", "before", "after", "sold")));
    for (sku, before, after) in table {
        story.note(&format!("{sku:<12}{before:>10}{after:>10}{:>14}", before - after));
    }

    story.chapter("What it cost");
    println!("{}", story.bill()?);
    Ok(())
}

/// How many of a SKU lie on the shelves.
async fn stock(story: &mut Story, sku: &str) -> Result<i64, CliError> {
    let stock = story.call(STAFF, Method::GET, &format!("/v1/stock/{sku}"), None).await?;
    let count = |name: &str| stock[name].as_i64().unwrap_or_default();
    let (on_hand, reserved, available) = (count("on_hand"), count("reserved"), count("available"));
    story.note(&format!("{on_hand} on hand, {reserved} reserved, {available} available"));
    Ok(on_hand)
}

fn status(order: &Value) -> String {
    let text = |pointer: &str| order.pointer(pointer).and_then(Value::as_str).unwrap_or("?").to_owned();
    format!("order {} is {}, its payment {}", text("/number"), text("/status"), text("/payment/status"))
}

/// `{"amount": 1299, "currency": "EUR"}` as `12.99 EUR`.
fn money(value: &Value) -> String {
    let amount = value["amount"].as_i64().unwrap_or_default();
    format!("{}.{:02} {}", amount / 100, amount % 100, value["currency"].as_str().unwrap_or_default())
}
