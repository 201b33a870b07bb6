//! The tripwire bites: functions that leak are planted in a market, and found.

use std::sync::OnceLock;

use souk::{
    event::CloudEvent,
    http::{Call, Nothing, Problem, Reply, Routes, get},
    id::StoreId,
    identity::{self, NewStore, Provisioned},
    inventory, order,
    principal::Scope,
    runtime::{App, Function, InvocationError, JobError, Message, direct, queue},
    store::{self, Write, keys},
    tenant::{Mode, Tenant},
};
use souk_local::engine::Happening;
use souk_tests::{Api, Shopper, Staff, TestMarket};

/// Reads the stock of mugs; what comes of it is of no interest.
async fn stock_of(app: &App, tenant: Tenant) -> Result<Reply<Nothing>, Problem> {
    inventory::read(app, tenant, &"MUG".parse().unwrap()).await?;
    Ok(Reply::empty())
}

/// `stock`, with `leak` in its place.
macro_rules! stock {
    ($leak:expr) => {
        Routes::new()
            .on(get("/v1/stock/{sku}", "Leak the stock").needs(Scope::StockRead), $leak)
            .function("stock")
    };
}

/// A market in which `leaky` stands in for the function of its name, and whose second store has seven mugs.
async fn market_with(leaky: Function) -> (TestMarket, String, Api) {
    let market = TestMarket::open(|options| {
        options.functions.retain(|function| function.name() != leaky.name());
        options.functions.push(leaky);
    })
    .await;
    let (store, _, sk) = market.another_store().await;
    (market, store, sk)
}

/// The one trespass of `function`, on a key that begins with `key`.
#[track_caller]
fn assert_tripped(market: &TestMarket, function: &str, key: &str) {
    let trespasses = market.trespasses();
    let [trespass] = trespasses.as_slice() else { panic!("{trespasses:?}") };
    assert_eq!(trespass.function, function);
    assert!(trespass.key.starts_with(key), "{trespass:?}");
}

#[tokio::test(start_paused = true)]
async fn a_key_made_of_what_a_request_says_is_found() {
    async fn leak(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
        let store: StoreId = call.path("sku")?;
        stock_of(&app, Tenant::of_own_record(store, Mode::Test)).await
    }
    let (market, other, _) = market_with(stock!(leak)).await;
    let api = &market.staff().0;
    api.get(&format!("/v1/stock/{}", market.store)).await.expect(204);
    api.get(&format!("/v1/stock/{other}")).await.expect(500);
    assert_tripped(&market, "stock", &format!("{other}/test/stock/"));
    tokio::task::yield_now().await;
    let told = market.happenings().into_iter().any(|happening| matches!(happening, Happening::Trespass(_)));
    assert!(told, "whoever watches the market sees it");
}

