//! What is known of payments, and of the providers that take them.

use jiff::Timestamp;

use super::Key;
use crate::{id::CustomerId, tenant::Tenant};

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

/// What Souk remembers of a payment at Stripe.
pub fn stripe_payment(tenant: Tenant, payment_key: &str) -> Key {
    Key::state(format!("{tenant}/stripe/{payment_key}"), "payment")
}

/// Stripe's name of a customer.
pub fn stripe_customer(tenant: Tenant, customer: CustomerId) -> Key {
    Key::state(format!("{tenant}/stripe/{customer}"), "customer")
}

/// Whether a store's provider is out of order.
pub fn breaker(tenant: Tenant, provider: &str) -> Key {
    Key::state(format!("{tenant}/breaker/{provider}"), "breaker")
}
