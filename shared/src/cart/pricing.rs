//! What a cart costs: a pure function of the cart and of what the store offers.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Cart, Particulars};
use crate::{
    catalog::{Offer, Options, ProductStatus, Sku},
    contact::{Address, Email, Line},
    id::{CartId, CustomerId, OrderId, ProductId},
    metadata::Metadata,
    money::{Currency, Money, MoneyError},
    pricing::PricedLine,
    quantity::Quantity,
    totals::Totals,
};

/// Why a line can't be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineProblem {
    /// The store does not sell it any more.
    Unavailable,
    /// It has no price in the cart's currency.
    NoPrice,
}

/// Each line's price, or why it has none, and what those that have one come to. `offers` are in the lines' order.
///
/// # Errors
/// [`MoneyError`] where the sum is past all bounds.
pub fn price(
    cart: &Cart,
    offers: Vec<Option<Offer>>,
) -> Result<(Vec<Result<PricedLine, LineProblem>>, Totals), MoneyError> {
    let mut lines = Vec::with_capacity(cart.lines.len());
    for (line, offer) in cart.lines.iter().zip(offers) {
        let active = offer.filter(|offer| offer.status == ProductStatus::Active);
        let priced = active.ok_or(LineProblem::Unavailable).and_then(|offer| {
            let unit_price = offer.variant.price_in(cart.currency).ok_or(LineProblem::NoPrice)?;
            Ok((offer, unit_price))
        });
        lines.push(match priced {
            Err(problem) => Err(problem),
            Ok((offer, unit_price)) => Ok(PricedLine {
                sku: line.sku.clone(),
                product_id: offer.product,
                name: offer.name,
                options: offer.variant.options,
                quantity: line.quantity,
                unit_price,
                total: unit_price.times(line.quantity.get())?,
                list_price: None,
                price_list: None,
                discounts: Vec::new(),
                taxes: Vec::new(),
            }),
        });
    }
    let subtotal = Money::sum(lines.iter().flatten().map(|line| line.total), cart.currency)?;
    Ok((lines, Totals::of_lines(subtotal)))
}

/// Whether a cart can still be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CartStatus {
    /// It can.
    Open,
    /// It became an order.
    Ordered,
}

/// A line of a cart.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CartLine)]
pub struct LineView {
    /// Of what.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
    /// The product it is a variant of.
    pub product_id: Option<ProductId>,
    /// The product's name.
    pub name: Option<Line>,
    /// What sets the variant apart.
    pub options: Option<Options>,
    /// What one costs.
    pub unit_price: Option<Money>,
    /// What all of them cost.
    pub total: Option<Money>,
    /// Why it can't be bought; null where it can.
    pub problem: Option<LineProblem>,
}

/// A cart.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Cart)]
pub struct CartView {
    /// Its id.
    pub id: CartId,
    /// Whether it can still be changed.
    pub status: CartStatus,
    /// Counts its changes, from 1.
    pub version: u32,
    /// What the shopper pays in.
    pub currency: Currency,
    /// The customer whose it is.
    pub customer_id: Option<CustomerId>,
    /// Where mails about the order go.
    pub email: Option<Email>,
    /// Where the parcel goes.
    pub shipping_address: Option<Address>,
    /// Where the invoice goes, where that differs.
    pub billing_address: Option<Address>,
    /// What is in it.
    pub lines: Vec<LineView>,
    /// What it comes to. Lines that can't be bought don't count.
    pub totals: Totals,
    /// The order it became.
    pub order_id: Option<OrderId>,
    /// The caller's own.
    pub metadata: Metadata,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// When it ends, if nothing changes it before.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// The cart as shoppers see it, with what it knows of the shopper. `order` is the live order it became, if any.
///
/// # Errors
/// [`MoneyError`] where the sum is past all bounds.
pub fn view(
    cart: &Cart,
    particulars: Particulars,
    offers: Vec<Option<Offer>>,
    order: Option<OrderId>,
) -> Result<CartView, MoneyError> {
    let (priced, totals) = price(cart, offers)?;
    let lines = cart.lines.iter().zip(priced).map(|(line, priced)| {
        let problem = priced.as_ref().err().copied();
        let priced = priced.ok();
        LineView {
            sku: line.sku.clone(),
            quantity: line.quantity,
            product_id: priced.as_ref().map(|line| line.product_id),
            unit_price: priced.as_ref().map(|line| line.unit_price),
            total: priced.as_ref().map(|line| line.total),
            name: priced.as_ref().map(|line| line.name.clone()),
            options: priced.map(|line| line.options),
            problem,
        }
    });
    Ok(CartView {
        id: cart.id,
        status: if order.is_some() { CartStatus::Ordered } else { CartStatus::Open },
        version: cart.version,
        currency: cart.currency,
        customer_id: cart.customer,
        email: particulars.email,
        shipping_address: particulars.shipping_address,
        billing_address: particulars.billing_address,
        lines: lines.collect(),
        totals,
        order_id: order,
        metadata: cart.metadata.clone(),
        created_at: cart.created_at,
        updated_at: cart.updated_at,
        expires_at: Timestamp::from_second(cart.expires).unwrap_or(cart.updated_at),
    })
}
