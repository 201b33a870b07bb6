//! Canary registers, shops, forgets, is invited to the staff, lets an integration in; and much of it goes wrong.

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk_cloud::Caller;
use souk_tests::{Api, Browser, Integration, TestMarket, accept, code_at, mailed_token, until};

use super::watch::Watch;
use crate::forge::{Key, token, with};

const EMAIL: &str = "canary.email@example.com";
const STAFF_EMAIL: &str = "canary.staff@example.com";
const NAME: &str = "Canary Bird";
const PASSWORD: &str = "canary password one";
const NEW_PASSWORD: &str = "canary password two";
const WRONG_PASSWORD: &str = "canary password wrong";
const STAFF_PASSWORD: &str = "canary password staff";
const DEVICE: &str = "canary device";
const ADDRESS: [(&str, &str); 8] = [
    ("name", "canary addressee"),
    ("company", "canary company"),
    ("line1", "canary line one"),
    ("line2", "canary line two"),
    ("city", "canary city"),
    ("state", "canary state"),
    ("postal_code", "canary-zip"),
    ("phone", "canary-phone"),
];
const METADATA: &str = "canary metadata";
const REASON: &str = "canary reason";
const NOTE: &str = "canary note";
const TRACKING: &str = "CANARYTRACKING";
const WRONG_TOKEN: &str = "canary-token-that-nobody-gave";
const COOKIE: &str = "canary-cookie";
const WRONG_CODE: &str = "canary-totp-code";
/// Whose tokens the store trusts.
pub const ISSUER: &str = "https://login.example.com/realms/canary";
const OUTSIDER: &str = "canary|outsider";
const OUTSIDERS_EMAIL: &str = "canary.outsider@example.com";
const OUTSIDERS_CLIENT: &str = "canary-client-of-theirs";
/// In every message that was poisoned on purpose.
pub const POISON: &str = "canary poison";

/// What was told.
pub struct Story {
    customer: String,
    /// Tokens, keys, codes and secrets that were given out.
    pub secrets: Vec<String>,
}

fn address() -> Value {
    let mut address: Value =
        ADDRESS.iter().map(|(field, canary)| ((*field).to_owned(), json!(canary))).collect();
    address["country"] = json!("DE");
    address
}

impl Story {
    /// Tells it.
    pub async fn of(market: &TestMarket, watch: &Watch) -> Self {
        let mut story = Self { customer: String::new(), secrets: vec![market.pk.clone(), market.sk.clone()] };
        market.staff().sell("MUG", 1250, 9).await;
        let shopper = story.shopper(market, watch).await;
        story.order(market, &shopper).await;
        story.staff(market, watch).await;
        story.second_factor(market, watch).await;
        story.outsider(market, watch).await;
        refusals(market, watch, &shopper).await;
        poison(market).await;
        story
    }

    fn keep(&mut self, secret: &str) {
        assert!(secret.len() > 9, "{secret:?} is no secret");
        self.secrets.push(secret.to_owned());
    }

    async fn log_in(&mut self, api: &Api, password: &str) -> Api {
        let attempt = json!({"email": EMAIL, "password": password, "device": DEVICE});
        let tokens = api.post("/v1/sessions", attempt).await.expect(201);
        self.keep(tokens.text_at("/access_token"));
        self.keep(tokens.text_at("/refresh_token"));
        let refresh = json!({"refresh_token": tokens.text_at("/refresh_token")});
        let next = api.with_key(None).post("/v1/sessions/refresh", refresh).await.expect(200);
        self.keep(next.text_at("/access_token"));
        self.keep(next.text_at("/refresh_token"));
        api.with_key(Some(next.text_at("/access_token")))
    }

