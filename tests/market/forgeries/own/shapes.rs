//! What a token looks like, what comes along with it, and what is none.

use serde_json::json;
use souk_tests::TestMarket;

use super::{Forgeries, ISSUER, Scene};
use crate::forge::{Key, b64, of_texts, thumbprint, token, with};

pub(super) fn headers(scene: &Scene, forgeries: &mut Forgeries) {
    let Scene { key, header, claims, .. } = scene;
    let thief = Key::ed(2);
    let jwk = thief.jwk(&thumbprint(&thief));
    for kid in [thumbprint(key), thumbprint(&thief)] {
        let header = with(header, "kid", json!(kid));
        for (name, value) in [
            ("jwk", jwk.clone()),
            ("jku", json!("https://evil.example/jwks.json")),
            ("x5u", json!("https://evil.example/cert.pem")),
            ("x5c", json!([b64(thief.public())])),
        ] {
            let forged = token(&with(&header, name, value), claims, &thief);
            forgeries.token(format!("{name} of a thief, kid {kid}"), &forged);
        }
    }
    for crit in [json!(["exp"]), json!(["b64"]), json!(["jwk"]), json!([])] {
        forgeries.token(format!("crit {crit}"), &token(&with(header, "crit", crit.clone()), claims, key));
    }
    let unencoded = with(&with(header, "b64", json!(false)), "crit", json!(["b64"])).to_string();
    let message = format!("{}.{}", b64(&unencoded), claims.to_string().replace('.', "%2e"));
    let signature = b64(key.sign(message.as_bytes()));
    forgeries.token("b64 false, payload as it is", &format!("{message}.{signature}"));
    let packed = with(header, "zip", json!("DEF")).to_string();
    forgeries.token("zip, payload packed", &of_texts(packed, [0x78, 0x9c, 3, 0], key));
}

pub(super) fn shapes(scene: &Scene, forgeries: &mut Forgeries) {
    let Scene { key, header, claims, .. } = scene;
    let good = token(header, claims, key);
    let (parts, thief): (Vec<&str>, _) = (good.split('.').collect(), token(header, claims, &Key::ed(2)));
    let json = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]}).to_string();
    let nested = of_texts(with(header, "cty", json!("JWT")).to_string(), &good, key);
    let standard = format!("{}+/.{}.{}", parts[0], parts[1], parts[2]);
    for (name, text) in [
        ("nested in another token", nested),
        ("in the shape of a JWE", format!("{}.a.b.c.d", parts[0])),
        ("as JSON", json),
        ("a dot before", format!(".{good}")),
        ("a dot after", format!("{good}.")),
        ("an empty part", format!("{}..{}.{}", parts[0], parts[1], parts[2])),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("one part", parts[0].to_owned()),
        ("dots alone", "ey..".to_owned()),
        ("no payload", format!("{}..{}", parts[0], parts[2])),
        ("no header", format!(".{}.{}", parts[1], parts[2])),
        ("parts turned around", format!("{}.{}.{}", parts[1], parts[0], parts[2])),
        ("garbage behind", format!("{good}x")),
        ("garbage behind a space", format!("{good} x")),
        ("a comma and another token", format!("{good},{good}")),
        ("a thief's and a good one", format!("{thief}, {good}")),
        ("a space within", good.replacen('.', ". ", 1)),
        ("a tab within", good.replacen('.', ".\t", 1)),
        ("in quotes", format!("\"{good}\"")),
        ("as a parameter", format!("token={good}")),
        ("padding in the header", format!("{}=.{}.{}", parts[0], parts[1], parts[2])),
        ("padding in the payload", format!("{}.{}=.{}", parts[0], parts[1], parts[2])),
        ("the standard alphabet", standard),
        ("percent-encoded", good.replace('.', "%2e")),
        ("in lower case", good.to_lowercase()),
        ("in upper case", good.to_uppercase()),
        ("longer than any", token(header, &with(claims, "x", json!("x".repeat(4000))), key)),
        ("far longer than any", token(header, &with(claims, "x", json!("x".repeat(9000))), key)),
    ] {
        forgeries.token(name, &text);
    }
}

