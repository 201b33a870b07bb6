//! Somebody who works for a store.

use jiff::Timestamp;
use serde_json::{Value, json};
use totp_rs::Builder;

use crate::{Answer, Api, TestMarket};

/// The password of every member.
pub const PASSWORD: &str = "three quiet herons";

/// A member of a store's staff.
#[derive(Clone)]
pub struct Member {
    /// Where their mails go.
    pub email: String,
    /// Their id.
    pub id: String,
    storefront: Api,
}

impl Member {
    /// Somebody whom `inviter` invited, and who accepted.
    pub async fn joined(market: &TestMarket, inviter: &Api, email: &str, role: &str) -> Self {
        let invitation = json!({"email": email, "role": role});
        inviter.post("/v1/staff/invitations", invitation).await.expect(201);
        let token = mailed_token(market, email).await;
        Self::accepted(market, &market.shopper().0, email, &token).await
    }

    /// Somebody who accepts the invitation with this token at the store of `storefront`.
    pub async fn accepted(market: &TestMarket, storefront: &Api, email: &str, token: &str) -> Self {
        let accepted = accept(market, token).await.expect(201);
        let id = accepted.text_at("/id").to_owned();
        Self { email: email.to_owned(), id, storefront: storefront.clone() }
    }

    /// Their path.
    pub fn path(&self) -> String {
        format!("/v1/staff/{}", self.id)
    }

    /// Tries to log in, with a code or without.
    pub async fn try_log_in(&self, password: &str, code: Option<&str>) -> Answer {
        let mut log_in = json!({"email": self.email, "password": password});
        if let Some(code) = code {
            log_in["code"] = code.into();
        }
        self.storefront.post("/v1/staff/sessions", log_in).await
    }

    /// Logs in, without a code.
    pub async fn log_in(&self) -> Api {
        self.holder_of(&self.try_log_in(PASSWORD, None).await.expect(201))
    }

    /// Whoever holds the access token of this log-in.
    pub fn holder_of(&self, tokens: &Answer) -> Api {
        self.storefront.with_key(Some(tokens.text_at("/access_token")))
    }
}

/// Accepts the invitation with this token.
pub async fn accept(market: &TestMarket, token: &str) -> Answer {
    let acceptance = json!({"token": token, "name": "Grace Hopper", "password": PASSWORD});
    market.shopper().0.with_key(None).post("/v1/staff/invitations/accept", acceptance).await
}

/// The token in the latest mail to `email`.
pub async fn mailed_token(market: &TestMarket, email: &str) -> String {
    market.market.settled().await;
    let mails = market.market.cloud().ses.messages();
    let mail = mails.iter().rev().find(|mail| format!("{mail:?}").contains(email)).expect("a mail");
    let text = mail.text.clone().unwrap_or_default();
    text.lines().find(|line| line.starts_with("store_")).expect("a token").to_owned()
}

/// What an authenticator that was set up by `enrollment` shows at `time`.
pub fn code_at(enrollment: &Value, time: Timestamp) -> String {
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut held, mut secret) = (0_u32, 0, Vec::new());
    for letter in enrollment["secret"].as_str().unwrap().chars() {
        bits = (bits << 5) | u32::try_from(digits.find(letter).unwrap()).unwrap();
        held += 5;
        if held >= 8 {
            held -= 8;
            secret.push(u8::try_from((bits >> held) & 255).unwrap());
        }
    }
    let secret: [u8; 20] = secret.try_into().unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    totp.generate(u64::try_from(time.as_second()).unwrap()).to_string()
}
