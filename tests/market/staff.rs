//! Staff are invited, work within their role, and are out at the next request.

use std::time::Duration;

use futures::future::join_all;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json, value::RawValue};
use souk_tests::{Api, Member, PASSWORD, TestMarket, accept, code_at, mailed_token};

/// What uses every permission of `staff`, and of `provision-store` where it invites an owner.
pub async fn everything(market: &TestMarket) {
    let sk = market.staff().0;
    open_store(market, json!({"owner": {"email": "first@example.com"}})).await;
    let role = sk.post("/v1/roles", json!({"name": "Clerk", "scopes": ["orders:read"]})).await.expect(201);
    let clerk = Member::joined(market, &sk, "clerk@example.com", role.text_at("/id")).await;
    let api = clerk.log_in().await;
    let enrolled = api.post("/v1/staff/me/totp", json!({"password": PASSWORD})).await.expect(201);
    let code = code_at(&enrolled.json, market.clock().now());
    api.post("/v1/staff/me/totp/confirm", json!({"code": code})).await.expect(200);
    let page = sk.get("/v1/staff?limit=1").await.expect(200);
    assert_eq!(page.json["data"][0]["email"], "clerk@example.com");
    sk.patch(&clerk.path(), json!({"role": "read_only"})).await.expect(200);
    sk.delete(&clerk.path()).await.expect(204);
    sk.delete(role.header("location")).await.expect(204);
}

/// Opens a store with these settings, and gives what the operator is told.
pub async fn open_store(market: &TestMarket, settings: Value) -> Value {
    let mut event =
        json!({"name": "Annex", "currency": "EUR", "locations": [{"id": "berlin", "name": "Berlin"}]});
    event.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let event = RawValue::from_string(event.to_string()).unwrap();
    let answer = market.market.invoke("provision-store", event).await.unwrap();
    serde_json::from_str(answer.get()).unwrap()
}

async fn invite(api: &Api, email: &str, role: &str) -> souk_tests::Answer {
    api.post("/v1/staff/invitations", json!({"email": email, "role": role})).await
}

