//! Other people's identity: a store trusts an issuer, whose subjects come in with its tokens.

mod refusals;

use jiff::SignedDuration;
use serde_json::{Value, json};
use souk_tests::{Api, TestMarket};

use crate::forge::{Key, World, token, with, without};

pub const ISSUER: &str = "https://login.example.com/realms/shop";

/// A world that has an issuer with one RSA key.
pub fn world() -> World {
    let world = World::default();
    world.issuer(ISSUER, &[Key::rsa(0).jwk("rsa-1")]);
    world
}

/// A market in such a world.
pub async fn open() -> (TestMarket, World, Key) {
    let (world, key) = (world(), Key::rsa(0));
    let outside = world.outside();
    let market = TestMarket::open(|options| options.outside = Some(outside)).await;
    (market, world, key)
}

pub fn customers() -> Value {
    json!({"name": "Log-in of the shop", "issuer": ISSUER, "audiences": ["storefront"], "subjects": "customers"})
}

pub fn staff() -> Value {
    json!({
        "name": "Directory", "issuer": ISSUER, "audiences": ["backoffice"], "subjects": "staff",
        "roles": {"claim": "/realm_access/roles", "values": {"shop-boss": "owner", "packer": "fulfillment", "helper": "support"}},
    })
}

pub fn claims(market: &TestMarket, audience: &str) -> Value {
    let now = market.clock().now().as_second();
    json!({"iss": ISSUER, "sub": "auth0|ada", "aud": audience, "iat": now, "nbf": now, "exp": now + 600})
}

pub fn header() -> Value {
    json!({"alg": "RS256", "kid": "rsa-1", "typ": "JWT"})
}

fn api(market: &TestMarket, token: &str) -> Api {
    market.staff().0.with_key(Some(token))
}

async fn trust(market: &TestMarket, provider: Value) -> String {
    let made = market.staff().0.post("/v1/identity-providers", provider).await.expect(201);
    made.header("location").to_owned()
}

#[tokio::test(start_paused = true)]
async fn customers_of_an_issuer_come_in() {
    let (market, world, key) = open().await;
    let claims = claims(&market, "storefront");
    let ada = api(&market, &token(&header(), &claims, &key));
    ada.get("/v1/products").await.expect(401);
    assert!(world.asked().is_empty(), "nobody is asked about an issuer that nobody trusts");
    let path = trust(&market, customers()).await;
    assert_eq!(world.asked().len(), 2, "discovery and keys, once");
    ada.get("/v1/products").await.expect(200);
    ada.post("/v1/carts", json!({})).await.expect(201);
    assert_eq!(ada.post("/v1/products", json!({})).await.expect(403).text_at("/scope"), "catalog:write");
    assert!(world.asked().is_empty(), "the keys are known");
    for audiences in [json!(["elsewhere", "storefront"]), json!(["storefront"])] {
        let token = token(&header(), &with(&claims, "aud", audiences), &key);
        api(&market, &token).get("/v1/products").await.expect(200);
    }
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        let token = token(&with(&header(), "typ", json!(typ)), &claims, &key);
        api(&market, &token).get("/v1/products").await.expect(200);
    }
    api(&market, &token(&without(&header(), "typ"), &claims, &key)).get("/v1/products").await.expect(200);
    // Disabled, enabled, removed: each counts from the next request on.
    let staff = market.staff().0;
    staff.patch(&path, json!({"enabled": false})).await.expect(200);
    ada.get("/v1/products").await.expect(401);
    staff.patch(&path, json!({"enabled": true})).await.expect(200);
    ada.get("/v1/products").await.expect(200);
    staff.patch(&path, json!({"audiences": ["other"]})).await.expect(200);
    ada.get("/v1/products").await.expect(401);
    staff.patch(&path, json!({"audiences": ["other", "storefront"]})).await.expect(200);
    ada.get("/v1/products").await.expect(200);
    staff.patch(&path, json!({"required_claims": {"token_use": "access"}})).await.expect(200);
    ada.get("/v1/products").await.expect(401);
    for granted in [json!("access"), json!(["id", "access"])] {
        let token = token(&header(), &with(&claims, "token_use", granted), &key);
        api(&market, &token).get("/v1/products").await.expect(200);
    }
    staff.patch(&path, json!({"required_claims": {}})).await.expect(200);
    staff.delete(&path).await.expect(204);
    ada.get("/v1/products").await.expect(401);
    staff.get(&path).await.expect(404);
    assert!(market.state_items("trusted_issuer").await.is_empty());
    trust(&market, customers()).await;
    ada.get("/v1/products").await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn the_same_subject_is_the_same_customer_and_another_ones_is_not() {
    let (market, _, key) = open().await;
    trust(&market, customers()).await;
    let claims = claims(&market, "storefront");
    let same = |claims: &Value| api(&market, &token(&header(), claims, &key));
    let send = |api: Api, key: &'static str, body: Value| async move {
        api.send(http::Method::POST, "/v1/carts", Some(body), &[("idempotency-key", key)]).await
    };
    // An idempotency key belongs to its principal: who gets the first answer again is the same one.
    let first = send(same(&claims), "k1", json!({"currency": "EUR"})).await.expect(201);
    let later = with(&claims, "jti", json!("another token"));
    let again = send(same(&later), "k1", json!({"currency": "EUR"})).await.expect(201);
    assert_eq!(first.text_at("/id"), again.text_at("/id"));
    let other = send(same(&with(&claims, "sub", json!("auth0|bob"))), "k1", json!({"currency": "EUR"})).await;
    assert_ne!(first.text_at("/id"), other.expect(201).text_at("/id"));
}

