//! Integrations are registered by whoever has what they are given.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use souk_tests::{Api, Integration};

use super::market;

fn confidential() -> Value {
    json!({
        "name": "Ledgerly", "type": "confidential", "scopes": ["orders:read"],
        "redirect_uris": ["https://app.example.com/callback"],
    })
}

#[tokio::test(start_paused = true)]
async fn an_integration_is_registered_listed_and_removed() {
    let market = market().await;
    let staff = market.staff().0;
    let made = staff.post("/v1/oauth-clients", confidential()).await.expect(201);
    let path = format!("/v1/oauth-clients/{}", made.text_at("/id"));
    assert_eq!(made.header("location"), path);
    assert_eq!(made.json["grant_types"], json!(["authorization_code", "refresh_token"]));
    let secret = made.text_at("/client_secret");
    assert!(secret.starts_with("cs_") && secret.len() == 67);

    let read = staff.get(&path).await.expect(200);
    assert!(!read.text.contains("cs_"), "shown once");
    for kept in market.state_items("client").await {
        assert!(!kept.to_string().contains(&secret[3..]), "a hash is all that is kept");
    }
    // Ids sort by the millisecond.
    tokio::time::sleep(Duration::from_millis(1)).await;
    let public = json!({"name": "App", "type": "public", "scopes": ["orders:read"], "redirect_uris": ["http://[::1]/"]});
    let public = staff.post("/v1/oauth-clients", public).await.expect(201);
    assert_eq!(public.json.get("client_secret"), None);
    let page = staff.get("/v1/oauth-clients?limit=1").await.expect(200);
    assert_eq!((&page.json["data"][0]["id"], &page.json["has_more"]), (&made.json["id"], &json!(true)));
    let next = format!("/v1/oauth-clients?limit=1&cursor={}", page.text_at("/next_cursor"));
    assert_eq!(staff.get(&next).await.expect(200).json["data"][0]["id"], public.json["id"]);

    let (_, _, other) = market.another_store().await;
    other.get(&path).await.expect(404);
    other.delete(&path).await.expect(404);
    other.post(&format!("{path}/secret"), json!({})).await.expect(404);
    assert_eq!(other.get("/v1/oauth-clients").await.expect(200).json["data"], json!([]));
    market.shopper().0.get("/v1/oauth-clients").await.expect(403);
    staff.delete(&path).await.expect(204);
    staff.get(&path).await.expect(404);
    staff.delete(&path).await.expect(404);
    assert_eq!(staff.get("/v1/oauth-clients").await.json["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_is_refused() {
    let market = market().await;
    let staff = market.staff().0;
    for (change, param) in [
        (json!({"scopes": []}), "scopes"),
        (json!({"scopes": ["account:own"]}), "scopes"),
        (json!({"scopes": ["everything"]}), "scopes[0]"),
        (json!({"type": "secret"}), "type"),
        (json!({"redirect_uris": []}), "redirect_uris"),
        (json!({"redirect_uris": ["http://app.example.com/"]}), "redirect_uris[0]"),
        (json!({"redirect_uris": ["https://app.example.com/#x"]}), "redirect_uris[0]"),
        (json!({"redirect_uris": vec!["https://app.example.com/"; 11]}), "redirect_uris"),
        (json!({"grant_types": []}), "grant_types"),
        (json!({"grant_types": ["password"]}), "grant_types[0]"),
        (json!({"grant_types": ["refresh_token"]}), "grant_types"),
        (json!({"grant_types": ["client_credentials", "refresh_token"]}), "grant_types"),
        (json!({"grant_types": ["client_credentials"]}), "redirect_uris"),
        (
            json!({"type": "public", "grant_types": ["client_credentials"], "redirect_uris": []}),
            "grant_types",
        ),
        (json!({"name": ""}), "name"),
        (json!({"client_secret": "cs_mine"}), "client_secret"),
    ] {
        let mut body = confidential();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = staff.post("/v1/oauth-clients", body).await.expect(422);
        assert_eq!(refused.text_at("/param"), param, "{change}");
    }
}

/// A client that may register clients gives no more than it has, neither to new ones nor by others' secrets.
#[tokio::test(start_paused = true)]
async fn nobody_gives_what_they_dont_have() {
    let market = market().await;
    let rich = Integration::register(&market, &["orders:read", "refunds:write"]).await;
    let scopes = ["oauth_clients:write", "oauth_clients:read", "orders:read"];
    let poor = Integration::register(&market, &scopes).await;
    let token = poor.ask("/oauth/token", &[("grant_type", "client_credentials")]).await.expect(200);
    let poor = Api::of_market(&market.market, token.text_at("/access_token"));
    poor.post("/v1/oauth-clients", confidential()).await.expect(201);
    let mut more = confidential();
    more["scopes"] = json!(["orders:read", "refunds:write"]);
    let refused = poor.post("/v1/oauth-clients", more).await.expect(403);
    assert_eq!((refused.code(), refused.text_at("/scope")), ("beyond_own_rights", "refunds:write"));
    let roll = format!("/v1/oauth-clients/{}/secret", rich.id);
    let refused = poor.post(&roll, json!({})).await.expect(403);
    assert_eq!(refused.text_at("/scope"), "refunds:write");
}

#[tokio::test(start_paused = true)]
async fn a_rolled_secret_goes_on_for_a_while() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let ask = async |secret: &str| {
        let client = Integration { secret: secret.to_owned(), ..client.clone() };
        client.ask("/oauth/token", &[("grant_type", "client_credentials")]).await.status.as_u16()
    };
    let path = format!("/v1/oauth-clients/{}/secret", client.id);
    let roll = async |body: Value| market.staff().0.post(&path, body).await.expect(201);
    let second = roll(json!({"overlap_seconds": 3600})).await;
    let (first, second) = (client.secret.as_str(), second.text_at("/client_secret").to_owned());
    assert_eq!((ask(first).await, ask(&second).await), (200, 200));
    market.leap(SignedDuration::from_secs(3599));
    assert_eq!(ask(first).await, 200);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((ask(first).await, ask(&second).await), (401, 200));
    let third = roll(json!({"overlap_seconds": 0})).await;
    assert_eq!(third.json["earlier_secrets_end"], json!([]));
    assert_eq!((ask(&second).await, ask(third.text_at("/client_secret")).await), (401, 200));
    let staff = market.staff().0;
    staff.post(&path, json!({"overlap_seconds": 604_801})).await.expect(422);
    let public = Integration::public(&market, &["orders:read"]).await;
    staff.post(&format!("/v1/oauth-clients/{}/secret", public.id), json!({})).await.expect(422);
}

/// All that a removed integration was granted ends at the next request.
#[tokio::test(start_paused = true)]
async fn what_was_granted_ends_with_the_integration() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let granted = client.tokens("orders:read").await;
    let own = client.ask("/oauth/token", &[("grant_type", "client_credentials")]).await.expect(200);
    let apis = [granted.text_at("/access_token"), own.text_at("/access_token")]
        .map(|token| Api::of_market(&market.market, token));
    for api in &apis {
        api.get("/v1/orders").await.expect(200);
    }
    market.staff().0.delete(&format!("/v1/oauth-clients/{}", client.id)).await.expect(204);
    for api in &apis {
        assert_eq!(api.get("/v1/orders").await.expect(401).code(), "invalid_key");
    }
    assert_eq!(
        client.refresh(granted.text_at("/refresh_token")).await.expect(401).json["error"],
        "invalid_client"
    );
}