#[tokio::test(start_paused = true)]
async fn somebody_is_invited_works_and_leaves() {
    let market = TestMarket::with_mugs(3).await;
    let sk = market.staff().0;
    let invited = invite(&sk, "grace@example.com", "fulfillment").await.expect(201);
    assert_eq!(invited.text_at("/email"), "grace@example.com");
    assert_eq!(sk.get("/v1/staff/invitations").await.json["data"].as_array().unwrap().len(), 1);
    let token = mailed_token(&market, "grace@example.com").await;
    let grace = Member::accepted(&market, &market.shopper().0, "grace@example.com", &token).await;
    assert_eq!(sk.get("/v1/staff/invitations").await.json["data"], json!([]));
    assert_eq!(accept(&market, &token).await.expect(422).code(), "invalid_link");
    assert_eq!(invite(&sk, "GRACE@example.com", "support").await.expect(409).code(), "already_member");

    let api = grace.log_in().await;
    let me = api.get("/v1/staff/me").await.expect(200);
    assert_eq!((me.text_at("/id"), me.text_at("/name")), (grace.id.as_str(), "Grace Hopper"));
    assert_eq!((me.text_at("/role"), &me.json["second_factor"]), ("fulfillment", &json!(false)));
    api.get("/v1/stock/MUG").await.expect(200);
    assert_eq!(api.get("/v1/staff").await.expect(403).text_at("/scope"), "staff:read");
    sk.get("/v1/staff/me").await.expect(403);
    let denied = grace.try_log_in("four loud herons", None).await.expect(401);
    let mut nobody = grace.clone();
    nobody.email = "nobody@example.com".to_owned();
    let unknown = nobody.try_log_in(PASSWORD, None).await.expect(401);
    assert_eq!((denied.code(), denied.text_at("/detail")), (unknown.code(), unknown.text_at("/detail")));

    // A new role holds from the next request on, for the token that is there.
    let changed = sk.patch(&grace.path(), json!({"role": "read_only"})).await.expect(200);
    assert_eq!(changed.json["version"], 2);
    let product = json!({"location": "berlin", "change": 1, "reason": "received"});
    api.post("/v1/stock/MUG/movements", product).await.expect(403);
    let stale = [("if-match", "\"1\"")];
    sk.send(Method::DELETE, &grace.path(), None, &stale).await.expect(412);
    sk.delete(&grace.path()).await.expect(204);
    api.get("/v1/staff/me").await.expect(401);
    grace.try_log_in(PASSWORD, None).await.expect(401);
    sk.get(&grace.path()).await.expect(404);
    assert!(market.state_items("session").await.is_empty(), "their sessions are tidied away");
    Member::joined(&market, &sk, "grace@example.com", "support").await.log_in().await;
    let (_, _, other) = market.another_store().await;
    other.get(&grace.path()).await.expect(404);
    assert_eq!(other.get("/v1/staff").await.json["data"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn an_invitation_works_once_for_three_days_and_is_replaced_by_the_next() {
    let market = TestMarket::with_mugs(0).await;
    let sk = market.staff().0;
    invite(&sk, "grace@example.com", "owner").await.expect(201);
    let first = mailed_token(&market, "grace@example.com").await;
    let second = invite(&sk, "grace@example.com", "support").await.expect(201);
    assert_eq!(accept(&market, &first).await.expect(422).code(), "invalid_link", "it was replaced");
    assert_eq!(sk.get("/v1/staff/invitations").await.json["data"].as_array().unwrap().len(), 1);
    let token = mailed_token(&market, "grace@example.com").await;
    sk.delete(&format!("/v1/staff/invitations/{}", second.text_at("/id"))).await.expect(204);
    accept(&market, &token).await.expect(422);
    invite(&sk, "grace@example.com", "support").await.expect(201);
    let third = mailed_token(&market, "grace@example.com").await;
    let weak = json!({"token": third, "name": "Grace", "password": "password1"});
    let refused = sk.with_key(None).post("/v1/staff/invitations/accept", weak).await.expect(422);
    assert_eq!(refused.text_at("/param"), "password");
    for forged in ["", "x", &third[..third.len() - 1], &third.replace(".test.", ".live.")] {
        assert_eq!(accept(&market, forged).await.expect(422).code(), "invalid_link", "{forged}");
    }
    let both = join_all((0..5).map(|_| accept(&market, &third))).await;
    assert_eq!(both.iter().filter(|answer| answer.status == 201).count(), 1, "one link, one member");
    invite(&sk, "late@example.com", "support").await.expect(201);
    let late = mailed_token(&market, "late@example.com").await;
    market.leap(SignedDuration::from_hours(72));
    accept(&market, &late).await.expect(422);
    let live = sk.with_key(Some(&market.live_sk));
    assert_eq!(live.get("/v1/staff").await.expect(200).json["data"], json!([]), "modes are apart");
}

#[tokio::test(start_paused = true)]
async fn an_invitation_is_worth_what_its_sender_may_still_give() {
    let market = TestMarket::with_mugs(0).await;
    let sk = market.staff().0;
    let owner = Member::joined(&market, &sk, "owner@example.com", "owner").await;
    Member::joined(&market, &sk, "other@example.com", "owner").await;
    invite(&owner.log_in().await, "friend@example.com", "owner").await.expect(201);
    let token = mailed_token(&market, "friend@example.com").await;
    sk.delete(&owner.path()).await.expect(204);
    assert_eq!(accept(&market, &token).await.expect(422).code(), "invalid_link");
}

#[tokio::test(start_paused = true)]
async fn nobody_gives_or_touches_more_than_they_may_do() {
    let market = TestMarket::with_mugs(0).await;
    let sk = market.staff().0;
    let scopes = json!(["staff:read", "staff:write", "orders:read"]);
    let hr = sk.post("/v1/roles", json!({"name": "People", "scopes": scopes})).await.expect(201);
    let (role, path) = (hr.text_at("/id").to_owned(), hr.header("location").to_owned());
    let owner = Member::joined(&market, &sk, "owner@example.com", "owner").await;
    let manager = Member::joined(&market, &sk, "manager@example.com", "manager").await;
    let people = Member::joined(&market, &sk, "people@example.com", &role).await;
    let clerk = Member::joined(&market, &sk, "clerk@example.com", &role).await;
    let api = people.log_in().await;
    let beyond = |answer: souk_tests::Answer| {
        assert_eq!(answer.expect(403).code(), "beyond_own_rights");
    };
    beyond(invite(&api, "eve@example.com", "owner").await);
    beyond(api.patch(&people.path(), json!({"role": "owner"})).await);
    beyond(api.patch(&clerk.path(), json!({"role": "manager"})).await);
    beyond(api.patch(&manager.path(), json!({"role": role})).await);
    beyond(api.delete(&manager.path()).await);
    beyond(api.delete(&owner.path()).await);
    let wider = json!({"scopes": ["staff:read", "staff:write", "orders:read", "refunds:write"]});
    beyond(api.patch(&path, wider.clone()).await);
    beyond(api.post("/v1/roles", json!({"name": "Money", "scopes": ["refunds:write"]})).await);
    invite(&api, "new@example.com", &role).await.expect(201);
    let money = sk.post("/v1/roles", json!({"name": "Money", "scopes": ["refunds:write"]})).await.expect(201);
    beyond(api.patch(money.header("location"), json!({"name": "Mine"})).await);
    beyond(api.delete(money.header("location")).await);
    // What they may do, and what not, follows from the role as it is now.
    sk.patch(&path, wider).await.expect(200);
    invite(&api, "eve@example.com", money.text_at("/id")).await.expect(403);
    let api = people.log_in().await;
    invite(&api, "eve@example.com", money.text_at("/id")).await.expect(201);
    assert_eq!(sk.delete(&path).await.expect(409).code(), "role_in_use");
    sk.patch(&people.path(), json!({"role": "read_only"})).await.expect(200);
    assert_eq!(sk.delete(&path).await.expect(409).code(), "role_in_use");
    sk.delete(&clerk.path()).await.expect(204);
    sk.delete(&path).await.expect(204);
    let unknown = sk.patch(&people.path(), json!({"role": role})).await.expect(422);
    assert_eq!((unknown.code(), unknown.text_at("/param")), ("unknown_role", "role"));
    // Who was invited to what is no more is let in nowhere.
    accept(&market, &mailed_token(&market, "new@example.com").await).await.expect(422);
    for bad in [json!([]), json!(["account:own"])] {
        sk.post("/v1/roles", json!({"name": "x", "scopes": bad})).await.expect(422);
    }
    let roles = sk.get("/v1/roles").await.expect(200);
    assert_eq!(roles.json["data"].as_array().unwrap().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_store_keeps_an_owner() {
    let market = TestMarket::crowded(0).await;
    let sk = market.staff().0;
    let mut ada = Member::joined(&market, &sk, "ada0@example.com", "owner").await;
    for round in 1..6 {
        assert_eq!(sk.delete(&ada.path()).await.expect(409).code(), "last_owner");
        let demoted = sk.patch(&ada.path(), json!({"role": "manager"})).await.expect(409);
        assert_eq!(demoted.code(), "last_owner");
        let bob = Member::joined(&market, &sk, &format!("bob{round}@example.com"), "owner").await;
        let (first, second) = (ada.log_in().await, bob.log_in().await);
        let (ada_path, bob_path) = (ada.path(), bob.path());
        let (bobs, adas) = tokio::join!(first.delete(&bob_path), second.delete(&ada_path));
        let statuses = [bobs.status.as_u16(), adas.status.as_u16()];
        assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
        let staff = sk.get("/v1/staff").await.expect(200);
        let owners = staff.json["data"].as_array().unwrap().iter().filter(|one| one["role"] == "owner");
        assert_eq!(owners.count(), 1, "round {round}");
        ada = if staff.json["data"][0]["id"] == ada.id.as_str() { ada } else { bob };
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_given_while_it_goes_is_there_or_was_not_given() {
    let market = TestMarket::crowded(0).await;
    let sk = market.staff().0;
    let member = Member::joined(&market, &sk, "ada@example.com", "support").await;
    for round in 0..8 {
        let role = json!({"name": "Short-lived", "scopes": ["orders:read"]});
        let role = sk.post("/v1/roles", role).await.expect(201);
        let (path, gone, id) = (member.path(), role.header("location"), role.text_at("/id"));
        let removal = async {
            // Giving takes longer: in some rounds it is first.
            tokio::time::sleep(Duration::from_millis(round * 30)).await;
            sk.delete(gone).await
        };
        let (given, removed) = tokio::join!(sk.patch(&path, json!({"role": id})), removal);
        assert!(
            (given.status == 200) != (removed.status == 204),
            "round {round}: {} {}",
            given.text,
            removed.text
        );
        sk.patch(&path, json!({"role": "support"})).await.expect(200);
        if removed.status != 204 {
            sk.delete(gone).await.expect(204);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_store_can_invite_its_first_owner() {
    let market = TestMarket::with_mugs(0).await;
    let opened = open_store(&market, json!({"owner": {"email": "founder@example.com"}})).await;
    assert!(opened["live"]["invitation"].as_str().unwrap().starts_with("inv_"));
    let token = mailed_token(&market, "founder@example.com").await;
    let mode = if token.contains(".live.") { "live" } else { "test" };
    let storefront = market.shopper().0.with_key(opened[mode]["publishable_key"].as_str());
    let founder = Member::accepted(&market, &storefront, "founder@example.com", &token).await;
    let me = founder.log_in().await.get("/v1/staff/me").await.expect(200);
    assert_eq!(me.text_at("/role"), "owner");
    let kept = format!("{:?}", market.all_items("-state").await);
    for personal in ["founder@example.com", "Grace Hopper"] {
        assert!(!kept.contains(personal), "{personal} is kept in plain text");
    }
}
