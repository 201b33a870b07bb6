//! What a cart is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::ToSchema;

use crate::{
    catalog::Sku,
    contact::{Address, Email},
    gift_card::GiftCode,
    http::{Code, Mark, Problem},
    id::{CartId, CustomerId, GiftCardId, OrderId, ShippingMethodId},
    metadata::Metadata,
    money::Currency,
    pricing::{ByHand, PromotionCode, VatId},
    quantity::Quantity,
    text::given,
    vault::Kept,
};

use super::Particulars;

/// Lines that a cart may have: each is a write of the transaction that reserves its stock.
pub(crate) const MOST_LINES: usize = 50;

/// Codes that a cart may have.
pub(crate) const MOST_CODES: usize = 10;

/// Gift cards that a cart may be paid with.
const MOST_GIFT_CARDS: usize = 5;

/// Checkouts of one cart that are remembered. More in two days is nobody who shops.
const MOST_CHECKOUTS: usize = 50;

/// How long a checkout can be repeated: as long as other requests.
const CHECKOUTS_KEPT: SignedDuration = SignedDuration::from_hours(48);

/// How long a cart lives after its last change.
const LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A cart to be created.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCart {
    /// What the shopper pays in; the store's currency where absent.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// The caller's own.
    #[serde(default)]
    pub metadata: Metadata,
}

/// What changes of a cart. What is absent stays.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCart {
    /// Where mails about the order go.
    pub email: Option<Email>,
    /// Where the parcel goes.
    pub shipping_address: Option<Address>,
    /// Where the invoice goes, where that differs.
    pub billing_address: Option<Address>,
    /// The VAT id of the business that buys; null for a person.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<VatId>)]
    pub vat_id: Option<Option<VatId>>,
    /// What the shopper typed to get a discount, all of it: at most 10 codes. Lower case is raised.
    #[serde(default, deserialize_with = "raised")]
    pub codes: Option<Vec<PromotionCode>>,
    /// The codes of the gift cards to pay with, all of them, in the order in which they are used up: at most 5.
    #[schema(value_type = Option<Vec<String>>)]
    pub gift_cards: Option<Vec<GiftCode>>,
    /// Whether to pay with the store credit of the customer whose cart it is.
    pub store_credit: Option<bool>,
    /// How it is sent, of the ways that the cart offers; null for not chosen.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<ShippingMethodId>)]
    pub shipping_method: Option<Option<ShippingMethodId>>,
    /// The caller's own, all of it.
    pub metadata: Option<Metadata>,
}

/// As people type codes.
fn raised<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<PromotionCode>>, D::Error> {
    let typed: Option<Vec<String>> = Option::deserialize(deserializer)?;
    let raised = |codes: Vec<String>| codes.iter().map(|code| code.trim().to_uppercase().parse()).collect();
    typed.map(raised).transpose().map_err(D::Error::custom)
}

impl fmt::Debug for ChangeCart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChangeCart(…)")
    }
}

/// A line to be added.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddLine {
    /// Of what.
    pub sku: Sku,
    /// How many more.
    pub quantity: Quantity,
}

/// What changes of a line.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeLine {
    /// How many in all.
    pub quantity: Quantity,
}

/// A line of a cart: one per SKU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLine {
    /// Of what.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
}

/// A checkout that turned a cart into an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastCheckout {
    /// Which order, by the number of the cart's attempt.
    pub attempt: u32,
    /// How many events the order had then.
    pub sequence: u32,
    /// When it was, in seconds since 1970.
    pub at: i64,
    /// By which request.
    pub mark: Mark,
}

/// A cart.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Cart {
    /// Its id.
    pub id: CartId,
    /// What the shopper pays in.
    pub currency: Currency,
    /// What is in it.
    pub lines: Vec<CartLine>,
    /// What staff say of prices. Only a draft's cart has any.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_hand: BTreeMap<Sku, ByHand>,
    /// The customer whose it is, once one who was logged in had to do with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// How the shopper is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Kept<Particulars>>,
    /// What the shopper typed to get a discount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<PromotionCode>,
    /// The gift cards to pay with, in the order in which they are used up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gift_cards: Vec<GiftCardId>,
    /// Whether to pay with the customer's store credit.
    #[serde(default)]
    pub store_credit: bool,
    /// How it is sent, once that is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<ShippingMethodId>,
    /// The caller's own.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    /// How often it was turned into an order.
    pub attempt: u32,
    /// The checkouts that it was turned into orders by: who sends one again is answered by what came of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checkouts: Vec<PastCheckout>,
    /// The order it was last turned into. While that is alive, the cart can't be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// Counts its changes, from 1.
    pub version: u32,
    /// Names the change that made it what it is, so that whoever made it knows it again after a lost answer.
    pub change: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it ends, in seconds since 1970: DynamoDB deletes it some time after.
    pub expires: i64,
}

// What callers hang on it may be personal.
impl fmt::Debug for Cart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cart({}, version {})", self.id, self.version)
    }
}

