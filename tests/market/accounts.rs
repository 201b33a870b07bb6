//! A shopper registers, logs in on several devices, forgets the password, and is let in nowhere else.

use jiff::SignedDuration;
use serde_json::{Value, json};
use souk_tests::{Answer, Api, TestMarket};

const PASSWORD: &str = "three quiet herons";

struct Account<'a> {
    market: &'a TestMarket,
    storefront: Api,
    email: String,
}

impl<'a> Account<'a> {
    async fn registered(market: &'a TestMarket, email: &str) -> Self {
        let account = Self { market, storefront: market.shopper().0, email: email.to_owned() };
        account.register(PASSWORD).await.expect(201);
        account
    }

    async fn register(&self, password: &str) -> Answer {
        let new = json!({"email": self.email, "password": password, "name": "Ada Lovelace"});
        self.storefront.post("/v1/customers", new).await
    }

    async fn log_in(&self, password: &str) -> Answer {
        let log_in = json!({"email": self.email, "password": password, "device": "Ada's phone"});
        self.storefront.post("/v1/sessions", log_in).await
    }

    async fn session(&self) -> (Api, Value) {
        let tokens = self.log_in(PASSWORD).await.expect(201).json;
        (self.as_holder_of(&tokens), tokens)
    }

    fn as_holder_of(&self, tokens: &Value) -> Api {
        self.storefront.with_key(tokens["access_token"].as_str())
    }

    async fn refresh(&self, tokens: &Value) -> Answer {
        let body = json!({"refresh_token": tokens["refresh_token"]});
        self.storefront.with_key(None).post("/v1/sessions/refresh", body).await
    }

    /// The token in the latest mail to the account.
    async fn mailed_token(&self) -> String {
        self.market.market.settled().await;
        market_mail_token(self.market, &self.email)
    }
}

