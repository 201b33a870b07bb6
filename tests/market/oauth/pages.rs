//! The pages: who may be asked, what they are told, and that nobody else answers for them.

use jiff::SignedDuration;
use serde_json::json;
use souk_tests::{Browser, Integration, PASSWORD, TestMarket, code_at, field};

use super::{careful, market, owner};

fn browser(market: &TestMarket) -> Browser {
    Browser::new(&market.staff().0)
}

#[tokio::test(start_paused = true)]
async fn somebody_logs_in_reads_and_agrees() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read", "refunds:write"]).await;
    let mut browser = browser(&market);
    let page = browser.open(&client.request(&[])).await.expect(200);
    let cookie = page.header("set-cookie");
    assert!(
        cookie.starts_with("souk-authorize=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    let consent = browser.log_in(&page, "owner@example.com", PASSWORD, "").await.expect(200);
    for told in [
        "Let Ledgerly into Kiosk?",
        "See and list all orders.",
        "Give money back.",
        "app.example.com",
        "It lasts 365 days, or until it is not used for 90 days.",
    ] {
        assert!(consent.text.contains(told), "{told}: {}", consent.text);
    }
    let done = browser.decide(&consent, "approve").await.expect(200);
    for page in [&page, &consent, &done] {
        let policy = page.header("content-security-policy");
        for rule in [
            "default-src 'none'",
            "style-src 'sha256-",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(rule), "{rule}: {policy}");
        }
        assert!(!policy.contains("script") && !page.text.contains("<script"));
        assert_eq!(
            (page.header("cache-control"), page.header("referrer-policy")),
            ("no-store", "no-referrer")
        );
        assert!(!page.text.contains(PASSWORD) && !page.text.contains("owner@"));
    }
    let told = Browser::told(&done);
    assert_eq!((told["state"].as_str(), told["iss"].as_str()), ("a&b=c", "http://localhost:3000"));
    client.redeem(&told["code"], &[]).await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn over_https_the_cookie_is_the_hosts_own() {
    let market = TestMarket::open(|options| {
        let unset = r#"PUBLIC_URL: !If [HasDomain, !Sub "https://${DomainName}", ""]"#;
        assert!(options.template.contains(unset));
        options.template = options.template.replace(unset, "PUBLIC_URL: https://api.example.com/");
    })
    .await;
    owner(&market).await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let mut browser = browser(&market);
    let page = browser.open(&client.request(&[])).await.expect(200);
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("__Host-souk-authorize="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    let told = browser.agree(&client.request(&[]), "owner@example.com").await;
    assert_eq!(told["iss"], "https://api.example.com");
}

#[tokio::test(start_paused = true)]
async fn nobody_agrees_by_accident() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let mut browser = browser(&market);
    let page = browser.open(&client.request(&[])).await.expect(200);
    let (careful, _) = careful(&market).await;
    for (email, password, code) in [
        ("owner@example.com", "wrong", ""),
        ("nobody@example.com", PASSWORD, ""),
        (&careful.email, PASSWORD, "000000"),
        (&careful.email, PASSWORD, ""),
        (&careful.email, PASSWORD, "٠٠٠٠٠٠"),
    ] {
        market.leap(SignedDuration::from_secs(5));
        let again = browser.log_in(&page, email, password, code).await.expect(401);
        assert!(again.text.contains("role=\"alert\"") && !again.text.contains("name=\"proof\""));
    }
    browser.log_in(&page, "not an address", PASSWORD, "").await.expect(422);
    let consent = browser.log_in(&page, "owner@example.com", PASSWORD, "").await.expect(200);
    let told = Browser::told(&browser.decide(&consent, "deny").await.expect(200));
    assert_eq!((told["error"].as_str(), told["state"].as_str()), ("access_denied", "a&b=c"));
    assert!(told.contains_key("iss") && !told.contains_key("code"));
}

#[tokio::test(start_paused = true)]
async fn a_second_factor_is_asked_for() {
    let market = market().await;
    let (careful, enrolled) = careful(&market).await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let mut browser = browser(&market);
    let page = browser.open(&client.request(&[])).await.expect(200);
    let code = code_at(&enrolled, market.clock().now());
    let typed = format!("{} {}", &code[..3], &code[3..]);
    browser.log_in(&page, &careful.email, PASSWORD, &typed).await.expect(200);
    let again = browser.log_in(&page, &careful.email, PASSWORD, &typed).await.expect(401);
    assert!(again.text.contains("this code"), "{}", again.text);
}

#[tokio::test(start_paused = true)]
async fn guesses_on_the_pages_are_slowed_down_as_elsewhere() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let mut browser = browser(&market);
    let page = browser.open(&client.request(&[])).await.expect(200);
    for _ in 0..2 {
        browser.log_in(&page, "owner@example.com", "four loud herons", "").await.expect(401);
    }
    let slowed = browser.log_in(&page, "owner@example.com", PASSWORD, "").await.expect(429);
    assert_eq!(slowed.header("retry-after"), "1");
    assert!(slowed.text.contains("Too many failed tries") && !slowed.text.contains("name=\"proof\""));
    market.leap(SignedDuration::from_secs(1));
    browser.log_in(&page, "owner@example.com", PASSWORD, "").await.expect(200);
}

