//! An order as it was placed.

use serde::{Deserialize, Serialize};

use super::contact::OrderContact;
use crate::{
    id::{CartId, CustomerId, DraftId},
    money::{Money, MoneyError},
    payment::{CaptureMethod, Method, ProviderName, SaveFor},
    pricing::{PaidOutside, PricePolicy, PricedLine, Pricing, Tender},
    risk::Traits,
    totals::Totals,
};

/// An order was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// What people call it.
    pub number: String,
    /// The cart it was.
    pub cart: CartId,
    /// The cart's version that was priced.
    pub cart_version: u32,
    /// Which attempt of the cart it is, from 1.
    pub attempt: u32,
    /// What was bought.
    pub lines: Vec<PricedLine>,
    /// What it came to.
    pub totals: Totals,
    /// How it is paid. Without it, the shopper tells the provider in the browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<Method>,
    /// By which provider. It stays so, whatever the store chooses meanwhile.
    #[serde(default, skip_serializing_if = "ProviderName::is_default")]
    pub provider: ProviderName,
    /// When the money is taken.
    pub capture_method: CaptureMethod,
    /// What the customer agreed that the payment method is saved for, where they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub save_method: Option<SaveFor>,
    /// Whether it is charged while the shopper is not there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub off_session: bool,
    /// The customer whose it is, where one was logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// How they are reached. Never published.
    pub contact: OrderContact,
    /// How it was priced. Orders of the first versions had nothing but prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pricing: Option<Pricing>,
    /// What was paid without the payment provider.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tenders: Vec<Tender>,
    /// What was paid outside Souk, as staff said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_outside: Option<PaidOutside>,
    /// The draft of staff that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<DraftId>,
    /// Whether who placed it carries it through its payment: the saga is not woken for that, but by the sweeper.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub carried: bool,
    /// What its risk is assessed by. Never published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traits: Option<Traits>,
}

impl Placed {
    /// How the store's prices were meant.
    pub fn policy(&self) -> PricePolicy {
        self.pricing.as_ref().map(|pricing| pricing.policy).unwrap_or_default()
    }

    /// What is left for the payment provider to charge.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn due(&self) -> Result<Money, MoneyError> {
        self.totals.total.minus(self.paid_already()?)
    }

    /// What was paid when it was placed: with gift cards, store credit, or outside Souk.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn paid_already(&self) -> Result<Money, MoneyError> {
        let outside = self.paid_outside.iter().map(|paid| paid.amount);
        let tenders = self.tenders.iter().map(|tender| tender.amount);
        Money::sum(tenders.chain(outside), self.totals.total.currency())
    }
}
