//! What callers say of refunds, returns and edits.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        decide::{RefundWish, ShippingWish},
        model::Order,
        refund::RefundTo,
        returns::{ReceivedLine, ReturnLine},
    },
    positive,
};
use crate::{
    catalog::Sku,
    contact::{Line, LocationId, Note},
    http::Problem,
    id::GiftCardId,
    money::Money,
    pricing::TenderKind,
    quantity::Quantity,
};

/// Where a refund is to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundTarget {
    /// To where the money came from: the provider's payments first, then gift cards and store credit.
    #[default]
    Original,
    /// To a gift card.
    GiftCard,
    /// To what the store owes the order's customer.
    StoreCredit,
}

impl RefundTarget {
    /// Where that is for `order`; `card` is the gift card that was named.
    ///
    /// # Errors
    /// 422, where there is no such place.
    pub fn of(self, order: &Order, card: Option<GiftCardId>) -> Result<RefundTo, Problem> {
        match self {
            _ if self != Self::GiftCard && card.is_some() => {
                Err(Problem::invalid("gift_card", "Only a refund to a gift card names one."))
            }
            Self::Original => Ok(RefundTo::Original),
            Self::StoreCredit => {
                let customer = order.placed.customer;
                let nobody =
                    || Problem::invalid("to", "The order has no customer who could have store credit.");
                Ok(RefundTo::StoreCredit { customer: customer.ok_or_else(nobody)? })
            }
            Self::GiftCard => {
                let paid = order.placed.tenders.iter().find_map(|tender| match tender.kind {
                    TenderKind::GiftCard { id } => Some(id),
                    TenderKind::StoreCredit { .. } => None,
                });
                let none = || Problem::invalid("gift_card", "Say which: none paid for the order.");
                Ok(RefundTo::GiftCard { id: card.or(paid).ok_or_else(none)? })
            }
        }
    }
}

/// Some of a line that is to be refunded.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundLine {
    /// Of what.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
}

/// How much of the shipping is to be refunded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(untagged, expecting = "must be true, false, or an amount of money")]
pub enum ShippingInput {
    /// All that is left of it, or nothing.
    All(bool),
    /// This much, with its tax.
    Amount(Money),
}

/// A refund. Without amount, lines and shipping, all that is left.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundOrder {
    /// How much, for nothing in particular.
    #[serde(default, deserialize_with = "positive")]
    pub amount: Option<Money>,
    /// What is refunded, at what was paid for it.
    #[serde(default)]
    pub lines: Option<Vec<RefundLine>>,
    /// How much of the shipping: `true` for all that is left of it, or an amount.
    #[serde(default)]
    pub shipping: Option<ShippingInput>,
    /// Why, in the store's own words.
    #[serde(default)]
    pub reason: Option<Line>,
    /// Where it goes.
    #[serde(default)]
    pub to: RefundTarget,
    /// The gift card it goes to, where that is not the one that paid for the order.
    #[serde(default)]
    pub gift_card: Option<GiftCardId>,
}

impl RefundOrder {
    /// What is to go back.
    ///
    /// # Errors
    /// 422, where it says two things at once.
    pub fn wish(&self) -> Result<RefundWish, Problem> {
        let shipping = match self.shipping {
            None | Some(ShippingInput::All(false)) => ShippingWish::None,
            Some(ShippingInput::All(true)) => ShippingWish::All,
            Some(ShippingInput::Amount(amount)) => ShippingWish::Amount(amount),
        };
        let parts = self.lines.is_some() || shipping != ShippingWish::None;
        match self.amount {
            Some(_) if parts => {
                Err(Problem::invalid("amount", "Give either an amount, or lines and shipping."))
            }
            Some(amount) => Ok(RefundWish::Amount(amount)),
            None if !parts => Ok(RefundWish::All),
            None => {
                let lines = self.lines.iter().flatten().map(|line| (line.sku.clone(), line.quantity));
                Ok(RefundWish::Parts { lines: lines.collect(), shipping })
            }
        }
    }
}

/// Goods that are to come back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestReturn {
    /// What, and why.
    pub lines: Vec<ReturnLine>,
    /// What there is to say of it, in one's own words. It goes no further than to staff and to the shopper.
    #[serde(default)]
    pub note: Option<Note>,
}

/// Some of a line that came back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveLine {
    /// Of what.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
    /// Whether they can be sold again.
    #[serde(default)]
    pub restock: bool,
    /// Where they were put; needed where they can be sold again.
    #[serde(default)]
    pub location: Option<LocationId>,
}

