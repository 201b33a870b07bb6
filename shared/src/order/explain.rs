//! How an order came to its total, line by line, from what was kept when it was priced: not from today's prices.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::Order;
use crate::{
    catalog::Sku,
    contact::{Line, LocationId},
    http::Problem,
    id::{OrderId, PriceListId, PromotionId, ShippingMethodId},
    money::{Money, MoneyError, Percent},
    pricing::{
        AppliedPromotion, CustomerGroup, Destination, Discount, PaidOutside, PricePolicy, PriceReason,
        PricedByHand, PricedLine, PricedShipping, Tax, TaxTotal, Tender,
    },
    quantity::Quantity,
    totals::Totals,
};

/// How an order came to its total.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// The order.
    pub order_id: OrderId,
    /// Its version that this explains.
    pub version: u32,
    /// The time whose prices counted.
    #[schema(value_type = String, format = DateTime)]
    pub priced_at: Timestamp,
    /// How the store's prices were meant.
    pub policy: PricePolicy,
    /// The group of customers that the shopper was in.
    pub customer_group: Option<CustomerGroup>,
    /// Where it went, as far as taxes and shipping asked.
    pub destination: Option<Destination>,
    /// Whether the business that bought owes the tax itself: then prices are without the tax that they usually hold.
    pub reverse_charge: bool,
    /// Each line, step by step.
    pub lines: Vec<ExplainedLine>,
    /// Sending, step by step.
    pub shipping: Option<ExplainedShipping>,
    /// The promotions that applied, in the order of their precedence.
    pub promotions: Vec<AppliedPromotion>,
    /// The taxes, one for each name and rate.
    pub taxes: Vec<TaxTotal>,
    /// What it comes to. `total` is `subtotal` less `discount` plus `shipping` plus `tax`, and the sum of what is
    /// `payable` for all lines and for sending.
    pub totals: Totals,
    /// What was paid without the payment provider.
    pub tenders: Vec<Tender>,
    /// What was paid outside Souk, as staff said.
    pub paid_outside: Option<PaidOutside>,
    /// What was left for the payment provider.
    pub due: Money,
}

/// A line, step by step.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExplainedLine {
    /// Of what.
    pub sku: Sku,
    /// The product's name.
    pub name: Line,
    /// How many.
    pub quantity: Quantity,
    /// What leads to what is paid, in order.
    pub steps: Vec<PriceStep>,
    /// What is paid for it.
    pub payable: Money,
}

/// Sending, step by step.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExplainedShipping {
    /// By which method.
    pub method: ShippingMethodId,
    /// What people call it.
    pub name: Line,
    /// Where it is picked up, where it is not sent.
    pub pickup: Option<LocationId>,
    /// What leads to what is paid, in order.
    pub steps: Vec<PriceStep>,
    /// What is paid for it.
    pub payable: Money,
}

/// One step of a price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum PriceStep {
    /// What one costs in the catalog.
    CatalogPrice {
        /// How much.
        unit_price: Money,
    },
    /// What one costs by a price list or a sale, in place of the catalog.
    PriceList {
        /// Which.
        price_list: PriceListId,
        /// How much.
        unit_price: Money,
    },
    /// What one costs by the word of staff, in place of the catalog.
    PriceByHand {
        /// How much.
        unit_price: Money,
        /// Why.
        reason: PriceReason,
    },
    /// A promotion gives it away.
    Gift {
        /// How much one costs then: nothing.
        unit_price: Money,
    },
    /// What the method costs.
    ShippingPrice {
        /// How much.
        amount: Money,
    },
    /// As many of it as are bought.
    Quantity {
        /// How many.
        quantity: Quantity,
        /// What they cost.
        subtotal: Money,
    },
    /// What a promotion takes off.
    Discount {
        /// Which.
        promotion: PromotionId,
        /// What people called it.
        name: Option<Line>,
        /// How much.
        amount: Money,
        /// What is left.
        subtotal: Money,
    },
    /// What staff take off.
    DiscountByHand {
        /// Why.
        reason: PriceReason,
        /// How much.
        amount: Money,
        /// What is left.
        subtotal: Money,
    },
    /// A tax that is added.
    TaxAdded {
        /// What the tax table called it.
        name: Line,
        /// Its rate.
        rate: Percent,
        /// What it is reckoned on.
        taxable: Money,
        /// How much.
        amount: Money,
        /// What it comes to with it.
        subtotal: Money,
    },
    /// A tax that the price holds.
    TaxIncluded {
        /// What the tax table called it.
        name: Line,
        /// Its rate.
        rate: Percent,
        /// What it is reckoned on.
        taxable: Money,
        /// How much of the price it is.
        amount: Money,
    },
}

/// The steps so far, and what they come to.
struct Steps<'a> {
    steps: Vec<PriceStep>,
    subtotal: Money,
    policy: PricePolicy,
    promotions: &'a [AppliedPromotion],
}