fn market_mail_token(market: &TestMarket, email: &str) -> String {
    let mails = market.market.cloud().ses.messages();
    let mail = mails.iter().rev().find(|mail| format!("{mail:?}").contains(email)).expect("a mail");
    let text = mail.text.clone().unwrap_or_default();
    text.lines().find(|line| line.starts_with("store_")).expect("a token").to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_shopper_registers_logs_in_and_sees_themselves() {
    let market = TestMarket::with_mugs(5).await;
    let account = Account::registered(&market, "ada@example.com").await;
    let (ada, tokens) = account.session().await;
    assert_eq!(tokens["token_type"], "Bearer");
    assert!(tokens["expires_in"].as_i64().unwrap() <= 600);
    let me = ada.get("/v1/customers/me").await.expect(200);
    assert_eq!(me.json["email"], "ada@example.com");
    assert_eq!(me.json["email_verified"], false);
    assert_eq!(me.header("cache-control"), "no-store");
    let change =
        json!({"name": "Ada King", "addresses": [{"line1": "1 Row", "city": "Berlin", "country": "DE"}]});
    let changed = ada.patch("/v1/customers/me", change).await.expect(200);
    assert_eq!((changed.text_at("/name"), changed.text_at("/addresses/0/city")), ("Ada King", "Berlin"));
    ada.with_key(None).get("/v1/customers/me").await.expect(401);
    account.storefront.get("/v1/customers/me").await.expect(403);
    let seen = market.staff().0.get(&format!("/v1/customers/{}", me.text_at("/id"))).await.expect(200);
    assert_eq!(seen.text_at("/name"), "Ada King");
    assert_eq!(
        market.staff().0.get("/v1/customers").await.expect(200).json["data"].as_array().unwrap().len(),
        1
    );
    ada.get("/v1/customers").await.expect(403);
}

#[tokio::test(start_paused = true)]
async fn nobody_learns_who_has_an_account() {
    let market = TestMarket::with_mugs(0).await;
    let account = Account::registered(&market, "ada@example.com").await;
    let stranger = Account {
        email: "bob@example.com".to_owned(),
        ..Account::registered(&market, "carl@example.com").await
    };
    let clock = || market.clock().now().as_millisecond();
    let before = clock();
    let (wrong, took) = (account.log_in("four loud herons").await.expect(401), clock() - before);
    let before = clock();
    let (unknown, as_long) = (stranger.log_in(PASSWORD).await.expect(401), clock() - before);
    assert_eq!((wrong.code(), wrong.text_at("/detail")), (unknown.code(), unknown.text_at("/detail")));
    assert_eq!(took, as_long);
    let again = account.register("four loud herons").await.expect(201);
    let fresh = stranger.register("four loud herons").await.expect(201);
    let shape = |answer: &Answer| answer.json.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(shape(&again), shape(&fresh));
    account.log_in("four loud herons").await.expect(401);
    market.leap(jiff::SignedDuration::from_secs(1));
    account.log_in(PASSWORD).await.expect(201);
    for email in ["ada@example.com", "nobody@example.com"] {
        account.storefront.post("/v1/password-resets", json!({"email": email})).await.expect(202);
    }
    market.market.settled().await;
    let mails = market.market.cloud().ses.messages();
    assert!(!mails.iter().any(|mail| format!("{mail:?}").contains("nobody@example.com")));
}

#[tokio::test(start_paused = true)]
async fn weak_passwords_are_refused_and_long_ones_are_not_cut() {
    let market = TestMarket::with_mugs(0).await;
    let account =
        Account { market: &market, storefront: market.shopper().0, email: "ada@example.com".to_owned() };
    for weak in ["short", "password1", "QwertyUiop"] {
        let refused = account.register(weak).await.expect(422);
        assert_eq!(refused.text_at("/param"), "password");
        assert!(!refused.text.contains(weak), "the answer tells the password");
    }
    let long = "x".repeat(999);
    account.register(&format!("{long}a")).await.expect(201);
    account.log_in(&format!("{long}b")).await.expect(401);
    account.log_in(&format!("{long}a")).await.expect(201);
}

#[tokio::test(start_paused = true)]
async fn a_session_goes_on_by_refreshing_and_ends_at_once() {
    let market = TestMarket::with_mugs(0).await;
    let account = Account::registered(&market, "ada@example.com").await;
    let (phone, first) = account.session().await;
    let (laptop, _) = account.session().await;
    let sessions = laptop.get("/v1/sessions").await.expect(200);
    assert_eq!(sessions.json["data"].as_array().unwrap().len(), 2);
    assert_eq!(sessions.json["data"][0]["device"], "Ada's phone");
    market.leap(SignedDuration::from_mins(11));
    phone.get("/v1/customers/me").await.expect(401);
    let second = account.refresh(&first).await.expect(200).json;
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    let phone = account.as_holder_of(&second);
    phone.get("/v1/customers/me").await.expect(200);
    let path = format!("/v1/sessions/{}", second["id"].as_str().unwrap());
    phone.delete(&path).await.expect(204);
    phone.get("/v1/customers/me").await.expect(401);
    account.refresh(&second).await.expect(401);
    laptop.get("/v1/customers/me").await.expect(401);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_refreshes_at_once_are_one() {
    let market = TestMarket::crowded(0).await;
    let account = Account::registered(&market, "ada@example.com").await;
    let (_, first) = account.session().await;
    // From as many addresses: what one address may do is limited.
    let refresh = |address: u8| {
        let open = account.storefront.with_key(None).at(&format!("203.0.113.{address}"));
        let body = json!({"refresh_token": first["refresh_token"]});
        async move { open.post("/v1/sessions/refresh", body).await }
    };
    let all = futures::future::join_all((0..100).map(refresh)).await;
    let mut next: Vec<_> =
        all.iter().map(|answer| answer.clone().expect(200).json["refresh_token"].clone()).collect();
    next.dedup();
    assert_eq!(next.len(), 1, "one successor for all");
    account.refresh(&json!({"refresh_token": next[0]})).await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn a_stolen_refresh_token_ends_the_session_for_both() {
    let market = TestMarket::with_mugs(0).await;
    let account = Account::registered(&market, "ada@example.com").await;
    let (_, first) = account.session().await;
    let second = account.refresh(&first).await.expect(200).json;
    market.leap(SignedDuration::from_secs(11));
    account.refresh(&first).await.expect(401);
    account.refresh(&second).await.expect(401);
    account.as_holder_of(&second).get("/v1/customers/me").await.expect(401);
    // Also at once, where the thief was faster than the repeat.
    let (_, first) = account.session().await;
    let second = account.refresh(&first).await.expect(200).json;
    account.refresh(&second).await.expect(200);
    account.refresh(&first).await.expect(401);
    account.refresh(&second).await.expect(401);
}

#[tokio::test(start_paused = true)]
async fn a_link_verifies_an_address_once() {
    let market = TestMarket::with_mugs(0).await;
    let account = Account::registered(&market, "ada@example.com").await;
    let token = account.mailed_token().await;
    let open = account.storefront.with_key(None);
    open.post("/v1/password-resets/confirm", json!({"token": token, "password": PASSWORD})).await.expect(422);
    open.post("/v1/customers/verifications", json!({"token": format!("{token}x")})).await.expect(422);
    open.post("/v1/customers/verifications", json!({"token": token})).await.expect(204);
    open.post("/v1/customers/verifications", json!({"token": token})).await.expect(422);
    let (ada, _) = account.session().await;
    assert_eq!(ada.get("/v1/customers/me").await.expect(200).json["email_verified"], true);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_password_is_replaced_by_one_link_once_and_in_time() {
    let market = TestMarket::crowded(0).await;
    let account = Account::registered(&market, "ada@example.com").await;
    account.mailed_token().await;
    let (phone, tokens) = account.session().await;
    let ask = || account.storefront.post("/v1/password-resets", json!({"email": "ada@example.com"}));
    ask().await.expect(202);
    let token = account.mailed_token().await;
    let open = account.storefront.with_key(None);
    let reset = |token: &str, password: &str| {
        let (open, body) = (open.clone(), json!({"token": token, "password": password}));
        async move { open.post("/v1/password-resets/confirm", body).await }
    };
    reset(&token, "short").await.expect(422);
    let tries = (0..20).map(|number| reset(&token, &format!("quiet herons {number}"))).collect::<Vec<_>>();
    let all = futures::future::join_all(tries).await;
    let done: Vec<_> = (0..20).filter(|&number| all[number].status == 204).collect();
    assert_eq!(done.len(), 1, "a link is good once: {all:?}");
    account.log_in(PASSWORD).await.expect(401);
    account.log_in(&format!("quiet herons {}", done[0])).await.expect(201);
    phone.get("/v1/customers/me").await.expect(401);
    account.refresh(&tokens).await.expect(401);
    ask().await.expect(202);
    let late = account.mailed_token().await;
    market.leap(SignedDuration::from_mins(61));
    reset(&late, "other quiet herons").await.expect(422);
}

#[tokio::test(start_paused = true)]
async fn a_changed_password_ends_the_other_sessions() {
    let market = TestMarket::with_mugs(0).await;
    let account = Account::registered(&market, "ada@example.com").await;
    let ((phone, _), (laptop, _)) = (account.session().await, account.session().await);
    let change = |current: &str| json!({"current_password": current, "password": "four quiet herons"});
    phone.post("/v1/customers/me/password", change("wrong")).await.expect(401);
    phone.post("/v1/customers/me/password", change(PASSWORD)).await.expect(204);
    phone.get("/v1/customers/me").await.expect(200);
    laptop.get("/v1/customers/me").await.expect(401);
    account.log_in(PASSWORD).await.expect(401);
}

#[tokio::test(start_paused = true)]
async fn an_account_opens_one_store_in_one_mode() {
    let market = TestMarket::with_mugs(0).await;
    let account = Account::registered(&market, "ada@example.com").await;
    let (_, other, _) = market.another_store().await;
    let elsewhere = Account { market: &market, storefront: other, email: account.email.clone() };
    elsewhere.log_in(PASSWORD).await.expect(401);
    elsewhere.register("another quiet heron").await.expect(201);
    elsewhere.log_in("another quiet heron").await.expect(201);
    account.log_in("another quiet heron").await.expect(401);
}

/// What uses every permission of `customers` and `sessions`.
pub async fn everything(market: &TestMarket) {
    let account = Account::registered(market, "everything@example.com").await;
    account.register(PASSWORD).await.expect(201);
    let open = account.storefront.with_key(None);
    market.market.settled().await;
    let staff = market.staff().0;
    let page = staff.get("/v1/customers?limit=1").await.expect(200);
    staff.get(&format!("/v1/customers/{}", page.text_at("/data/0/id"))).await.expect(200);
    Account::registered(market, "second@example.com").await;
    let page = staff.get("/v1/customers?limit=1").await.expect(200);
    staff.get(&format!("/v1/customers?limit=1&cursor={}", page.text_at("/next_cursor"))).await.expect(200);
    let ((phone, tokens), (laptop, _)) = (account.session().await, account.session().await);
    let once = [("idempotency-key", "everything")];
    phone
        .send(http::Method::PATCH, "/v1/customers/me", Some(json!({"name": "Ada"})), &once)
        .await
        .expect(200);
    phone.get("/v1/customers/me/orders").await.expect(200);
    phone.post("/v1/customers/me/verification", json!({})).await.expect(202);
    let token = account.mailed_token().await;
    open.post("/v1/customers/verifications", json!({"token": token})).await.expect(204);
    let change = json!({"current_password": PASSWORD, "password": "four quiet herons"});
    phone.post("/v1/customers/me/password", change).await.expect(204);
    laptop.get("/v1/customers/me").await.expect(401);
    let tokens = account.refresh(&tokens).await.expect(200).json;
    phone.get("/v1/sessions").await.expect(200);
    account.storefront.post("/v1/password-resets", json!({"email": account.email})).await.expect(202);
    let token = account.mailed_token().await;
    let reset = json!({"token": token, "password": PASSWORD});
    open.post("/v1/password-resets/confirm", reset).await.expect(204);
    account.refresh(&tokens).await.expect(401);
    let (phone, tokens) = account.session().await;
    phone.delete(&format!("/v1/sessions/{}", tokens["id"].as_str().unwrap())).await.expect(204);
}
