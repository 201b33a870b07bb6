//! A store's settings, as its staff see and change them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Location, Retention, SecondFactorRule, StoreProfile, StorefrontUrl};
use crate::{
    contact::Line,
    http::{Call, ETag, Problem, Reply},
    id::StoreId,
    limit::{Limits, Origin, Quotas},
    money::{Currency, Money},
    payment::PaymentSettings,
    pricing::PricePolicy,
    risk::RiskRules,
    runtime::App,
    store::{Write, keys},
    tax::TaxOrigin,
    tenant::{Mode, Tenant},
    text::given,
};

/// How many locations a store may have.
const MOST_LOCATIONS: usize = 10;

/// How many days a store may leave its shoppers to ask for a return.
const MOST_RETURN_DAYS: u16 = 3650;

/// How many origins a store may name.
const MOST_ORIGINS: usize = 20;

/// A store, in one of its two modes. Each has settings of its own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Store)]
pub struct StoreView {
    /// Its id.
    pub id: StoreId,
    /// The mode that these are the settings of.
    pub mode: Mode,
    /// What people call it.
    pub name: Line,
    /// The currency it shows where the shopper does not say.
    pub currency: Currency,
    /// Where it keeps stock, in the order in which orders draw on them.
    pub locations: Vec<Location>,
    /// Orders above this are held for a person's decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_above: Option<Money>,
    /// What it makes of the risk of orders.
    pub risk: RiskRules,
    /// Where its shoppers are: the beginning of the links in its mails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storefront_url: Option<StorefrontUrl>,
    /// Whose web pages may call it. Any, where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origins: Option<Vec<Origin>>,
    /// Which providers it is paid through.
    pub payments: PaymentSettings,
    /// Whether its staff need a second factor to log in.
    pub staff_second_factor: SecondFactorRule,
    /// For how many days after a parcel was sent its shopper may ask for a return. Without it, only staff can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_window_days: Option<u16>,
    /// How long it keeps what it knows of people.
    pub retention: Retention,
    /// How its prices are meant: whether they hold their tax, and what is rounded.
    pub price_policy: PricePolicy,
    /// Where it is taxed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_origin: Option<TaxOrigin>,
    /// How many requests it takes, as the operator set it.
    pub limits: Limits,
    /// What it may have and use, as the operator set it.
    pub quotas: Quotas,
    /// Counts the changes, from 1.
    pub version: u32,
}

/// What to change of a store's settings. What an operator sets, such as quotas, is not among them.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeStore {
    /// What people call it.
    pub name: Option<Line>,
    /// The currency it shows where the shopper does not say. Carts that are there keep theirs.
    pub currency: Option<Currency>,
    /// Where it keeps stock, all of it, at most 10. None that is there may be missing: it may have stock.
    pub locations: Option<Vec<Location>>,
    /// Orders above this are held for a person's decision; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Money>)]
    pub review_above: Option<Option<Money>>,
    /// What it makes of the risk of orders, all of it.
    pub risk: Option<RiskRules>,
    /// Where its shoppers are; null for nowhere.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<StorefrontUrl>)]
    pub storefront_url: Option<Option<StorefrontUrl>>,
    /// Whose web pages may call it, at most 20; null for any.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<Origin>>)]
    pub origins: Option<Option<Vec<Origin>>>,
    /// Which providers it is paid through, all of it. Orders that were placed stay with theirs.
    pub payments: Option<PaymentSettings>,
    /// Whether its staff need a second factor to log in. Sessions that began without one go on until they end.
    pub staff_second_factor: Option<SecondFactorRule>,
    /// For how many days after a parcel was sent its shopper may ask for a return, at most 3650; null where only staff
    /// can.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u16>, maximum = 3650)]
    pub return_window_days: Option<Option<u16>>,
    /// How long it keeps what it knows of people, all of it. What is absent within is kept until somebody asks for its
    /// erasure; what is erased doesn't come back.
    pub retention: Option<Retention>,
    /// How its prices are meant, all of it. Orders that are there keep how theirs were.
    pub price_policy: Option<PricePolicy>,
    /// Where it is taxed; null for nowhere.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<TaxOrigin>)]
    pub tax_origin: Option<Option<TaxOrigin>>,
}

