//! Creating a store, with its first keys.

use serde::{Deserialize, Serialize};

use super::{KeyKind, Location, StoreProfile, StorefrontUrl, issue, registry};
use crate::{
    audit::{self, Action},
    contact::Line,
    id::StoreId,
    limit::{Limits, Origin, Quotas},
    money::{Currency, Money},
    runtime::App,
    store::{self, Write, WriteError, keys},
    tenant::{Mode, Tenant},
};

/// What an operator says of a new store.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewStore {
    /// What people call it.
    pub name: Line,
    /// The currency it shows where the shopper does not say.
    pub currency: Currency,
    /// Where it keeps stock, 1 to 10, in the order in which orders draw on them.
    pub locations: Vec<Location>,
    /// Orders above this are held for a person's decision.
    #[serde(default)]
    pub review_above: Option<Money>,
    /// Where its storefront is, for the links in mails.
    #[serde(default)]
    pub storefront_url: Option<StorefrontUrl>,
    /// How many requests it takes, where that is not what every store takes.
    #[serde(default)]
    pub limits: Limits,
    /// What it may have and use. Everything, where nothing is said.
    #[serde(default)]
    pub quotas: Quotas,
    /// Whose web pages may call it. Any, where nothing is said.
    #[serde(default)]
    pub origins: Option<Vec<Origin>>,
}

/// A new store's id and first keys. The secrets are not stored: this is the only time they are shown.
#[derive(Debug, Serialize, Deserialize)]
pub struct Provisioned {
    /// The store's id.
    pub store: StoreId,
    /// The keys of test mode.
    pub test: ProvisionedKeys,
    /// The keys of live mode.
    pub live: ProvisionedKeys,
}

/// The keys of one mode.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProvisionedKeys {
    /// `pk_…`
    pub publishable_key: String,
    /// `sk_…`
    pub secret_key: String,
}

/// Creates a store, in both modes. `store` and `test_keys` (publishable, secret) set known ones, for a demo store.
///
/// # Errors
/// [`WriteError::Refused`] where the store exists already; nothing is changed then.
pub async fn provision(
    app: &App,
    new: NewStore,
    store: Option<StoreId>,
    test_keys: Option<(&str, &str)>,
) -> Result<Provisioned, WriteError> {
    let store = store.unwrap_or_else(|| StoreId::new(app));
    let profile = StoreProfile {
        name: new.name,
        currency: new.currency,
        locations: new.locations,
        review_above: new.review_above,
        storefront_url: new.storefront_url,
        version: 1,
        limits: new.limits,
        quotas: new.quotas,
        origins: new.origins,
    };
    let mut writes = vec![registry::list(store)?];
    let mut keys_of = |mode: Mode, known: Option<(&str, &str)>| -> Result<ProvisionedKeys, WriteError> {
        let tenant = Tenant::of_new_store(store, mode);
        writes.push(Write::create("profile", keys::store_profile(tenant), &profile)?);
        let operator = audit::Actor::Operator;
        writes.push(audit::entry(app, tenant, operator, Action::StoreProvisioned, store.to_string())?);
        let mut key = |kind, known: Option<&str>| -> Result<String, WriteError> {
            let (secret, write) = issue(app, tenant, kind, known.map(str::to_owned))?;
            writes.push(write);
            Ok(secret)
        };
        Ok(ProvisionedKeys {
            publishable_key: key(KeyKind::Publishable, known.map(|(publishable, _)| publishable))?,
            secret_key: key(KeyKind::Secret, known.map(|(_, secret)| secret))?,
        })
    };
    let (test, live) = (keys_of(Mode::Test, test_keys)?, keys_of(Mode::Live, None)?);
    store::commit(app, writes).await?;
    Ok(Provisioned { store, test, live })
}
