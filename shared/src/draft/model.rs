//! What a draft is.

use std::{collections::BTreeMap, fmt};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    cart::{Cart, CartLine, MOST_CODES, MOST_LINES, Particulars},
    catalog::Sku,
    contact::{Address, Email, Note},
    http::{Code, Problem},
    id::{CartId, CustomerId, DraftId, LinkId, OrderId, ShippingMethodId},
    metadata::Metadata,
    money::{Currency, Money},
    pricing::{ByHand, HandDiscount, PriceReason, PromotionCode, VatId},
    principal::Who,
    quantity::Quantity,
    text::given,
};

/// How long a draft lives after its last change.
const LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A line of a draft.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftLine {
    /// Of what.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
    /// What one costs, in place of the catalog and the price lists.
    #[serde(default)]
    pub unit_price: Option<Money>,
    /// What is taken off all of them together.
    #[serde(default)]
    pub discount: Option<HandDiscount>,
    /// Why, in one word of the store's choice: needed with a price or a discount.
    #[serde(default)]
    pub reason: Option<PriceReason>,
}

/// A draft to be created.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDraft {
    /// What the shopper pays in; the store's currency where absent.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// The customer whose it is; nobody's where absent. Without `email`, theirs is taken.
    #[serde(default)]
    pub customer_id: Option<CustomerId>,
    /// Where mails about the order go.
    #[serde(default)]
    pub email: Option<Email>,
    /// Where the parcel goes.
    #[serde(default)]
    pub shipping_address: Option<Address>,
    /// Where the invoice goes, where that differs.
    #[serde(default)]
    pub billing_address: Option<Address>,
    /// The VAT id of the business that buys.
    #[serde(default)]
    pub vat_id: Option<VatId>,
    /// What is bought: at most 50 lines, each SKU once.
    #[serde(default)]
    pub lines: Vec<DraftLine>,
    /// Codes of promotions: at most 10.
    #[serde(default)]
    pub codes: Vec<PromotionCode>,
    /// How it is sent.
    #[serde(default)]
    pub shipping_method: Option<ShippingMethodId>,
    /// What staff should know of it, in their own words. The shopper does not see it.
    #[serde(default)]
    pub note: Option<Note>,
}

impl From<NewDraft> for ChangeDraft {
    fn from(new: NewDraft) -> Self {
        Self {
            customer_id: new.customer_id.map(Some),
            email: new.email,
            shipping_address: new.shipping_address,
            billing_address: new.billing_address.map(Some),
            vat_id: new.vat_id.map(Some),
            lines: Some(new.lines),
            codes: Some(new.codes),
            shipping_method: new.shipping_method.map(Some),
            note: new.note.map(Some),
        }
    }
}

/// What changes of a draft. What is absent stays.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeDraft {
    /// The customer whose it is; null for a guest.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<CustomerId>)]
    pub customer_id: Option<Option<CustomerId>>,
    /// Where mails about the order go.
    #[serde(default)]
    pub email: Option<Email>,
    /// Where the parcel goes.
    #[serde(default)]
    pub shipping_address: Option<Address>,
    /// Where the invoice goes, where that differs; null for nowhere else.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Address>)]
    pub billing_address: Option<Option<Address>>,
    /// The VAT id of the business that buys; null for a person.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<VatId>)]
    pub vat_id: Option<Option<VatId>>,
    /// What is bought, all of it: at most 50 lines, each SKU once.
    #[serde(default)]
    pub lines: Option<Vec<DraftLine>>,
    /// Codes of promotions, all of them: at most 10.
    #[serde(default)]
    pub codes: Option<Vec<PromotionCode>>,
    /// How it is sent, of the ways that the draft offers; null for not chosen.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<ShippingMethodId>)]
    pub shipping_method: Option<Option<ShippingMethodId>>,
    /// What staff should know of it, in their own words; null for nothing. The shopper does not see it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Note>)]
    pub note: Option<Option<Note>>,
}

macro_rules! quiet {
    ($($name:ident),*) => {$(
        // It tells of people.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

quiet!(NewDraft, ChangeDraft);

/// A link by which a shopper pays a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Which.
    pub id: LinkId,
    /// When it ends, in seconds since 1970.
    pub expires: i64,
}

/// A draft.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Its id.
    pub id: DraftId,
    /// What is to be bought, and by whom.
    pub cart: Cart,
    /// What it came to when it was last changed.
    pub total: Money,
    /// The link that a shopper may pay it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    /// Who drew it up.
    pub by: Who,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it ends, in seconds since 1970: DynamoDB deletes it some time after.
    pub expires: i64,
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft({}, version {})", self.id, self.version)
    }
}

impl Draft {
    /// A new, empty one.
    pub fn new(id: DraftId, currency: Currency, by: Who, now: Timestamp) -> Self {
        let cart = Cart::new(CartId::from_bits(id.bits()), currency, Metadata::default(), now);
        let expires = (now + LIFETIME).as_second();
        Self { id, cart, total: Money::zero(currency), link: None, by, version: 1, expires }
    }

