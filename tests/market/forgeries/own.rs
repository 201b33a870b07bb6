//! Tokens that pass for our own.

mod claims;
mod shapes;

use jiff::SignedDuration;
use serde_json::{Value, json};
use souk::{
    id::StaffId,
    principal::{Scope, Who},
    session::{self, NewSession},
    store::{self, Write, keys},
    tenant::{Mode, Tenant},
    token::PublicKey,
    vault::{self, Subject},
};
use souk_tests::TestMarket;

use super::{Forgeries, none_is_accepted};
use crate::forge::{Key, b64, thumbprint, token, with, with_secret, without};

const ISSUER: &str = "http://localhost:3000";

/// Somebody on the staff who logged in.
struct LogIn {
    who: StaffId,
    session: String,
    refresh_token: String,
}

/// The parts of a token that is good, and those whom it could be mistaken for.
struct Scene {
    /// A key whose public half is published, as the market's own are.
    key: Key,
    header: Value,
    claims: Value,
    owner: LogIn,
    /// Another owner of the same store.
    other: LogIn,
    /// One whose log-in ended.
    ended: LogIn,
    /// One who left.
    left: LogIn,
    /// An owner of another store.
    stranger: LogIn,
    strange_store: String,
}

async fn log_in(market: &TestMarket, store: &str) -> LogIn {
    let app = market.app();
    let (tenant, who) = (Tenant::of_own_record(store.parse().unwrap(), Mode::Test), StaffId::new(&app));
    let now = app.now();
    let email = format!("{who}@example.com");
    let contact = json!({"email": email, "name": "Grace Hopper"});
    let contact = vault::seal(&app, tenant, Subject::Staff(who), "contact", &contact).await.unwrap();
    let email_hash = vault::email_hash(&app, tenant, &email.parse().unwrap()).await.unwrap();
    let member = json!({
        "id": who, "role": "owner", "contact": contact, "email_hash": email_hash, "version": 1,
        "created_at": now, "updated_at": now,
    });
    let new = NewSession { who: Who::Staff(who), client: None, scopes: None, device: None };
    let (session, refresh_token, mut writes) = session::begin(&app, tenant, new).unwrap();
    writes.push(Write::put("member", keys::member(tenant, who), &member).unwrap());
    store::commit(&app, writes).await.unwrap();
    LogIn { who, session: session.id.to_string(), refresh_token }
}

async fn scene(market: &TestMarket) -> Scene {
    let (app, key) = (market.app(), Key::ed(1));
    let kid = thumbprint(&key);
    let public = PublicKey { kid: kid.clone(), x: b64(key.public()) };
    let publish = Write::put("jwk", keys::public_key(&kid), &public).unwrap();
    store::commit(&app, vec![publish]).await.unwrap();
    let (strange_store, ..) = market.another_store().await;
    let [owner, other, ended, left] = [
        log_in(market, &market.store).await,
        log_in(market, &market.store).await,
        log_in(market, &market.store).await,
        log_in(market, &market.store).await,
    ];
    let stranger = log_in(market, &strange_store).await;
    let tenant = Tenant::of_own_record(market.store.parse().unwrap(), Mode::Test);
    session::end(&app, tenant, Who::Staff(ended.who), ended.session.parse().unwrap()).await.unwrap();
    store::commit(&app, vec![Write::delete(keys::member(tenant, left.who))]).await.unwrap();
    let (now, scopes) = (app.now().as_second(), Scope::ALL.iter().map(|scope| scope.as_str()));
    let claims = json!({
        "iss": ISSUER, "aud": ISSUER, "sub": owner.who, "sid": owner.session, "iat": now, "exp": now + 600,
        "jti": "a", "client_id": market.store, "scope": scopes.collect::<Vec<_>>().join(" "),
        "store": market.store, "mode": "test",
    });
    let header = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid});
    Scene { key, header, claims, owner, other, ended, left, stranger, strange_store }
}

#[tokio::test(start_paused = true)]
async fn no_forged_token_of_our_own_is_accepted() {
    let market = TestMarket::with_mugs(5).await;
    let scene = scene(&market).await;
    let mut forgeries = Forgeries::default();
    algorithms(&scene, &mut forgeries);
    keys_by_name(&scene, &mut forgeries);
    signatures(&scene, &mut forgeries);
    claims::types(&scene, &mut forgeries);
    claims::claims(&scene, &mut forgeries);
    claims::people(&market, &scene, &mut forgeries);
    shapes::headers(&scene, &mut forgeries);
    shapes::shapes(&scene, &mut forgeries);
    shapes::texts(&scene, &mut forgeries);
    shapes::other_credentials(&market, &scene, &mut forgeries);
    assert!(forgeries.0.len() >= 60);
    let good = token(&scene.header, &scene.claims, &scene.key);
    let capital = token(&with(&scene.header, "typ", json!("AT+JWT")), &scene.claims, &scene.key);
    let good = [
        ("an owner's token", good),
        ("the same, typ in capitals", capital),
        ("a secret key", market.sk.clone()),
    ];
    none_is_accepted(&market, &forgeries, &good).await;
}