#[tokio::test(start_paused = true)]
async fn staff_have_the_roles_that_their_words_make() {
    let (market, _, key) = open().await;
    trust(&market, staff()).await;
    let claims = claims(&market, "backoffice");
    let with_roles = |roles: Value| {
        let token = token(&header(), &with(&claims, "realm_access", json!({ "roles": roles })), &key);
        api(&market, &token)
    };
    with_roles(json!(["shop-boss"])).get("/v1/identity-providers").await.expect(200);
    with_roles(json!("shop-boss")).get("/v1/identity-providers").await.expect(200);
    let packer = with_roles(json!(["packer", "nobody knows"]));
    packer.get("/v1/orders").await.expect(200);
    packer.get("/v1/store").await.expect(403);
    packer.post("/v1/carts", json!({})).await.expect(403);
    // Several words: what all of them give together.
    let both = with_roles(json!(["packer", "helper"]));
    both.post("/v1/carts", json!({})).await.expect(201);
    both.post("/v1/stock/MUG/movements", json!({})).await.expect(422);
    both.get("/v1/store").await.expect(403);
    for nothing in [
        json!([]),
        json!(["nobody knows"]),
        json!(5),
        json!({"packer": true}),
        json!([["packer"]]),
        Value::Null,
    ] {
        with_roles(nothing.clone()).get("/v1/orders").await.expect(401);
    }
    api(&market, &token(&header(), &claims, &key)).get("/v1/orders").await.expect(401);
}

#[tokio::test(start_paused = true)]
async fn nobody_gives_rights_that_they_lack() {
    let (market, _, key) = open().await;
    trust(&market, staff()).await;
    // A role of the store's own that may change settings and nothing else of note.
    let app = market.app();
    let tenant = souk::tenant::Tenant::of_own_record(market.store.parse().unwrap(), souk::tenant::Mode::Test);
    let role = souk::id::RoleId::new(&app);
    let write = souk::store::Write::put(
        "role",
        souk::store::keys::role(tenant, role),
        &json!({
            "id": role, "name": "Janitor", "scopes": ["settings:read", "settings:write"], "members": 0, "version": 1,
            "created_at": app.now().to_string(), "updated_at": app.now().to_string(),
        }),
    );
    souk::store::commit(&app, vec![write.unwrap()]).await.unwrap();
    let janitors = json!({"claim": "job", "values": {"janitor": role.to_string()}});
    let provider =
        json!({"name": "J", "issuer": ISSUER, "audiences": ["j"], "subjects": "staff", "roles": janitors});
    let of_janitors = trust(&market, provider).await;
    let claims = with(&claims(&market, "j"), "job", json!("janitor"));
    let janitor = api(&market, &token(&header(), &claims, &key));
    janitor.get("/v1/store").await.expect(200);
    janitor.get("/v1/orders").await.expect(403);
    let owners = json!({"claim": "job", "values": {"janitor": "owner"}});
    let refused = janitor.patch(&of_janitors, json!({ "roles": owners })).await.expect(403);
    assert_eq!(refused.code(), "missing_scope");
    let mine = json!({"name": "Mine", "issuer": ISSUER, "audiences": ["mine"], "subjects": "staff", "roles": owners});
    janitor.post("/v1/identity-providers", mine).await.expect(403);
    // Nor is a door that others may open moved to where the janitor stands.
    let page = janitor.get("/v1/identity-providers").await.expect(200);
    let of_all =
        page.json["data"].as_array().unwrap().iter().find(|provider| provider["name"] == "Directory");
    let path = format!("/v1/identity-providers/{}", of_all.unwrap()["id"].as_str().unwrap());
    janitor.patch(&path, json!({"audiences": ["j2"]})).await.expect(403);
    janitor.patch(&path, json!({"enabled": false})).await.expect(200);
    janitor.patch(&path, json!({"enabled": true})).await.expect(403);
    // What the janitor has, the janitor may give.
    janitor.patch(&of_janitors, json!({"name": "Janitors"})).await.expect(200);
    let unknown = json!({"claim": "job", "values": {"janitor": souk::id::RoleId::new(&app).to_string()}});
    janitor.patch(&of_janitors, json!({ "roles": unknown })).await.expect(422);
}

