//! Tokens that pass for those of an issuer whom a store trusts.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk_tests::TestMarket;

use super::{Forgeries, none_is_accepted};
use crate::{
    forge::{Key, World, b64, of_texts, otherwise_signed, token, with, with_secret, without},
    issuers::{ISSUER, claims, customers, header, open, staff},
};

const OTHER: &str = "https://accounts.example.org";
const DISABLED: &str = "https://off.example.com";

/// What the issuers have been through, and the parts of a token that is good.
struct Scene {
    key: Key,
    /// Another issuer's, under the same name.
    others: Key,
    /// One that the issuer no longer has.
    rotated: Key,
    header: Value,
    claims: Value,
}

async fn scene(market: &TestMarket, world: &World, key: Key) -> Scene {
    let (others, rotated) = (Key::rsa(1), Key::ed(7));
    world.issuer(ISSUER, &[key.jwk("rsa-1"), rotated.jwk("ed-old")]);
    world.issuer(OTHER, &[others.jwk("rsa-1"), others.jwk("rsa-other")]);
    world.issuer(DISABLED, &[key.jwk("rsa-1")]);
    let provider =
        |issuer: &str| with(&with(&customers(), "issuer", json!(issuer)), "audiences", json!(["front"]));
    let staff_of_store = market.staff().0;
    for body in [customers(), staff(), provider(OTHER), provider(DISABLED)] {
        let made = staff_of_store.post("/v1/identity-providers", body.clone()).await.expect(201);
        if body["issuer"] == DISABLED {
            staff_of_store.patch(made.header("location"), json!({"enabled": false})).await.expect(200);
        }
    }
    let strict =
        with(&with(&customers(), "audiences", json!(["strict"])), "required_claims", json!({"acr": "2"}));
    staff_of_store.post("/v1/identity-providers", strict).await.expect(201);
    let (_, _, other_store) = market.another_store().await;
    let elsewhere = with(&customers(), "audiences", json!(["elsewhere"]));
    other_store.post("/v1/identity-providers", elsewhere).await.expect(201);
    world.issuer(ISSUER, &[key.jwk("rsa-1")]);
    market.leap(SignedDuration::from_secs(3700));
    let boss = json!({"roles": ["shop-boss"]});
    let claims = with(&claims(market, "backoffice"), "realm_access", boss);
    Scene { key, others, rotated, header: header(), claims }
}

#[tokio::test(start_paused = true)]
async fn no_forged_token_of_another_issuer_is_accepted() {
    let (market, world, key) = open().await;
    let scene = scene(&market, &world, key).await;
    let good = token(&scene.header, &scene.claims, &scene.key);
    let shopper = token(&scene.header, &claims(&market, "storefront"), &scene.key);
    // Whoever is let in by these has made the keys known: what follows is refused for what it is.
    let mut forgeries = Forgeries::default();
    keys_and_algorithms(&scene, &mut forgeries);
    headers(&scene, &mut forgeries);
    audiences(&scene, &mut forgeries);
    times(&scene, &mut forgeries);
    subjects(&scene, &mut forgeries);
    texts(&scene, &mut forgeries);
    assert!(forgeries.0.len() >= 60);
    world.asked();
    let good = [("staff of an issuer", good), ("a customer of an issuer", shopper)];
    none_is_accepted(&market, &forgeries, &good).await;
    let asked = world.asked();
    assert!(asked.iter().all(|url| url.starts_with(ISSUER) || url.starts_with(OTHER)), "{asked:?}");
    assert!(asked.len() < 40, "an issuer is asked once a minute: {}", asked.len());
}

