//! The endpoints for programs: tokens, revocation, introspection, metadata.

use http::Method;
use serde_json::json;
use souk_tests::{Api, Integration};

use super::market;

#[tokio::test(start_paused = true)]
async fn the_server_tells_what_it_can_do() {
    let market = market().await;
    let anybody = market.staff().0.with_key(None);
    let metadata = anybody.get("/.well-known/oauth-authorization-server").await.expect(200);
    let issuer = "http://localhost:3000";
    assert_eq!(metadata.json["issuer"], issuer);
    for endpoint in ["authorization", "token", "revocation", "introspection"] {
        let address = metadata.json[format!("{endpoint}_endpoint")].as_str().unwrap();
        assert!(address.starts_with(&format!("{issuer}/oauth/")), "{address}");
    }
    assert_eq!(metadata.json["code_challenge_methods_supported"], json!(["S256"]));
    assert!(metadata.header("cache-control").starts_with("public"));
    let keys = anybody.get("/.well-known/jwks.json").await.expect(200);
    assert!(keys.header("cache-control").starts_with("public"));
    assert_eq!(keys.json["keys"][0]["alg"], "EdDSA");
    assert_eq!(keys.json["keys"][0].get("d"), None, "the public half only");
}

#[tokio::test(start_paused = true)]
async fn an_integration_acts_for_itself_as_far_as_it_may() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read", "catalog:write"]).await;
    let ask = async |scope: &str| {
        client.ask("/oauth/token", &[("grant_type", "client_credentials"), ("scope", scope)]).await
    };
    let all = ask("").await.expect(200);
    assert_eq!(
        (&all.json["scope"], &all.json["token_type"]),
        (&json!("catalog:write orders:read"), &json!("Bearer"))
    );
    assert_eq!((all.json.get("refresh_token"), all.header("cache-control")), (None, "no-store"));
    assert_eq!(all.json["expires_in"], 600);
    let less = ask("orders:read").await.expect(200);
    let api = Api::of_market(&market.market, less.text_at("/access_token"));
    api.get("/v1/orders").await.expect(200);
    assert_eq!(api.post("/v1/products", json!({})).await.expect(403).text_at("/scope"), "catalog:write");
    for wide in ["refunds:write", "orders:read refunds:write", "account:own", "?", " "] {
        assert_eq!(ask(wide).await.expect(400).json["error"], "invalid_scope", "{wide}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_proves_who_it_is_in_one_way() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let public = Integration::public(&market, &["orders:read"]).await;
    let grant = ("grant_type", "client_credentials");
    let basic = |id: &str, secret: &str| format!("Basic {}", base64(&format!("{id}:{secret}")));
    // The same id and secret, each character of the secret's first three encoded as a form may.
    let encoded = format!("%63%73%5F{}", &client.secret[3..]);
    for good in [basic(&client.id, &client.secret), basic(&client.id, &encoded)] {
        client.post("/oauth/token", &[grant], &[("authorization", &good)]).await.expect(200);
    }
    let (good, id) = (basic(&client.id, &client.secret), client.id.as_str());
    let named = [grant, ("client_id", id)];
    client.post("/oauth/token", &named, &[("authorization", &good)]).await.expect(200);
    for (fields, header, status, error) in [
        (vec![grant], "", 401, "invalid_client"),
        (vec![grant, ("client_id", id)], "", 401, "invalid_client"),
        (vec![grant, ("client_id", id), ("client_secret", "cs_wrong")], "", 401, "invalid_client"),
        (vec![grant, ("client_id", "cli_1"), ("client_secret", &client.secret)], "", 401, "invalid_client"),
        (vec![grant, ("client_id", &public.id), ("client_secret", "cs_x")], "", 401, "invalid_client"),
        (vec![grant], &basic(id, "cs_wrong"), 401, "invalid_client"),
        (vec![grant], &basic("cli_00000000000000000000000001", &client.secret), 401, "invalid_client"),
        (vec![grant], "Bearer abc", 401, "invalid_client"),
        (vec![grant], "Basic %", 401, "invalid_client"),
        (vec![grant, ("client_secret", &client.secret)], &good, 400, "invalid_request"),
        (vec![grant, ("client_id", &public.id)], &good, 400, "invalid_request"),
    ] {
        for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect"] {
            let headers = [("authorization", header)];
            let headers = if header.is_empty() { &[][..] } else { &headers[..] };
            let refused = client.post(path, &fields, headers).await.expect(status);
            assert_eq!(refused.json["error"], error, "{path} {fields:?} {header}");
            assert_eq!(refused.header("content-type"), "application/json");
            assert_eq!(refused.header("cache-control"), "no-store");
            assert_eq!(refused.header("www-authenticate").starts_with("Basic"), status == 401);
        }
    }
    let refused = public.ask("/oauth/introspect", &[("token", "x")]).await.expect(401);
    assert_eq!(refused.json["error"], "invalid_client", "a name is no proof");
}

