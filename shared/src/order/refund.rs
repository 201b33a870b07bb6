//! Money that goes back: what for, on which ways, and how far it is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::event::Actor;
use crate::{
    catalog::Sku,
    contact::Line,
    id::{CustomerId, EditId, GiftCardId, RefundId, ReturnId},
    money::{Currency, Money, MoneyError},
    payment::RefundStatus,
    pricing::TenderKind,
    quantity::Quantity,
};

/// Some of a line whose money goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundedLine {
    /// Its place among the order's lines, from 0: a SKU may be on two of them, bought and given away.
    pub line: u32,
    /// Of what.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
    /// What they cost after discounts, without tax.
    pub net: Money,
    /// Their tax.
    pub tax: Money,
}

/// Some of what sending cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundedShipping {
    /// After discounts, without tax.
    pub net: Money,
    /// Its tax.
    pub tax: Money,
}

/// What a refund is for. Its parts sum to its amount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundParts {
    /// Lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<RefundedLine>,
    /// Sending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<RefundedShipping>,
    /// An amount for nothing in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjustment: Option<Money>,
}

impl RefundParts {
    /// An amount for nothing in particular.
    pub fn adjustment(amount: Money) -> Self {
        Self { adjustment: Some(amount), ..Self::default() }
    }

    /// What they sum to.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn total(&self, currency: Currency) -> Result<Money, MoneyError> {
        let lines = self.lines.iter().flat_map(|line| [line.net, line.tax]);
        let shipping = self.shipping.iter().flat_map(|shipping| [shipping.net, shipping.tax]);
        Money::sum(lines.chain(shipping).chain(self.adjustment), currency)
    }
}

/// Where a refund goes, as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RefundTo {
    /// To where the money came from: the provider's payments first, then gift cards and store credit.
    Original,
    /// To a gift card.
    GiftCard {
        /// Which.
        id: GiftCardId,
    },
    /// To what the store owes the order's customer.
    StoreCredit {
        /// Whom.
        customer: CustomerId,
    },
}

/// A way on which money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RefundWay {
    /// Through the payment provider.
    Payment {
        /// Which of the order's payments; 1 is its own.
        number: u32,
    },
    /// Onto a gift card.
    GiftCard {
        /// Which.
        id: GiftCardId,
    },
    /// To what the store owes a customer.
    StoreCredit {
        /// Whom.
        customer: CustomerId,
    },
    /// By hand, as it came: in cash, by bank transfer. Souk only writes it down.
    Outside,
    /// Not at all: it paid for goods that were given in exchange.
    Exchange {
        /// By which edit.
        edit: EditId,
    },
}

impl RefundWay {
    /// Whether money leaves the store on it.
    pub fn gives_money(self) -> bool {
        !matches!(self, Self::Exchange { .. })
    }

    /// Whether the provider gives it back.
    pub fn is_payment(self) -> bool {
        matches!(self, Self::Payment { .. })
    }

    /// The gift card or store credit, where it is one.
    pub fn tender(self) -> Option<TenderKind> {
        match self {
            Self::Payment { .. } | Self::Outside | Self::Exchange { .. } => None,
            Self::GiftCard { id } => Some(TenderKind::GiftCard { id }),
            Self::StoreCredit { customer } => Some(TenderKind::StoreCredit { customer }),
        }
    }
}

impl From<TenderKind> for RefundWay {
    fn from(kind: TenderKind) -> Self {
        match kind {
            TenderKind::GiftCard { id } => Self::GiftCard { id },
            TenderKind::StoreCredit { customer } => Self::StoreCredit { customer },
        }
    }
}

/// How much of a refund goes which way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundShare {
    /// Which way.
    #[serde(flatten)]
    pub way: RefundWay,
    /// How much.
    pub amount: Money,
}

/// What led to a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RefundCause {
    /// Staff asked for it.
    Requested,
    /// The order is being canceled: what is left goes back.
    Canceled,
    /// An edit made the order cheaper than what was paid for it.
    Edited {
        /// Which.
        edit: EditId,
    },
    /// Goods came back.
    Returned {
        /// Which return.
        #[serde(rename = "return")]
        id: ReturnId,
    },
    /// Goods came back, and others were given for them.
    Exchanged {
        /// Which return.
        #[serde(rename = "return")]
        id: ReturnId,
        /// The edit that gave the others.
        edit: EditId,
    },
}

/// A refund as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequest {
    /// Its id.
    pub refund: RefundId,
    /// How much.
    pub amount: Money,
    /// What for.
    pub parts: RefundParts,
    /// Where to.
    pub to: RefundTo,
    /// How much goes which way, in the order in which it goes.
    pub shares: Vec<RefundShare>,
    /// What led to it.
    pub cause: RefundCause,
    /// In the words of who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Line>,
    /// Who.
    pub by: Actor,
}

/// Why a refund failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundFailure {
    /// The provider could not give it back: the card or account that paid takes nothing any more.
    NotTaken,
    /// The provider has less left than it should: somebody gave money back past Souk.
    NothingLeft,
    /// The gift card or the customer's credit takes nothing.
    NoAccount,
}

/// A refund, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// What was asked for.
    pub request: RefundRequest,
    /// Where it stands.
    pub status: RefundStatus,
    /// How many of its shares have gone back, from the first on.
    pub returned: usize,
    /// Why it failed, where it did.
    pub failure: Option<RefundFailure>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it succeeded or failed.
    pub settled_at: Option<Timestamp>,
}

impl Refund {
    /// The refund that was just asked for.
    pub fn new(request: RefundRequest, requested_at: Timestamp) -> Self {
        let status = RefundStatus::Pending;
        Self { request, status, returned: 0, failure: None, requested_at, settled_at: None }
    }

    /// Its id.
    pub fn id(&self) -> RefundId {
        self.request.refund
    }

    /// The shares that are gone: all of them unless it failed, and then those that went back before.
    pub fn gone(&self) -> &[RefundShare] {
        match self.status {
            RefundStatus::Failed => self.back(),
            RefundStatus::Pending | RefundStatus::Succeeded => &self.request.shares,
        }
    }

    /// The shares that have arrived.
    pub fn back(&self) -> &[RefundShare] {
        let count = match self.status {
            RefundStatus::Succeeded => self.request.shares.len(),
            RefundStatus::Pending | RefundStatus::Failed => self.returned,
        };
        self.request.shares.get(..count).unwrap_or_default()
    }

    /// The share that is to go back next.
    pub fn next_share(&self) -> Option<&RefundShare> {
        (self.status == RefundStatus::Pending).then(|| self.request.shares.get(self.returned)).flatten()
    }
}
