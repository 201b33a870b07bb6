//! Integrations of a store, and the browsers of those who let them in.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::{Answer, Api, PASSWORD, TestMarket};

/// Who lets integrations in, once they joined.
pub const OWNER: &str = "owner@example.com";

/// Where the integrations of the tests are sent back to.
const REDIRECT: &str = "https://app.example.com/callback";

/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The value of a field on a page.
#[track_caller]
pub fn field(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let value = page.split(&start).nth(1).unwrap_or_else(|| panic!("no {name} in {page}"));
    unescaped(value.split('"').next().unwrap())
}

fn unescaped(html: &str) -> String {
    let text = html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&")
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A registered integration.
#[derive(Clone)]
pub struct Integration {
    /// Its id.
    pub id: String,
    /// Its secret; empty where it has none.
    pub secret: String,
    /// Sends requests without a key.
    pub anybody: Api,
}

impl Integration {
    /// A confidential one, for everything that can be granted with `scopes`.
    pub async fn register(market: &TestMarket, scopes: &[&str]) -> Self {
        let all = ["authorization_code", "refresh_token", "client_credentials"];
        Self::with(market, json!({ "type": "confidential", "scopes": scopes, "grant_types": all })).await
    }

    /// A public one.
    pub async fn public(market: &TestMarket, scopes: &[&str]) -> Self {
        Self::with(market, json!({ "type": "public", "scopes": scopes })).await
    }

    async fn with(market: &TestMarket, mut new: Value) -> Self {
        (new["name"], new["redirect_uris"]) = (json!("Ledgerly"), json!([REDIRECT, "http://127.0.0.1/cb"]));
        let staff = market.staff().0;
        let made = staff.post("/v1/oauth-clients", new).await.expect(201);
        let (id, secret) = (made.text_at("/id").to_owned(), made.text_at("/client_secret").to_owned());
        Self { id, secret, anybody: staff.with_key(None) }
    }

    /// POSTs a form to `path`, without saying who it is.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        self.anybody.send_text(Method::POST, path, form(fields), &all).await
    }

    /// POSTs a form to `path`, with its id and secret.
    pub async fn ask(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = fields.to_vec();
        all.push(("client_id", &self.id));
        if !self.secret.is_empty() {
            all.push(("client_secret", &self.secret));
        }
        self.post(path, &all, &[]).await
    }

    /// A request of the pages, with what `change` says in place of what is usual; an empty value leaves one out.
    pub fn request(&self, change: &[(&str, &str)]) -> String {
        let mut fields = BTreeMap::from([
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", REDIRECT),
            ("state", "a&b=c"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        fields.extend(change.iter().copied());
        let fields: Vec<_> = fields.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        format!("/oauth/authorize?{}", form(&fields))
    }

    /// Exchanges `code`, with what `change` says in place of what is usual.
    pub async fn redeem(&self, code: &str, change: &[(&str, &str)]) -> Answer {
        let mut fields = BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ]);
        fields.extend(change.iter().copied());
        let fields: Vec<_> = fields.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        self.ask("/oauth/token", &fields).await
    }

    /// A code that the owner agreed to.
    pub async fn code(&self, scope: &str) -> String {
        let answer = Browser::new(&self.anybody).agree(&self.request(&[("scope", scope)]), OWNER).await;
        answer.get("code").unwrap_or_else(|| panic!("{answer:?}")).clone()
    }

    /// Tokens that the owner agreed to.
    pub async fn tokens(&self, scope: &str) -> Answer {
        self.redeem(&self.code(scope).await, &[]).await.expect(200)
    }

    /// Refreshes.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.ask("/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }
}

/// A browser: it keeps its cookie, and fills in forms.
pub struct Browser {
    api: Api,
    /// The cookie that it was given, as it sends it.
    pub cookie: String,
}

impl Browser {
    /// One without cookies.
    pub fn new(api: &Api) -> Self {
        Self { api: api.with_key(None), cookie: String::new() }
    }

    /// Opens a page.
    pub async fn open(&mut self, path: &str) -> Answer {
        let answer = self.api.send_text(Method::GET, path, String::new(), &[("cookie", &self.cookie)]).await;
        if let Some((cookie, _)) = answer.header("set-cookie").split_once(';') {
            cookie.clone_into(&mut self.cookie);
        }
        answer
    }

    /// Sends a form.
    pub async fn send(&self, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let mut all =
            vec![("content-type", "application/x-www-form-urlencoded"), ("cookie", self.cookie.as_str())];
        all.extend(headers);
        self.api.send_text(Method::POST, "/oauth/authorize", form(fields), &all).await
    }

    /// Logs in on `page`.
    pub async fn log_in(&self, page: &Answer, email: &str, password: &str, code: &str) -> Answer {
        let (request, form_code) = (field(&page.text, "request"), field(&page.text, "form_code"));
        let fields =
            [("page", "log in"), ("request", &request), ("form_code", &form_code), ("answer", "log_in")];
        let typed = [("email", email), ("password", password), ("code", code)];
        self.send(&[fields.as_slice(), &typed].concat(), &[]).await
    }

    /// Answers the question on `page`.
    pub async fn decide(&self, page: &Answer, answer: &str) -> Answer {
        let [request, form_code, proof] =
            ["request", "form_code", "proof"].map(|name| field(&page.text, name));
        let fields =
            [("page", "consent"), ("request", &request), ("form_code", &form_code), ("proof", &proof)];
        self.send(&[fields.as_slice(), &[("answer", answer)]].concat(), &[]).await
    }

    /// Logs in as `email`, agrees to the request at `path`, and gives what the integration is told.
    pub async fn agree(&mut self, path: &str, email: &str) -> BTreeMap<String, String> {
        let page = self.open(path).await.expect(200);
        let consent = self.log_in(&page, email, PASSWORD, "").await.expect(200);
        Self::told(&self.decide(&consent, "approve").await.expect(200))
    }

    /// What the integration is told by the address that an answer leads to.
    #[track_caller]
    pub fn told(answer: &Answer) -> BTreeMap<String, String> {
        let address = match answer.header("location") {
            "" => unescaped(answer.text.split("<a href=\"").nth(1).unwrap().split('"').next().unwrap()),
            location => location.to_owned(),
        };
        let url: Url = address.parse().unwrap();
        assert!(address.starts_with(REDIRECT) || address.starts_with("http://127.0.0.1:"), "{address}");
        url.query_pairs().into_owned().collect()
    }
}
