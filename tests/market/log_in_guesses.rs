//! Guessing a password at the log-ins themselves: it becomes slow, for everybody but the holder.

use futures::future::join_all;
use http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;
use souk_local::engine::Happening;
use souk_tests::{Answer, Api, Member, PASSWORD, TestMarket, code_at, mailed_token};

const EMAIL: &str = "ada@example.com";

async fn register(shopper: &Api, email: &str) {
    let new = json!({"email": email, "password": PASSWORD, "name": "Ada Lovelace"});
    shopper.post("/v1/customers", new).await.expect(201);
}

async fn log_in(api: &Api, path: &str, email: &str, password: &str) -> Answer {
    api.post(path, json!({"email": email, "password": password})).await
}

/// What a guesser sees of an answer.
fn seen(answer: &Answer) -> (StatusCode, String, String, String) {
    let text = |text: &str| text.to_owned();
    (answer.status, text(answer.code()), text(answer.text_at("/detail")), text(answer.header("retry-after")))
}

fn leap(market: &TestMarket, seconds: i64) {
    market.leap(SignedDuration::from_secs(seconds));
}

/// One account of each kind.
async fn accounts(market: &TestMarket) -> [&'static str; 2] {
    Member::joined(market, &market.staff().0, EMAIL, "support").await;
    register(&market.shopper().0, EMAIL).await;
    ["/v1/sessions", "/v1/staff/sessions"]
}

#[tokio::test(start_paused = true)]
async fn the_wait_grows_whether_there_is_an_account_or_not() {
    let market = TestMarket::open(|_| {}).await;
    for path in accounts(&market).await {
        let (known, unknown) = (market.shopper().0, market.shopper().0);
        for wait in [0, 0, 1, 2, 4, 8] {
            let both = [(&known, EMAIL), (&unknown, "nobody@example.com")];
            if wait > 0 {
                // Also for the right password: it isn't looked at.
                let [early, as_early] = both.map(|(api, email)| log_in(api, path, email, PASSWORD));
                let (early, as_early) = (early.await.expect(429), as_early.await.expect(429));
                assert_eq!(seen(&early), seen(&as_early), "{path}");
                assert_eq!(
                    (early.code(), early.header("retry-after")),
                    ("too_many_failures", &*wait.to_string())
                );
                leap(&market, wait);
            }
            let [wrong, as_wrong] = both.map(|(api, email)| log_in(api, path, email, "four loud herons"));
            let (wrong, as_wrong) = (wrong.await.expect(401), as_wrong.await.expect(401));
            assert_eq!(seen(&wrong), seen(&as_wrong), "{path}");
        }
        leap(&market, 60);
        log_in(&known, path, EMAIL, PASSWORD).await.expect(201);
        log_in(&known, path, EMAIL, "four loud herons").await.expect(401);
        log_in(&known, path, EMAIL, PASSWORD).await.expect(201);
    }
}

