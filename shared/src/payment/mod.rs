//! Charging shoppers: what a payment provider does, and the sandbox that stands in for one in test mode.

mod key;
mod provider;
mod record;
mod sandbox;

pub use key::{PaymentKey, PaymentKeyError};
pub use provider::{
    CaptureMethod, Charge, Method, Notification, NotificationError, Provider, ProviderError, ProviderName,
};
pub use record::{
    ClientSecret, Decline, DisputeStatus, NextAction, ProviderDispute, ProviderPage, ProviderPayment,
    ProviderRefund, ProviderStatus, RefundStatus,
};
pub use sandbox::{SANDBOX, SIGNATURE as SANDBOX_SIGNATURE, Sandbox, SandboxNotice};

use crate::{
    runtime::App,
    store::StoreError,
    tenant::{Mode, Tenant},
};

/// The provider `name`, on behalf of `tenant`, if the tenant has it. The sandbox is in test mode only.
///
/// # Errors
/// [`StoreError`] where the store's configuration can't be read.
#[expect(clippy::unused_async, reason = "other providers are configured by the store")]
pub async fn provider_of(
    app: &App,
    tenant: Tenant,
    name: ProviderName,
) -> Result<Option<Box<dyn Provider>>, StoreError> {
    Ok(match (name, tenant.mode()) {
        (ProviderName::Sandbox, Mode::Test) => Some(Box::new(Sandbox::new(app.clone(), tenant))),
        (ProviderName::Sandbox, Mode::Live) | (ProviderName::Stripe, _) => None,
    })
}

/// The provider that a new order of `tenant` is paid with, where it takes this payment method.
///
/// # Errors
/// [`StoreError`] where the store's configuration can't be read.
#[expect(clippy::unused_async, reason = "other providers are configured by the store")]
pub async fn takes(
    _app: &App,
    tenant: Tenant,
    method: Option<&Method>,
) -> Result<Option<ProviderName>, StoreError> {
    Ok(match tenant.mode() {
        Mode::Test if method.is_some_and(sandbox::knows) => Some(ProviderName::Sandbox),
        Mode::Test | Mode::Live => None,
    })
}