/// Nobody gives an integration more than they have.
#[tokio::test(start_paused = true)]
async fn whoever_agrees_gives_what_they_have() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read", "refunds:write"]).await;
    let mut browser = browser(&market);
    let page = browser.open(&client.request(&[])).await.expect(200);
    let consent = browser.log_in(&page, "reader@example.com", PASSWORD, "").await.expect(200);
    assert!(consent.text.contains("See and list all orders.") && !consent.text.contains("Give money back."));
    let told = Browser::told(&browser.decide(&consent, "approve").await.expect(200));
    assert_eq!(client.redeem(&told["code"], &[]).await.expect(200).json["scope"], "orders:read");
    let page = browser.open(&client.request(&[("scope", "refunds:write")])).await.expect(200);
    let told = Browser::told(&browser.log_in(&page, "reader@example.com", PASSWORD, "").await.expect(200));
    assert_eq!(told["error"], "access_denied");
}

/// Who asks and where to send the answer is checked first: what is wrong there is told to the person only.
#[tokio::test(start_paused = true)]
async fn nobody_is_sent_to_an_address_that_was_not_registered() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let mut browser = browser(&market);
    for change in [
        ("client_id", ""),
        ("client_id", "cli_00000000000000000000000001"),
        ("client_id", "<script>"),
        ("redirect_uri", ""),
        ("redirect_uri", "https://evil.example/"),
        ("redirect_uri", "https://app.example.com/callback?x=1"),
        ("redirect_uri", "https://app.example.com/callback/../evil"),
        ("redirect_uri", "https://app.example.com.evil.example/callback"),
        ("redirect_uri", "http://127.0.0.1:9@evil.example/cb"),
        ("redirect_uri", "javascript:alert(1)"),
        ("state", &"s".repeat(2049)),
    ] {
        let shown = browser.open(&client.request(&[change])).await.expect(400);
        assert_eq!(shown.header("location"), "", "{change:?}");
        assert!(!shown.text.contains("evil") && !shown.text.contains("<script"), "{}", shown.text);
    }
    let twice = format!("{}&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback", client.request(&[]));
    browser.open(&twice).await.expect(400);
    for (change, error) in [
        (("response_type", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("scope", "refunds:write"), "invalid_scope"),
        (("scope", "nothing"), "invalid_scope"),
        (("request", "ey"), "request_not_supported"),
    ] {
        let sent = browser.open(&client.request(&[change])).await.expect(303);
        let told = Browser::told(&sent);
        assert_eq!((told["error"].as_str(), told["state"].as_str()), (error, "a&b=c"), "{change:?}");
        assert_eq!(told["iss"], "http://localhost:3000");
    }
    let sent = browser.open(&format!("{}&scope=a&scope=b", client.request(&[]))).await.expect(303);
    assert_eq!(Browser::told(&sent)["error"], "invalid_request");
}