#[tokio::test(start_paused = true)]
async fn an_issuer_and_audience_belong_to_one_store_and_mode() {
    let (market, _, key) = open().await;
    trust(&market, customers()).await;
    let (_, _, other) = market.another_store().await;
    for thief in [other.clone(), market.staff().0, market.staff().0.with_key(Some(&market.live_sk))] {
        let taken = thief.post("/v1/identity-providers", customers()).await.expect(409);
        assert_eq!(taken.code(), "issuer_taken");
    }
    let claims = claims(&market, "storefront");
    let ours = other.post("/v1/identity-providers", with(&customers(), "audiences", json!(["other-front"])));
    let path = ours.await.expect(201).header("location").to_owned();
    other.patch(&path, json!({"audiences": ["other-front", "storefront"]})).await.expect(409);
    // A token for both stores is for neither.
    let both = with(&claims, "aud", json!(["storefront", "other-front"]));
    api(&market, &token(&header(), &both, &key)).get("/v1/products").await.expect(401);
    // The other store's is in the other store.
    market.staff().sell("MUG", 1250, 0).await;
    let there = with(&claims, "aud", json!("other-front"));
    let there = api(&market, &token(&header(), &there, &key)).get("/v1/products").await.expect(200);
    assert_eq!(there.json["data"], json!([]));
    for request in [market.staff().0.get(&path).await, market.staff().0.delete(&path).await] {
        request.expect(404);
    }
}

#[tokio::test(start_paused = true)]
async fn client_ids_stand_for_audiences_where_a_store_says_so() {
    let (market, _, key) = open().await;
    let path = trust(&market, with(&customers(), "audience_claim", json!("client_id"))).await;
    let claims = without(&claims(&market, "x"), "aud");
    let status =
        async |claims: &Value| api(&market, &token(&header(), claims, &key)).get("/v1/products").await.status;
    let cognito = with(&claims, "client_id", json!("storefront"));
    assert_eq!(status(&cognito).await, 200);
    assert_eq!(status(&with(&cognito, "aud", json!("storefront"))).await, 200);
    assert_eq!(status(&with(&cognito, "aud", json!("another API"))).await, 401);
    assert_eq!(status(&with(&claims, "aud", json!("storefront"))).await, 401);
    assert_eq!(status(&with(&cognito, "client_id", json!(["storefront"]))).await, 401);
    market.staff().0.patch(&path, json!({"audience_claim": "aud"})).await.expect(200);
    assert_eq!(status(&cognito).await, 401);
    assert_eq!(status(&with(&claims, "aud", json!("storefront"))).await, 200);
}