    /// Registers, verifies, logs in, mistypes, forgets, changes.
    async fn shopper(&mut self, market: &TestMarket, watch: &Watch) -> Api {
        let (pk, anybody) = (market.shopper().0, market.shopper().0.with_key(None));
        let new = json!({"email": EMAIL, "password": PASSWORD, "name": NAME, "metadata": {"note": METADATA}});
        pk.post("/v1/customers", new.clone()).await.expect(201);
        let token = mailed_token(market, EMAIL).await;
        self.keep(&token);
        anybody.post("/v1/customers/verifications", json!({ "token": token })).await.expect(204);
        watch.refusal(
            anybody.post("/v1/customers/verifications", json!({ "token": token })).await.expect(422),
        );
        pk.post("/v1/customers", new).await.expect(201);
        market.market.settled().await;
        let me = self.log_in(&pk, PASSWORD).await;
        let wrong = json!({"email": EMAIL, "password": WRONG_PASSWORD, "device": DEVICE});
        watch.refusal(pk.post("/v1/sessions", wrong).await.expect(401));
        pk.post("/v1/password-resets", json!({ "email": EMAIL })).await.expect(202);
        let token = mailed_token(market, EMAIL).await;
        self.keep(&token);
        let short = json!({"token": token, "password": "canary!"});
        watch.refusal(anybody.post("/v1/password-resets/confirm", short).await.expect(422));
        let reset = json!({"token": token, "password": NEW_PASSWORD});
        anybody.post("/v1/password-resets/confirm", reset).await.expect(204);
        watch.refusal(me.get("/v1/customers/me").await.expect(401));
        let me = self.log_in(&pk, NEW_PASSWORD).await;
        let change = json!({"name": NAME, "addresses": [address()], "metadata": {"note": METADATA}});
        self.customer = me.patch("/v1/customers/me", change).await.expect(200).text_at("/id").to_owned();
        let swap = json!({"current_password": WRONG_PASSWORD, "password": PASSWORD});
        watch.refusal(me.post("/v1/customers/me/password", swap).await.expect(401));
        let swap = json!({"current_password": NEW_PASSWORD, "password": PASSWORD});
        me.post("/v1/customers/me/password", swap).await.expect(204);
        me
    }

    /// Buys as a customer and as a guest; one order is sent, the other canceled.
    async fn order(&mut self, market: &TestMarket, me: &Api) {
        let staff = market.staff().0;
        for (api, canceled) in [(me.clone(), false), (market.shopper().0, true)] {
            let cart =
                api.post("/v1/carts", json!({"currency": "EUR", "metadata": {"note": METADATA}})).await;
            let cart = cart.expect(201).header("location").to_owned();
            api.post(&format!("{cart}/lines"), json!({"sku": "MUG", "quantity": 1})).await.expect(200);
            api.patch(&cart, json!({"shipping_address": address()})).await.expect(200);
            let contact = json!({"email": EMAIL, "billing_address": address()});
            api.patch(&cart, contact).await.expect(200);
            let placed =
                api.post(&format!("{cart}/checkout"), json!({"payment_method": "pm_card_visa"})).await;
            let order = placed.expect(202).header("location").to_owned();
            until(&staff, &order, |order| order["payment"]["status"] == "captured").await;
            if canceled {
                staff.post(&format!("{order}/cancel"), json!({ "reason": REASON })).await.expect(202);
            } else {
                let sent = json!({ "tracking": TRACKING });
                staff.post(&format!("{order}/fulfillments"), sent).await.expect(201);
                let line = json!({"sku": "MUG", "quantity": 1, "reason": "damaged"});
                let back = json!({"lines": [line], "note": NOTE});
                staff.post(&format!("{order}/returns"), back).await.expect(201);
                let line = json!({"sku": "MUG", "quantity": 1});
                let drawn =
                    json!({"email": EMAIL, "shipping_address": address(), "lines": [line], "note": NOTE});
                let draft = staff.post("/v1/drafts", drawn).await.expect(201).header("location").to_owned();
                let link = staff.post(&format!("{draft}/payment-link"), json!({})).await.expect(201);
                self.keep(link.text_at("/token"));
                let look = json!({"token": link.json["token"]});
                market.shopper().0.post("/v1/payment-links/read", look).await.expect(200);
            }
            market.market.settled().await;
        }
        staff.get(&format!("/v1/orders?customer={EMAIL}")).await.expect(200);
    }