/// What is refused for coming too soon costs no hash: the password is not even read that it would be compared with.
#[tokio::test(start_paused = true)]
async fn what_comes_too_soon_is_not_looked_at() {
    let market = TestMarket::open(|_| {}).await;
    let [shoppers, staffs] = accounts(&market).await;
    let pk = market.shopper().0;
    let looked_at = || {
        let read = |happening: &Happening| match happening {
            Happening::Call(call) => call.keys.iter().any(|(_, key)| key.contains("/credential/")),
            _ => false,
        };
        market.happenings().iter().filter(|happening| read(happening)).count()
    };
    for path in [shoppers, staffs] {
        for _ in 0..3 {
            let before = looked_at();
            if log_in(&pk, path, EMAIL, "four loud herons").await.status == StatusCode::UNAUTHORIZED {
                assert_eq!(looked_at(), before + 1, "{path}: one that is looked at reads one hash");
            }
        }
        let before = looked_at();
        log_in(&pk, path, EMAIL, PASSWORD).await.expect(429);
        assert_eq!(looked_at(), before, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_fifty_guesses_at_once_a_handful_is_looked_at() {
    let market = TestMarket::crowded(0).await;
    for path in accounts(&market).await {
        let one = market.shopper().0;
        let guesses = (0..50).map(|n| {
            // Half of them from one address, which limits alone would let do twenty a minute.
            let api = if n % 2 == 0 { one.clone() } else { market.shopper().0 };
            async move { log_in(&api, path, EMAIL, &format!("loud heron {n}")).await.status.as_u16() }
        });
        let statuses = join_all(guesses).await;
        let count = |status| statuses.iter().filter(|one| **one == status).count();
        assert!((1..=8).contains(&count(401)), "{path}: {} were looked at", count(401));
        assert_eq!(count(401) + count(429), 50, "{statuses:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn others_failures_keep_the_holder_out_of_nowhere() {
    let market = TestMarket::open(|_| {}).await;
    for path in accounts(&market).await {
        let home = market.shopper().0;
        log_in(&home, path, EMAIL, PASSWORD).await.expect(201);
        for _ in 0..25 {
            log_in(&market.shopper().0, path, EMAIL, "four loud herons").await;
        }
        log_in(&home, path, EMAIL, PASSWORD).await.expect(201);
        let hotel = market.shopper().0;
        let early = log_in(&hotel, path, EMAIL, PASSWORD).await.expect(429);
        let wait: i64 = early.header("retry-after").parse().unwrap();
        assert!((1..=30).contains(&wait), "{wait}");
        leap(&market, wait);
        log_in(&hotel, path, EMAIL, PASSWORD).await.expect(201);
    }
}

#[tokio::test(start_paused = true)]
async fn the_link_of_a_reset_gets_the_holder_in_at_once() {
    let market = TestMarket::open(|_| {}).await;
    for path in accounts(&market).await {
        for _ in 0..25 {
            log_in(&market.shopper().0, path, EMAIL, "four loud herons").await;
        }
        let hotel = market.shopper().0;
        log_in(&hotel, path, EMAIL, PASSWORD).await.expect(429);
        let resets = path.replace("sessions", "password-resets");
        hotel.post(&resets, json!({"email": EMAIL})).await.expect(202);
        let token = mailed_token(&market, EMAIL).await;
        let new = json!({"token": token, "password": "five quiet herons"});
        hotel.with_key(None).post(&format!("{resets}/confirm"), new).await.expect(204);
        log_in(&hotel, path, EMAIL, "five quiet herons").await.expect(201);
        log_in(&market.shopper().0, path, EMAIL, "five quiet herons").await.expect(429);
    }
}

/// Anybody can register as a shopper with the address of somebody of the staff.
#[tokio::test(start_paused = true)]
async fn who_is_known_as_a_shopper_is_not_known_as_staff() {
    let market = TestMarket::open(|_| {}).await;
    accounts(&market).await;
    let mallory = market.shopper().0;
    log_in(&mallory, "/v1/sessions", EMAIL, PASSWORD).await.expect(201);
    for _ in 0..25 {
        log_in(&market.shopper().0, "/v1/staff/sessions", EMAIL, "four loud herons").await;
    }
    log_in(&mallory, "/v1/staff/sessions", EMAIL, "four loud herons").await.expect(429);
}

#[tokio::test(start_paused = true)]
async fn wrong_codes_and_missing_ones_count_like_wrong_passwords() {
    let market = TestMarket::open(|_| {}).await;
    let ada = Member::joined(&market, &market.staff().0, EMAIL, "owner").await;
    let api = ada.log_in().await;
    let enrolled = api.post("/v1/staff/me/totp", json!({"password": PASSWORD})).await.expect(201).json;
    let code = code_at(&enrolled, market.clock().now());
    api.post("/v1/staff/me/totp/confirm", json!({"code": code})).await.expect(200);
    leap(&market, 60);
    let mut waits = Vec::new();
    for round in 0..12 {
        // Asking for nothing in between must not make what went before forgotten.
        let code = (round % 2 == 0).then_some("000000");
        let tried = ada.try_log_in(PASSWORD, code).await;
        if let Ok(wait) = tried.header("retry-after").parse::<i64>() {
            waits.push(wait);
            leap(&market, wait);
        }
    }
    assert_eq!(waits, [1, 2, 4, 8, 16], "each second try is let through");
}

#[tokio::test(start_paused = true)]
async fn a_stolen_session_is_no_way_to_find_out_the_password() {
    let market = TestMarket::open(|_| {}).await;
    let shopper = market.shopper().0;
    register(&shopper, EMAIL).await;
    let tokens = log_in(&shopper, "/v1/sessions", EMAIL, PASSWORD).await.expect(201);
    let ada = shopper.with_key(Some(tokens.text_at("/access_token")));
    let change = async |current: &str| {
        let change = json!({"current_password": current, "password": "four quiet herons"});
        ada.post("/v1/customers/me/password", change).await
    };
    for _ in 0..2 {
        change("four loud herons").await.expect(401);
    }
    assert_eq!(change(PASSWORD).await.expect(429).code(), "too_many_failures");
    leap(&market, 1);
    change(PASSWORD).await.expect(204);
}
