//! Integrations: how they are registered, let in, and kept to what they were given.

mod clients;
mod codes;
mod keys;
mod pages;
mod refresh;
mod tokens;

use jiff::SignedDuration;
use serde_json::json;
use souk_tests::{Api, Integration, TestMarket, functions, hire};

/// A market whose owner and whose reader can log in.
async fn market() -> TestMarket {
    let market = TestMarket::open(|options| options.functions = functions()).await;
    hire(&market, 1, "owner").await;
    hire(&market, 2, "read_only").await;
    market
}

/// Everything that integrations do, once.
pub async fn everything(market: &TestMarket) {
    hire(market, 1, "owner").await;
    let staff = market.staff().0;
    let client = Integration::register(market, &["orders:read"]).await;
    Integration::public(market, &["orders:read"]).await;
    let path = format!("/v1/oauth-clients/{}", client.id);
    staff.get(&path).await.expect(200);
    let page = staff.get("/v1/oauth-clients?limit=1").await.expect(200);
    let next = format!("/v1/oauth-clients?limit=1&cursor={}", page.text_at("/next_cursor"));
    staff.get(&next).await.expect(200);
    staff.post(&format!("{path}/secret"), json!({})).await.expect(201);
    let tokens = client.tokens("orders:read").await;
    let tokens = client.refresh(tokens.text_at("/refresh_token")).await.expect(200);
    let api = Api::of_market(&market.market, tokens.text_at("/access_token"));
    api.get("/v1/orders").await.expect(200);
    client.ask("/oauth/introspect", &[("token", tokens.text_at("/access_token"))]).await.expect(200);
    client.ask("/oauth/revoke", &[("token", tokens.text_at("/refresh_token"))]).await.expect(200);
    staff.delete(&path).await.expect(204);
    keys::rotate(market).await;
    market.leap(SignedDuration::from_hours(25));
    keys::rotate(market).await;
}