    /// Is invited, joins, logs in, and lets an integration act.
    async fn staff(&mut self, market: &TestMarket, watch: &Watch) {
        let staff = market.staff().0;
        let invitation = json!({"email": STAFF_EMAIL, "role": "owner"});
        staff.post("/v1/staff/invitations", invitation).await.expect(201);
        let token = mailed_token(market, STAFF_EMAIL).await;
        self.keep(&token);
        let anybody = market.shopper().0.with_key(None);
        let acceptance = json!({"token": token, "name": NAME, "password": STAFF_PASSWORD});
        anybody.post("/v1/staff/invitations/accept", acceptance).await.expect(201);
        watch.refusal(accept(market, &token).await);
        let pk = market.shopper().0;
        for (password, status) in [(WRONG_PASSWORD, 401), (STAFF_PASSWORD, 201)] {
            let attempt = json!({"email": STAFF_EMAIL, "password": password});
            let answer = pk.post("/v1/staff/sessions", attempt).await.expect(status);
            match status {
                201 => self.keep(answer.text_at("/access_token")),
                _ => drop(watch.refusal(answer)),
            }
        }
        let key =
            staff.post("/v1/api-keys", json!({"name": "Till", "scopes": ["orders:read"]})).await.expect(201);
        self.keep(key.text_at("/secret"));
        staff.with_key(Some(key.text_at("/secret"))).get("/v1/orders").await.expect(200);
        let client = Integration::register(market, &["orders:read"]).await;
        self.keep(&client.secret);
        let mut browser = Browser::new(&client.anybody);
        let page = browser.open(&client.request(&[("scope", "orders:read")])).await.expect(200);
        browser.log_in(&page, STAFF_EMAIL, WRONG_PASSWORD, "").await;
        let consent = browser.log_in(&page, STAFF_EMAIL, STAFF_PASSWORD, "").await.expect(200);
        self.keep(browser.cookie.split_once('=').unwrap().1);
        let code = Browser::told(&browser.decide(&consent, "approve").await.expect(200))["code"].clone();
        self.keep(&code);
        let tokens = client.redeem(&code, &[]).await.expect(200);
        self.keep(tokens.text_at("/access_token"));
        self.keep(tokens.text_at("/refresh_token"));
        client.refresh(tokens.text_at("/refresh_token")).await.expect(200);
        watch.refusal(client.redeem(&code, &[]).await.expect(400));
        let impostor = Integration { secret: WRONG_TOKEN.to_owned(), ..client };
        watch.refusal(impostor.redeem(&code, &[]).await.expect(401));
    }

    /// Sets an authenticator up, mistypes, logs in by its code and by one for when it is lost.
    async fn second_factor(&mut self, market: &TestMarket, watch: &Watch) {
        let pk = market.shopper().0;
        let log_in = |code: Option<&str>| {
            let attempt = json!({"email": STAFF_EMAIL, "password": STAFF_PASSWORD, "code": code});
            let pk = pk.clone();
            async move { pk.post("/v1/staff/sessions", attempt).await }
        };
        let me = pk.with_key(Some(log_in(None).await.expect(201).text_at("/access_token")));
        let wrong = json!({ "password": WRONG_PASSWORD });
        watch.refusal(me.post("/v1/staff/me/totp", wrong).await.expect(422));
        market.leap(SignedDuration::from_secs(60));
        let enrolled = me.post("/v1/staff/me/totp", json!({ "password": STAFF_PASSWORD })).await.expect(201);
        self.keep(enrolled.text_at("/secret"));
        watch.refusal(me.post("/v1/staff/me/totp/confirm", json!({ "code": WRONG_CODE })).await.expect(422));
        let code = code_at(&enrolled.json, market.clock().now());
        let codes = me.post("/v1/staff/me/totp/confirm", json!({ "code": code })).await.expect(200);
        let codes: Vec<String> = serde_json::from_value(codes.json["recovery_codes"].clone()).unwrap();
        codes.iter().for_each(|code| self.keep(code));
        for code in [None, Some(WRONG_CODE)] {
            watch.refusal(log_in(code).await.expect(401));
            market.leap(SignedDuration::from_secs(60));
        }
        let code = code_at(&enrolled.json, market.clock().now());
        for code in [code.as_str(), codes[0].as_str()] {
            let tokens = log_in(Some(code)).await.expect(201);
            self.keep(tokens.text_at("/access_token"));
            self.keep(tokens.text_at("/refresh_token"));
            watch.refusal(log_in(Some(code)).await.expect(401));
            market.leap(SignedDuration::from_secs(60));
        }
        let me = pk.with_key(Some(log_in(Some(&codes[1])).await.expect(201).text_at("/access_token")));
        watch.refusal(
            me.send(Method::DELETE, "/v1/staff/me/totp", Some(json!({"code": WRONG_CODE})), &[]).await,
        );
    }