/// Whoever operates the deployment can take a right from an integration: what was granted before loses it, too.
#[tokio::test(start_paused = true)]
async fn a_grant_does_no_more_than_its_integration_may_by_now() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read", "catalog:read"]).await;
    let granted = client.tokens("").await;
    let api = Api::of_market(&market.market, granted.text_at("/access_token"));
    api.get("/v1/orders").await.expect(200);
    for mut item in market.raw_items("-state", "client").await {
        let scopes = item["scopes"]["L"].as_array_mut().unwrap();
        scopes.retain(|scope| scope["S"] != "orders:read");
        let put = json!({"TableName": market.table("-state"), "Item": item});
        market.dynamodb("PutItem", put).await;
    }
    assert_eq!(api.get("/v1/orders").await.expect(403).text_at("/scope"), "orders:read");
    api.get("/v1/products").await.expect(200);
    let next = client.refresh(granted.text_at("/refresh_token")).await.expect(200);
    assert_eq!(next.json["scope"], "catalog:read");
}

/// What is kept names the store that registered it, where every request looks.
#[tokio::test(start_paused = true)]
async fn a_client_belongs_to_one_store() {
    let market = market().await;
    Integration::register(&market, &["orders:read"]).await;
    let kept = market.state_items("client").await;
    assert_eq!((kept.len(), kept[0]["store"].as_str()), (1, Some(market.store.as_str())));
}
