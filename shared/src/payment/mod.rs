//! Charging shoppers: what a payment provider does, Stripe, and the sandbox that stands in for one in test mode.

mod breaker;
mod guarded;
mod key;
mod provider;
mod record;
mod sandbox;
pub mod saved;
mod settings;
mod stripe;

use guarded::Guarded;
pub use key::{PaymentKey, PaymentKeyError};
pub use provider::{
    CaptureMethod, Charge, Method, Notification, NotificationError, Provider, ProviderError, ProviderName,
};
pub use record::{
    ClientSecret, Decline, DisputeStatus, NextAction, ProviderDispute, ProviderPage, ProviderPayment,
    ProviderRefund, ProviderStatus, RefundStatus,
};
pub use sandbox::{SANDBOX, SIGNATURE as SANDBOX_SIGNATURE, Sandbox, SandboxNotice};
pub use saved::{SaveFor, SavedCard, SavedMethod};
pub use settings::PaymentSettings;
pub use stripe::Stripe;

use crate::{
    http::Problem,
    identity::StoreProfile,
    runtime::App,
    store::StoreError,
    tenant::{Mode, Tenant},
};

/// The provider `name`, on behalf of `tenant`, if the tenant has it. The sandbox is in test mode only.
///
/// # Errors
/// [`StoreError`] where the store's keys at the provider can't be read.
pub async fn provider_of(
    app: &App,
    tenant: Tenant,
    name: ProviderName,
) -> Result<Option<Box<dyn Provider>>, StoreError> {
    Ok(match (name, tenant.mode()) {
        (ProviderName::Sandbox, Mode::Test) => {
            Some(Box::new(Guarded::new(app, tenant, Sandbox::new(app.clone(), tenant))))
        }
        (ProviderName::Sandbox, Mode::Live) => None,
        (ProviderName::Stripe, _) => {
            let stripe = Stripe::of(app, tenant).await?;
            stripe.map(|stripe| Box::new(Guarded::new(app, tenant, stripe)) as Box<dyn Provider>)
        }
    })
}

/// The provider to turn to where `first` can't authorize because of itself, if the store named one that takes this
/// payment method.
///
/// # Errors
/// [`StoreError`] where the store's settings can't be read.
pub async fn second_to(
    app: &App,
    tenant: Tenant,
    first: ProviderName,
    method: Option<&Method>,
) -> Result<Option<ProviderName>, StoreError> {
    let settings = StoreProfile::load(app, tenant).await?.map(|profile| profile.payments).unwrap_or_default();
    Ok(settings.second_to(first, tenant.mode()).filter(|name| name.takes(method)))
}

/// The provider that a new order of a store is paid with in `mode`, where it takes this payment method. Without a method, it must
/// be one that can take it in the browser.
pub fn takes(profile: &StoreProfile, mode: Mode, method: Option<&Method>) -> Option<ProviderName> {
    profile.payments.first(mode).filter(|name| name.takes(method))
}

/// Whether `tenant` can be paid through what `settings` name, now: nobody should learn from a shopper's order that a key
/// is missing.
///
/// # Errors
/// 422, which says what is missing, and nothing of what is there.
pub async fn check(app: &App, tenant: Tenant, settings: &PaymentSettings) -> Result<(), Problem> {
    let named = [("payments.provider", settings.provider), ("payments.second", settings.second)];
    for (param, name) in named.into_iter().filter_map(|(param, name)| Some((param, name?))) {
        let missing = match (name, tenant.mode()) {
            (ProviderName::Sandbox, Mode::Test) => None,
            (ProviderName::Sandbox, Mode::Live) => Some("the sandbox is in test mode only".to_owned()),
            (ProviderName::Stripe, _) => Stripe::missing(app, tenant).await.map_err(Problem::internal)?,
        };
        if let Some(missing) = missing {
            return Err(Problem::invalid(
                param,
                format!("The store can't be paid through {name}: {missing}."),
            ));
        }
    }
    if settings.second == Some(settings.provider.unwrap_or_default()) {
        return Err(Problem::invalid("payments.second", "The second provider must be another one."));
    }
    Ok(())
}

impl ProviderName {
    /// Whether it takes a payment method in the shopper's browser.
    pub fn asks_in_browser(self) -> bool {
        self.takes(None)
    }

    /// Whether it may know this payment method, or takes one in the browser where there is none.
    fn takes(self, method: Option<&Method>) -> bool {
        match self {
            Self::Sandbox => method.is_some_and(sandbox::knows),
            // Whether it is a method of the store's account is for Stripe to say.
            Self::Stripe => method.is_none_or(|method| !method.as_str().starts_with("pm_souk_")),
        }
    }
}