#[tokio::test(start_paused = true)]
async fn a_key_of_the_other_mode_is_found() {
    async fn leak(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
        stock_of(&app, Tenant::of_own_record(call.tenant()?.store(), Mode::Live)).await
    }
    let (market, ..) = market_with(stock!(leak)).await;
    market.staff().0.get("/v1/stock/MUG").await.expect(500);
    assert_tripped(&market, "stock", &format!("{}/live/stock/", market.store));
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_outlives_its_request_is_found() {
    static FIRST: OnceLock<Tenant> = OnceLock::new();
    async fn leak(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
        let tenant = call.tenant()?;
        stock_of(&app, *FIRST.get_or_init(|| tenant)).await
    }
    let (market, _, other) = market_with(stock!(leak)).await;
    market.staff().0.get("/v1/stock/MUG").await.expect(204);
    other.get("/v1/stock/MUG").await.expect(500);
    assert_tripped(&market, "stock", &format!("{}/test/stock/", market.store));
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_outlives_its_message_is_found() {
    static FIRST: OnceLock<Tenant> = OnceLock::new();
    async fn leak(app: App, message: Message) -> Result<(), JobError> {
        let event: CloudEvent = serde_json::from_str(&message.body).unwrap();
        let id = event.subject.parse().unwrap();
        order::load(&app, *FIRST.get_or_init(|| event.tenant()), id).await?;
        Ok(())
    }
    let (market, _, other) = market_with(queue("advance-orders", leak)).await;
    market.staff().sell("MUG", 1000, 7).await;
    market.shopper().buy("MUG", 1, "pm_card_visa").await;
    market.market.quiet().await;
    let other = Staff(other);
    other.sell("MUG", 1000, 7).await;
    Shopper(other.0.clone()).buy("MUG", 1, "pm_card_visa").await;
    market.market.quiet().await;
    let trespasses = market.trespasses();
    assert!(!trespasses.is_empty());
    for trespass in trespasses {
        assert_eq!(trespass.function, "advance-orders");
        assert!(trespass.key.starts_with(&market.store), "{trespass:?}");
    }
}

/// A task that an invocation leaves behind could do its work in the next one's time.
#[tokio::test(start_paused = true)]
async fn a_call_out_of_no_invocation_is_found() {
    async fn leak(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
        let tenant = call.tenant()?;
        tokio::spawn(async move { stock_of(&app, tenant).await }).await.unwrap()
    }
    let (market, ..) = market_with(stock!(leak)).await;
    market.staff().0.get("/v1/stock/MUG").await.expect(500);
    assert_tripped(&market, "stock", &market.store);
    assert_eq!(market.trespasses()[0].allowed, "no store");
}

/// Whatever a scan finds may be anybody's.
#[tokio::test(start_paused = true)]
async fn a_call_that_names_no_key_is_found() {
    async fn leak(app: App, _: Call) -> Result<Reply<Nothing>, Problem> {
        let table = app.settings().require("STATE_TABLE").unwrap();
        let scanned = app.dynamodb().scan().table_name(table).send().await;
        scanned.map_err(Problem::internal)?;
        Ok(Reply::empty())
    }
    let (market, ..) = market_with(stock!(leak)).await;
    market.staff().0.get("/v1/stock/MUG").await.expect(500);
    assert_tripped(&market, "stock", "");
}

/// An operator's event names no store: the first one that the function touches is the only one.
#[tokio::test(start_paused = true)]
async fn an_invocation_that_tells_no_store_may_touch_one() {
    async fn leak(app: App, new: NewStore) -> Result<Provisioned, InvocationError> {
        let made = identity::provision(&app, new, None, None).await;
        let made = made.map_err(|error| InvocationError::new("NotCreated", error))?;
        let other = keys::store_profile(Tenant::of_new_store(StoreId::from_bits(1), Mode::Test));
        let write = Write::create("profile", other, &made).unwrap();
        let _ = store::commit(&app, vec![write]).await;
        Ok(made)
    }
    let (market, ..) = market_with(direct("provision-store", leak)).await;
    let trespasses = market.trespasses();
    assert_eq!(trespasses.len(), 2, "one for each store that was made: {trespasses:?}");
    assert!(trespasses.iter().all(|one| one.key.starts_with(&StoreId::from_bits(1).to_string())));
    assert!(trespasses.iter().any(|one| one.allowed.starts_with(&market.store)), "{trespasses:?}");
}

/// Who doesn't expect a trespass fails by it, even if nothing else goes wrong.
#[tokio::test(start_paused = true)]
#[should_panic(expected = "the tripwire was touched:\nstock may touch")]
async fn a_test_fails_by_a_trespass() {
    async fn leak(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
        let _ = stock_of(&app, Tenant::of_own_record(call.path("sku")?, Mode::Test)).await;
        Ok(Reply::empty())
    }
    let (market, other, _) = market_with(stock!(leak)).await;
    market.staff().0.get(&format!("/v1/stock/{other}")).await.expect(204);
}

#[tokio::test(start_paused = true)]
async fn whatever_is_done_rightly_is_checked_and_let_through() {
    let market = TestMarket::with_mugs(5).await;
    let order = market.shopper().buy("MUG", 1, "pm_card_visa").await;
    market.market.settled().await;
    assert_eq!(market.shopper().0.get(&order).await.text_at("/payment/status"), "captured");
    assert!(market.market.keys_checked() > 50, "{}", market.market.keys_checked());
}
