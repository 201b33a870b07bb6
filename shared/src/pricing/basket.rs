//! What is to be priced.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ByHand;
use crate::{
    catalog::{Options, Sku},
    contact::{Country, Line, Tag},
    id::{CustomerId, PriceListId, ProductId, ShippingMethodId},
    money::{Currency, Money, MoneyError},
    quantity::Quantity,
    text::slug,
};

crate::text_type! {
    /// A group of customers that prices and promotions may name, such as `wholesale`.
    CustomerGroup, example "wholesale", length 1..=40, pattern "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", check slug
}

crate::text_type! {
    /// What tax tables call a kind of goods, such as `books`.
    TaxCategory, example "books", length 1..=40, pattern "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", check slug
}

crate::text_type! {
    /// What a shopper types to get a discount: capitals, digits and hyphens. Lower case is raised where it is typed.
    PromotionCode, example "WELCOME", length 1..=40, pattern "^[A-Z0-9-]+$", check |text| {
        if text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-') {
            Ok(())
        } else {
            Err("must consist of capitals, digits and hyphens".to_owned())
        }
    }
}

crate::text_type! {
    /// A number of a business in the VAT system of the European Union, with its country's prefix. Checked for its
    /// shape, not for being in use: only the member states know that.
    VatId, example "DE136695976", length 4..=14, pattern "^[A-Z]{2}[0-9A-Z+*]{2,12}$", check |text| {
        let (country, rest) = text.split_at_checked(2).unwrap_or((text, ""));
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "+*".contains(c);
        let fits = country.chars().all(|c| c.is_ascii_uppercase()) && rest.len() >= 2 && rest.chars().all(plain);
        if fits { Ok(()) } else { Err("must be a VAT id with its country's two capitals, such as DE136695976".to_owned()) }
    }, personal
}

/// One line of what is bought, with its price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Of what.
    pub sku: Sku,
    /// The product it is a variant of.
    pub product: ProductId,
    /// The product's name.
    pub name: Line,
    /// What sets the variant apart.
    pub options: Options,
    /// The product's tags: what rules call its categories.
    pub tags: BTreeSet<Tag>,
    /// What tax tables call it.
    pub tax_category: Option<TaxCategory>,
    /// What one weighs.
    pub weight_grams: u32,
    /// How many.
    pub quantity: Quantity,
    /// What one costs in the catalog.
    pub list_price: Money,
    /// What one costs here and now, after price lists and sales.
    pub unit_price: Money,
    /// The list that says so, where it is not the catalog.
    pub price_list: Option<PriceListId>,
    /// What staff say of its price. Promotions leave it alone then.
    pub by_hand: Option<ByHand>,
}

impl Item {
    /// What all of them cost.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn total(&self) -> Result<Money, MoneyError> {
        self.unit_price.times(self.quantity.get())
    }
}

/// Where goods go, as far as taxes and shipping ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Destination {
    /// The country.
    pub country: Country,
    /// The state, province or region, as the address has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Line>,
    /// The postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<crate::contact::ShortLine>,
}

/// Who pays the tax.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TaxPayer {
    /// Somebody who buys for themselves.
    #[default]
    Person,
    /// A business, by its VAT id.
    Business(VatId),
}

/// What is to be priced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basket {
    /// What the shopper pays in. All prices are in it.
    pub currency: Currency,
    /// What is bought.
    pub items: Vec<Item>,
    /// Who buys, where they are logged in.
    pub customer: Option<CustomerId>,
    /// The group they are in.
    pub group: Option<CustomerGroup>,
    /// Whether they have not ordered here before.
    pub first_order: bool,
    /// The codes they typed, in that order.
    pub codes: Vec<PromotionCode>,
    /// Where it goes, once that is known.
    pub destination: Option<Destination>,
    /// Who pays the tax.
    pub tax_payer: TaxPayer,
    /// How it is to be sent, once that is chosen.
    pub shipping_method: Option<ShippingMethodId>,
    /// The time whose prices count.
    pub at: Timestamp,
}
