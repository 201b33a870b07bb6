//! What the sandbox says on its own initiative: signed, so that it is believed.

use http::HeaderMap;
use ring::hmac;
use serde::{Deserialize, Serialize};

use super::{ClientSecret, Notification, NotificationError, Outcome, PaymentKey, Sandbox};
use crate::{runtime::StartError, store::keys, text::hex};

/// The header that carries a notification's signature.
pub const SIGNATURE: &str = "souk-sandbox-signature";

/// How old a notification's signature may be, either way.
const TOLERANCE: i64 = 300;

/// A notification of the sandbox.
#[derive(Debug, Serialize, Deserialize)]
struct Notice {
    #[serde(rename = "type")]
    kind: String,
    payment: PaymentKey,
}

/// What a shopper's browser says to the sandbox, as it would to a bank: the secret that the order showed it is its
/// proof.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    #[serde(rename = "type")]
    _kind: Confirm,
    client_secret: ClientSecret,
    outcome: Outcome,
}

#[derive(Deserialize)]
enum Confirm {
    #[serde(rename = "payment.confirm")]
    Payment,
}

/// The confirmation in `body`, if it is one.
pub(super) fn confirmation(body: &[u8]) -> Option<Confirmation> {
    serde_json::from_slice(body).ok()
}

/// A notification, ready to be sent.
#[derive(Clone, Debug)]
pub struct SandboxNotice {
    /// Goes into the header [`SIGNATURE`].
    pub signature: String,
    /// The body.
    pub body: String,
}

impl Sandbox {
    async fn signing_key(&self) -> Result<hmac::Key, StartError> {
        self.app.derived_key(&format!("sandbox/{}", self.tenant)).await
    }

    /// The notification that `payment` changed, as the provider would send it now.
    ///
    /// # Errors
    /// [`StartError`] where the signing key can't be had.
    pub async fn notice(&self, payment: PaymentKey) -> Result<SandboxNotice, StartError> {
        let notice = Notice { kind: "payment.updated".to_owned(), payment };
        let body = serde_json::to_string(&notice).unwrap_or_default();
        let time = self.app.now().as_second();
        let tag = hmac::sign(&self.signing_key().await?, format!("{time}.{body}").as_bytes());
        Ok(SandboxNotice { signature: format!("t={time},v1={}", hex(tag.as_ref())), body })
    }

    /// The shopper proved who they are, or failed to.
    pub(super) async fn confirm(&self, told: Confirmation) -> Result<Notification, NotificationError> {
        let mismatch = || NotificationError::Unsigned("The client secret is not one of a payment.");
        let secret = told.client_secret.0.strip_prefix("sandbox_").ok_or_else(mismatch)?;
        let (key, _) = secret.split_once("_secret_").ok_or_else(mismatch)?;
        let key: PaymentKey = key.parse().map_err(|_| mismatch())?;
        let kept = self.load(key).await?.and_then(|payment| payment.secret).ok_or_else(mismatch)?;
        // Hashes, so that the time it takes says nothing of the secret.
        if keys::hash(&[kept.0.as_bytes()]) != keys::hash(&[told.client_secret.0.as_bytes()]) {
            return Err(mismatch());
        }
        self.change(key, |before| before.map_or(Ok(None), |payment| payment.confirm(told.outcome))).await?;
        Ok(Notification { payment: key })
    }

    /// Reads a notification, if it is signed, and lately.
    pub(super) async fn read_notice(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Notification, NotificationError> {
        let missing = NotificationError::Unsigned("The header Souk-Sandbox-Signature is missing.");
        let header = headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).ok_or(missing)?;
        let part =
            |name: &str| header.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let mismatch = || NotificationError::Unsigned("The signature does not match.");
        let time: i64 = part("t").and_then(|time| time.parse().ok()).ok_or_else(mismatch)?;
        let tag = part("v1").and_then(from_hex).ok_or_else(mismatch)?;
        let signed = [format!("{time}.").as_bytes(), body].concat();
        hmac::verify(&self.signing_key().await?, &signed, &tag).map_err(|_| mismatch())?;
        if self.app.now().as_second().abs_diff(time) > TOLERANCE.unsigned_abs() {
            return Err(NotificationError::Unsigned("The signature is older than five minutes."));
        }
        let notice: Notice = serde_json::from_slice(body).map_err(|_| NotificationError::Unreadable)?;
        Ok(Notification { payment: notice.payment })
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    Some(digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect())
}
