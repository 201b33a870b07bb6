//! What Stripe says on its own initiative. <https://docs.stripe.com/webhooks#verify-manually>

use ring::hmac;

use super::shapes::Event;
use crate::payment::NotificationError;

/// The header that carries the signature.
pub(super) const SIGNATURE: &str = "stripe-signature";

/// How old a signature may be, either way, in seconds.
const TOLERANCE: u64 = 300;

/// The event in `body`, if `header` signs it with `secret`, and lately. A header may have several signatures, while the
/// secret is being rolled.
pub(super) fn read(header: &str, body: &[u8], secret: &str, now: i64) -> Result<Event, NotificationError> {
    let mismatch = || NotificationError::Unsigned("The signature does not match.");
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let (_, time) = parts().find(|(name, _)| *name == "t").ok_or_else(mismatch)?;
    let seconds: i64 = time.parse().map_err(|_| mismatch())?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signed = [time.as_bytes(), b".", body].concat();
    let fits = |tag: &str| from_hex(tag).is_some_and(|tag| hmac::verify(&key, &signed, &tag).is_ok());
    if !parts().any(|(name, tag)| name == "v1" && fits(tag)) {
        return Err(mismatch());
    }
    if now.abs_diff(seconds) > TOLERANCE {
        return Err(NotificationError::Unsigned("The signature is older than five minutes."));
    }
    serde_json::from_slice(body).map_err(|_| NotificationError::Unreadable)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? * 16 + digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"type":"payment_intent.succeeded","livemode":false,"data":{"object":{}}}"#;

    fn tag(secret: &str, time: &str, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, &[time.as_bytes(), b".", body].concat());
        crate::text::hex(tag.as_ref())
    }

    #[test]
    fn only_what_the_secret_signed_lately_is_read() {
        let good = tag("whsec_1", "1000", BODY);
        let read_at = |header: &str, now: i64| read(header, BODY, "whsec_1", now).is_ok();
        assert!(read_at(&format!("t=1000,v1={good}"), 1000));
        assert!(read_at(&format!("t=1000,v1={good},v0=ignored"), 1300));
        assert!(read_at(&format!("t=1000,v1={},v1={good}", tag("whsec_old", "1000", BODY)), 700));
        assert!(!read_at(&format!("t=1000,v1={good}"), 1301), "too old");
        assert!(!read_at(&format!("t=1000,v1={good}"), 699), "of the future");
        let wrong = [
            String::new(),
            format!("v1={good}"),
            format!("t=1001,v1={good}"),
            format!("t=1000,v0={good}"),
            format!("t=1000,v1={}", tag("whsec_2", "1000", BODY)),
            format!("t=1000,v1={}", &good[..62]),
            format!("t=1000,v1={good}0"),
            "t=1000,v1=zz".to_owned(),
            "t=1000".to_owned(),
            "t=,v1=".to_owned(),
        ];
        for header in wrong {
            assert!(!read_at(&header, 1000), "{header}");
        }
        let header = format!("t=1000,v1={good}");
        assert!(read(&header, b"{}", "whsec_1", 1000).is_err(), "another body");
    }
}