#[tokio::test(start_paused = true)]
async fn requests_for_tokens_are_refused_as_the_standard_says() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let public = Integration::public(&market, &["orders:read"]).await;
    let (id, secret) = (client.id.as_str(), client.secret.as_str());
    for (fields, error) in [
        (vec![], "invalid_request"),
        (vec![("grant_type", "")], "invalid_request"),
        (vec![("grant_type", "password")], "unsupported_grant_type"),
        (vec![("grant_type", "authorization_code")], "invalid_request"),
        (vec![("grant_type", "refresh_token")], "invalid_request"),
        (vec![("grant_type", "refresh_token"), ("refresh_token", "rt_x")], "invalid_grant"),
        (vec![("grant_type", "client_credentials"), ("grant_type", "client_credentials")], "invalid_request"),
        (vec![("grant_type", "client_credentials"), ("x", "1"), ("x", "2")], "invalid_request"),
    ] {
        let refused = client.ask("/oauth/token", &fields).await.expect(400);
        assert_eq!(refused.json["error"], error, "{fields:?}");
    }
    let refused = public.ask("/oauth/token", &[("grant_type", "client_credentials")]).await.expect(400);
    assert_eq!(refused.json["error"], "unauthorized_client");
    // What is unknown is left alone.
    let known = [("grant_type", "client_credentials"), ("resource", "https://x.example/"), ("scope", "")];
    client.ask("/oauth/token", &known).await.expect(200);
    let json = json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret});
    let anybody = market.staff().0.with_key(None);
    let refused = anybody.send(Method::POST, "/oauth/token", Some(json), &[]).await.expect(400);
    assert_eq!(refused.json["error"], "invalid_request", "a form, not JSON");
    let long = "x".repeat(17_000);
    let refused =
        client.ask("/oauth/token", &[("grant_type", "refresh_token"), ("x", &long)]).await.expect(400);
    assert_eq!(refused.json["error"], "invalid_request");
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_ends_at_once() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let other = Integration::register(&market, &["orders:read"]).await;
    let own = client.ask("/oauth/token", &[("grant_type", "client_credentials")]).await.expect(200);
    let (by_access, by_refresh) = (client.tokens("").await, client.tokens("").await);
    for (revoked, tokens) in [
        (own.text_at("/access_token"), &own),
        (by_access.text_at("/access_token"), &by_access),
        (by_refresh.text_at("/refresh_token"), &by_refresh),
    ] {
        let api = Api::of_market(&market.market, tokens.text_at("/access_token"));
        other.ask("/oauth/revoke", &[("token", revoked)]).await.expect(200);
        api.get("/v1/orders").await.expect(200);
        let hint = [("token", revoked), ("token_type_hint", "wrong")];
        client.ask("/oauth/revoke", &hint).await.expect(200);
        api.get("/v1/orders").await.expect(401);
        client.ask("/oauth/revoke", &hint).await.expect(200);
        let known = client.ask("/oauth/introspect", &[("token", tokens.text_at("/access_token"))]).await;
        assert_eq!(known.expect(200).json, json!({"active": false}));
        if let Some(refresh) = tokens.json["refresh_token"].as_str() {
            assert_eq!(client.refresh(refresh).await.expect(400).json["error"], "invalid_grant");
        }
    }
    for nothing in ["x", "rt_x", "ey.a.b", &"rt_".repeat(100)] {
        client.ask("/oauth/revoke", &[("token", nothing)]).await.expect(200);
    }
    assert_eq!(client.ask("/oauth/revoke", &[]).await.expect(400).json["error"], "invalid_request");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_told_of_to_its_own_store_only() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let colleague = Integration::register(&market, &["orders:read"]).await;
    let tokens = client.tokens("").await;
    let (access, refresh) = (tokens.text_at("/access_token"), tokens.text_at("/refresh_token"));
    let told = client.ask("/oauth/introspect", &[("token", access)]).await.expect(200);
    assert_eq!(told.json["active"], true);
    assert_eq!((told.text_at("/scope"), told.text_at("/client_id")), ("orders:read", client.id.as_str()));
    assert_eq!(
        (told.text_at("/iss"), told.text_at("/aud")),
        ("http://localhost:3000", "http://localhost:3000")
    );
    assert!(told.text_at("/sub").starts_with("stf_"));
    assert_eq!(told.header("cache-control"), "no-store");
    assert_eq!(client.ask("/oauth/introspect", &[("token", refresh)]).await.expect(200).json["active"], true);

    let told = colleague.ask("/oauth/introspect", &[("token", access)]).await.expect(200);
    assert_eq!(told.json["active"], true, "the same store");
    let told = colleague.ask("/oauth/introspect", &[("token", refresh)]).await.expect(200);
    assert_eq!(told.json, json!({"active": false}), "a refresh token is nobody else's business");

    let (_, _, sk) = market.another_store().await;
    let new = json!({
        "name": "Spy", "type": "confidential", "scopes": ["orders:read"], "grant_types": ["client_credentials"],
    });
    let made = sk.post("/v1/oauth-clients", new).await.expect(201);
    let (id, secret) = (made.text_at("/id").to_owned(), made.text_at("/client_secret").to_owned());
    let spy = Integration { id, secret, ..client.clone() };
    for token in [access, refresh, "x", "", &"ey".repeat(3000)] {
        let told = spy.ask("/oauth/introspect", &[("token", token)]).await;
        if token.is_empty() {
            assert_eq!(told.expect(400).json["error"], "invalid_request");
        } else {
            assert_eq!(told.expect(200).json, json!({"active": false}));
        }
    }
    assert_eq!(
        spy.redeem(&client.code("").await, &[]).await.expect(400).json["error"],
        "unauthorized_client"
    );
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits =
            chunk.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[((bits >> (18 - 6 * place)) & 63) as usize] as char;
            encoded.push(if place <= chunk.len() { letter } else { '=' });
        }
    }
    encoded
}
