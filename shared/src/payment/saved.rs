//! Payment methods that customers had their provider save. Souk keeps none of them: the provider does, under a name of
//! its own for the customer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Method, PaymentSettings, Provider, ProviderError, ProviderName, provider_of};
use crate::{http::Problem, id::CustomerId, identity::StoreProfile, runtime::App, tenant::Tenant};

/// What a customer agreed that a payment method is saved for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SaveFor {
    /// To pay with it when they are there.
    OnSession,
    /// To be charged when they are not there too, as they agreed with the store.
    OffSession,
}

impl SaveFor {
    /// As providers have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnSession => "on_session",
            Self::OffSession => "off_session",
        }
    }
}

/// A payment method that a customer saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SavedMethod {
    /// The provider's name of it: what a checkout takes as `payment_method`.
    pub id: Method,
    /// The card, where it is one.
    pub card: Option<SavedCard>,
}

/// What of a saved card may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SavedCard {
    /// Such as `visa`.
    pub brand: String,
    /// The last digits of its number.
    #[serde(rename(serialize = "last_four", deserialize = "last4"))]
    pub last_four: String,
    /// The month in which it expires.
    pub exp_month: u8,
    /// The year in which it expires.
    pub exp_year: u16,
}

impl ProviderName {
    /// Whether it saves payment methods.
    pub const fn saves(self) -> bool {
        match self {
            Self::Sandbox => false,
            Self::Stripe => true,
        }
    }
}

async fn saving(app: &App, tenant: Tenant) -> Result<Option<Box<dyn Provider>>, Problem> {
    let profile = StoreProfile::load(app, tenant).await?;
    let settings: PaymentSettings = profile.map(|profile| profile.payments).unwrap_or_default();
    match settings.first(tenant.mode()).filter(|name| name.saves()) {
        Some(name) => provider_of(app, tenant, name).await.map_err(Problem::internal),
        None => Ok(None),
    }
}

/// The payment methods that `customer` saved at the store's provider.
///
/// # Errors
/// Where the provider does not answer.
pub async fn saved(app: &App, tenant: Tenant, customer: CustomerId) -> Result<Vec<SavedMethod>, Problem> {
    match saving(app, tenant).await? {
        Some(provider) => provider.saved(customer).await.map_err(|error| unanswered(&error)),
        None => Ok(Vec::new()),
    }
}

/// Has the store's provider forget a payment method that `customer` saved.
///
/// # Errors
/// 404 where it is none of theirs; where the provider does not answer.
pub async fn remove(app: &App, tenant: Tenant, customer: CustomerId, method: &Method) -> Result<(), Problem> {
    let provider = saving(app, tenant).await?.ok_or_else(Problem::not_found)?;
    match provider.remove_saved(customer, method).await.map_err(|error| unanswered(&error))? {
        true => Ok(()),
        false => Err(Problem::not_found()),
    }
}

/// Has every provider of the store forget `customer` and what they saved. May be repeated.
///
/// # Errors
/// Where a provider does not answer: what is left is done later.
pub async fn forget(app: &App, tenant: Tenant, customer: CustomerId) -> Result<(), Problem> {
    for name in [ProviderName::Sandbox, ProviderName::Stripe].into_iter().filter(|name| name.saves()) {
        if let Some(provider) = provider_of(app, tenant, name).await.map_err(Problem::internal)? {
            provider.forget(customer).await.map_err(|error| unanswered(&error))?;
        }
    }
    Ok(())
}

fn unanswered(error: &ProviderError) -> Problem {
    Problem::internal(error)
}