/// Another site can have a browser send a form. It does not get far.
#[tokio::test(start_paused = true)]
async fn nobody_answers_for_somebody_else() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let other = Integration::register(&market, &["orders:read", "refunds:write"]).await;
    let (mut victim, mut attacker) = (browser(&market), browser(&market));
    let page = victim.open(&client.request(&[])).await.expect(200);
    let consent = victim.log_in(&page, "owner@example.com", PASSWORD, "").await.expect(200);
    let [request, form_code, proof] =
        ["request", "form_code", "proof"].map(|name| field(&consent.text, name));
    let theirs = attacker.open(&other.request(&[])).await.expect(200);
    let (their_request, their_code) = (field(&theirs.text, "request"), field(&theirs.text, "form_code"));
    let first_code = field(&page.text, "form_code");
    let none = Browser::new(&market.staff().0);
    let same = "same-origin";
    for (what, browser, request, form_code, proof, site) in [
        ("no code", &victim, &request, &String::new(), &proof, same),
        ("no cookie", &none, &request, &form_code, &proof, same),
        ("another browser", &attacker, &request, &form_code, &proof, same),
        ("another browser's code", &victim, &their_request, &their_code, &proof, same),
        ("the code of the page before", &victim, &request, &first_code, &proof, same),
        ("another request", &victim, &their_request, &form_code, &proof, same),
        ("no proof", &victim, &request, &form_code, &String::new(), same),
        ("a proof of nothing", &victim, &request, &form_code, &"e30.e30".to_owned(), same),
        ("another site", &victim, &request, &form_code, &proof, "cross-site"),
        ("a neighbor", &victim, &request, &form_code, &proof, "same-site"),
    ] {
        let fields = [
            ("page", "consent"),
            ("request", request.as_str()),
            ("form_code", form_code),
            ("proof", proof),
            ("answer", "approve"),
        ];
        let refused = browser.send(&fields, &[("sec-fetch-site", site)]).await.expect(403);
        assert!(!refused.text.contains("code="), "{what}");
    }
    // A proof for one request is none for another, also in the same browser.
    let page = victim.open(&other.request(&[])).await.expect(200);
    let consent = victim.log_in(&page, "owner@example.com", PASSWORD, "").await.expect(200);
    let [request, form_code] = ["request", "form_code"].map(|name| field(&consent.text, name));
    let fields = [
        ("page", "consent"),
        ("request", &*request),
        ("form_code", &form_code),
        ("proof", &proof),
        ("answer", "approve"),
    ];
    victim.send(&fields, &[]).await.expect(403);
    // Nor is one for ever.
    market.leap(SignedDuration::from_mins(10));
    victim.decide(&consent, "approve").await.expect(403);
    assert!(market.state_items("code").await.is_empty(), "nothing was agreed to");
}

#[tokio::test(start_paused = true)]
async fn what_integrations_call_themselves_is_text() {
    let market = market().await;
    let new = json!({
        "name": "<script>alert(1)</script>\"'&", "type": "public", "scopes": ["orders:read"],
        "redirect_uris": ["https://app.example.com/callback"],
    });
    let made = market.staff().0.post("/v1/oauth-clients", new).await.expect(201);
    let client = Integration {
        id: made.text_at("/id").to_owned(),
        ..Integration::public(&market, &["orders:read"]).await
    };
    let mut browser = browser(&market);
    let page = browser.open(&client.request(&[("state", "\"><script>")])).await.expect(200);
    let consent = browser.log_in(&page, "owner@example.com", PASSWORD, "").await.expect(200);
    let done = browser.decide(&consent, "approve").await.expect(200);
    for page in [&page, &consent, &done] {
        assert!(!page.text.contains("<script") && !page.text.contains("\"'&"), "{}", page.text);
    }
    assert!(consent.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"));
}

#[tokio::test(start_paused = true)]
async fn a_removed_integration_gets_no_answer() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let mut browser = browser(&market);
    let page = browser.open(&client.request(&[])).await.expect(200);
    let consent = browser.log_in(&page, "owner@example.com", PASSWORD, "").await.expect(200);
    market.staff().0.delete(&format!("/v1/oauth-clients/{}", client.id)).await.expect(204);
    browser.decide(&consent, "approve").await.expect(400);
}
