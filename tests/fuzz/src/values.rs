//! Values that others write: ids, names, addresses, amounts, tokens.

use serde::de::DeserializeOwned;
use serde_json::Value;
use souk::{
    audit::{Action, Actor, Digest, Network, Verifier, verify_lines},
    cart::{AddLine, ChangeCart},
    catalog::Sku,
    contact::{Address, Contact, Country, Email},
    gift_card::GiftCode,
    http::Limit,
    id::{CartId, CustomerId, OrderId, RefundId, StoreId},
    ledger::Account,
    metadata::Metadata,
    money::{Currency, Money, Percent},
    payment::PaymentKey,
    pricing::VatId,
    principal::{Scope, Who},
    quantity::Quantity,
    store, tax, token,
};

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// A text as a JSON value of type `T`.
fn as_json<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(Value::from(text)).ok()
}

/// Ids, and keys and names that are like them. What is read is written as it was.
pub fn ids(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    macro_rules! same {
        ($($kind:ty),*) => {$(
            if let Ok(read) = text.parse::<$kind>() {
                assert_eq!(read.to_string(), text, stringify!($kind));
            }
        )*};
    }
    same!(StoreId, CartId, OrderId, CustomerId, RefundId, PaymentKey, Who, Scope, Digest, Currency);
    let _ = text.parse::<Network>();
    let _ = text.parse::<Action>();
    let _ = text.parse::<Actor>();
    let _ = text.parse::<Account>();
    let _ = Limit::try_from(text.to_owned());
}

/// Texts that people write of themselves and of what they sell.
pub fn texts(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let _ = (souk::text::printable(text), souk::text::prose(text), souk::text::slug(text));
    let _ = as_json::<Email>(text);
    let _ = as_json::<Sku>(text);
    if let Ok(code) = GiftCode::parse(text) {
        assert!(GiftCode::parse(&code.reveal()).is_ok());
    }
    if let Some(id) = as_json::<VatId>(text) {
        let _ = tax::vat::checked(&id);
    }
    if let Some(country) = text.get(..2).and_then(as_json::<Country>) {
        tax::vat::member_of(&country, &text[2..]);
    }
    let _ = serde_json::from_str::<Address>(text);
    let _ = serde_json::from_str::<Contact>(text);
    let _ = serde_json::from_str::<Metadata>(text);
    let _ = serde_json::from_str::<AddLine>(text);
    let _ = serde_json::from_str::<ChangeCart>(text);
}

/// Amounts, percentages, quantities. Sums that don't fit are refused, not wrong.
pub fn money(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(percent) = text.parse::<Percent>() {
        assert_eq!(percent.to_string().parse(), Ok(percent), "{text}");
    }
    let _ = serde_json::from_str::<Quantity>(text);
    let _ = serde_json::from_str::<Percent>(text);
    let Ok(all) = serde_json::from_str::<Vec<Money>>(text) else { return };
    let mut sum: Option<Money> = None;
    for money in all.iter().take(100) {
        let written = serde_json::to_string(money).unwrap_or_default();
        assert_eq!(serde_json::from_str::<Money>(&written).ok().as_ref(), Some(money));
        sum = match sum {
            None => Some(*money),
            Some(sum) => sum.plus(*money).ok(),
        };
        let _ = (money.negated(), money.times(u32::MAX));
    }
    let Some(first) = all.first() else { return };
    let weights: Vec<u64> = all.iter().take(100).map(|money| money.amount().unsigned_abs()).collect();
    if weights.iter().any(|weight| *weight > 0) {
        let parts = first.split(&weights);
        assert_eq!(Money::sum(parts, first.currency()).ok().as_ref(), Some(first), "parts sum to the whole");
    }
}

/// Tokens, before anybody's signature is looked at.
pub fn tokens(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if token::looks_like_jwt(text) {
        for claim in ["iss", "aud", "sub", ""] {
            let _ = token::unverified(text, claim);
        }
    }
    let _ = token::unverified(text, "iss");
    let _ = serde_json::from_str::<token::AccessClaims>(text).map(|claims| claims.scopes());
}

/// Bytes that were made small, or were not.
pub fn packed(bytes: &[u8]) {
    let _ = store::unpack(bytes);
    assert_eq!(store::unpack(&store::pack(bytes)).as_deref(), Some(bytes), "what is packed comes back");
}

/// An export of the audit log.
pub fn audit_log(bytes: &[u8]) {
    let _ = verify_lines(bytes, Verifier::new(None), |_| {});
}