impl Cart {
    /// A new, empty cart.
    pub fn new(id: CartId, currency: Currency, metadata: Metadata, now: Timestamp) -> Self {
        Self {
            id,
            currency,
            lines: Vec::new(),
            by_hand: BTreeMap::new(),
            customer: None,
            contact: None,
            codes: Vec::new(),
            gift_cards: Vec::new(),
            store_credit: false,
            shipping_method: None,
            metadata,
            attempt: 0,
            checkouts: Vec::new(),
            order: None,
            version: 1,
            change: 0,
            created_at: now,
            updated_at: now,
            expires: (now + LIFETIME).as_second(),
        }
    }

    /// Whether it has ended. DynamoDB deletes late, so this is asked at every read.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires <= now.as_second()
    }

    /// The next version, by this `change`, and a new lease of life.
    pub fn touch(&mut self, now: Timestamp, change: u64) {
        self.change = change;
        self.version = self.version.saturating_add(1);
        self.updated_at = now;
        self.expires = (now + LIFETIME).as_second();
    }

    /// Adds `quantity` of `sku`, to its line where there is one.
    ///
    /// # Errors
    /// 422 where the line or the cart gets too large.
    pub fn add(&mut self, sku: Sku, quantity: Quantity) -> Result<(), Problem> {
        if let Some(line) = self.lines.iter_mut().find(|line| line.sku == sku) {
            line.quantity =
                line.quantity.plus(quantity).map_err(|detail| Problem::invalid("quantity", detail))?;
        } else if self.lines.len() == MOST_LINES {
            return Err(Problem::invalid("sku", format!("A cart has at most {MOST_LINES} lines.")));
        } else {
            self.lines.push(CartLine { sku, quantity });
        }
        Ok(())
    }

    /// Sets the quantity of `sku`'s line.
    ///
    /// # Errors
    /// 404 where there is no such line.
    pub fn set(&mut self, sku: &Sku, quantity: Quantity) -> Result<(), Problem> {
        let line = self.lines.iter_mut().find(|line| line.sku == *sku).ok_or_else(Problem::not_found)?;
        line.quantity = quantity;
        Ok(())
    }

    /// Takes over what `change` says of how it is priced and paid. `gift_cards` are the cards of the codes that it has.
    ///
    /// # Errors
    /// 422 where there are too many of something.
    pub fn change(
        &mut self,
        change: &ChangeCart,
        gift_cards: Option<Vec<GiftCardId>>,
    ) -> Result<(), Problem> {
        if let Some(codes) = &change.codes {
            let mut codes = codes.clone();
            let mut seen = BTreeSet::new();
            codes.retain(|code| seen.insert(code.clone()));
            if codes.len() > MOST_CODES {
                return Err(Problem::invalid("codes", format!("There may be at most {MOST_CODES}.")));
            }
            self.codes = codes;
        }
        if let Some(mut cards) = gift_cards {
            let mut seen = BTreeSet::new();
            cards.retain(|card| seen.insert(*card));
            if cards.len() > MOST_GIFT_CARDS {
                let detail = format!("There may be at most {MOST_GIFT_CARDS}.");
                return Err(Problem::invalid("gift_cards", detail));
            }
            self.gift_cards = cards;
        }
        self.store_credit = change.store_credit.unwrap_or(self.store_credit);
        self.shipping_method = change.shipping_method.unwrap_or(self.shipping_method);
        if let Some(metadata) = &change.metadata {
            self.metadata = metadata.clone();
        }
        Ok(())
    }

    /// Removes `sku`'s line.
    ///
    /// # Errors
    /// 404 where there is no such line.
    pub fn remove(&mut self, sku: &Sku) -> Result<(), Problem> {
        let place = self.lines.iter().position(|line| line.sku == *sku).ok_or_else(Problem::not_found)?;
        self.lines.remove(place);
        Ok(())
    }

    /// The checkout that the request with this mark was before, if it was.
    ///
    /// # Errors
    /// 422 where it is another request with the same key.
    pub fn checked_out_by(&self, mark: &Mark) -> Result<Option<&PastCheckout>, Problem> {
        for past in &self.checkouts {
            if mark.repeats(&past.mark)? {
                return Ok(Some(past));
            }
        }
        Ok(None)
    }

    /// Keeps that the request with this mark turned it into the order of its present attempt, which has `sequence` events.
    ///
    /// # Errors
    /// 409 where it was checked out more often than can be remembered for as long as a request may be repeated.
    pub fn keep_checkout(&mut self, mark: Mark, sequence: u32, now: Timestamp) -> Result<(), Problem> {
        let (attempt, at) = (self.attempt, now.as_second());
        self.checkouts.retain(|past| past.at + CHECKOUTS_KEPT.as_secs() > at);
        if self.checkouts.len() >= MOST_CHECKOUTS {
            let detail = "This cart was checked out too often. Make a new one.";
            return Err(Problem::new(Code::LimitReached, detail));
        }
        self.checkouts.push(PastCheckout { attempt, sequence, at, mark });
        Ok(())
    }

    /// The refusal to change a cart whose order is alive.
    pub fn ordered(order: OrderId) -> Problem {
        Problem::new(Code::CartOrdered, format!("This cart became the order {order}."))
    }
}