impl StoreProfile {
    /// As its staff see it.
    pub fn view(self, tenant: Tenant) -> Reply<StoreView> {
        let etag = ETag::of_version(self.version);
        let view = StoreView {
            id: tenant.store(),
            mode: tenant.mode(),
            name: self.name,
            currency: self.currency,
            locations: self.locations,
            review_above: self.review_above,
            risk: self.risk,
            storefront_url: self.storefront_url,
            origins: self.origins,
            payments: self.payments,
            staff_second_factor: self.staff_second_factor,
            return_window_days: self.return_window_days,
            retention: self.retention,
            price_policy: self.price_policy,
            tax_origin: self.tax_origin,
            limits: self.limits,
            quotas: self.quotas,
            version: self.version,
        };
        Reply::ok(view).etag(etag)
    }

    fn changed(&self, change: ChangeStore) -> Result<Self, Problem> {
        let old = self.clone();
        if let Some(locations) = &change.locations {
            check_locations(&old, locations)?;
        }
        if change.origins.iter().flatten().any(|origins| origins.len() > MOST_ORIGINS) {
            let detail = format!("There may be {MOST_ORIGINS} origins at most.");
            return Err(Problem::invalid("origins", detail));
        }
        if change.return_window_days.flatten().is_some_and(|days| days > MOST_RETURN_DAYS) {
            let detail = format!("There may be {MOST_RETURN_DAYS} days at most.");
            return Err(Problem::invalid("return_window_days", detail));
        }
        if let Some(Some(origin)) = &change.tax_origin
            && !origin.is_sound()
        {
            let detail = "Must be a VAT id of the country, in the European Union.";
            return Err(Problem::invalid("tax_origin.vat_id", detail));
        }
        Ok(Self {
            name: change.name.unwrap_or(old.name),
            currency: change.currency.unwrap_or(old.currency),
            locations: change.locations.unwrap_or(old.locations),
            review_above: change.review_above.unwrap_or(old.review_above),
            risk: change.risk.map_or(Ok(old.risk), RiskRules::checked)?,
            storefront_url: change.storefront_url.unwrap_or(old.storefront_url),
            origins: change.origins.unwrap_or(old.origins),
            payments: change.payments.unwrap_or(old.payments),
            staff_second_factor: change.staff_second_factor.unwrap_or(old.staff_second_factor),
            return_window_days: change.return_window_days.unwrap_or(old.return_window_days),
            retention: change.retention.unwrap_or(old.retention),
            price_policy: change.price_policy.unwrap_or(old.price_policy),
            tax_origin: change.tax_origin.unwrap_or(old.tax_origin),
            limits: old.limits,
            quotas: old.quotas,
            version: self.version.saturating_add(1),
        })
    }
}

fn check_locations(old: &StoreProfile, locations: &[Location]) -> Result<(), Problem> {
    let fault = |detail: String| Err(Problem::invalid("locations", detail));
    if !(1..=MOST_LOCATIONS).contains(&locations.len()) {
        return fault(format!("There must be 1 to {MOST_LOCATIONS} locations."));
    }
    let named = |id| locations.iter().filter(|location| location.id == id).count();
    if let Some(twice) = locations.iter().find(|location| named(location.id.clone()) > 1) {
        return fault(format!("{} is there twice.", twice.id));
    }
    if let Some(missing) = old.locations.iter().find(|location| named(location.id.clone()) == 0) {
        return fault(format!(
            "{} is missing, and a location can't be removed: it may have stock.",
            missing.id
        ));
    }
    Ok(())
}

/// Changes the settings of the caller's store, in the caller's mode.
///
/// # Errors
/// 422, 412 or 409.
pub async fn change_store(app: &App, call: &Call<ChangeStore>) -> Result<Reply<StoreView>, Problem> {
    let tenant = call.tenant()?;
    let old = StoreProfile::of(app, tenant).await?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    let new = old.changed(call.body.clone())?;
    let write = Write::put("profile", keys::store_profile(tenant), &new)?
        .when("#version = :read")
        .name("#version", "version")
        .number(":read", old.version);
    Ok(call.commit(app, vec![write], new.view(tenant)).await?)
}
