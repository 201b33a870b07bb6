//! Integrations: how they are registered, let in, and kept to what they were given.

mod clients;
mod codes;
mod keys;
mod pages;
mod refresh;
mod tokens;

use jiff::SignedDuration;
use serde_json::json;
use souk_tests::{Api, Browser, Integration, Member, OWNER, PASSWORD, TestMarket, code_at};

/// A market whose owner and whose reader can log in.
async fn market() -> TestMarket {
    let market = TestMarket::open(|_| {}).await;
    owner(&market).await;
    Member::joined(&market, &market.staff().0, "reader@example.com", "read_only").await;
    market
}

/// Who lets integrations in.
async fn owner(market: &TestMarket) -> Member {
    Member::joined(market, &market.staff().0, OWNER, "owner").await
}

/// A member with a second factor, and what their authenticator was set up with.
async fn careful(market: &TestMarket) -> (Member, serde_json::Value) {
    let member = Member::joined(market, &market.staff().0, "careful@example.com", "owner").await;
    let api = member.log_in().await;
    let enrolled = api.post("/v1/staff/me/totp", json!({"password": PASSWORD})).await.expect(201).json;
    let code = code_at(&enrolled, market.clock().now());
    api.post("/v1/staff/me/totp/confirm", json!({"code": code})).await.expect(200);
    market.leap(SignedDuration::from_secs(30));
    (member, enrolled)
}

/// Everything that integrations do, once.
pub async fn everything(market: &TestMarket) {
    owner(market).await;
    let (careful, enrolled) = careful(market).await;
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
    let mut browser = Browser::new(&staff);
    let page = browser.open(&client.request(&[])).await.expect(200);
    let code = code_at(&enrolled, market.clock().now());
    browser.log_in(&page, &careful.email, PASSWORD, &code).await.expect(200);
    client.ask("/oauth/introspect", &[("token", tokens.text_at("/access_token"))]).await.expect(200);
    client.ask("/oauth/revoke", &[("token", tokens.text_at("/refresh_token"))]).await.expect(200);
    staff.delete(&path).await.expect(204);
    keys::rotate(market).await;
    market.leap(SignedDuration::from_hours(25));
    keys::rotate(market).await;
}
