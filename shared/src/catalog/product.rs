//! Products and their variants.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    contact::{Line, Tag},
    http::Problem,
    id::ProductId,
    metadata::Metadata,
    money::{Currency, Money},
    pricing::TaxCategory,
    text::{given, prose},
};

/// Variants that a product may have. With its tags they must fit into one DynamoDB transaction of 100 writes,
/// even where all of them are replaced.
const MOST_VARIANTS: usize = 30;
/// Tags that a product may have.
const MOST_TAGS: usize = 15;
/// Currencies that a variant may have a price in.
const MOST_PRICES: usize = 20;
/// Pictures of a product or variant.
const MOST_IMAGES: usize = 20;

crate::text_type! {
    /// What is counted in stock and put into carts: letters, digits, dots, hyphens and underscores.
    Sku, example "MUG-BLUE-L", length 1..=64, pattern "^[A-Za-z0-9._-]+$", check |text| {
        if text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
            Ok(())
        } else {
            Err("must consist of letters, digits, dots, hyphens and underscores".to_owned())
        }
    }
}

crate::text_type! {
    /// A product's description.
    Description, example "Holds what two people drink.", length 0..=10000, check prose
}

crate::text_type! {
    /// The address of a picture.
    ImageUrl, example "https://images.example.com/mug.webp", length 9..=2000, pattern "^https://", check |text| {
        let plain = text.chars().all(|c| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c));
        if plain && text.starts_with("https://") { Ok(()) } else { Err("must be an https URL".to_owned()) }
    }
}

/// What sets a variant apart: `{"size": "L", "color": "blue"}`. At most 5, names and values up to 60 characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
#[schema(value_type = BTreeMap<String, String>)]
pub struct Options(BTreeMap<String, String>);

impl TryFrom<BTreeMap<String, String>> for Options {
    type Error = String;

    fn try_from(options: BTreeMap<String, String>) -> Result<Self, String> {
        let fits =
            |text: &String| (1..=60).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if options.len() > 5 || !options.iter().all(|(name, value)| fits(name) && fits(value)) {
            return Err("must be at most 5 options, names and values of 1 to 60 characters".to_owned());
        }
        Ok(Self(options))
    }
}

impl From<Options> for BTreeMap<String, String> {
    fn from(options: Options) -> Self {
        options.0
    }
}

impl Options {
    /// As people read them: `blue, L`.
    pub fn words(&self) -> String {
        self.0.values().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// Whether a product is for sale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// It is.
    #[default]
    Active,
    /// No longer. Orders still know it.
    Archived,
}

impl ProductStatus {
    /// `active` or `archived`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
        }
    }
}

/// One form of a product that can be bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// What it is counted by.
    pub sku: Sku,
    /// What sets it apart.
    #[serde(default)]
    pub options: Options,
    /// What it costs, one price per currency.
    pub prices: Vec<Money>,
    /// What it used to cost, shown crossed out, one per currency.
    #[serde(default)]
    pub compare_at: Vec<Money>,
    /// What it weighs, in grams.
    #[serde(default)]
    pub weight_grams: Option<u32>,
    /// Its pictures.
    #[serde(default)]
    pub images: Vec<ImageUrl>,
}

impl Variant {
    /// Its price in `currency`, if it has one.
    pub fn price_in(&self, currency: Currency) -> Option<Money> {
        self.prices.iter().copied().find(|price| price.currency() == currency)
    }
}

/// A variant as callers give it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantInput {
    /// What it is counted by: one product's in the whole store.
    pub sku: Sku,
    /// What sets it apart.
    #[serde(default)]
    pub options: Options,
    /// What it costs, where it has a price in one currency only.
    #[serde(default)]
    pub price: Option<Money>,
    /// What it costs, one price per currency.
    #[serde(default)]
    pub prices: Vec<Money>,
    /// What it used to cost, one per currency, each above the price.
    #[serde(default)]
    pub compare_at: Vec<Money>,
    /// What it weighs, in grams, up to a million.
    #[serde(default)]
    pub weight_grams: Option<u32>,
    /// Its pictures.
    #[serde(default)]
    pub images: Vec<ImageUrl>,
}