    /// Comes in by another one's log-in, whose tokens tell more than is asked.
    async fn outsider(&mut self, market: &TestMarket, watch: &Watch) {
        let (staff, now) = (market.staff().0, market.clock().now().as_second());
        let provider = json!({
            "name": "Elsewhere", "issuer": ISSUER, "audiences": ["storefront"], "subjects": "customers",
        });
        staff.post("/v1/identity-providers", provider).await.expect(201);
        let claims = json!({
            "iss": ISSUER, "sub": OUTSIDER, "aud": "storefront", "iat": now, "nbf": now, "exp": now + 600,
            "azp": OUTSIDERS_CLIENT, "client_id": OUTSIDERS_CLIENT, "email": OUTSIDERS_EMAIL, "name": NAME,
        });
        let header = json!({"alg": "RS256", "kid": "rsa-1", "typ": "JWT"});
        let (good, key) = (token(&header, &claims, &Key::rsa(0)), Key::rsa(1));
        let forged = token(&header, &claims, &key);
        let strange = token(&header, &with(&claims, "aud", json!("elsewhere")), &Key::rsa(0));
        self.keep(&good);
        staff.with_key(Some(&good)).get("/v1/customers/me").await.expect(200);
        staff.with_key(Some(&good)).post("/v1/carts", json!({})).await.expect(201);
        for bad in [forged, strange] {
            self.keep(&bad);
            watch.refusal(staff.with_key(Some(&bad)).get("/v1/customers/me").await.expect(401));
        }
    }

    /// The person's id.
    pub fn customer(&self) -> &str {
        &self.customer
    }

    /// Personal data of the person, which is sealed where it is stored.
    pub fn sealed(&self) -> Vec<String> {
        let fields = ADDRESS.iter().map(|(_, canary)| *canary);
        fields.chain([EMAIL, NAME, NOTE]).map(str::to_owned).collect()
    }

    /// What is of the person and stored as it comes, until they are erased.
    pub fn clear(&self) -> Vec<String> {
        [DEVICE, METADATA].map(str::to_owned).into()
    }

    /// What the store writes, of which it is to know what it writes.
    pub fn free_text(&self) -> Vec<String> {
        [METADATA, REASON, TRACKING].map(str::to_owned).into()
    }

    /// Everything personal and secret.
    pub fn canaries(&self) -> Vec<String> {
        let passwords = [PASSWORD, NEW_PASSWORD, WRONG_PASSWORD, STAFF_PASSWORD, "canary!"];
        let others = [STAFF_EMAIL, DEVICE, METADATA, WRONG_TOKEN, COOKIE, POISON, WRONG_CODE];
        let theirs = [OUTSIDER, OUTSIDERS_EMAIL, OUTSIDERS_CLIENT];
        let fixed = passwords.into_iter().chain(others).chain(theirs).map(str::to_owned);
        self.sealed().into_iter().chain(fixed).chain(self.secrets.clone()).collect()
    }

    /// Has the person erased; the member of the staff as well, whose name is the same.
    pub async fn erase(&self, market: &TestMarket) {
        let ask = json!({ "customer": self.customer });
        let staff = market.staff().0;
        let erased = staff.post("/v1/privacy/erasures", ask).await.expect(202);
        assert_eq!(erased.text_at("/status"), "done");
        market.market.settled().await;
    }
}

