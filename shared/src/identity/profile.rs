//! What a store is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    contact::{Line, LocationId, WebAddress},
    http::Problem,
    money::{Currency, Money},
    runtime::App,
    store::{self, StoreError, keys},
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
    /// Where its storefront is, for the links in mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storefront_url: Option<WebAddress>,
    /// Whether its staff need a second factor to log in.
    #[serde(default)]
    pub staff_second_factor: SecondFactorRule,
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

    /// Whether the store has this location.
    pub fn has_location(&self, id: &LocationId) -> bool {
        self.locations.iter().any(|location| location.id == *id)
    }
}
