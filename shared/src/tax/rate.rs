//! A row of a store's table of taxes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    contact::Line,
    http::Problem,
    id::TaxRateId,
    money::Percent,
    pricing::{Place, TaxCategory, TaxPayer},
    text::given,
    text::slug,
};

crate::text_type! {
    /// A tax among those that stand side by side, such as `state` and `county`. Rows of one layer rule each other out.
    TaxLayer, example "state", length 1..=40, pattern "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", check slug
}

/// The layer of a row that names none.
const LAYER: &str = "main";

impl Default for TaxLayer {
    fn default() -> Self {
        Self(LAYER.to_owned())
    }
}

/// Whose tax a row is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Payer {
    /// Everybody's.
    #[default]
    Any,
    /// That of somebody who buys for themselves.
    Person,
    /// A business's, which is one that gave a VAT id.
    Business,
}

impl Payer {
    /// Whether `payer` is one of them.
    pub fn is(self, payer: &TaxPayer) -> bool {
        match self {
            Self::Any => true,
            Self::Person => matches!(payer, TaxPayer::Person),
            Self::Business => matches!(payer, TaxPayer::Business(_)),
        }
    }
}

/// Whether shipping is taxed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShippingTax {
    /// As the goods are that are sent, each for its part.
    #[default]
    AsGoods,
    /// At this rate, whatever is sent.
    Taxed,
    /// Not at all.
    Exempt,
}

/// A row of a store's table of taxes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaxRate {
    /// Its id.
    pub id: TaxRateId,
    /// What it is called where it is shown, such as `VAT DE`.
    pub name: Line,
    /// Where goods go that it taxes.
    pub place: Place,
    /// The goods that it taxes; those that no other row of its layer and place names, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<TaxCategory>,
    /// Whose tax it is.
    #[serde(default)]
    pub payer: Payer,
    /// Which tax it is among those that stand side by side.
    #[serde(default)]
    pub layer: TaxLayer,
    /// How much.
    pub rate: Percent,
    /// Whether shipping is taxed.
    #[serde(default)]
    pub shipping: ShippingTax,
    /// When it begins; always was, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// When it no longer holds; it goes on, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A row to be added.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTaxRate {
    /// What it is called where it is shown, such as `VAT DE`.
    pub name: Line,
    /// Where goods go that it taxes.
    pub place: Place,
    /// The goods that it taxes; those that no other row of its layer and place names, where absent.
    #[serde(default)]
    pub category: Option<TaxCategory>,
    /// Whose tax it is.
    #[serde(default)]
    pub payer: Payer,
    /// Which tax it is among those that stand side by side, such as `state` and `county`; `main` where absent.
    #[serde(default)]
    pub layer: TaxLayer,
    /// How much.
    pub rate: Percent,
    /// Whether shipping is taxed.
    #[serde(default)]
    pub shipping: ShippingTax,
    /// When it begins; always was, where absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// When it no longer holds; it goes on, where absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// What to change of a row. What is absent stays, and so do its place, category and layer: another tax is another row.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeTaxRate {
    /// What it is called where it is shown.
    pub name: Option<Line>,
    /// Whose tax it is.
    pub payer: Option<Payer>,
    /// How much. A rate that changes on a day is two rows, so that older orders are still explained.
    pub rate: Option<Percent>,
    /// Whether shipping is taxed.
    pub shipping: Option<ShippingTax>,
    /// When it begins; null for always.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Option<Timestamp>>,
    /// When it no longer holds; null for never.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Option<Timestamp>>,
}

impl TaxRate {
    /// A new row.
    ///
    /// # Errors
    /// 422 where it ends before it begins.
    pub fn new(id: TaxRateId, new: NewTaxRate, now: Timestamp) -> Result<Self, Problem> {
        let NewTaxRate { name, place, category, payer, layer, rate, shipping, from, until } = new;
        let (version, created_at, updated_at) = (1, now, now);
        Self {
            id,
            name,
            place,
            category,
            payer,
            layer,
            rate,
            shipping,
            from,
            until,
            version,
            created_at,
            updated_at,
        }
        .checked()
    }

    /// The row with a change made.
    ///
    /// # Errors
    /// 422 as [`TaxRate::new`].
    pub fn changed(&self, change: ChangeTaxRate, now: Timestamp) -> Result<Self, Problem> {
        Self {
            name: change.name.unwrap_or_else(|| self.name.clone()),
            payer: change.payer.unwrap_or(self.payer),
            rate: change.rate.unwrap_or(self.rate),
            shipping: change.shipping.unwrap_or(self.shipping),
            from: change.from.unwrap_or(self.from),
            until: change.until.unwrap_or(self.until),
            version: self.version.saturating_add(1),
            updated_at: now,
            ..self.clone()
        }
        .checked()
    }

    fn checked(self) -> Result<Self, Problem> {
        match (self.from, self.until) {
            (Some(from), Some(until)) if until <= from => {
                Err(Problem::invalid("until", "Must be after `from`."))
            }
            _ => Ok(self),
        }
    }

    /// Whether it holds at `at`: from its beginning on, and before its end.
    pub fn holds_at(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}