impl Steps<'_> {
    fn discounts(&mut self, discounts: &[Discount]) -> Result<(), MoneyError> {
        for Discount { promotion, amount } in discounts {
            self.subtotal = self.subtotal.minus(*amount)?;
            let name = self.promotions.iter().find(|one| one.id == *promotion).map(|one| one.name.clone());
            let (promotion, amount, subtotal) = (*promotion, *amount, self.subtotal);
            self.steps.push(PriceStep::Discount { promotion, name, amount, subtotal });
        }
        Ok(())
    }

    fn by_hand(&mut self, by_hand: &PricedByHand) -> Result<(), MoneyError> {
        if let Some(amount) = by_hand.discount {
            self.subtotal = self.subtotal.minus(amount)?;
            let (reason, subtotal) = (by_hand.reason.clone(), self.subtotal);
            self.steps.push(PriceStep::DiscountByHand { reason, amount, subtotal });
        }
        Ok(())
    }

    fn taxes(&mut self, taxes: &[Tax]) -> Result<(), MoneyError> {
        for Tax { name, rate, taxable, amount } in taxes {
            let (name, rate, taxable, amount) = (name.clone(), *rate, *taxable, *amount);
            self.steps.push(if self.policy.prices_include_tax {
                PriceStep::TaxIncluded { name, rate, taxable, amount }
            } else {
                self.subtotal = self.subtotal.plus(amount)?;
                PriceStep::TaxAdded { name, rate, taxable, amount, subtotal: self.subtotal }
            });
        }
        Ok(())
    }
}

fn line(
    line: &PricedLine,
    policy: PricePolicy,
    promotions: &[AppliedPromotion],
) -> Result<ExplainedLine, MoneyError> {
    let mut steps = vec![PriceStep::CatalogPrice { unit_price: line.list_price.unwrap_or(line.unit_price) }];
    let unit_price = line.unit_price;
    if let Some(by_hand) = line.by_hand.as_ref().filter(|by_hand| by_hand.price) {
        steps.push(PriceStep::PriceByHand { unit_price, reason: by_hand.reason.clone() });
    } else if let Some(price_list) = line.price_list {
        steps.push(PriceStep::PriceList { price_list, unit_price });
    } else if line.list_price.is_some() && unit_price.is_zero() {
        steps.push(PriceStep::Gift { unit_price });
    }
    steps.push(PriceStep::Quantity { quantity: line.quantity, subtotal: line.total });
    let mut steps = Steps { steps, subtotal: line.total, policy, promotions };
    steps.discounts(&line.discounts)?;
    line.by_hand.iter().try_for_each(|by_hand| steps.by_hand(by_hand))?;
    steps.taxes(&line.taxes)?;
    Ok(ExplainedLine {
        sku: line.sku.clone(),
        name: line.name.clone(),
        quantity: line.quantity,
        steps: steps.steps,
        payable: steps.subtotal,
    })
}

fn sending(
    shipping: &PricedShipping,
    policy: PricePolicy,
    promotions: &[AppliedPromotion],
) -> Result<ExplainedShipping, MoneyError> {
    let first = vec![PriceStep::ShippingPrice { amount: shipping.price }];
    let mut steps = Steps { steps: first, subtotal: shipping.price, policy, promotions };
    steps.discounts(&shipping.discounts)?;
    steps.taxes(&shipping.taxes)?;
    Ok(ExplainedShipping {
        method: shipping.method,
        name: shipping.name.clone(),
        pickup: shipping.pickup.clone(),
        steps: steps.steps,
        payable: steps.subtotal,
    })
}

/// How `order` came to its total.
///
/// # Errors
/// [`Problem`] where its own numbers are past all bounds.
pub fn explain(order: &Order) -> Result<Explanation, Problem> {
    let (policy, pricing) = (order.policy(), order.pricing.as_ref());
    let promotions = pricing.map(|pricing| pricing.promotions.clone()).unwrap_or_default();
    let lines = order.lines.iter().map(|bought| line(bought, policy, &promotions));
    let shipping = pricing.and_then(|pricing| pricing.shipping.as_ref());
    Ok(Explanation {
        order_id: order.id,
        version: order.sequence,
        priced_at: pricing.map_or(order.placed_at, |pricing| pricing.at),
        policy,
        customer_group: pricing.and_then(|pricing| pricing.group.clone()),
        destination: pricing.and_then(|pricing| pricing.destination.clone()),
        reverse_charge: pricing.is_some_and(|pricing| pricing.reverse_charge),
        lines: lines.collect::<Result<_, _>>()?,
        shipping: shipping.map(|shipping| sending(shipping, policy, &promotions)).transpose()?,
        promotions,
        taxes: pricing.map(|pricing| pricing.taxes.clone()).unwrap_or_default(),
        totals: order.totals.clone(),
        tenders: order.placed.tenders.clone(),
        paid_outside: order.placed.paid_outside.clone(),
        due: order.total().minus(order.tendered()?)?.or_zero(),
    })
}