/// Requests that carry canaries where they don't belong, or wrongly.
async fn refusals(market: &TestMarket, watch: &Watch, me: &Api) {
    let (pk, anybody) = (market.shopper().0, market.shopper().0.with_key(None));
    for (path, body) in [
        ("/v1/customers", json!({"email": [EMAIL], "password": PASSWORD, "name": NAME})),
        ("/v1/customers", json!({"email": "canary.email@", "password": PASSWORD, "name": NAME})),
        ("/v1/customers", json!({"email": EMAIL, "password": {"is": PASSWORD}, "name": NAME})),
        ("/v1/customers", json!({"email": EMAIL, "password": PASSWORD, "name": [NAME]})),
        ("/v1/customers", json!({"email": EMAIL, "password": PASSWORD, "name": NAME, "metadata": METADATA})),
        ("/v1/customers", json!({"email": EMAIL, "password": PASSWORD, "name": NAME, "x": WRONG_TOKEN})),
        ("/v1/customers", json!(EMAIL)),
        ("/v1/sessions", json!({"email": EMAIL, "password": PASSWORD, "device": {"name": DEVICE}})),
        ("/v1/sessions", json!([EMAIL, PASSWORD])),
        ("/v1/password-resets", json!({"email": {"is": EMAIL}})),
        ("/v1/carts", json!({"currency": EMAIL})),
    ] {
        watch.refusal(pk.post(path, body).await);
    }
    for (path, body) in [
        ("/v1/sessions/refresh", json!({ "refresh_token": WRONG_TOKEN })),
        ("/v1/customers/verifications", json!({ "token": WRONG_TOKEN })),
        ("/v1/password-resets/confirm", json!({"token": WRONG_TOKEN, "password": PASSWORD})),
        ("/v1/staff/invitations/accept", json!({"token": WRONG_TOKEN, "password": PASSWORD, "name": NAME})),
    ] {
        watch.refusal(anybody.post(path, body).await);
    }
    watch.refusal(me.patch("/v1/customers/me", json!({ "addresses": NAME })).await);
    let lonely = json!({"addresses": [{"line1": "canary line one", "country": "canary city"}]});
    watch.refusal(me.patch("/v1/customers/me", lonely).await);
    let staff = market.staff().0;
    watch.refusal(staff.post("/v1/staff/invitations", json!({"email": STAFF_EMAIL, "role": NAME})).await);
    watch.refusal(staff.get(&format!("/v1/orders?status={EMAIL}")).await);
    watch.refusal(staff.get(&format!("/v1/orders?cursor={EMAIL}")).await);
    watch.refusal(staff.post("/v1/privacy/exports", json!({"customer": format!("x{EMAIL}")})).await);
    watch.refusal(staff.post("/v1/privacy/exports", json!({"customer": [EMAIL]})).await);
    watch.refusal(pk.with_key(Some(WRONG_TOKEN)).get("/v1/customers/me").await);
    let text = format!("{{\"email\": \"{EMAIL}\", \"password\": \"{PASSWORD}");
    let headers = [("cookie", COOKIE), ("authorization", WRONG_TOKEN), ("x-forwarded-for", WRONG_TOKEN)];
    watch.refusal(anybody.send_text(Method::POST, "/v1/customers", text.clone(), &headers).await);
    watch.refusal(pk.send_text(Method::POST, "/v1/customers", text, &[("cookie", COOKIE)]).await);
    let long = WRONG_TOKEN.repeat(20);
    let key = [("idempotency-key", long.as_str())];
    watch.refusal(pk.send(Method::POST, "/v1/carts", Some(json!({})), &key).await);
}

/// Messages, records and events that nobody can read.
async fn poison(market: &TestMarket) {
    let cloud = market.market.cloud();
    for queue in market.market.stack().queues.values().filter(|queue| !queue.name.contains("dead")) {
        let url = cloud.sqs.url_of(&queue.arn).unwrap();
        let body = json!({"store": POISON, "email": EMAIL, "detail": {"order": EMAIL}}).to_string();
        for body in [body, POISON.to_owned()] {
            let request = http::Request::post("http://localhost/")
                .header("x-amz-target", "AmazonSQS.SendMessage")
                .header("content-type", "application/x-amz-json-1.0")
                .body(json!({"QueueUrl": url, "MessageBody": body}).to_string().into());
            let sent = cloud.call(&Caller::everything("test"), request.unwrap()).await.unwrap();
            assert!(sent.status().is_success());
        }
    }
    // Of a kind that is published, and nothing else that could be read.
    let record = json!({
        "pk": {"S": "nobody's"}, "sk": {"S": "1"}, "kind": {"S": "order"}, "note": {"S": POISON},
    });
    market.dynamodb("PutItem", json!({"TableName": market.table("-events"), "Item": record})).await;
    for function in [
        "customers",
        "sessions",
        "orders",
        "privacy",
        "send-notifications",
        "follow-orders",
        "relay-events",
        "provision-store",
    ] {
        for event in [json!({"body": EMAIL, "requestContext": POISON}), json!(POISON)] {
            let _ = market.invoke(function, event).await;
        }
    }
}