fn keys_and_algorithms(scene: &Scene, forgeries: &mut Forgeries) {
    let Scene { key, others, rotated, header, claims } = scene;
    let jwk = key.jwk("rsa-1");
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        BASE64_STANDARD.encode(key.public())
    );
    let modulus = jwk["n"].as_str().unwrap().to_owned();
    for alg in ["HS256", "HS384", "HS512"] {
        for (name, secret) in [
            ("key in DER", key.public()),
            ("key in PEM", pem.clone().into_bytes()),
            ("modulus", modulus.clone().into_bytes()),
            ("JWK", jwk.to_string().into_bytes()),
            ("nothing", Vec::new()),
        ] {
            let forged = with_secret(&with(header, "alg", json!(alg)), claims, &secret);
            forgeries.token(format!("{alg} with the issuer's {name} as its secret"), &forged);
        }
    }
    for alg in ["none", "None", "NONE"] {
        let signed = token(&with(header, "alg", json!(alg)), claims, key);
        forgeries.token(format!("alg {alg}"), &format!("{}.", signed.rsplit_once('.').unwrap().0));
        forgeries.token(format!("alg {alg} with the signature"), &signed);
    }
    for alg in ["ES256", "EdDSA", "RS512", "PS384", "rs256", "RS256 ", ""] {
        forgeries.token(format!("alg {alg:?}"), &token(&with(header, "alg", json!(alg)), claims, key));
    }
    for alg in ["RS384", "PS256"] {
        let forged = otherwise_signed(&with(header, "alg", json!(alg)), claims, key);
        forgeries.token(format!("{alg} with a key that is for RS256"), &forged);
    }
    let forged = otherwise_signed(header, claims, key);
    forgeries.token("said to be RS256, signed by RS384", &forged);
    forgeries.token("another issuer's key under the same name", &token(header, claims, others));
    forgeries.token(
        "another issuer's key under its name",
        &token(&with(header, "kid", json!("rsa-other")), claims, others),
    );
    forgeries.token(
        "the issuer's key for another issuer",
        &token(header, &with(claims, "iss", json!(OTHER)), key),
    );
    let old = json!({"alg": "EdDSA", "kid": "ed-old"});
    forgeries.token("a key that was rotated out", &token(&old, claims, rotated));
    forgeries.token(
        "a key that was rotated out, by the name of a good one",
        &token(&with(&old, "kid", json!("rsa-1")), claims, rotated),
    );
    for kid in [
        json!("nobody"),
        json!(""),
        json!("../keys"),
        json!("rsa-1' OR '1'='1"),
        json!("k".repeat(500)),
        json!(1),
        json!(["rsa-1"]),
        Value::Null,
    ] {
        let name: String = kid.to_string().chars().take(40).collect();
        forgeries.token(format!("kid {name}"), &token(&with(header, "kid", kid), claims, key));
    }
    forgeries.token("no kid", &token(&without(header, "kid"), claims, key));
    let good = token(header, claims, key);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let mut flipped = key.sign(message.as_bytes());
    flipped[100] ^= 4;
    forgeries.token("a bit of the signature flipped", &format!("{message}.{}", b64(flipped)));
    forgeries.token("no signature", &format!("{message}."));
    forgeries.token("a signature of zeros", &format!("{message}.{}", b64([0; 256])));
    forgeries
        .token("a signature of one", &format!("{message}.{}", b64([[0; 255].as_slice(), &[1]].concat())));
    forgeries.token("the signature, padded", &format!("{message}.{signature}=="));
    forgeries.token("the signature twice", &format!("{good}.{signature}"));
}

fn headers(scene: &Scene, forgeries: &mut Forgeries) {
    let Scene { key, others, header, claims, .. } = scene;
    for (name, value) in [
        ("jwk", others.jwk("rsa-1")),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!([BASE64_STANDARD.encode(others.public())])),
    ] {
        forgeries.token(format!("{name} of a thief"), &token(&with(header, name, value), claims, others));
    }
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", Value::Null),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("typ", json!("logout+jwt")),
        ("typ", json!("secevent+jwt")),
        ("typ", json!("JWE")),
        ("typ", json!("")),
        ("typ", json!(1)),
    ] {
        forgeries.token(format!("{name} {value}"), &token(&with(header, name, value.clone()), claims, key));
    }
}

fn audiences(scene: &Scene, forgeries: &mut Forgeries) {
    let Scene { key, header, claims, .. } = scene;
    let mut changed = |name: &str, claims: Value| forgeries.token(name, &token(header, &claims, key));
    let backoffice = json!("backoffice");
    for (name, aud) in [
        ("aud of somebody else", json!("another API")),
        ("aud with a slash", json!("backoffice/")),
        ("aud in capitals", json!("BACKOFFICE")),
        ("aud is empty", json!([])),
        ("aud is a number", json!(1)),
        ("aud is an object", json!({"backoffice": true})),
        ("aud in a list in a list", json!([["backoffice"]])),
        ("aud with a number", json!(["backoffice", 1])),
        ("aud of two stores", json!(["backoffice", "elsewhere"])),
        ("aud of two providers", json!(["backoffice", "storefront"])),
        (
            "aud of very many",
            json!(
                (0..11)
                    .map(|n| if n == 0 { "backoffice".to_owned() } else { n.to_string() })
                    .collect::<Vec<_>>()
            ),
        ),
        ("aud as the issuer and itself", json!(format!("{ISSUER}\nbackoffice"))),
    ] {
        changed(name, with(claims, "aud", aud));
    }
    changed("no aud", without(claims, "aud"));
    changed("aud in client_id", with(&without(claims, "aud"), "client_id", backoffice.clone()));
    changed("aud in azp", with(&without(claims, "aud"), "azp", backoffice));
    changed("a client of another provider", with(claims, "client_id", json!("storefront")));
    for (name, iss) in [
        ("issuer with a slash", format!("{ISSUER}/")),
        ("issuer by http", ISSUER.replace("https", "http")),
        ("issuer in capitals", ISSUER.to_uppercase()),
        ("issuer with a port", ISSUER.replace("example.com", "example.com:443")),
        ("another realm", ISSUER.replace("shop", "master")),
        ("a look-alike issuer", ISSUER.replace("login", "l\u{043e}gin")),
        ("a provider that is disabled", DISABLED.to_owned()),
        ("an issuer whom nobody trusts", "https://evil.example".to_owned()),
        ("this deployment itself", "http://localhost:3000".to_owned()),
    ] {
        changed(name, with(claims, "iss", json!(iss)));
    }
    changed(
        "the disabled provider's audience",
        with(&with(claims, "iss", json!(DISABLED)), "aud", json!("front")),
    );
    changed("the other issuer's audience", with(claims, "aud", json!("front")));
    changed("no issuer", without(claims, "iss"));
    changed("issuer in a list", with(claims, "iss", json!([ISSUER])));
    changed("a claim that is required and missing", with(claims, "aud", json!("strict")));
    changed(
        "a claim that is required and another",
        with(&with(claims, "aud", json!("strict")), "acr", json!("1")),
    );
}