#[tokio::test(start_paused = true)]
async fn keys_rotate_and_an_issuer_may_be_away_for_a_day() {
    let (market, world, old) = open().await;
    trust(&market, customers()).await;
    let get = async |header: &Value, key: &Key| {
        let claims = claims(&market, "storefront");
        api(&market, &token(header, &claims, key)).get("/v1/products").await.status.as_u16()
    };
    let (new, next) = (json!({"alg": "EdDSA", "kid": "ed-1"}), Key::ed(9));
    market.leap(SignedDuration::from_secs(61));
    assert_eq!((get(&header(), &old).await, get(&new, &next).await), (200, 401));
    assert_eq!(world.asked().len(), 4, "a key that is not known makes Souk ask");
    world.issuer(ISSUER, &[old.jwk("rsa-1"), next.jwk("ed-1")]);
    for _ in 0..5 {
        assert_eq!(get(&new, &next).await, 401, "asked for less than a minute ago");
    }
    assert!(world.asked().is_empty(), "nonsense does not make Souk knock again and again");
    market.leap(SignedDuration::from_secs(61));
    assert_eq!((get(&new, &next).await, get(&header(), &old).await), (200, 200));
    assert_eq!(world.asked().len(), 2);
    // The old one goes; within the hour nobody need know.
    world.issuer(ISSUER, &[next.jwk("ed-1")]);
    assert_eq!(get(&header(), &old).await, 200);
    market.leap(SignedDuration::from_secs(3601));
    assert_eq!((get(&header(), &old).await, get(&new, &next).await), (401, 200));
    // The issuer is away.
    world.clear();
    market.leap(SignedDuration::from_hours(23));
    assert_eq!(get(&new, &next).await, 200, "its keys go on");
    market.leap(SignedDuration::from_mins(70));
    assert_eq!(get(&new, &next).await, 401, "but not for ever");
    world.issuer(ISSUER, &[next.jwk("ed-1")]);
    market.leap(SignedDuration::from_secs(61));
    assert_eq!(get(&new, &next).await, 200);
    // A document that turned into another issuer's is not believed.
    world.put(
        &format!("{ISSUER}/.well-known/openid-configuration"),
        200,
        &json!({"issuer": "https://evil.example", "jwks_uri": format!("{ISSUER}/keys")}).to_string(),
    );
    world.put(&format!("{ISSUER}/keys"), 200, &json!({"keys": [Key::ed(66).jwk("ed-66")]}).to_string());
    market.leap(SignedDuration::from_secs(61));
    assert_eq!(get(&json!({"alg": "EdDSA", "kid": "ed-66"}), &Key::ed(66)).await, 401);
    assert_eq!(get(&new, &next).await, 200);
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_key_verifies() {
    let (market, world, rsa) = open().await;
    let (ec, ed) = (Key::ec(), Key::ed(5));
    world.issuer(ISSUER, &[rsa.jwk("rsa"), ec.jwk("ec"), ed.jwk("ed")]);
    let path = trust(&market, customers()).await;
    for (kid, key) in [("rsa", &rsa), ("ec", &ec), ("ed", &ed)] {
        let header = json!({"alg": key.algorithm(), "kid": kid});
        let token = token(&header, &claims(&market, "storefront"), key);
        api(&market, &token).get("/v1/products").await.expect(200);
        market.staff().0.patch(&path, json!({"algorithms": ["PS512"]})).await.expect(200);
        api(&market, &token).get("/v1/products").await.expect(401);
        market.staff().0.patch(&path, json!({"algorithms": [key.algorithm()]})).await.expect(200);
        api(&market, &token).get("/v1/products").await.expect(200);
        market.staff().0.patch(&path, json!({"algorithms": ["RS256", "ES256", "EdDSA"]})).await.expect(200);
    }
}

#[tokio::test(start_paused = true)]
async fn providers_are_a_resource_like_any_other() {
    let (market, _, _) = open().await;
    let staff = market.staff().0;
    let path = trust(&market, customers()).await;
    let read = staff.get(&path).await.expect(200);
    assert_eq!(
        (read.header("etag"), &read.json["algorithms"]),
        ("\"1\"", &json!(["RS256", "ES256", "EdDSA"]))
    );
    let stale = [("if-match", "\"7\"")];
    staff.send(http::Method::PATCH, &path, Some(json!({"name": "x"})), &stale).await.expect(412);
    staff.send(http::Method::DELETE, &path, None, &stale).await.expect(412);
    let fresh = [("if-match", "\"1\"")];
    staff.send(http::Method::PATCH, &path, Some(json!({"name": "x"})), &fresh).await.expect(200);
    staff.patch(&path, json!({"issuer": "https://evil.example"})).await.expect(422);
    staff.patch(&path, json!({"subjects": "staff"})).await.expect(422);
    let second = with(&customers(), "audiences", json!(["second"]));
    trust(&market, second).await;
    let page = staff.get("/v1/identity-providers?limit=1").await.expect(200);
    let next = format!("/v1/identity-providers?limit=1&cursor={}", page.text_at("/next_cursor"));
    assert_eq!(staff.get(&next).await.expect(200).json["has_more"], false);
    for path in ["/v1/identity-providers", &path] {
        assert_eq!(market.shopper().0.get(path).await.expect(403).text_at("/scope"), "settings:read");
    }
    // One wins where two want the same pair at once.
    let both = futures::future::join_all(
        (0..4)
            .map(|_| staff.post("/v1/identity-providers", with(&customers(), "audiences", json!(["race"])))),
    );
    let won = both.await.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(won, 1);
}
