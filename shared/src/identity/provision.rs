//! Creating a store, with its first keys.

use serde::{Deserialize, Serialize};

use super::{KeyKind, Location, Retention, SecondFactorRule, StoreProfile, StorefrontUrl, api_key, registry};
use crate::{
    audit::{self, Action},
    contact::{Email, Line},
    http::Problem,
    id::{InvitationId, StoreId},
    limit::{Limits, Origin, Quotas},
    money::{Currency, Money},
    payment::PaymentSettings,
    pricing::PricePolicy,
    risk::RiskRules,
    runtime::App,
    staff,
    store::{self, StoreError, Write, WriteError, keys},
    tenant::{Mode, Tenant},
    vault::{self, VaultError},
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
    /// Whether its staff need a second factor to log in.
    #[serde(default)]
    pub staff_second_factor: SecondFactorRule,
    /// Its first owner, who is invited by mail.
    #[serde(default)]
    pub owner: Option<FirstOwner>,
}

/// A store's first owner.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstOwner {
    /// Where the invitations go: one to each mode.
    pub email: Email,
}

impl std::fmt::Debug for FirstOwner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FirstOwner(…)")
    }
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
#[derive(Serialize, Deserialize)]
pub struct ProvisionedKeys {
    /// `pk_…`
    pub publishable_key: String,
    /// `sk_…`
    pub secret_key: String,
    /// The invitation of the first owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<InvitationId>,
}

// Debug output ends up in logs sooner or later.
impl std::fmt::Debug for ProvisionedKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProvisionedKeys(…)")
    }
}

/// Why a store was not created.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// The tables refused it: most often, because the store exists.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// It gets no key for what it will know of people.
    #[error("the store's key: {0}")]
    Key(#[from] VaultError),
    /// Its first owner can't be invited.
    #[error("the first owner can't be invited: {0}")]
    Owner(String),
}

impl From<StoreError> for ProvisionError {
    fn from(error: StoreError) -> Self {
        Self::Write(error.into())
    }
}

/// Creates a store, in both modes. `store` and `test_keys` (publishable, secret) set known ones, for a demo store.
///
/// # Errors
/// [`ProvisionError`], where the store exists already; nothing is changed then.
pub async fn provision(
    app: &App,
    new: NewStore,
    store: Option<StoreId>,
    test_keys: Option<(&str, &str)>,
) -> Result<Provisioned, ProvisionError> {
    let store = store.unwrap_or_else(|| StoreId::new(app));
    // Before there is anybody to be known. A key of a store that is not opened after all does no harm.
    for mode in [Mode::Test, Mode::Live] {
        vault::make_store_key(app, Tenant::of_new_store(store, mode)).await?;
    }
    let profile = StoreProfile {
        name: new.name,
        currency: new.currency,
        locations: new.locations,
        review_above: new.review_above,
        risk: RiskRules::default(),
        storefront_url: new.storefront_url,
        payments: PaymentSettings::default(),
        staff_second_factor: new.staff_second_factor,
        version: 1,
        limits: new.limits,
        quotas: new.quotas,
        origins: new.origins,
        return_window_days: None,
        retention: Retention::default(),
        price_policy: PricePolicy::default(),
        tax_origin: None,
    };
    let mut writes = vec![registry::list(store)?];
    let mut keys_of = |mode: Mode, known: Option<(&str, &str)>| -> Result<ProvisionedKeys, StoreError> {
        let tenant = Tenant::of_new_store(store, mode);
        writes.push(Write::create("profile", keys::store_profile(tenant), &profile)?);
        let operator = audit::Actor::Operator;
        writes.push(audit::entry(app, tenant, operator, Action::StoreProvisioned, store.to_string())?);
        let mut key = |kind, known: Option<&str>| -> Result<String, StoreError> {
            let (secret, issued) =
                api_key::issue(app, tenant, kind, name_of(kind)?, known.map(str::to_owned))?;
            writes.extend(issued);
            Ok(secret)
        };
        Ok(ProvisionedKeys {
            publishable_key: key(KeyKind::Publishable, known.map(|(publishable, _)| publishable))?,
            secret_key: key(KeyKind::Secret, known.map(|(_, secret)| secret))?,
            invitation: None,
        })
    };
    let (mut test, mut live) = (keys_of(Mode::Test, test_keys)?, keys_of(Mode::Live, None)?);
    if let Some(owner) = &new.owner {
        for (mode, keys) in [(Mode::Test, &mut test), (Mode::Live, &mut live)] {
            let tenant = Tenant::of_new_store(store, mode);
            let failed = |problem: Problem| {
                ProvisionError::Owner(problem.log().unwrap_or(problem.code().as_str()).to_owned())
            };
            let invited = staff::invite_first_owner(app, tenant, &owner.email).await.map_err(failed)?;
            keys.invitation = Some(invited.id);
            writes.extend(invited.writes);
        }
    }
    store::commit(app, writes).await?;
    Ok(Provisioned { store, test, live })
}

/// What the first keys are called.
fn name_of(kind: KeyKind) -> Result<Line, StoreError> {
    let name = match kind {
        KeyKind::Publishable => "First publishable key",
        KeyKind::Secret => "First secret key",
    };
    name.parse().map_err(|reason: String| StoreError::unreadable("key", &reason))
}