fn times(scene: &Scene, forgeries: &mut Forgeries) {
    let Scene { key, header, claims, .. } = scene;
    let now = claims["iat"].as_i64().unwrap();
    let mut changed = |name: String, claims: Value| forgeries.token(name, &token(header, &claims, key));
    for (claim, value) in [
        ("exp", json!(now - 61)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!((now + 600).to_string())),
        ("exp", json!(format!("{}.5", now + 600).parse::<f64>().unwrap())),
        ("exp", json!((now + 600) * 1000)),
        ("exp", json!(now + 30 * 24 * 3600)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(u64::MAX)),
        ("exp", json!([now + 600])),
        ("exp", json!(true)),
        ("exp", Value::Null),
        ("nbf", json!(now + 3600)),
        ("nbf", json!("0")),
        ("nbf", json!([0])),
        ("iat", json!(now + 3600)),
        ("iat", json!(now * 1000)),
        ("iat", json!("0")),
        ("iat", json!({"at": 0})),
    ] {
        changed(format!("{claim} is {value}"), with(claims, claim, value.clone()));
    }
    changed("no exp".to_owned(), without(claims, "exp"));
}

fn subjects(scene: &Scene, forgeries: &mut Forgeries) {
    let Scene { key, header, claims, .. } = scene;
    let mut changed = |name: String, claims: Value| forgeries.token(name, &token(header, &claims, key));
    for sub in [
        json!(""),
        json!(["auth0|ada"]),
        json!(1),
        Value::Null,
        json!({}),
        json!("s".repeat(256)),
        json!("a\u{0}b"),
        json!("a\nb"),
    ] {
        let name: String = sub.to_string().chars().take(40).collect();
        changed(format!("sub {name}"), with(claims, "sub", sub));
    }
    changed("no sub".to_owned(), without(claims, "sub"));
    for roles in [
        json!([]),
        json!(["unknown"]),
        json!(["SHOP-BOSS"]),
        json!(["owner"]),
        json!(1),
        json!({"shop-boss": 1}),
        json!("shop-boss,packer"),
        Value::Null,
    ] {
        changed(format!("roles {roles}"), with(claims, "realm_access", json!({ "roles": roles })));
    }
    changed("no roles".to_owned(), without(claims, "realm_access"));
    let flat = with(&without(claims, "realm_access"), "/realm_access/roles", json!(["shop-boss"]));
    changed("roles under a name that is a pointer".to_owned(), flat);
    changed(
        "roles somewhere else".to_owned(),
        with(&without(claims, "realm_access"), "roles", json!(["shop-boss"])),
    );
}

fn texts(scene: &Scene, forgeries: &mut Forgeries) {
    let Scene { key, header, claims, .. } = scene;
    let (head, payload) = (header.to_string(), claims.to_string());
    let twice = |text: &str, field: &str| format!("{{{field},{}", &text[1..]);
    for (name, head, payload) in [
        ("alg twice", twice(&head, r#""alg":"none""#), payload.clone()),
        ("kid twice", twice(&head, r#""kid":"x""#), payload.clone()),
        ("sub twice", head.clone(), twice(&payload, r#""sub":"admin""#)),
        ("aud twice", head.clone(), twice(&payload, r#""aud":"storefront""#)),
        ("iss twice", head.clone(), twice(&payload, r#""iss":"https://evil.example""#)),
        ("exp twice", head.clone(), twice(&payload, r#""exp":0"#)),
        ("a list of claims", head.clone(), format!("[{payload}]")),
        ("garbage behind the claims", head.clone(), format!("{payload}{{}}")),
        ("claims in a text", head.clone(), json!(payload).to_string()),
        ("a token in a token", head.clone(), token(header, claims, key)),
        ("a header that is a list", format!("[{head}]"), payload.clone()),
    ] {
        forgeries.token(name, &of_texts(head, payload, key));
    }
    let good = token(header, claims, key);
    let parts: Vec<&str> = good.split('.').collect();
    for (name, text) in [
        ("in the shape of a JWE", format!("{good}.a.b")),
        ("padding in the payload", format!("{}.{}=.{}", parts[0], parts[1], parts[2])),
        ("garbage behind", format!("{good}x")),
        ("a dot behind", format!("{good}.")),
        ("without its payload", format!("{}..{}", parts[0], parts[2])),
        ("longer than any", token(header, &with(claims, "x", json!("x".repeat(9000))), key)),
    ] {
        forgeries.token(name, &text);
    }
}
