//! Issuers that can't be trusted, and what is said of them.

use serde_json::{Value, json};

use super::{ISSUER, customers, open};
use crate::forge::{with, without};

#[tokio::test(start_paused = true)]
async fn an_issuer_that_cant_be_used_is_refused_and_it_is_said_why() {
    let (market, world, key) = open().await;
    let document = format!("{ISSUER}/.well-known/openid-configuration");
    let good = json!({"issuer": ISSUER, "jwks_uri": format!("{ISSUER}/keys")});
    let refused = async |change: Value, why: &str| {
        let mut body = customers();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = market.staff().0.post("/v1/identity-providers", body).await.expect(422);
        assert!(answer.text_at("/detail").contains(why), "{why}: {}", answer.text);
    };
    for (inside, why) in [
        ("https://169.254.169.254", "not one of the public internet"),
        ("https://localhost", "not one of the public internet"),
        ("https://[::1]:8443/realms/x", "not one of the public internet"),
        ("http://login.example.com", "must begin with https"),
        ("https://login.example.com:6379", "port"),
        ("https://ada:secret@login.example.com", "user or a password"),
        ("https://login.example.com/?x", "no query"),
        ("file:///etc/passwd", "names no host"),
        ("https://nobody.example.com", "status 404"),
        ("https://login.example.com/realms/shop/", "another issuer"),
    ] {
        refused(json!({ "issuer": inside }), why).await;
    }
    for (status, text, why) in [
        (302, good.to_string(), "status 302"),
        (200, "<html>".to_owned(), "not the JSON"),
        (200, "x".repeat(256 * 1024 + 1), "longer than"),
        (200, with(&good, "issuer", json!("https://evil.example")).to_string(), "another issuer"),
        (200, without(&good, "issuer").to_string(), "not the JSON"),
        (
            200,
            with(&good, "jwks_uri", json!("https://10.0.0.1/keys")).to_string(),
            "not one of the public internet",
        ),
        (
            200,
            with(&good, "jwks_uri", json!("http://login.example.com/keys")).to_string(),
            "must begin with https",
        ),
        (200, with(&good, "jwks_uri", json!("https://login.example.com/nothing")).to_string(), "status 404"),
    ] {
        world.put(&document, status, &text);
        refused(json!({}), why).await;
    }
    world.put(&document, 200, &good.to_string());
    for keys in
        [json!({}), json!({"keys": []}), json!({"keys": [{"kty": "oct", "kid": "a", "k": "c2VjcmV0"}]})]
    {
        world.put(&format!("{ISSUER}/keys"), 200, &keys.to_string());
        refused(json!({}), "none of its keys can verify").await;
    }
    world.issuer(ISSUER, &[key.jwk("rsa-1")]);
    refused(json!({"algorithms": ["ES256"]}), "an algorithm that is allowed").await;
    for (change, why) in [
        (json!({"audiences": []}), "1 to 20"),
        (json!({"algorithms": []}), "at least one"),
        (json!({"algorithms": ["HS256"]}), "unknown variant"),
        (json!({"algorithms": ["none"]}), "unknown variant"),
        (json!({"subjects": "staff"}), "Staff need roles"),
        (json!({"roles": {"claim": "role", "values": {"x": "owner"}}}), "Customers have no roles"),
        (json!({"subjects": "staff", "roles": {"claim": "role", "values": {}}}), "1 to 20 words"),
        (json!({"subjects": "everybody"}), "unknown variant"),
        (json!({"enabled": false}), "not known here"),
        (json!({"id": "idp_x"}), "not known here"),
    ] {
        let mut body = customers();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = market.staff().0.post("/v1/identity-providers", body).await.expect(422);
        assert!(
            answer.text_at("/detail").to_lowercase().contains(&why.to_lowercase()),
            "{change}: {}",
            answer.text
        );
    }
    assert!(market.state_items("identity_provider").await.is_empty(), "nothing is half-written");
    assert!(market.state_items("trusted_issuer").await.is_empty());
}