/// A product to be created.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProduct {
    /// What people call it.
    pub name: Line,
    /// What there is to say of it.
    #[serde(default)]
    pub description: Option<Description>,
    /// What it is found by, and what rules of prices call its categories.
    #[serde(default)]
    pub tags: BTreeSet<Tag>,
    /// What tax tables call it, where it is not taxed as most things are.
    #[serde(default)]
    pub tax_category: Option<TaxCategory>,
    /// What can be bought: 1 to 30.
    pub variants: Vec<VariantInput>,
    /// Its pictures.
    #[serde(default)]
    pub images: Vec<ImageUrl>,
    /// The caller's own.
    #[serde(default)]
    pub metadata: Metadata,
}

/// What changes of a product. What is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeProduct {
    /// What people call it.
    pub name: Option<Line>,
    /// What there is to say of it.
    pub description: Option<Description>,
    /// What it is found by, all of it.
    pub tags: Option<BTreeSet<Tag>>,
    /// What tax tables call it; null for what most things are.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<TaxCategory>)]
    pub tax_category: Option<Option<TaxCategory>>,
    /// What can be bought, all of it.
    pub variants: Option<Vec<VariantInput>>,
    /// Its pictures, all of them.
    pub images: Option<Vec<ImageUrl>>,
    /// `archived` takes it from sale, `active` brings it back.
    pub status: Option<ProductStatus>,
    /// The caller's own, all of it.
    pub metadata: Option<Metadata>,
}

/// A product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// What people call it.
    pub name: Line,
    /// What there is to say of it.
    pub description: Option<Description>,
    /// What it is found by.
    pub tags: BTreeSet<Tag>,
    /// What tax tables call it, where it is not taxed as most things are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_category: Option<TaxCategory>,
    /// What can be bought.
    pub variants: Vec<Variant>,
    /// Its pictures.
    pub images: Vec<ImageUrl>,
    /// Whether it is for sale.
    pub status: ProductStatus,
    /// The caller's own.
    pub metadata: Metadata,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What is offered under a SKU: what a cart needs to know of a variant, found without its product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// The product it is a variant of.
    pub product: ProductId,
    /// The product's name.
    pub name: Line,
    /// Whether it is for sale.
    pub status: ProductStatus,
    /// What the product is found by.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<Tag>,
    /// What tax tables call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_category: Option<TaxCategory>,
    /// The variant.
    #[serde(flatten)]
    pub variant: Variant,
}

