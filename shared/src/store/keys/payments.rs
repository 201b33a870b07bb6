//! What is known of payments, and of the providers that take them.

use jiff::Timestamp;

use super::Key;
use crate::tenant::Tenant;

/// A payment at the sandbox provider.
pub fn sandbox_payment(tenant: Tenant, payment_key: &str) -> Key {
    Key::state(format!("{tenant}/sandbox/{payment_key}"), "payment")
}

/// The partition that lists the payments that the sandbox was first asked for on a day, such as `2026-03-01`.
pub fn sandbox_day(tenant: Tenant, day: &str) -> String {
    format!("{tenant}/sandbox/day/{day}")
}

/// The place of a payment in its day's list.
pub fn sandbox_day_entry(tenant: Tenant, day: &str, at: Timestamp, payment_key: &str) -> Key {
    Key::state(sandbox_day(tenant, day), format!("{at:.3}/{payment_key}"))
}