    /// Whether it has ended. DynamoDB deletes late, so this is asked at every read.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires <= now.as_second()
    }

    /// The next version, by this `change`, and a new lease of life.
    pub fn touch(&mut self, now: Timestamp, change: u64) {
        self.cart.touch(now, change);
        self.settle(now);
    }

    /// Takes over the version of its cart, which has just changed.
    pub(super) fn settle(&mut self, now: Timestamp) {
        self.version = self.cart.version;
        self.expires = (now + LIFETIME).as_second();
    }

    /// The refusal to change a draft whose order is alive.
    pub fn ordered(order: OrderId) -> Problem {
        Problem::new(Code::DraftCompleted, format!("This draft became the order {order}."))
    }

    /// Takes over what `change` says of what is bought and how.
    ///
    /// # Errors
    /// 422 where something can't be.
    pub fn change(&mut self, change: &ChangeDraft) -> Result<(), Problem> {
        if let Some(lines) = &change.lines {
            (self.cart.lines, self.cart.by_hand) = bought(lines, self.cart.currency)?;
        }
        if let Some(codes) = &change.codes {
            if codes.len() > MOST_CODES {
                return Err(Problem::invalid("codes", format!("There may be at most {MOST_CODES}.")));
            }
            let mut once: Vec<PromotionCode> = Vec::with_capacity(codes.len());
            once.extend(
                codes
                    .iter()
                    .enumerate()
                    .filter(|(at, code)| !codes[..*at].contains(code))
                    .map(|(_, code)| code.clone()),
            );
            self.cart.codes = once;
        }
        self.cart.customer = change.customer_id.unwrap_or(self.cart.customer);
        self.cart.shipping_method = change.shipping_method.unwrap_or(self.cart.shipping_method);
        Ok(())
    }
}

impl ChangeDraft {
    /// Takes over what it says of the shopper.
    pub fn particulars(&self, particulars: &mut Particulars) {
        let Self { email, shipping_address, billing_address, vat_id, note, .. } = self.clone();
        particulars.email = email.or(particulars.email.take());
        particulars.shipping_address = shipping_address.or(particulars.shipping_address.take());
        particulars.billing_address = billing_address.unwrap_or(particulars.billing_address.take());
        particulars.vat_id = vat_id.unwrap_or(particulars.vat_id.take());
        particulars.note = note.unwrap_or(particulars.note.take());
    }
}

/// Lines, and what staff say of their prices.
fn bought(
    lines: &[DraftLine],
    currency: Currency,
) -> Result<(Vec<CartLine>, BTreeMap<Sku, ByHand>), Problem> {
    if lines.len() > MOST_LINES {
        return Err(Problem::invalid("lines", format!("There may be at most {MOST_LINES}.")));
    }
    let (mut plain, mut said): (Vec<CartLine>, _) = (Vec::with_capacity(lines.len()), BTreeMap::new());
    for (place, line) in lines.iter().enumerate() {
        let wrong = |field: &str, detail: String| Problem::invalid(format!("lines[{place}].{field}"), detail);
        if plain.iter().any(|other| other.sku == line.sku) {
            return Err(wrong("sku", format!("{} is there twice.", line.sku)));
        }
        plain.push(CartLine { sku: line.sku.clone(), quantity: line.quantity });
        let fits = |amount: &Money| amount.currency() == currency && amount.amount() >= 0;
        if line.unit_price.as_ref().is_some_and(|price| !fits(price)) {
            return Err(wrong("unit_price", format!("It must be in {currency}, and not below zero.")));
        }
        if matches!(&line.discount, Some(HandDiscount::Amount(amount)) if !fits(amount)) {
            return Err(wrong("discount", format!("It must be in {currency}, and not below zero.")));
        }
        match (&line.reason, line.unit_price, line.discount) {
            (None, None, None) => {}
            (None, ..) => return Err(wrong("reason", "A price or a discount needs one.".to_owned())),
            (Some(_), None, None) => {
                return Err(wrong("reason", "It is the reason of no price and no discount.".to_owned()));
            }
            (Some(reason), unit_price, discount) => {
                said.insert(line.sku.clone(), ByHand { unit_price, discount, reason: reason.clone() });
            }
        }
    }
    Ok((plain, said))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn changed(lines: &Value) -> Result<Draft, Problem> {
        let key = Who::Key(crate::id::KeyId::from_bits(1));
        let mut draft = Draft::new(DraftId::from_bits(7), "EUR".parse().unwrap(), key, Timestamp::UNIX_EPOCH);
        let change: ChangeDraft = serde_json::from_value(json!({ "lines": lines })).unwrap();
        draft.change(&change).map(|()| draft)
    }

    #[test]
    fn a_price_by_hand_needs_its_reason_and_its_currency() {
        let price = |amount: i64, currency: &str| json!({"amount": amount, "currency": currency});
        let line = |more: Value| {
            let mut line = json!({"sku": "MUG", "quantity": 2});
            line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!([line])
        };
        let draft =
            changed(&line(json!({"unit_price": price(900, "EUR"), "reason": "price-match"}))).unwrap();
        assert_eq!(draft.cart.by_hand.len(), 1);
        assert!(changed(&line(json!({}))).unwrap().cart.by_hand.is_empty());
        for wrong in [
            json!({"unit_price": price(900, "EUR")}),
            json!({"discount": {"percent": "10"}}),
            json!({"reason": "price-match"}),
            json!({"unit_price": price(-1, "EUR"), "reason": "price-match"}),
            json!({"unit_price": price(900, "USD"), "reason": "price-match"}),
            json!({"discount": {"amount": price(5, "USD")}, "reason": "price-match"}),
        ] {
            assert!(changed(&line(wrong.clone())).is_err(), "{wrong}");
        }
        assert!(changed(&json!([{"sku": "MUG", "quantity": 1}, {"sku": "MUG", "quantity": 1}])).is_err());
    }

    #[test]
    fn what_is_null_goes_and_what_is_absent_stays() {
        let mut particulars =
            Particulars { note: Some("Wants it wrapped.".parse().unwrap()), ..Particulars::default() };
        let change = |json: Value| serde_json::from_value::<ChangeDraft>(json).unwrap();
        change(json!({"email": "ada@example.com"})).particulars(&mut particulars);
        assert!(particulars.note.is_some() && particulars.email.is_some());
        change(json!({ "note": null })).particulars(&mut particulars);
        assert!(particulars.note.is_none() && particulars.email.is_some());
    }
}