pub(super) fn texts(scene: &Scene, forgeries: &mut Forgeries) {
    let Scene { key, header, claims, owner, other, .. } = scene;
    let (head, payload) = (header.to_string(), claims.to_string());
    let twice = |text: &str, field: &str| format!("{{{field},{}", &text[1..]);
    for (name, head, payload) in [
        ("alg twice, none first", twice(&head, r#""alg":"none""#), payload.clone()),
        ("kid twice", twice(&head, r#""kid":"x""#), payload.clone()),
        ("typ twice", twice(&head, r#""typ":"JWT""#), payload.clone()),
        ("sub twice", head.clone(), twice(&payload, &format!(r#""sub":"{}""#, other.who))),
        ("exp twice", head.clone(), twice(&payload, r#""exp":99999999999"#)),
        ("iss twice", head.clone(), twice(&payload, &format!(r#""iss":"{ISSUER}""#))),
        ("store twice", head.clone(), twice(&payload, &format!(r#""store":"{}""#, scene.strange_store))),
        ("scope twice", head.clone(), twice(&payload, r#""scope":"orders:read""#)),
        ("sid twice", head.clone(), twice(&payload, &format!(r#""sid":"{}""#, owner.session))),
        ("a key that is sub when unescaped, twice", head.clone(), twice(&payload, r#""\u0073ub":"x""#)),
        ("a list of claims", head.clone(), format!("[{payload}]")),
        ("claims in a text", head.clone(), json!(payload).to_string()),
        ("no claims", head.clone(), "{}".to_owned()),
        ("null", head.clone(), "null".to_owned()),
        ("nothing", head.clone(), String::new()),
        ("garbage behind the claims", head.clone(), format!("{payload}x")),
        ("two objects of claims", head.clone(), format!("{payload}{payload}")),
        ("a byte order mark", head.clone(), format!("\u{feff}{payload}")),
        ("deep nesting", head.clone(), format!("{}{}", "[".repeat(1000), "]".repeat(1000))),
        ("a header that is a list", format!("[{head}]"), payload.clone()),
        ("a header of nothing", "{}".to_owned(), payload.clone()),
        ("a look-alike issuer", head.clone(), payload.replace("localhost", "l\u{043e}calhost")),
        (
            "an issuer with a zero byte",
            head.clone(),
            payload.replace("localhost:3000", "localhost:3000\\u0000"),
        ),
    ] {
        forgeries.token(name, &of_texts(head, payload, key));
    }
    let broken = [payload.as_bytes(), &[0xff, 0xfe]].concat();
    forgeries.token("claims that are no UTF-8", &of_texts(&head, broken, key));
}

pub(super) fn other_credentials(market: &TestMarket, scene: &Scene, forgeries: &mut Forgeries) {
    let good = token(&scene.header, &scene.claims, &scene.key);
    let bearer = format!("Bearer {good}");
    let key = format!("Bearer {}", market.sk);
    forgeries.token("a refresh token", &scene.owner.refresh_token);
    forgeries
        .token("a refresh token in the shape of a token", &format!("ey{}.a.b", scene.owner.refresh_token));
    forgeries.token("a session's id", &scene.owner.session);
    forgeries.token("a member's id", &scene.owner.who.to_string());
    forgeries.token("an API key in the shape of a token", &format!("ey.{}.x", market.sk));
    forgeries.token("an API key that begins a token", &format!("{}.a.b", market.sk));
    forgeries.token("an API key in capitals", &market.sk.to_uppercase());
    forgeries.token("an API key, cut short", &market.sk[..market.sk.len() - 1]);
    forgeries.token("an API key, and more", &format!("{}0", market.sk));
    forgeries.token("a key of test mode as one of live", &market.sk.replace("_test_", "_live_"));
    forgeries.token("a publishable key as a secret one", &market.pk.replace("pk_", "sk_"));
    forgeries.token("null", "null");
    forgeries.token("nothing", "");
    let basic =
        |text: &str| format!("Basic {}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, text));
    for (name, lines) in [
        ("no header", vec![]),
        ("an empty header", vec![String::new()]),
        ("the scheme alone", vec!["Bearer".to_owned()]),
        ("no scheme", vec![good.clone()]),
        ("an API key without a scheme", vec![market.sk.clone()]),
        ("scheme Basic", vec![format!("Basic {good}")]),
        ("scheme Basic with an API key", vec![format!("Basic {}", market.sk)]),
        ("an API key as a user", vec![basic(&format!("{}:", market.sk))]),
        ("an API key as a password", vec![basic(&format!("souk:{}", market.sk))]),
        ("scheme Token", vec![format!("Token {good}")]),
        ("scheme DPoP", vec![format!("DPoP {good}")]),
        ("scheme JWT", vec![format!("JWT {good}")]),
        ("scheme Bearer with a colon", vec![format!("Bearer: {good}")]),
        ("the scheme twice", vec![format!("Bearer Bearer {good}")]),
        ("the scheme glued on", vec![format!("Bearer{good}")]),
        ("a scheme that begins like it", vec![format!("Bearer2 {good}")]),
        ("two tokens in one line", vec![format!("{bearer}, {bearer}")]),
        ("a token and a key in one line", vec![format!("{bearer}, {key}")]),
        ("the header twice", vec![bearer.clone(), bearer.clone()]),
        ("the header twice, a key", vec![key.clone(), key.clone()]),
        ("the header twice, nonsense first", vec!["Bearer x".to_owned(), bearer.clone()]),
        ("the header twice, nonsense last", vec![key, "Bearer x".to_owned()]),
    ] {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        forgeries.lines(name, &lines);
    }
}
