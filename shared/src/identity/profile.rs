//! What a store is.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Retention;
use crate::{
    contact::{Line, LocationId},
    http::Problem,
    limit::{Limits, Origin, Quotas},
    money::{Currency, Money},
    payment::PaymentSettings,
    pricing::PricePolicy,
    risk::RiskRules,
    runtime::App,
    store::{self, Edition, StoreError, keys},
    tax::TaxOrigin,
    tenant::Tenant,
};

/// A place where a store keeps stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Its id.
    pub id: LocationId,
    /// What people call it.
    pub name: Line,
}

crate::text_type! {
    /// Where a store's shoppers are: the beginning of the links in its mails. `http` is for trying out on one's own
    /// machine.
    StorefrontUrl, example "https://shop.example.com", length 8..=200, check |text| {
        let url = url::Url::parse(text).ok().filter(|_| crate::text::printable(text).is_ok() && !text.contains(['\\', '@']));
        let fits = url.is_some_and(|url| {
            let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            (url.scheme() == "https" || (url.scheme() == "http" && local))
                && url.host_str().is_some()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        if fits { Ok(()) } else { Err("must be an https URL without user, query and fragment".to_owned()) }
    }
}

/// A store's profile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoreProfile {
    /// What people call it.
    pub name: Line,
    /// The currency it shows where the shopper does not say.
    pub currency: Currency,
    /// Where it keeps stock, in the order in which orders draw on them.
    pub locations: Vec<Location>,
    /// Orders above this are held for a person's decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_above: Option<Money>,
    /// What it makes of the risk of orders.
    #[serde(default)]
    pub risk: RiskRules,
    /// Where its shoppers are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storefront_url: Option<StorefrontUrl>,
    /// How many requests it takes, where that is not what every store takes.
    #[serde(default)]
    pub limits: Limits,
    /// What it may have and use.
    #[serde(default)]
    pub quotas: Quotas,
    /// Whose web pages may call it. Any, where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<Vec<Origin>>,
    /// Which providers it is paid through.
    #[serde(default)]
    pub payments: PaymentSettings,
    /// Whether its staff need a second factor to log in.
    #[serde(default)]
    pub staff_second_factor: SecondFactorRule,
    /// For how many days after a parcel was sent its shopper may ask for a return. Without it, only staff can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_window_days: Option<u16>,
    /// How long it keeps what it knows of people.
    #[serde(default)]
    pub retention: Retention,
    /// How its prices are meant.
    #[serde(default)]
    pub price_policy: PricePolicy,
    /// Where it is taxed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_origin: Option<TaxOrigin>,
    /// Counts its changes, from 1.
    #[serde(default = "first")]
    pub version: u32,
}

fn first() -> u32 {
    1
}

/// Whether a store's staff need a second factor to log in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorRule {
    /// Each member decides.
    #[default]
    Optional,
    /// Whoever has none can log in only to set one up.
    Required,
}

impl StoreProfile {
    /// The profile of `tenant`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load(app: &App, tenant: Tenant) -> Result<Option<Self>, StoreError> {
        store::get(app, "profile", &keys::store_profile(tenant)).await
    }

    /// The profile of `tenant`, which has one if a key of it was verified.
    ///
    /// # Errors
    /// A 500, where it has none.
    pub async fn of(app: &App, tenant: Tenant) -> Result<Self, Problem> {
        let profile = Self::load(app, tenant).await?;
        profile.ok_or_else(|| Problem::internal(format!("the store {tenant} has no profile")))
    }

    /// The profile that an edition of a store's rules has.
    ///
    /// # Errors
    /// As [`StoreProfile::of`].
    pub async fn under(edition: &Edition) -> Result<Arc<Self>, Problem> {
        edition.rules("profile", Self::of(edition.app(), edition.tenant())).await
    }

    /// Where it keeps stock, in the order in which orders draw on it.
    pub fn location_ids(&self) -> Vec<LocationId> {
        self.locations.iter().map(|location| location.id.clone()).collect()
    }

    /// Whether the store has this location.
    pub fn has_location(&self, id: &LocationId) -> bool {
        self.locations.iter().any(|location| location.id == *id)
    }
}
