//! The ids that AWS gives to requests, made from the market's own entropy so that a seed repeats them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use souk::runtime::Entropy;

/// A request id of Lambda.
pub(crate) fn uuid(entropy: &Entropy) -> String {
    uuid::Builder::from_random_bytes(entropy.bytes()).into_uuid().to_string()
}

/// A request id of the gateway, which looks like `JKJaXmPLvHcESHA=`.
pub(crate) fn gateway(entropy: &Entropy) -> String {
    STANDARD.encode(entropy.bytes::<11>())
}

/// A trace of X-Ray.
pub(crate) fn trace(entropy: &Entropy, now: Timestamp) -> String {
    let random: String = entropy.bytes::<12>().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("Root=1-{:08x}-{random}", now.as_second())
}