impl ReceiveLine {
    /// As it is recorded.
    ///
    /// # Errors
    /// 422, where it does not say where they were put.
    pub fn received(&self) -> Result<ReceivedLine, Problem> {
        let restock = match (self.restock, &self.location) {
            (true, None) => {
                return Err(Problem::invalid("lines", "Say where what can be sold again was put."));
            }
            (true, location) => location.clone(),
            (false, _) => None,
        };
        Ok(ReceivedLine { sku: self.sku.clone(), quantity: self.quantity, restock })
    }
}

/// Goods that came back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveReturn {
    /// What came, and what becomes of it.
    pub lines: Vec<ReceiveLine>,
    /// Whether what was paid for it goes back. Takes the scope `refunds:write`.
    #[serde(default)]
    pub refund: bool,
    /// What is given for it, in place of a refund. Takes the scope `refunds:write`.
    #[serde(default)]
    pub exchange: Option<ExchangeGoods>,
    /// Where the refund goes.
    #[serde(default)]
    pub to: RefundTarget,
    /// The gift card it goes to, where that is not the one that paid for the order.
    #[serde(default)]
    pub gift_card: Option<GiftCardId>,
}

/// How many of each SKU.
type Counts = BTreeMap<Sku, u32>;

/// Goods that are given for those that came back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeGoods {
    /// What: each SKU once. As many as came of a SKU are sent again for what was paid for them; others cost what they
    /// cost today.
    pub lines: Vec<RefundLine>,
}

impl ExchangeGoods {
    /// How many of each SKU; those that came among `came` apart from the others.
    ///
    /// # Errors
    /// 422, where a SKU is named twice, or none.
    pub fn split(&self, came: &BTreeMap<&Sku, u64>) -> Result<(Counts, Counts), Problem> {
        let (mut again, mut more) = (BTreeMap::new(), BTreeMap::new());
        if !(1..=MOST_LINES).contains(&self.lines.len()) {
            return Err(Problem::invalid(
                "exchange.lines",
                format!("There must be 1 to {MOST_LINES} lines."),
            ));
        }
        for RefundLine { sku, quantity } in &self.lines {
            if again.contains_key(sku) || more.contains_key(sku) {
                return Err(Problem::invalid("exchange.lines", format!("{sku} is there twice.")));
            }
            let same =
                u32::try_from(came.get(sku).copied().unwrap_or(0)).unwrap_or(u32::MAX).min(quantity.get());
            again.extend((same > 0).then(|| (sku.clone(), same)));
            more.extend((quantity.get() > same).then(|| (sku.clone(), quantity.get() - same)));
        }
        Ok((again, more))
    }
}

/// A return that is not taken.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectReturn {
    /// Why, in the store's own words.
    #[serde(default)]
    pub reason: Option<Line>,
}

/// How many of a SKU an order is to have.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditLine {
    /// Of what.
    pub sku: Sku,
    /// How many there are to be: 0 takes it off.
    #[schema(minimum = 0, maximum = 10_000)]
    pub quantity: u32,
}

/// A change of what is bought.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditOrder {
    /// What changes, each SKU once. What is not named stays.
    pub lines: Vec<EditLine>,
    /// Why, in the store's own words.
    #[serde(default)]
    pub reason: Option<Line>,
}

/// How many lines an edit may name.
const MOST_LINES: usize = 50;

impl EditOrder {
    /// How many there are to be of each SKU.
    ///
    /// # Errors
    /// 422, where a SKU is named twice, or none.
    pub fn changes(&self) -> Result<BTreeMap<Sku, u32>, Problem> {
        let mut changes = BTreeMap::new();
        for line in &self.lines {
            if line.quantity > 10_000 {
                return Err(Problem::invalid("lines", "There may be 10000 of a SKU at most."));
            }
            if changes.insert(line.sku.clone(), line.quantity).is_some() {
                return Err(Problem::invalid("lines", format!("{} is there twice.", line.sku)));
            }
        }
        if !(1..=MOST_LINES).contains(&changes.len()) {
            return Err(Problem::invalid("lines", format!("There must be 1 to {MOST_LINES} lines.")));
        }
        Ok(changes)
    }
}

macro_rules! quiet {
    ($($name:ident),*) => {$(
        // Whoever writes a reason may name the shopper.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

quiet!(RefundOrder, RejectReturn, EditOrder);
