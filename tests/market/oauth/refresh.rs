//! Refresh tokens: good once; their reuse ends the family; scopes narrow and never widen.

use futures::future::join_all;
use jiff::SignedDuration;
use souk_tests::{Api, Integration, Member, TestMarket};

use super::{market, owner};

#[tokio::test(start_paused = true)]
async fn a_refresh_token_that_comes_back_ends_the_family() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let first = client.tokens("").await.text_at("/refresh_token").to_owned();
    let second = client.refresh(&first).await.expect(200);
    market.leap(SignedDuration::from_secs(11));
    assert_eq!(client.refresh(&first).await.expect(400).json["error"], "invalid_grant");
    let api = Api::of_market(&market.market, second.text_at("/access_token"));
    api.get("/v1/orders").await.expect(401);
    let refused = client.refresh(second.text_at("/refresh_token")).await.expect(400);
    assert_eq!(refused.json["error"], "invalid_grant");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_refreshes_at_once_are_one() {
    let market = TestMarket::crowded(0).await;
    owner(&market).await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let first = client.tokens("").await.text_at("/refresh_token").to_owned();
    // From as many addresses: what one address may do is limited.
    let refresh = |address: u8| {
        let client =
            Integration { anybody: client.anybody.at(&format!("203.0.113.{address}")), ..client.clone() };
        let first = &first;
        async move { client.refresh(first).await }
    };
    let answers = join_all((0..100).map(refresh)).await;
    let next = answers[0].text_at("/refresh_token").to_owned();
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.text_at("/refresh_token") == next));
    assert!(next != first && !next.is_empty());
    client.refresh(&next).await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn scopes_narrow_and_never_widen() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read", "catalog:read", "catalog:write"]).await;
    let tokens = client.tokens("orders:read catalog:read").await;
    assert_eq!(tokens.json["scope"], "catalog:read orders:read");
    let token = tokens.text_at("/refresh_token").to_owned();
    let ask = async |token: &str, scope: &str| {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
        client.ask("/oauth/token", &fields).await
    };
    for wide in ["catalog:write", "orders:read catalog:write", "account:own", "nothing", "orders:write"] {
        let refused = ask(&token, wide).await.expect(400);
        assert_eq!(refused.json["error"], "invalid_scope", "{wide}");
    }
    // Asking for too much did not use it up.
    let narrow = ask(&token, "orders:read").await.expect(200);
    assert_eq!(narrow.json["scope"], "orders:read");
    let api = Api::of_market(&market.market, narrow.text_at("/access_token"));
    api.get("/v1/orders").await.expect(200);
    assert_eq!(api.get("/v1/products").await.expect(403).text_at("/scope"), "catalog:read");
    // What was granted stays granted: the next one may be as wide as the first.
    let again = client.refresh(narrow.text_at("/refresh_token")).await.expect(200);
    assert_eq!(again.json["scope"], "catalog:read orders:read");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_is_its_clients_own() {
    let market = market().await;
    let (client, other) = (
        Integration::register(&market, &["orders:read"]).await,
        Integration::register(&market, &["orders:read"]).await,
    );
    let tokens = client.tokens("").await;
    let token = tokens.text_at("/refresh_token");
    assert_eq!(other.refresh(token).await.expect(400).json["error"], "invalid_grant");
    client.refresh(token).await.expect(200);
}

/// An integration that acts for somebody may do no more than they may, now.
#[tokio::test(start_paused = true)]
async fn what_somebody_may_no_longer_do_nobody_does_for_them() {
    let market = TestMarket::open(|_| {}).await;
    let (owner, staff) = (owner(&market).await, market.staff().0);
    Member::joined(&market, &staff, "other@example.com", "owner").await;
    let client = Integration::register(&market, &["orders:read", "orders:write"]).await;
    let tokens = client.tokens("").await;
    let api = Api::of_market(&market.market, tokens.text_at("/access_token"));
    api.post("/v1/orders/ord_00000000000000000000000001/cancel", serde_json::json!({})).await.expect(404);
    staff.patch(&owner.path(), serde_json::json!({"role": "read_only"})).await.expect(200);
    api.get("/v1/orders").await.expect(200);
    api.post("/v1/orders/ord_00000000000000000000000001/cancel", serde_json::json!({})).await.expect(403);
    let next = client.refresh(tokens.text_at("/refresh_token")).await.expect(200);
    assert_eq!(next.json["scope"], "orders:read");
    staff.delete(&owner.path()).await.expect(204);
    api.get("/v1/orders").await.expect(401);
    let refused = client.refresh(next.text_at("/refresh_token")).await.expect(400);
    assert_eq!(refused.json["error"], "invalid_grant");
}