/// What another issuer says never gets as far as our own keys; were it to, it would be refused there too.
#[tokio::test(start_paused = true)]
async fn our_own_keys_sign_for_ourselves_only() {
    let market = TestMarket::open(|_| {}).await;
    let (scene, app) = (scene(&market).await, market.app());
    let good = token(&scene.header, &scene.claims, &scene.key);
    assert!(souk::token::verify(&app, ISSUER, &good).await.is_ok());
    for claim in ["iss", "aud"] {
        let elsewhere = with(&scene.claims, claim, json!("https://evil.example"));
        let forged = token(&scene.header, &elsewhere, &scene.key);
        assert!(souk::token::verify(&app, ISSUER, &forged).await.is_err(), "{claim}");
    }
}

/// A token is good until it expires, and thirty seconds for clocks that differ.
#[tokio::test(start_paused = true)]
async fn a_good_token_ends() {
    let market = TestMarket::open(|_| {}).await;
    let scene = scene(&market).await;
    let owner = market.staff().0.with_key(Some(&token(&scene.header, &scene.claims, &scene.key)));
    owner.get("/v1/store").await.expect(200);
    market.leap(SignedDuration::from_secs(620));
    owner.get("/v1/store").await.expect(200);
    market.leap(SignedDuration::from_secs(15));
    owner.get("/v1/store").await.expect(401);
}

fn algorithms(scene: &Scene, forgeries: &mut Forgeries) {
    let Scene { key, header, claims, .. } = scene;
    for alg in ["none", "None", "NONE", "nOnE"] {
        let header = with(header, "alg", json!(alg));
        let signed = token(&header, claims, key);
        let bare = signed.rsplit_once('.').unwrap().0;
        forgeries.token(format!("alg {alg} without a signature"), &format!("{bare}."));
        forgeries.token(format!("alg {alg} with the signature"), &signed);
    }
    let (public, text) = (key.public(), b64(key.public()));
    let jwk = key.jwk("a").to_string();
    for (name, secret) in
        [("bytes", public.as_slice()), ("text", text.as_bytes()), ("JWK", jwk.as_bytes()), ("nothing", b"")]
    {
        for alg in ["HS256", "HS384", "HS512"] {
            let forged = with_secret(&with(header, "alg", json!(alg)), claims, secret);
            forgeries.token(format!("{alg} with the public key's {name} as its secret"), &forged);
        }
    }
    let odd =
        ["RS256", "PS256", "ES256", "ES384", "eddsa", "EDDSA", "Ed448", "", "EdDSA "].map(|alg| json!(alg));
    for alg in odd.into_iter().chain([Value::Null, json!(1), json!(["EdDSA"]), json!({"alg": "EdDSA"})]) {
        forgeries.token(format!("alg {alg}"), &token(&with(header, "alg", alg.clone()), claims, key));
    }
    forgeries.token("no alg", &token(&without(header, "alg"), claims, key));
}

fn keys_by_name(scene: &Scene, forgeries: &mut Forgeries) {
    let Scene { key, header, claims, .. } = scene;
    let own = thumbprint(key);
    let names = [
        thumbprint(&Key::ed(2)),
        String::new(),
        "../jwk".to_owned(),
        format!("../../jwk/{own}"),
        format!("jwk/{own}"),
        format!("{own}/jwk"),
        format!("{own}' OR '1'='1"),
        format!("{own}\u{0}"),
        format!(" {own}"),
        own.to_lowercase(),
        "/dev/null".to_owned(),
        "https://evil.example/key".to_owned(),
        "a".repeat(2000),
        "é".repeat(21) + "a",
        "0".repeat(43),
    ];
    for kid in names.map(|name| json!(name)).into_iter().chain([Value::Null, json!(0), json!([own])]) {
        let name: String = kid.to_string().chars().take(60).collect();
        forgeries.token(format!("kid {name}"), &token(&with(header, "kid", kid), claims, key));
    }
    forgeries.token("no kid", &token(&without(header, "kid"), claims, key));
}

fn signatures(scene: &Scene, forgeries: &mut Forgeries) {
    let Scene { key, header, claims, .. } = scene;
    let good = token(header, claims, key);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let bytes = key.sign(message.as_bytes());
    let flipped = |place: usize| {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1;
        b64(flipped)
    };
    for (name, signature) in [
        ("stripped", String::new()),
        ("first bit flipped", flipped(0)),
        ("a middle bit flipped", flipped(32)),
        ("last bit flipped", flipped(63)),
        ("cut short", b64(&bytes[..63])),
        ("doubled", b64([bytes.clone(), bytes.clone()].concat())),
        ("a byte longer", b64([bytes.clone(), vec![0]].concat())),
        ("all zero", b64([0; 64])),
        ("all ones", b64([255; 64])),
        ("of another key", b64(Key::ed(2).sign(message.as_bytes()))),
        ("of something else", b64(key.sign(b"something else"))),
        ("of the payload alone", b64(key.sign(message.split('.').nth(1).unwrap().as_bytes()))),
        ("of an EC key", b64(Key::ec().sign(message.as_bytes()))),
        ("padded", format!("{signature}==")),
        ("the public key", b64(key.public())),
    ] {
        forgeries.token(format!("signature {name}"), &format!("{message}.{signature}"));
    }
    let another = token(header, &with(claims, "jti", json!("b")), key);
    let parts: Vec<&str> = another.split('.').collect();
    let own: Vec<&str> = good.split('.').collect();
    forgeries.token("payload of another token", &[own[0], parts[1], own[2]].join("."));
    forgeries.token("signature of another token", &[own[0], own[1], parts[2]].join("."));
    let header = b64(with(header, "x", json!(1)).to_string());
    forgeries.token("header of another token", &[&header, own[1], own[2]].join("."));
}
