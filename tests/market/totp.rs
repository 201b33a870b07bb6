//! A second factor: each code is good once, and where the store asks for one, nobody gets by without.

use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk_tests::{Answer, Api, Member, PASSWORD, TestMarket, code_at, mailed_token};

use crate::staff::open_store;

async fn enroll(api: &Api) -> Value {
    api.post("/v1/staff/me/totp", json!({"password": PASSWORD})).await.expect(201).json
}

async fn confirm(market: &TestMarket, api: &Api, enrolled: &Value) -> Answer {
    let code = code_at(enrolled, market.clock().now());
    api.post("/v1/staff/me/totp/confirm", json!({"code": code})).await
}

fn step_on(market: &TestMarket) {
    market.leap(SignedDuration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn each_code_is_good_once() {
    let market = TestMarket::crowded(0).await;
    let ada = Member::joined(&market, &market.staff().0, "ada@example.com", "owner").await;
    let api = ada.log_in().await;
    let never = enroll(&api).await;
    let enrolled = enroll(&api).await;
    assert!(enrolled["uri"].as_str().unwrap().contains(enrolled["secret"].as_str().unwrap()));
    assert_eq!(confirm(&market, &api, &never).await.expect(422).code(), "invalid_code", "set up anew");
    ada.log_in().await;
    confirm(&market, &api, &enrolled).await.expect(200);
    assert_eq!(confirm(&market, &api, &enrolled).await.expect(409).code(), "second_factor_state");
    api.post("/v1/staff/me/totp", json!({"password": PASSWORD})).await.expect(409);
    assert_eq!(api.get("/v1/staff/me").await.json["second_factor"], true);

    let wrong = async |password: &str, code: Option<&str>| {
        market.leap(SignedDuration::from_secs(30));
        ada.try_log_in(password, code).await.expect(401).code().to_owned()
    };
    let used = code_at(&enrolled, market.clock().now());
    assert_eq!(wrong(PASSWORD, Some(&used)).await, "invalid_credentials");
    assert_eq!(wrong(PASSWORD, None).await, "second_factor_needed");
    assert_eq!(wrong("four loud herons", None).await, "invalid_credentials");
    step_on(&market);
    let code = code_at(&enrolled, market.clock().now());
    let tries = join_all((0..8).map(|_| ada.try_log_in(PASSWORD, Some(&code)))).await;
    assert_eq!(tries.iter().filter(|answer| answer.status == 201).count(), 1, "of many at once, one");
    assert_eq!(wrong(PASSWORD, Some(&code)).await, "invalid_credentials");
    // So many were wrong by now that the next one has to wait.
    market.leap(SignedDuration::from_secs(5));
    let ahead = code_at(&enrolled, market.clock().now() + SignedDuration::from_secs(30));
    ada.try_log_in(PASSWORD, Some(&ahead)).await.expect(201);
    assert_eq!(wrong(PASSWORD, Some(&code)).await, "invalid_credentials");
    market.leap(SignedDuration::from_secs(120));
    let old = code_at(&enrolled, market.clock().now() - SignedDuration::from_secs(60));
    assert_eq!(wrong(PASSWORD, Some(&old)).await, "invalid_credentials");
    let kept = format!("{:?}", market.all_items("-state").await);
    assert!(!kept.contains(enrolled["secret"].as_str().unwrap()), "the secret is kept in plain text");
}

#[tokio::test(start_paused = true)]
async fn recovery_codes_work_once_each() {
    let market = TestMarket::crowded(0).await;
    let ada = Member::joined(&market, &market.staff().0, "ada@example.com", "support").await;
    let api = ada.log_in().await;
    let enrolled = enroll(&api).await;
    let codes = confirm(&market, &api, &enrolled).await.expect(200).json["recovery_codes"].clone();
    let codes: Vec<String> = serde_json::from_value(codes).unwrap();
    assert_eq!(codes.len(), 10);
    let kept = format!("{:?}", market.all_items("-state").await);
    assert!(!codes.iter().any(|code| kept.contains(code.as_str()) || kept.contains(&code.replace('-', ""))));
    let tries = join_all((0..40).map(|_| ada.try_log_in(PASSWORD, Some(&codes[0])))).await;
    let count = |status: u16| tries.iter().filter(|answer| answer.status == status).count();
    assert_eq!(count(201), 1, "of many at once, one");
    assert!((1..=5).contains(&count(401)) && count(201) + count(401) + count(429) == 40, "{}", count(401));
    market.leap(SignedDuration::from_secs(60));
    ada.try_log_in(PASSWORD, Some(&codes[0])).await.expect(401);
    market.leap(SignedDuration::from_secs(60));
    let typed = codes[1].to_uppercase().replace('-', " ");
    ada.try_log_in(PASSWORD, Some(&typed)).await.expect(201);
    for nonsense in ["", "aaaa-aaaa-aaaa-aaaa", "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa", "000000", "١٢٣٤٥٦"] {
        market.leap(SignedDuration::from_secs(60));
        ada.try_log_in(PASSWORD, Some(nonsense)).await.expect(401);
    }
    // Away it goes with a proof only, and once.
    let remove =
        async |proof: Value| api.send(http::Method::DELETE, "/v1/staff/me/totp", Some(proof), &[]).await;
    for bad in [json!({}), json!({"code": codes[0]}), json!({"password": "four loud herons"})] {
        remove(bad).await.expect(422);
    }
    assert_eq!(remove(json!({"password": PASSWORD})).await.expect(429).code(), "too_many_failures");
    market.leap(SignedDuration::from_secs(60));
    remove(json!({"code": codes[2], "password": PASSWORD})).await.expect(422);
    remove(json!({"password": PASSWORD})).await.expect(204);
    assert_eq!(remove(json!({"password": PASSWORD})).await.expect(409).code(), "second_factor_state");
    market.leap(SignedDuration::from_secs(60));
    ada.log_in().await;
}

#[tokio::test(start_paused = true)]
async fn where_the_store_asks_for_one_a_log_in_without_is_good_for_setting_one_up() {
    let market = TestMarket::with_mugs(0).await;
    let settings = json!({"owner": {"email": "ada@example.com"}, "staff_second_factor": "required"});
    let opened = open_store(&market, settings).await;
    let token = mailed_token(&market, "ada@example.com").await;
    let mode = if token.contains(".live.") { "live" } else { "test" };
    let storefront = market.shopper().0.with_key(opened[mode]["publishable_key"].as_str());
    let ada = Member::accepted(&market, &storefront, "ada@example.com", &token).await;
    let limited = ada.try_log_in(PASSWORD, None).await.expect(201);
    let api = ada.holder_of(&limited);
    api.get("/v1/staff/me").await.expect(200);
    for path in ["/v1/orders", "/v1/staff", "/v1/api-keys"] {
        assert_eq!(api.get(path).await.expect(403).code(), "missing_scope", "{path}");
    }
    let refreshed = async || {
        let body = json!({"refresh_token": limited.text_at("/refresh_token")});
        ada.holder_of(&storefront.with_key(None).post("/v1/sessions/refresh", body).await.expect(200))
    };
    let enrolled = enroll(&api).await;
    api.get("/v1/orders").await.expect(403);
    confirm(&market, &api, &enrolled).await.expect(200);
    refreshed().await.get("/v1/orders").await.expect(200);
    step_on(&market);
    let code = code_at(&enrolled, market.clock().now());
    let full = ada.holder_of(&ada.try_log_in(PASSWORD, Some(&code)).await.expect(201));
    full.get("/v1/orders").await.expect(200);
    let proof = Some(json!({"password": PASSWORD}));
    full.send(http::Method::DELETE, "/v1/staff/me/totp", proof, &[]).await.expect(409);
}
