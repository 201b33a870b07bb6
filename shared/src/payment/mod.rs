//! Charging shoppers: what a payment provider does, and the sandbox that stands in for one in test mode.

mod provider;
mod sandbox;

pub use provider::{
    CaptureMethod, Decline, Method, Notification, NotificationError, PaymentKey, Provider, ProviderError,
    ProviderPayment, ProviderStatus,
};
pub use sandbox::{SANDBOX, SIGNATURE as SANDBOX_SIGNATURE, Sandbox, SandboxNotice};

use crate::{
    runtime::App,
    tenant::{Mode, Tenant},
};

/// The provider that charges for `tenant`. In live mode there is none yet.
pub fn provider_of(app: &App, tenant: Tenant) -> Option<Box<dyn Provider>> {
    match tenant.mode() {
        Mode::Test => Some(Box::new(Sandbox::new(app.clone(), tenant))),
        Mode::Live => None,
    }
}

/// Whether the provider of `tenant` takes this payment method.
pub fn takes(tenant: Tenant, method: &Method) -> bool {
    match tenant.mode() {
        Mode::Test => sandbox::knows(method),
        Mode::Live => false,
    }
}
