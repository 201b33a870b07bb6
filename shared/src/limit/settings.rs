//! What a store has set about its limits, as far as the authorizer needs it.

use std::{collections::BTreeSet, num::NonZeroU32, sync::Arc};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{bucket::Policy, origin::Origin};
use crate::{
    runtime::App,
    store::{self, StoreError, keys},
    tenant::Tenant,
};

/// How long what a store has set is remembered, in milliseconds: a change takes effect within a minute.
const KEPT: i64 = 60_000;

/// Requests a second that are as good as any number: the arithmetic stays far from its bounds.
const FASTEST: u32 = 1_000_000;

/// How many requests a second, and how many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests a second in the long run.
    #[schema(value_type = u32, minimum = 1)]
    pub per_second: NonZeroU32,
    /// Requests at once.
    #[schema(value_type = u32, minimum = 1)]
    pub burst: NonZeroU32,
}

impl Rate {
    fn policy(self) -> Policy {
        Policy::per_second(self.per_second.get().min(FASTEST), self.burst.get())
    }
}

/// A store's own limits. What is absent is as everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// All requests to the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<Rate>,
    /// Those from one address with a publishable key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publishable: Option<Rate>,
    /// Those with one secret key, or of one integration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Rate>,
}

/// What a store may have and use. What is absent is without bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Quotas {
    /// Products for sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub products: Option<u32>,
    /// Bytes of the catalog, archived products included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_bytes: Option<u64>,
    /// Requests in a day, by UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_day: Option<u32>,
    /// Requests in a month, by UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_month: Option<u32>,
}

/// The part of a store's profile that tells its limits.
#[derive(Debug, Default, Deserialize)]
struct OfProfile {
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    quotas: Quotas,
    #[serde(default)]
    origins: Option<Vec<Origin>>,
}

/// What a store has set, as an environment remembers it.
#[derive(Clone, Debug, Default)]
pub struct StoreLimits {
    limits: Limits,
    quotas: Quotas,
    /// Hashes: what is remembered names nobody's pages.
    origins: Option<BTreeSet<String>>,
}

impl StoreLimits {
    /// What `tenant` has set. Remembered for a minute.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(app: &App, tenant: Tenant, now: i64) -> Result<Arc<Self>, StoreError> {
        let key = keys::store_profile(tenant);
        if let Some(limits) = app.limits().store(&key, now, KEPT) {
            return Ok(limits);
        }
        // Not strongly: it is used for a minute anyway.
        let profile: OfProfile = store::get(&app.showing(), "profile", &key).await?.unwrap_or_default();
        let hashed =
            |origins: Vec<Origin>| origins.iter().map(|one| keys::hash(&[one.as_str().as_bytes()])).collect();
        let limits =
            Self { limits: profile.limits, quotas: profile.quotas, origins: profile.origins.map(hashed) };
        let limits = Arc::new(limits);
        app.limits().remember(&key, now, &limits);
        Ok(limits)
    }

    /// All requests to the store.
    pub fn store(&self) -> Policy {
        self.limits.store.map_or(super::policy::STORE, Rate::policy)
    }

    /// Those from one address with a publishable key.
    pub fn publishable(&self) -> Policy {
        self.limits.publishable.map_or(super::policy::PUBLISHABLE, Rate::policy)
    }

    /// Those with one secret key, or of one integration.
    pub fn secret(&self) -> Policy {
        self.limits.secret.map_or(super::policy::SECRET, Rate::policy)
    }

    /// What the store may have and use.
    pub fn quotas(&self) -> Quotas {
        self.quotas
    }

    /// Whether a page of this origin may call.
    pub fn allows(&self, origin: &str) -> bool {
        let hash = || keys::hash(&[origin.to_ascii_lowercase().as_bytes()]);
        self.origins.as_ref().is_none_or(|origins| origins.contains(&hash()))
    }
}
