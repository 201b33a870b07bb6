//! What a token says, and of whom.

use serde_json::{Value, json};
use souk::id::ClientId;
use souk_tests::TestMarket;

use super::{Forgeries, ISSUER, LogIn, Scene};
use crate::forge::{token, with, without};

pub(super) fn types(scene: &Scene, forgeries: &mut Forgeries) {
    let Scene { key, header, claims, .. } = scene;
    let names =
        ["JWT", "jwt", "id+jwt", "rt+jwt", "logout+jwt", "at+jws", "at jwt", "", " at+jwt", "secevent+jwt"];
    for typ in names.map(|name| json!(name)).into_iter().chain([Value::Null, json!(1), json!(["at+jwt"])]) {
        forgeries.token(format!("typ {typ}"), &token(&with(header, "typ", typ.clone()), claims, key));
    }
    forgeries.token("no typ", &token(&without(header, "typ"), claims, key));
}

pub(super) fn claims(scene: &Scene, forgeries: &mut Forgeries) {
    let Scene { key, header, claims, .. } = scene;
    let mut changed = |name: String, claims: &Value| forgeries.token(name, &token(header, claims, key));
    for claim in claims.as_object().unwrap().keys() {
        changed(format!("no {claim}"), &without(claims, claim));
        for odd in [json!(["x"]), json!({"a": 1}), json!(true), json!("")] {
            // A `jti`, a `client_id` and a `scope` may be any text; without scopes a token is good for nothing, not bad.
            if odd != json!("") || !["jti", "client_id", "scope"].contains(&claim.as_str()) {
                changed(format!("{claim} is {odd}"), &with(claims, claim, odd));
            }
        }
        if claim != "sid" {
            changed(format!("{claim} is null"), &with(claims, claim, Value::Null));
        }
        changed(
            format!("{claim} in capitals"),
            &with(&without(claims, claim), &claim.to_uppercase(), claims[claim].clone()),
        );
    }
    let (iat, exp) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    for (claim, value) in [
        ("exp", json!(exp.to_string())),
        ("exp", json!(format!("{exp}.5").parse::<f64>().unwrap())),
        ("exp", json!(exp * 1000)),
        ("exp", json!(iat - 31)),
        ("exp", json!(iat - 86_400)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(u64::MAX)),
        ("exp", json!(1e30)),
        ("exp", json!("2099-01-01T00:00:00Z")),
        ("exp", json!(iat + 601)),
        ("exp", json!(iat + 86_400)),
        ("iat", json!(iat.to_string())),
        ("iat", json!(iat - 1)),
        ("iat", json!(0)),
        ("iat", json!(i64::MIN)),
        ("iss", json!(format!("{ISSUER}/"))),
        ("iss", json!("https://localhost:3000")),
        ("iss", json!("HTTP://LOCALHOST:3000")),
        ("iss", json!("http://localhost")),
        ("iss", json!("http://localhost:3000.evil.example")),
        ("iss", json!("https://evil.example")),
        ("iss", json!([ISSUER])),
        ("aud", json!(format!("{ISSUER}/"))),
        ("aud", json!("https://evil.example")),
        ("aud", json!([])),
        ("aud", json!([ISSUER])),
        ("aud", json!(["https://evil.example", ISSUER])),
        ("aud", json!([[ISSUER]])),
        ("scope", json!(["orders:read"])),
        ("mode", json!("root")),
        ("mode", json!("TEST")),
        ("sub", json!("*")),
        ("sub", json!("owner")),
        ("sid", json!(1)),
    ] {
        changed(format!("{claim} is {value}"), &with(claims, claim, value.clone()));
    }
    let later = with(&with(claims, "iat", json!(iat + 31)), "exp", json!(iat + 600));
    changed("issued in the future".to_owned(), &later);
    let over = with(&with(claims, "iat", json!(iat - 700)), "exp", json!(iat - 100));
    changed("had its time".to_owned(), &over);
}

pub(super) fn people(market: &TestMarket, scene: &Scene, forgeries: &mut Forgeries) {
    let Scene { key, header, claims, .. } = scene;
    let as_one = |sub: Value, sid: Value| with(&with(claims, "sub", sub), "sid", sid);
    let id = |log_in: &LogIn| (json!(log_in.who), json!(log_in.session));
    let ((other, others), (ended, ended_in)) = (id(&scene.other), id(&scene.ended));
    let ((left, left_in), (stranger, strangers)) = (id(&scene.left), id(&scene.stranger));
    let store = json!(scene.strange_store);
    let own = (json!(scene.owner.who), json!(scene.owner.session));
    let client = json!(ClientId::new(&market.app()).to_string());
    for (name, claims) in [
        ("another one's sub", with(claims, "sub", other.clone())),
        ("another one's session", with(claims, "sid", others.clone())),
        ("a log-in that ended", as_one(ended, ended_in)),
        ("a member who left", as_one(left, left_in)),
        ("without a log-in", without(claims, "sid")),
        ("another store", with(claims, "store", store.clone())),
        ("another store's member", as_one(stranger.clone(), strangers.clone())),
        ("another store's session", with(claims, "sid", strangers)),
        ("another store's member without a log-in", with(&without(claims, "sid"), "sub", stranger)),
        ("of test mode, on live", with(claims, "mode", json!("live"))),
        ("a customer with a member's session", with(claims, "sub", json!("cus_01m6dsg7e0eattxn9k92m5gzsg"))),
        (
            "an API key as its subject",
            with(&without(claims, "sid"), "sub", json!("key_01m6dsg7e0eattxn9k92m5gzsg")),
        ),
        ("a session that never was", as_one(own.0.clone(), json!("ses_01m6dsg7e0eattxn9k92m5gzsg"))),
        ("an integration that is not there", with(&without(claims, "sid"), "sub", client.clone())),
        ("an integration with a member's session", with(claims, "sub", client)),
        ("a path for a session", as_one(own.0, json!("../ses_01m6dsg7e0eattxn9k92m5gzsg"))),
        ("a store that is not there", with(claims, "store", json!("store_01m6dsg7e0fabs2v1n9dm89000"))),
    ] {
        forgeries.token(name, &token(header, &claims, key));
    }
}
