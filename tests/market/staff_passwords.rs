//! Staff choose new passwords: those who know the present one, and those who read their mails.

use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk_tests::{Answer, Api, Member, PASSWORD, TestMarket, code_at, mailed_token};

const NEW: &str = "four quiet herons";

async fn change(api: &Api, more: Value) -> Answer {
    let mut body = json!({"current_password": PASSWORD, "password": NEW});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    api.post("/v1/staff/me/password", body).await
}

async fn asked(market: &TestMarket, email: &str) -> String {
    market.shopper().0.post("/v1/staff/password-resets", json!({"email": email})).await.expect(202);
    mailed_token(market, email).await
}

async fn reset(market: &TestMarket, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "password": password});
    market.shopper().0.with_key(None).post("/v1/staff/password-resets/confirm", body).await
}

#[tokio::test(start_paused = true)]
async fn a_changed_password_ends_the_other_sessions() {
    let market = TestMarket::open(|_| {}).await;
    let ada = Member::joined(&market, &market.staff().0, "ada@example.com", "support").await;
    let (desk, laptop) = (ada.log_in().await, ada.log_in().await);
    assert_eq!(
        change(&desk, json!({"current_password": "x"})).await.expect(401).code(),
        "invalid_credentials"
    );
    assert_eq!(
        change(&desk, json!({"password": "password1"})).await.expect(422).text_at("/param"),
        "password"
    );
    change(&desk, json!({})).await.expect(204);
    desk.get("/v1/staff/me").await.expect(200);
    laptop.get("/v1/staff/me").await.expect(401);
    ada.try_log_in(PASSWORD, None).await.expect(401);
    ada.try_log_in(NEW, None).await.expect(201);
    market
        .staff()
        .0
        .post("/v1/staff/me/password", json!({"current_password": NEW, "password": NEW}))
        .await
        .expect(403);
}

#[tokio::test(start_paused = true)]
async fn with_a_second_factor_a_code_is_asked_for_too() {
    let market = TestMarket::open(|_| {}).await;
    let ada = Member::joined(&market, &market.staff().0, "ada@example.com", "support").await;
    let api = ada.log_in().await;
    api.post("/v1/staff/me/totp", json!({"password": "four loud herons"})).await.expect(422);
    let enrolled = api.post("/v1/staff/me/totp", json!({"password": PASSWORD})).await.expect(201).json;
    let code = code_at(&enrolled, market.clock().now());
    api.post("/v1/staff/me/totp/confirm", json!({"code": code})).await.expect(200);
    assert_eq!(change(&api, json!({})).await.expect(401).code(), "second_factor_needed");
    change(&api, json!({"code": "000000"})).await.expect(401);
    market.leap(SignedDuration::from_secs(30));
    let code = code_at(&enrolled, market.clock().now());
    change(&api, json!({"code": code})).await.expect(204);
    // A link stands in for the password, not for the second factor.
    let token = asked(&market, &ada.email).await;
    reset(&market, &token, "five quiet herons").await.expect(204);
    let refused = ada.try_log_in("five quiet herons", None).await.expect(401);
    assert_eq!(refused.code(), "second_factor_needed");
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_password_is_replaced_by_one_link_once_and_in_time() {
    let market = TestMarket::crowded(0).await;
    let sk = market.staff().0;
    let ada = Member::joined(&market, &sk, "ada@example.com", "support").await;
    let desk = ada.log_in().await;
    let token = asked(&market, &ada.email).await;
    assert_eq!(reset(&market, &token, "short").await.expect(422).text_at("/param"), "password");
    let shoppers = json!({"token": token, "password": NEW});
    sk.with_key(None).post("/v1/password-resets/confirm", shoppers).await.expect(422);
    let all = join_all((0..10).map(|number| {
        let (market, token) = (&market, &token);
        async move { reset(market, token, &format!("quiet herons {number}")).await }
    }))
    .await;
    let done: Vec<_> = (0..10).filter(|&number| all[number].status == 204).collect();
    assert_eq!(done.len(), 1, "a link is good once: {all:?}");
    desk.get("/v1/staff/me").await.expect(401);
    ada.try_log_in(&format!("quiet herons {}", done[0]), None).await.expect(201);
    let late = asked(&market, &ada.email).await;
    market.leap(SignedDuration::from_mins(61));
    assert_eq!(reset(&market, &late, NEW).await.expect(422).code(), "invalid_link");
    // Whoever left has nothing left to set a password of.
    let token = asked(&market, &ada.email).await;
    sk.delete(&ada.path()).await.expect(204);
    assert_eq!(reset(&market, &token, NEW).await.expect(422).code(), "invalid_link");
    assert!(market.state_items("credential").await.is_empty());
    let mails = market.market.cloud().ses.messages().len();
    market
        .shopper()
        .0
        .post("/v1/staff/password-resets", json!({"email": "nobody@example.com"}))
        .await
        .expect(202);
    market.market.settled().await;
    assert_eq!(market.market.cloud().ses.messages().len(), mails, "nobody is written to");
}
