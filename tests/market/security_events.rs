//! What happens to log-ins, passwords and grants is in the audit log: once, and not as often as somebody likes.

use jiff::SignedDuration;
use serde_json::{Value, json};
use souk_tests::{Api, Browser, Integration, Member, OWNER, PASSWORD, TestMarket, code_at, mailed_token};

use crate::audit::{export, verified};

/// The actions in the log of the store after `seq`, each with who did what to which resource.
async fn told(market: &TestMarket, seq: &mut usize) -> Vec<(String, String, String)> {
    market.market.settled().await;
    let entries = export(&market.staff().0).await;
    assert_eq!(verified(&entries), Ok(entries.len() as u64));
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    let new = entries[*seq..].iter();
    let new =
        new.map(|entry| (text(entry, "action"), text(entry, "actor"), text(entry, "resource"))).collect();
    *seq = entries.len();
    new
}

fn entry(action: &str, actor: &str, resource: &str) -> (String, String, String) {
    (action.to_owned(), actor.to_owned(), resource.to_owned())
}

#[tokio::test(start_paused = true)]
async fn what_happens_to_a_log_in_is_told() {
    let market = TestMarket::open(|_| {}).await;
    let sk = market.staff().0;
    let ada = Member::joined(&market, &sk, "ada@example.com", "owner").await;
    let mut seq = 1;
    let joined = told(&market, &mut seq).await;
    assert_eq!(
        (joined[0].0.as_str(), &joined[1]),
        ("staff.invited", &entry("staff.joined", &ada.id, &ada.path()))
    );
    assert!(joined[0].2.starts_with("/v1/staff/invitations/inv_"), "{joined:?}");
    let [first, second] = [ada.try_log_in(PASSWORD, None).await, ada.try_log_in(PASSWORD, None).await];
    let (api, place) =
        (ada.holder_of(&first), |answer: &souk_tests::Answer| answer.header("location").to_owned());
    api.delete(&place(&second)).await.expect(204);
    assert_eq!(
        told(&market, &mut seq).await,
        [
            entry("session.created", &ada.id, &place(&first)),
            entry("session.created", &ada.id, &place(&second)),
            entry("session.revoked", &ada.id, &place(&second)),
        ]
    );
    // A token that comes back.
    let refresh = async |token: &str| {
        api.with_key(None).post("/v1/sessions/refresh", json!({"refresh_token": token})).await
    };
    let stolen = ada.try_log_in(PASSWORD, None).await.expect(201);
    refresh(stolen.text_at("/refresh_token")).await.expect(200);
    market.leap(SignedDuration::from_secs(11));
    for _ in 0..3 {
        refresh(stolen.text_at("/refresh_token")).await.expect(401);
    }
    let reused = entry("refresh_token.reused", &ada.id, &place(&stolen));
    assert_eq!(told(&market, &mut seq).await[1..], [reused], "once");
    // A second factor, and a recovery code.
    let enrolled = api.post("/v1/staff/me/totp", json!({"password": PASSWORD})).await.expect(201).json;
    let code = code_at(&enrolled, market.clock().now());
    let codes = api.post("/v1/staff/me/totp/confirm", json!({"code": code})).await.expect(200);
    let code = codes.json["recovery_codes"][0].as_str().unwrap();
    let third = ada.try_log_in(PASSWORD, Some(code)).await.expect(201);
    let proof = json!({"password": PASSWORD});
    api.send(http::Method::DELETE, "/v1/staff/me/totp", Some(proof), &[]).await.expect(204);
    let change = json!({"current_password": PASSWORD, "password": "four quiet herons"});
    api.post("/v1/staff/me/password", change).await.expect(204);
    api.with_key(Some(&market.pk))
        .post("/v1/staff/password-resets", json!({"email": ada.email}))
        .await
        .expect(202);
    let token = mailed_token(&market, &ada.email).await;
    let reset = json!({"token": token, "password": "five quiet herons"});
    api.with_key(None).post("/v1/staff/password-resets/confirm", reset).await.expect(204);
    assert_eq!(
        told(&market, &mut seq).await,
        [
            entry("second_factor.enabled", &ada.id, "/v1/staff/me/totp/confirm"),
            entry("recovery_code.used", &ada.id, &ada.path()),
            entry("session.created", &ada.id, &place(&third)),
            entry("second_factor.disabled", &ada.id, "/v1/staff/me/totp"),
            entry("password.changed", &ada.id, "/v1/staff/me/password"),
            entry("password.reset", &ada.id, &ada.path()),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_integrations_are_let_do_is_told() {
    let market = TestMarket::open(|_| {}).await;
    let owner = Member::joined(&market, &market.staff().0, OWNER, "owner").await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let path = format!("/v1/oauth-clients/{}", client.id);
    let mut seq = 0;
    assert!(
        told(&market, &mut seq)
            .await
            .iter()
            .any(|told| told.0 == "oauth_client.registered" && told.2 == path)
    );
    let mut browser = Browser::new(&client.anybody);
    let page = browser.open(&client.request(&[])).await.expect(200);
    let consent = browser.log_in(&page, OWNER, PASSWORD, "").await.expect(200);
    browser.decide(&consent, "deny").await.expect(200);
    assert_eq!(told(&market, &mut seq).await, [], "nothing was given");
    let tokens = client.tokens("").await;
    assert_eq!(told(&market, &mut seq).await, [entry("oauth_consent.granted", &owner.id, &path)]);
    for _ in 0..2 {
        client.ask("/oauth/revoke", &[("token", tokens.text_at("/refresh_token"))]).await.expect(200);
    }
    let revoked = told(&market, &mut seq).await;
    assert_eq!((revoked.len(), &*revoked[0].0, &*revoked[0].1), (1, "oauth_consent.revoked", &*client.id));
    // Taken back by who gave it.
    let tokens = client.tokens("").await;
    let api = owner.log_in().await;
    let sessions = api.get("/v1/sessions").await.expect(200);
    let grant =
        sessions.json["data"].as_array().unwrap().iter().find(|one| one["client"].is_string()).unwrap();
    api.delete(&format!("/v1/sessions/{}", grant["id"].as_str().unwrap())).await.expect(204);
    Api::of_market(&market.market, tokens.text_at("/access_token")).get("/v1/orders").await.expect(401);
    let actions: Vec<_> = told(&market, &mut seq).await.into_iter().map(|told| told.0).collect();
    assert_eq!(actions, ["oauth_consent.granted", "session.created", "oauth_consent.revoked"]);
}

/// Nobody fills the log of a store by guessing.
#[tokio::test(start_paused = true)]
async fn refused_log_ins_are_told_now_and_then() {
    let market = TestMarket::open(|_| {}).await;
    let ada = Member::joined(&market, &market.staff().0, "ada@example.com", "owner").await;
    let mut seq = 0;
    told(&market, &mut seq).await;
    for round in 0..120 {
        for email in [ada.email.as_str(), "nobody@example.com"] {
            let wrong = json!({"email": email, "password": "four loud herons"});
            let guesser = market.shopper().0;
            let tried = guesser.post("/v1/staff/sessions", wrong.clone()).await;
            if tried.status == 429 {
                market.leap(SignedDuration::from_secs(30));
                guesser.post("/v1/staff/sessions", wrong).await.expect(401);
            }
        }
        if round == 4 {
            let refused = told(&market, &mut seq).await;
            assert_eq!(refused, [entry("session.refused", "anonymous", &ada.path())]);
        }
    }
    let more = told(&market, &mut seq).await;
    assert!((3..=8).contains(&more.len()), "{}", more.len());
    assert!(more.iter().all(|told| *told == entry("session.refused", "anonymous", &ada.path())));
}

/// The line of a request says who called, by kind and id, and nothing of them as a person.
#[tokio::test(start_paused = true)]
async fn a_requests_line_names_its_caller() {
    let lines = Lines::default();
    let to = lines.clone();
    // Of the whole process: functions run on threads of their own, and other tests' lines do no harm.
    tracing_subscriber::fmt().with_ansi(false).with_writer(move || to.clone()).try_init().unwrap();
    let market = TestMarket::open(|_| {}).await;
    let ada = Member::joined(&market, &market.staff().0, "ada@example.com", "owner").await;
    ada.log_in().await.get("/v1/staff/me").await.expect(200);
    market.staff().0.get("/v1/orders").await.expect(200);
    let said = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let line = |part: &str| said.lines().any(|line| line.contains(part));
    assert!(line(&format!("caller=\"staff\" caller_id=\"{}\"", ada.id)), "{said}");
    assert!(line("caller=\"key\" caller_id=\"key_"), "{said}");
    assert!(!said.contains("ada@example.com") && !said.contains("Hopper"));
}

/// What was logged.
#[derive(Clone, Default)]
struct Lines(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if String::from_utf8_lossy(bytes).contains("route=GET ") {
            self.0.lock().unwrap().extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
