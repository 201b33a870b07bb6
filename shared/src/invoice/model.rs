//! What an invoice is, and a credit note.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{position::Position, sum::Sum};
use crate::{
    contact::{Country, Line},
    id::{EventId, OrderId},
    identity::StoreProfile,
    money::Money,
    payment::ProviderName,
    pricing::VatId,
};

/// Which series of numbers a document is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// Says what is owed.
    Invoice,
    /// Takes back some of it.
    CreditNote,
}

impl DocumentKind {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
        }
    }

    /// As people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Invoice => "Invoice",
            Self::CreditNote => "Credit note",
        }
    }
}

impl std::str::FromStr for DocumentKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Invoice, Self::CreditNote].into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// Who sells, as it was when the document was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seller {
    /// The store's name.
    pub name: Line,
    /// Where it is taxed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// Its VAT id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_id: Option<VatId>,
}

impl From<StoreProfile> for Seller {
    fn from(store: StoreProfile) -> Self {
        let (country, vat_id) = match store.tax_origin {
            Some(origin) => (Some(origin.country), origin.vat_id),
            None => (None, None),
        };
        Self { name: store.name, country, vat_id }
    }
}

/// How something was paid, without saying from whose account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PaidBy {
    /// Through a payment provider.
    Provider {
        /// Which.
        provider: ProviderName,
    },
    /// With a gift card.
    GiftCard,
    /// With store credit.
    StoreCredit,
    /// Past the payment providers: in cash, by bank transfer.
    Outside,
    /// With goods that came back.
    Exchange,
}

/// What was paid how; on a credit note, what went back how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// How.
    pub by: PaidBy,
    /// How much.
    pub amount: Money,
}

/// What a document says, before it has a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Its series.
    pub kind: DocumentKind,
    /// The event that it is for.
    pub event: EventId,
    /// What happened then.
    pub happened: String,
    /// When.
    pub at: Timestamp,
    /// What it is about.
    pub positions: Vec<Position>,
    /// What they come to.
    pub sum: Sum,
    /// The same, with tax.
    pub total: Money,
    /// What was paid, or went back.
    pub payments: Vec<Payment>,
    /// Whether the unit prices hold their tax.
    pub prices_include_tax: bool,
    /// Whether whoever buys owes the tax.
    pub reverse_charge: bool,
}

/// A document. It never changes, and holds nothing personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its number in its series, from 1.
    pub number: u64,
    /// When it got it.
    pub issued_at: Timestamp,
    /// Who sells.
    pub seller: Seller,
    /// The order that it is about.
    pub order: OrderId,
    /// What people call the order.
    pub order_number: String,
    /// When that was placed.
    pub ordered_at: Timestamp,
    /// The invoice that it adds to or takes from: the order's first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<u64>,
    /// What it says.
    pub content: Draft,
}

impl Document {
    /// As people call it, such as `Credit note 7`.
    pub fn title(&self) -> String {
        format!("{} {}", self.content.kind.title(), self.number)
    }
}
