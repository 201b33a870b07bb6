//! What binds one page to the next: a cookie that only this browser has, and codes made with it.
//!
//! Another site can make a browser send a form, and with it the cookie of a lax browser. It can't read a page, so it
//! can't know the code that is in the form; nor is a code worth anything in a browser with another cookie.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::{
    credential::Proven,
    http::{Call, Problem},
    id::StaffId,
    runtime::App,
    staff,
};

/// How long somebody who logged in may think before they agree.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// Seals pages to one browser.
pub(super) struct Seal {
    key: hmac::Key,
    cookie: String,
    secure: bool,
}

/// That somebody logged in.
#[derive(Serialize, Deserialize)]
struct LoggedIn {
    who: StaffId,
    by: Proven,
    until: Timestamp,
}

impl Seal {
    /// Of the browser that sends `call`, if it has a cookie; else of a new one.
    pub(super) async fn of<B, Q>(app: &App, call: &Call<B, Q>) -> Result<(Self, bool), Problem> {
        let key = app.derived_key("authorization pages").await.map_err(Problem::internal)?;
        let secure = call.issuer(app).starts_with("https://");
        let known = call.cookie(name(secure)).filter(|cookie| is_ours(cookie)).map(str::to_owned);
        let is_known = known.is_some();
        let cookie = known.unwrap_or_else(|| BASE64_URL_SAFE_NO_PAD.encode(app.entropy().bytes::<32>()));
        Ok((Self { key, cookie, secure }, is_known))
    }

    /// The `Set-Cookie` header. Over https its name forbids that it comes from anywhere else (RFC 6265bis, section
    /// 4.1.3.2); over http, which only the loopback interface speaks, browsers would not take such a one.
    pub(super) fn set_cookie(&self) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{}={}; Path=/; HttpOnly; SameSite=Lax{secure}", name(self.secure), self.cookie)
    }

    /// The code of a form on the page `page` about `request`.
    pub(super) fn form_code(&self, page: &str, request: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, &self.message("form", page, request)).as_ref())
    }

    pub(super) fn is_form_code(&self, given: Option<&str>, page: &str, request: &str) -> bool {
        self.is_signed(given.unwrap_or_default(), &self.message("form", page, request))
    }

    /// The proof that `who` logged in to answer `request`.
    pub(super) fn proof(
        &self,
        who: &staff::LoggedIn,
        now: Timestamp,
        request: &str,
    ) -> Result<String, Problem> {
        let logged_in = LoggedIn { who: who.id, by: who.proven.clone(), until: now + PATIENCE };
        let payload = serde_json::to_vec(&logged_in).map_err(Problem::internal)?;
        let payload = BASE64_URL_SAFE_NO_PAD.encode(payload);
        let tag = hmac::sign(&self.key, &self.message("proof", &payload, request));
        Ok(format!("{payload}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag.as_ref())))
    }

    /// Who logged in to answer `request`, if that was a moment ago, and by which password.
    pub(super) fn proven(
        &self,
        proof: Option<&str>,
        now: Timestamp,
        request: &str,
    ) -> Option<(StaffId, Proven)> {
        let (payload, tag) = proof?.split_once('.')?;
        self.is_signed(tag, &self.message("proof", payload, request)).then_some(())?;
        let logged_in: LoggedIn =
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        (now < logged_in.until).then_some((logged_in.who, logged_in.by))
    }

    fn is_signed(&self, tag: &str, message: &[u8]) -> bool {
        let tag = BASE64_URL_SAFE_NO_PAD.decode(tag);
        tag.is_ok_and(|tag| hmac::verify(&self.key, message, &tag).is_ok())
    }

    // None of the parts can hold a line break: the cookie and the payload are base64url, the request is a form's text.
    fn message(&self, what: &str, part: &str, request: &str) -> Vec<u8> {
        format!("{what}\n{part}\n{}\n{request}", self.cookie).into_bytes()
    }
}

fn name(secure: bool) -> &'static str {
    if secure { "__Host-souk-authorize" } else { "souk-authorize" }
}

fn is_ours(cookie: &str) -> bool {
    cookie.len() == 43 && BASE64_URL_SAFE_NO_PAD.decode(cookie).is_ok()
}