impl Product {
    /// A new product.
    ///
    /// # Errors
    /// 422 naming the field that breaks a rule that spans several fields.
    pub fn new(id: ProductId, new: NewProduct, now: Timestamp) -> Result<Self, Problem> {
        let product = Self {
            id,
            name: new.name,
            description: new.description,
            tags: new.tags,
            tax_category: new.tax_category,
            variants: variants(new.variants)?,
            images: new.images,
            status: ProductStatus::Active,
            metadata: new.metadata,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        product.checked()
    }

    /// The product with a change made.
    ///
    /// # Errors
    /// 422 as [`Product::new`].
    pub fn changed(&self, change: ChangeProduct, now: Timestamp) -> Result<Self, Problem> {
        let product = Self {
            id: self.id,
            name: change.name.unwrap_or_else(|| self.name.clone()),
            description: change.description.or_else(|| self.description.clone()),
            tags: change.tags.unwrap_or_else(|| self.tags.clone()),
            tax_category: change.tax_category.unwrap_or_else(|| self.tax_category.clone()),
            variants: change.variants.map_or_else(|| Ok(self.variants.clone()), variants)?,
            images: change.images.unwrap_or_else(|| self.images.clone()),
            status: change.status.unwrap_or(self.status),
            metadata: change.metadata.unwrap_or_else(|| self.metadata.clone()),
            version: self.version.saturating_add(1),
            created_at: self.created_at,
            updated_at: now,
        };
        product.checked()
    }

    /// The product, taken from sale. An archived one stays as it is.
    #[must_use]
    pub fn archived(&self, now: Timestamp) -> Self {
        if self.status == ProductStatus::Archived {
            return self.clone();
        }
        let version = self.version.saturating_add(1);
        Self { status: ProductStatus::Archived, version, updated_at: now, ..self.clone() }
    }

    fn checked(self) -> Result<Self, Problem> {
        at_most(MOST_TAGS, self.tags.len(), "tags")?;
        at_most(MOST_IMAGES, self.images.len(), "images")?;
        Ok(self)
    }

    /// What it offers, one for each variant.
    pub fn offers(&self) -> impl Iterator<Item = Offer> {
        self.variants.iter().map(|variant| Offer {
            product: self.id,
            name: self.name.clone(),
            status: self.status,
            tags: self.tags.clone(),
            tax_category: self.tax_category.clone(),
            variant: variant.clone(),
        })
    }
}

fn at_most(most: usize, length: usize, param: &str) -> Result<(), Problem> {
    if length > most {
        return Err(Problem::invalid(param, format!("There may be at most {most}.")));
    }
    Ok(())
}

fn variants(inputs: Vec<VariantInput>) -> Result<Vec<Variant>, Problem> {
    if inputs.is_empty() {
        return Err(Problem::invalid("variants", "There must be at least one."));
    }
    at_most(MOST_VARIANTS, inputs.len(), "variants")?;
    let mut seen = BTreeSet::new();
    let mut variants = Vec::with_capacity(inputs.len());
    for (place, input) in inputs.into_iter().enumerate() {
        let at = |field: &str| format!("variants[{place}].{field}");
        if !seen.insert(input.sku.clone()) {
            return Err(Problem::invalid(at("sku"), "Two variants can't share a SKU."));
        }
        at_most(MOST_IMAGES, input.images.len(), &at("images"))?;
        if input.weight_grams.is_some_and(|grams| grams > 1_000_000) {
            return Err(Problem::invalid(at("weight_grams"), "Must be at most 1000000."));
        }
        let mut prices = input.prices;
        prices.extend(input.price);
        if prices.is_empty() {
            return Err(Problem::invalid(at("price"), "Give a price, or prices in several currencies."));
        }
        at_most(MOST_PRICES, prices.len(), &at("prices"))?;
        one_per_currency(&prices).map_err(|detail| Problem::invalid(at("prices"), detail))?;
        one_per_currency(&input.compare_at).map_err(|detail| Problem::invalid(at("compare_at"), detail))?;
        for was in &input.compare_at {
            let now = prices.iter().find(|price| price.currency() == was.currency());
            if now.is_none_or(|price| price.amount() >= was.amount()) {
                return Err(Problem::invalid(
                    at("compare_at"),
                    "Each must be above the price in its currency.",
                ));
            }
        }
        variants.push(Variant {
            sku: input.sku,
            options: input.options,
            prices,
            compare_at: input.compare_at,
            weight_grams: input.weight_grams,
            images: input.images,
        });
    }
    Ok(variants)
}

/// The highest price: 10 billion minor units. A cart of them all still fits 64 bits, many times over.
const MOST_PRICE: i64 = 10_000_000_000;

fn one_per_currency(prices: &[Money]) -> Result<(), &'static str> {
    let mut seen = BTreeSet::new();
    for price in prices {
        if !(0..=MOST_PRICE).contains(&price.amount()) {
            return Err("Amounts must be from 0 to 10000000000.");
        }
        if !seen.insert(price.currency()) {
            return Err("There may be one price per currency.");
        }
    }
    Ok(())
}
