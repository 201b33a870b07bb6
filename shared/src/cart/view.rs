//! Carts as shoppers see them, with what they cost.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Cart, CartLine, Particulars};
use crate::{
    catalog::{Options, Sku},
    contact::{Address, Email, Line},
    http::Problem,
    id::{CartId, CustomerId, GiftCardId, OrderId, PriceListId, ProductId, ShippingMethodId},
    metadata::Metadata,
    money::{Currency, Money},
    pricing::{AppliedPromotion, Discount, PricedLine, PricedShipping, PromotionCode, Tax, TaxTotal, VatId},
    promotion::Reason,
    quantity::Quantity,
    quote::{LineProblem, Quote, Wanted, quote},
    runtime::App,
    shipping::ShippingOption,
    store::Edition,
    totals::Totals,
};

impl Cart {
    /// What it wants to buy, and how.
    pub fn wanted<'a>(&'a self, particulars: &'a Particulars) -> Wanted<'a> {
        Wanted {
            currency: self.currency,
            lines: self.lines.iter().map(|line| (line.sku.clone(), line.quantity)).collect(),
            by_hand: &self.by_hand,
            customer: self.customer,
            email: self.contact.as_ref().and_then(|kept| kept.email),
            codes: &self.codes,
            address: particulars.shipping_address.as_ref(),
            vat_id: particulars.vat_id.as_ref(),
            shipping_method: self.shipping_method,
            gift_cards: &self.gift_cards,
            store_credit: self.store_credit,
        }
    }

    /// What it costs here and now, by an edition of its store's rules.
    ///
    /// # Errors
    /// [`Problem`] where storage fails, or amounts are past all bounds.
    pub async fn quote(
        &self,
        app: &App,
        edition: &Edition,
        particulars: &Particulars,
    ) -> Result<Quote, Problem> {
        quote(app, edition, &self.wanted(particulars)).await
    }
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
    /// What all of them cost, before discounts.
    pub total: Option<Money>,
    /// What one costs in the catalog, where a price list or a sale says otherwise.
    pub list_price: Option<Money>,
    /// The price list that says otherwise.
    pub price_list: Option<PriceListId>,
    /// What is taken off.
    pub discounts: Vec<Discount>,
    /// Its taxes.
    pub taxes: Vec<Tax>,
    /// Whether a promotion gives it away: then it is not among the lines that can be changed.
    pub gift: bool,
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
    /// The VAT id of the business that buys.
    pub vat_id: Option<VatId>,
    /// The codes that were typed.
    pub codes: Vec<CodeView>,
    /// The promotions that apply, in the order of their precedence.
    pub promotions: Vec<AppliedPromotion>,
    /// The ways in which it can be sent, once the shipping address is known.
    pub shipping_options: Vec<ShippingOption>,
    /// The way that was chosen. Where it is none of those that it can be sent by any more, `shipping` is null.
    pub shipping_method: Option<ShippingMethodId>,
    /// How it is sent, and what that costs.
    pub shipping: Option<PricedShipping>,
    /// The taxes, one for each name and rate.
    pub taxes: Vec<TaxTotal>,
    /// Whether the business that buys owes the tax itself.
    pub reverse_charge: bool,
    /// What it comes to. Lines that can't be bought don't count.
    pub totals: Totals,
    /// The gift cards that pay, in the order in which they are used up.
    pub gift_cards: Vec<CardView>,
    /// What store credit pays, where the cart asks for it.
    pub store_credit: Option<Money>,
    /// What is left for the payment provider.
    pub due: Money,
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

/// A code that was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CartCode)]
pub struct CodeView {
    /// The code.
    pub code: PromotionCode,
    /// Whether it counts.
    pub applied: bool,
    /// Why it does not; null where it does.
    pub reason: Option<Reason>,
}

/// A gift card that a cart is to be paid with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CartGiftCard)]
pub struct CardView {
    /// Its id.
    pub id: GiftCardId,
    /// The end of its code.
    pub last_four: String,
    /// What it pays. Nothing, where it is empty, ended, or of another currency.
    pub amount: Money,
}

impl LineView {
    /// One that can't be bought.
    fn without_price(line: &CartLine, problem: Option<LineProblem>) -> Self {
        Self {
            sku: line.sku.clone(),
            quantity: line.quantity,
            product_id: None,
            name: None,
            options: None,
            unit_price: None,
            total: None,
            list_price: None,
            price_list: None,
            discounts: Vec::new(),
            taxes: Vec::new(),
            gift: false,
            problem,
        }
    }
}

impl From<PricedLine> for LineView {
    fn from(line: PricedLine) -> Self {
        Self {
            sku: line.sku,
            quantity: line.quantity,
            product_id: Some(line.product_id),
            name: Some(line.name),
            options: Some(line.options),
            unit_price: Some(line.unit_price),
            total: Some(line.total),
            list_price: line.list_price,
            price_list: line.price_list,
            discounts: line.discounts,
            taxes: line.taxes,
            gift: false,
            problem: None,
        }
    }
}

/// The cart as shoppers see it, with what it knows of the shopper. `order` is the live order it became, if any.
pub fn view(cart: &Cart, particulars: Particulars, quote: Quote, order: Option<OrderId>) -> CartView {
    let Quote { problems, computed, purse, .. } = quote;
    let mut priced = computed.priced.lines.into_iter();
    let mut lines: Vec<LineView> = Vec::with_capacity(cart.lines.len());
    for (line, problem) in cart.lines.iter().zip(problems) {
        let bought = if problem.is_none() { priced.next() } else { None };
        lines.push(bought.map_or_else(|| LineView::without_price(line, problem), LineView::from));
    }
    lines.extend(priced.map(|line| LineView { gift: true, ..line.into() }));
    let pricing = computed.priced.pricing;
    let refused = &computed.evaluation.refused;
    let codes = cart.codes.iter().map(|code| {
        let reason = refused.iter().find(|refused| refused.code == *code).map(|refused| refused.reason);
        CodeView { code: code.clone(), applied: reason.is_none(), reason }
    });
    let cards = purse.cards.into_iter().map(|(card, amount)| CardView {
        id: card.id,
        last_four: card.last_four,
        amount,
    });
    CartView {
        id: cart.id,
        status: if order.is_some() { CartStatus::Ordered } else { CartStatus::Open },
        version: cart.version,
        currency: cart.currency,
        customer_id: cart.customer,
        email: particulars.email,
        shipping_address: particulars.shipping_address,
        billing_address: particulars.billing_address,
        vat_id: particulars.vat_id,
        codes: codes.collect(),
        promotions: pricing.promotions,
        shipping_options: computed.options,
        shipping_method: cart.shipping_method,
        shipping: pricing.shipping,
        taxes: pricing.taxes,
        reverse_charge: pricing.reverse_charge,
        lines,
        totals: computed.priced.totals,
        gift_cards: cards.collect(),
        store_credit: purse.credit,
        due: purse.due,
        order_id: order,
        metadata: cart.metadata.clone(),
        created_at: cart.created_at,
        updated_at: cart.updated_at,
        expires_at: Timestamp::from_second(cart.expires).unwrap_or(cart.updated_at),
    }
}
