//! The journey on a market that runs somewhere else.

use souk_tests::{Api, TestMarket, journey};

/// `SOUK_URL=https://… SOUK_PK=pk_test_… SOUK_SK=sk_test_… cargo test -p souk-tests deployed`
#[tokio::test]
async fn the_journey_on_the_market_that_is_deployed() {
    let names = ["SOUK_URL", "SOUK_PK", "SOUK_SK"];
    let [Ok(url), Ok(publishable), Ok(secret)] = names.map(std::env::var) else {
        println!("skipped: SOUK_URL, SOUK_PK and SOUK_SK say which market to visit");
        return;
    };
    journey(&Api::of_url(&url, &publishable), &Api::of_url(&url, &secret)).await;
}

/// The same journey under a paused clock; `process` takes it over HTTP.
#[tokio::test(start_paused = true)]
async fn the_journey_on_a_market_in_this_process() {
    let market = TestMarket::with_mugs(3).await;
    journey(&market.shopper().0, &market.staff().0).await;
}
