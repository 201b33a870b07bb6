//! What it comes to, and why.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CustomerGroup, Destination, PricePolicy, PricedByHand, PromotionCode};
use crate::{
    catalog::{Options, Sku},
    contact::{Line, LocationId},
    id::{CustomerId, GiftCardId, PriceListId, ProductId, PromotionId, ShippingMethodId},
    money::{Currency, Money, MoneyError, Percent},
    quantity::Quantity,
    totals::Totals,
};

/// What a promotion takes off a line or off shipping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Discount {
    /// Which promotion.
    pub promotion: PromotionId,
    /// How much; never below zero.
    pub amount: Money,
}

/// A tax on a line or on shipping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tax {
    /// What the tax table calls it, such as `VAT DE`.
    pub name: Line,
    /// Its rate.
    pub rate: Percent,
    /// What it is reckoned on: without the tax itself.
    pub taxable: Money,
    /// How much it is. Whether prices hold it already is the policy's.
    pub amount: Money,
}

/// A line with its price, and how that came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OrderLine)]
pub struct PricedLine {
    /// Of what.
    pub sku: Sku,
    /// The product it was a variant of.
    pub product_id: ProductId,
    /// The product's name.
    pub name: Line,
    /// What set the variant apart.
    pub options: Options,
    /// How many.
    pub quantity: Quantity,
    /// What one cost.
    pub unit_price: Money,
    /// What all of them cost, before discounts.
    pub total: Money,
    /// What one cost in the catalog, where a price list or a sale said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<Money>,
    /// The price list that said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_list: Option<PriceListId>,
    /// What promotions took off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<Discount>,
    /// What staff said of its price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<PricedByHand>,
    /// Its taxes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<Tax>,
}

fn sum_of<'a>(amounts: impl Iterator<Item = &'a Money>, currency: Currency) -> Result<Money, MoneyError> {
    Money::sum(amounts.copied(), currency)
}

impl PricedLine {
    /// What was taken off.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn discount(&self) -> Result<Money, MoneyError> {
        let by_hand = self.by_hand.iter().filter_map(|by_hand| by_hand.discount.as_ref());
        let discounts = self.discounts.iter().map(|discount| &discount.amount);
        sum_of(discounts.chain(by_hand), self.total.currency())
    }

    /// Its taxes.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn tax(&self) -> Result<Money, MoneyError> {
        sum_of(self.taxes.iter().map(|tax| &tax.amount), self.total.currency())
    }

    /// What is paid for it: less discounts, with tax.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn payable(&self, policy: PricePolicy) -> Result<Money, MoneyError> {
        let net = self.total.minus(self.discount()?)?;
        if policy.prices_include_tax { Ok(net) } else { net.plus(self.tax()?) }
    }
}

/// How it is sent, and what that costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PricedShipping {
    /// By which method.
    pub method: ShippingMethodId,
    /// What people call it.
    pub name: Line,
    /// Where it is picked up, where it is not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pickup: Option<LocationId>,
    /// What it costs, before discounts.
    pub price: Money,
    /// What was taken off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<Discount>,
    /// Its taxes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<Tax>,
}

impl PricedShipping {
    /// What was taken off.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn discount(&self) -> Result<Money, MoneyError> {
        sum_of(self.discounts.iter().map(|discount| &discount.amount), self.price.currency())
    }

    /// Its taxes.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn tax(&self) -> Result<Money, MoneyError> {
        sum_of(self.taxes.iter().map(|tax| &tax.amount), self.price.currency())
    }

    /// What is paid for it: less discounts, with tax.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn payable(&self, policy: PricePolicy) -> Result<Money, MoneyError> {
        let net = self.price.minus(self.discount()?)?;
        if policy.prices_include_tax { Ok(net) } else { net.plus(self.tax()?) }
    }
}

/// A promotion that applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppliedPromotion {
    /// Which.
    pub id: PromotionId,
    /// What people call it.
    pub name: Line,
    /// The code that was typed for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<PromotionCode>,
    /// What it took off, in all.
    pub amount: Money,
}

/// A tax, over all of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaxTotal {
    /// What the tax table calls it.
    pub name: Line,
    /// Its rate.
    pub rate: Percent,
    /// What it is reckoned on.
    pub taxable: Money,
    /// How much it is.
    pub amount: Money,
}

/// How something was priced, but for its lines, which tell it themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pricing {
    /// How the store's prices were meant.
    pub policy: PricePolicy,
    /// The time whose prices counted.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The group of customers that the shopper was in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<CustomerGroup>,
    /// Where it went, for taxes and shipping: the country, and a state of the US or a province of Canada. The rest is personal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<Destination>,
    /// How it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<PricedShipping>,
    /// Which promotions applied, in the order of their precedence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promotions: Vec<AppliedPromotion>,
    /// The taxes, one for each name and rate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<TaxTotal>,
    /// Whether the business that bought owes the tax itself (Article 196 of the EU's VAT directive).
    #[serde(default)]
    pub reverse_charge: bool,
}

/// What it comes to, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// The lines, in the basket's order; then what promotions gave away.
    pub lines: Vec<PricedLine>,
    /// All but the lines.
    pub pricing: Pricing,
    /// What it comes to.
    pub totals: Totals,
}

/// A way of paying that is not the payment provider's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TenderKind {
    /// A gift card.
    GiftCard {
        /// Which.
        id: GiftCardId,
    },
    /// What the store owes a customer.
    StoreCredit {
        /// Whom.
        customer: CustomerId,
    },
}

/// What of an order was paid without the payment provider. Taken when the order is placed; given back if it is
/// canceled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tender {
    /// From what.
    #[serde(flatten)]
    pub kind: TenderKind,
    /// How much.
    pub amount: Money,
}
