//! Codes: one use, one minute, one client, one address, one verifier.

use futures::future::join_all;
use jiff::SignedDuration;
use souk_tests::{Api, Integration, TestMarket};

use super::{market, owner};

#[tokio::test(start_paused = true)]
async fn a_code_is_good_for_exactly_what_it_was_made_for() {
    let market = market().await;
    let client = Integration::public(&market, &["orders:read"]).await;
    let other = Integration::register(&market, &["orders:read"]).await;
    let code = client.code("").await;
    let long = "a".repeat(129);
    for (change, error) in [
        (("code_verifier", ""), "invalid_request"),
        (("code_verifier", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), "invalid_grant"),
        (("code_verifier", "short"), "invalid_grant"),
        (("code_verifier", &long), "invalid_grant"),
        (("redirect_uri", ""), "invalid_request"),
        (("redirect_uri", "https://app.example.com/callback/"), "invalid_grant"),
        (("redirect_uri", "http://127.0.0.1/cb"), "invalid_grant"),
        (("code", ""), "invalid_request"),
        (("code", "ac_nothing"), "invalid_grant"),
    ] {
        let refused = client.redeem(&code, &[change]).await.expect(400);
        assert_eq!(refused.json["error"], error, "{change:?}");
    }
    assert_eq!(other.redeem(&code, &[]).await.expect(400).json["error"], "invalid_grant");
    let tokens = client.redeem(&code, &[]).await.expect(200);
    Api::of_market(&market.market, tokens.text_at("/access_token")).get("/v1/orders").await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn a_code_is_good_for_a_minute() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let (early, late) = (client.code("").await, client.code("").await);
    market.leap(SignedDuration::from_secs(59));
    client.redeem(&early, &[]).await.expect(200);
    market.leap(SignedDuration::from_secs(1));
    assert_eq!(client.redeem(&late, &[]).await.expect(400).json["error"], "invalid_grant");
}

/// A loopback address is registered without a port, and asked for with one.
#[tokio::test(start_paused = true)]
async fn a_program_on_a_laptop_takes_any_port() {
    let market = market().await;
    let client = Integration::public(&market, &["orders:read"]).await;
    let address = "http://127.0.0.1:51004/cb";
    let request = client.request(&[("redirect_uri", address)]);
    let mut browser = souk_tests::Browser::new(&market.staff().0);
    let told = browser.agree(&request, "owner@example.com").await;
    let wrong_port = client.redeem(&told["code"], &[("redirect_uri", "http://127.0.0.1:51005/cb")]).await;
    assert_eq!(wrong_port.expect(400).json["error"], "invalid_grant");
    client.redeem(&told["code"], &[("redirect_uri", address)]).await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn a_code_that_is_used_twice_ends_what_it_began() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let code = client.code("").await;
    let tokens = client.redeem(&code, &[]).await.expect(200);
    let api = Api::of_market(&market.market, tokens.text_at("/access_token"));
    api.get("/v1/orders").await.expect(200);
    // Long after it was good.
    market.leap(SignedDuration::from_mins(5));
    assert_eq!(client.redeem(&code, &[]).await.expect(400).json["error"], "invalid_grant");
    api.get("/v1/orders").await.expect(401);
    let refused = client.refresh(tokens.text_at("/refresh_token")).await.expect(400);
    assert_eq!(refused.json["error"], "invalid_grant");
}

/// Many at once: one is answered, and as a code in many hands has leaked, even that one's tokens end.
#[tokio::test(start_paused = true)]
async fn of_many_at_once_one_redeems_a_code() {
    let market = TestMarket::crowded(0).await;
    owner(&market).await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let code = client.code("").await;
    let answers = join_all((0..30).map(|_| client.redeem(&code, &[]))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 29));
    assert!(lost.iter().all(|answer| answer.status == 400 && answer.json["error"] == "invalid_grant"));
    let api = Api::of_market(&market.market, won[0].text_at("/access_token"));
    api.get("/v1/orders").await.expect(401);
    assert!(market.state_items("session").await.is_empty(), "nothing is left of it");
}
