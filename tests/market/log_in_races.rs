//! Log-ins with a password that is being changed: once the change is answered, nothing that the old one began is alive.

use std::time::Duration;

use futures::future::{join, join_all};
use serde_json::{Value, json};
use souk_tests::{Answer, Api, Browser, Integration, Member, PASSWORD, TestMarket, mailed_token};

const NEW: &str = "four quiet herons";
const EMAIL: &str = "ada@example.com";

/// Logs in over and over with the old password while `change` is under way, each time from elsewhere, and gives the
/// tokens that were handed out.
async fn rush(
    market: &TestMarket,
    path: &str,
    change: impl Future<Output = Answer>,
) -> (Answer, Vec<Answer>) {
    let storefront = market.shopper().0;
    let tries = (0..40).map(|number| {
        let api = storefront.at(&format!("203.0.113.{number}"));
        async move {
            tokio::time::sleep(Duration::from_millis(6 * number)).await;
            api.post(path, json!({"email": EMAIL, "password": PASSWORD})).await
        }
    });
    let change = async {
        // Late enough for some to be let in before, however many calls a log-in makes.
        tokio::time::sleep(Duration::from_millis(160)).await;
        change.await
    };
    let (changed, tried) = join(change, join_all(tries)).await;
    let (let_in, kept_out): (Vec<_>, Vec<_>) = tried.into_iter().partition(|answer| answer.status == 201);
    assert!(!let_in.is_empty() && !kept_out.is_empty(), "{} and {}", let_in.len(), kept_out.len());
    for refused in kept_out {
        // Refused once, it has to wait: how many were let in before is what the test is about.
        assert!(refused.status == 401 || refused.status == 429, "{}", refused.text);
    }
    (changed, let_in)
}

/// That none of these log-ins is worth anything.
async fn all_are_over(market: &TestMarket, path: &str, let_in: &[Answer]) {
    let storefront = market.shopper().0;
    for (number, tokens) in let_in.iter().enumerate() {
        let api = storefront.with_key(Some(tokens.text_at("/access_token")));
        let read = api.at(&format!("198.51.100.{number}")).get(path).await;
        assert_eq!(read.status, 401, "log-in {number} of {} outlived its password", let_in.len());
    }
}

fn body(fields: &[(&str, &str)]) -> Value {
    fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
}

async fn registered(market: &TestMarket) -> Api {
    let pk = market.shopper().0;
    let new = json!({"email": EMAIL, "password": PASSWORD, "name": "Ada Lovelace"});
    pk.post("/v1/customers", new).await.expect(201);
    let log_in = json!({"email": EMAIL, "password": PASSWORD});
    let tokens = pk.post("/v1/sessions", log_in).await.expect(201);
    pk.with_key(Some(tokens.text_at("/access_token")))
}

#[tokio::test(start_paused = true)]
async fn no_shoppers_log_in_outlives_its_password() {
    let market = TestMarket::crowded(0).await;
    let ada = registered(&market).await;
    let change = body(&[("current_password", PASSWORD), ("password", NEW)]);
    let change = ada.post("/v1/customers/me/password", change);
    let (changed, let_in) = rush(&market, "/v1/sessions", change).await;
    changed.expect(204);
    all_are_over(&market, "/v1/customers/me", &let_in).await;
    ada.get("/v1/customers/me").await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn nor_one_that_a_link_replaced() {
    let market = TestMarket::crowded(0).await;
    let ada = registered(&market).await;
    market.shopper().0.post("/v1/password-resets", json!({"email": EMAIL})).await.expect(202);
    let token = mailed_token(&market, EMAIL).await;
    let anybody = market.shopper().0.with_key(None);
    let reset = anybody.post("/v1/password-resets/confirm", body(&[("token", &token), ("password", NEW)]));
    let (changed, let_in) = rush(&market, "/v1/sessions", reset).await;
    changed.expect(204);
    all_are_over(&market, "/v1/customers/me", &let_in).await;
    ada.get("/v1/customers/me").await.expect(401);
}

#[tokio::test(start_paused = true)]
async fn nor_does_one_of_the_staff() {
    let market = TestMarket::crowded(0).await;
    let ada = Member::joined(&market, &market.staff().0, EMAIL, "support").await.log_in().await;
    let change = body(&[("current_password", PASSWORD), ("password", NEW)]);
    let change = ada.post("/v1/staff/me/password", change);
    let (changed, let_in) = rush(&market, "/v1/staff/sessions", change).await;
    changed.expect(204);
    all_are_over(&market, "/v1/staff/me", &let_in).await;
    ada.get("/v1/staff/me").await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn of_two_changes_by_the_same_password_one_happens() {
    let market = TestMarket::crowded(0).await;
    let ada = Member::joined(&market, &market.staff().0, EMAIL, "support").await;
    let (desk, laptop) = (ada.log_in().await, ada.log_in().await);
    let change = |api: &Api, new: &str| {
        let (api, change) = (api.clone(), body(&[("current_password", PASSWORD), ("password", new)]));
        async move { api.post("/v1/staff/me/password", change).await.status.as_u16() }
    };
    let (one, other) = join(change(&desk, NEW), change(&laptop, "five quiet herons")).await;
    let mut both = [one, other];
    both.sort_unstable();
    assert!(both[0] == 204 && both[1] >= 400, "{both:?}");
    let good = if one == 204 { NEW } else { "five quiet herons" };
    ada.try_log_in(good, None).await.expect(201);
}

/// Thinking about consent takes minutes, and redeeming a code a moment: time enough to change a password.
#[tokio::test(start_paused = true)]
async fn an_old_password_lets_no_integration_in() {
    let market = TestMarket::open(|_| {}).await;
    let ada = Member::joined(&market, &market.staff().0, EMAIL, "support").await;
    let desk = ada.log_in().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let mut browser = Browser::new(&client.anybody);
    let page = browser.open(&client.request(&[])).await.expect(200);
    let undecided = browser.log_in(&page, EMAIL, PASSWORD, "").await.expect(200);
    let decided = browser.log_in(&page, EMAIL, PASSWORD, "").await.expect(200);
    let told = Browser::told(&browser.decide(&decided, "approve").await.expect(200));
    let change = body(&[("current_password", PASSWORD), ("password", NEW)]);
    desk.post("/v1/staff/me/password", change).await.expect(204);
    browser.decide(&undecided, "approve").await.expect(403);
    client.redeem(&told["code"], &[]).await.expect(400);
    let anew = browser.log_in(&page, EMAIL, NEW, "").await.expect(200);
    let told = Browser::told(&browser.decide(&anew, "approve").await.expect(200));
    client.redeem(&told["code"], &[]).await.expect(200);
}
