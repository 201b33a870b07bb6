//! What can happen to an order.
//!
//! Events are facts: they are never changed. A new shape of one is a new version, and [`OrderEvent::read`] still reads
//! the old ones: `tests/golden/order-events.json` has every version ever written.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

pub use super::{
    actor::Actor,
    parcel::{ShippedLine, Tracking},
    placed::Placed,
    status::CancelCause,
};
use super::{
    edit::{EditCharge, EditFailure, EditRequest},
    refund::{RefundFailure, RefundRequest},
    returns::{ReceivedLine, ReturnLine},
};
use crate::{
    catalog::Sku,
    contact::{Line, Note},
    id::{EditId, FulfillmentId, RefundId, ReturnId},
    inventory::Allocation,
    money::Money,
    payment::{Decline, DisputeStatus, NextAction, ProviderName},
    risk::RiskOutcome,
    vault::Sealed,
};

/// What happened to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum OrderEvent {
    /// It was placed.
    #[serde(rename = "order.placed")]
    Placed(Box<Placed>),
    /// Its stock was reserved.
    #[serde(rename = "order.stock_reserved")]
    StockReserved {
        /// What, and where.
        allocations: Vec<Allocation>,
    },
    /// Something it needs was not in stock.
    #[serde(rename = "order.stock_refused")]
    StockRefused {
        /// What.
        sku: Sku,
    },
    /// Its risk was assessed.
    #[serde(rename = "order.risk_assessed")]
    RiskAssessed {
        /// What comes of it.
        outcome: RiskOutcome,
        /// The scores of the rules that held, summed.
        #[serde(default)]
        score: i32,
        /// Why.
        reasons: Vec<String>,
    },
    /// A person let it pass.
    #[serde(rename = "order.review_approved")]
    ReviewApproved {
        /// Who.
        by: Actor,
        /// Why, in the store's own words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Line>,
    },
    /// A person did not.
    #[serde(rename = "order.review_rejected")]
    ReviewRejected {
        /// Who.
        by: Actor,
    },
    /// The shopper must do something before the provider holds the money, such as prove to their bank who they are.
    #[serde(rename = "order.payment_action_required")]
    PaymentActionRequired {
        /// What their browser needs for it, sealed under their key. Never published.
        client_action: Sealed<NextAction>,
    },
    /// Its provider is out of order and holds nothing, for certain: another one is asked from now on.
    #[serde(rename = "order.payment_rerouted")]
    PaymentRerouted {
        /// Which one was asked.
        from: ProviderName,
        /// Which one is.
        to: ProviderName,
    },
    /// The provider holds the money.
    #[serde(rename = "order.payment_authorized")]
    PaymentAuthorized {
        /// How much.
        amount: Money,
        /// The provider's name of the payment.
        reference: String,
        /// Which provider.
        #[serde(default, skip_serializing_if = "ProviderName::is_default")]
        provider: ProviderName,
    },
    /// The provider said no.
    #[serde(rename = "order.payment_declined")]
    PaymentDeclined {
        /// Why.
        decline: Decline,
    },
    /// The store owes the goods now.
    #[serde(rename = "order.confirmed")]
    Confirmed {},
    /// Staff asked to take the money.
    #[serde(rename = "order.capture_requested")]
    CaptureRequested {
        /// How much; all that is due where it does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<Money>,
        /// Who.
        by: Actor,
    },
    /// The money was taken.
    #[serde(rename = "order.payment_captured")]
    PaymentCaptured {
        /// How much.
        amount: Money,
        /// What the provider keeps of it, where it said so by then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fee: Option<Money>,
        /// Which provider.
        #[serde(default, skip_serializing_if = "ProviderName::is_default")]
        provider: ProviderName,
    },
    /// The money is no longer held.
    #[serde(rename = "order.payment_voided")]
    PaymentVoided {},
    /// The money of an order that is over was given back, of which it was not known that it had been taken.
    #[serde(rename = "order.payment_refunded")]
    PaymentRefunded {
        /// How much.
        amount: Money,
    },
    /// The shopper has their bank take a payment back: the provider keeps the amount until it is closed.
    #[serde(rename = "order.dispute_opened")]
    DisputeOpened {
        /// The provider's name of it.
        reference: String,
        /// Which of the order's payments: 1 is the order's own.
        payment: u32,
        /// How much it is about.
        amount: Money,
        /// What the provider asks for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fee: Option<Money>,
        /// Which provider.
        #[serde(default, skip_serializing_if = "ProviderName::is_default")]
        provider: ProviderName,
    },
    /// The bank decided.
    #[serde(rename = "order.dispute_closed")]
    DisputeClosed {
        /// The provider's name of it.
        reference: String,
        /// Which of the order's payments: 1 is the order's own.
        payment: u32,
        /// How much it was about.
        amount: Money,
        /// `won` where the store keeps the money, `lost` where the shopper does.
        outcome: DisputeStatus,
        /// Which provider.
        #[serde(default, skip_serializing_if = "ProviderName::is_default")]
        provider: ProviderName,
    },
    /// It is to be canceled.
    #[serde(rename = "order.cancel_requested")]
    CancelRequested {
        /// Why.
        cause: CancelCause,
        /// In the words of who asked for it.
        reason: Option<Line>,
        /// Who.
        by: Actor,
    },
    /// Its stock was let go.
    #[serde(rename = "order.stock_released")]
    StockReleased {},
    /// It is canceled: nothing is held for it any more.
    #[serde(rename = "order.canceled")]
    Canceled {
        /// Why.
        cause: CancelCause,
    },
    /// A parcel was packed.
    #[serde(rename = "order.fulfillment_created")]
    FulfillmentCreated {
        /// Its id.
        fulfillment: FulfillmentId,
        /// What is in it.
        lines: Vec<ShippedLine>,
        /// Where it can be followed.
        tracking: Option<Tracking>,
        /// Who packed it.
        by: Actor,
    },
    /// What a parcel holds was taken off the shelves.
    #[serde(rename = "order.stock_shipped")]
    StockShipped {
        /// Which parcel.
        fulfillment: FulfillmentId,
    },
    /// Money is to go back.
    #[serde(rename = "order.refund_requested")]
    RefundRequested(Box<RefundRequest>),
    /// The first shares of a refund that goes several ways went back, as many as this.
    #[serde(rename = "order.refund_share_returned")]
    RefundShareReturned {
        /// Of which refund.
        refund: RefundId,
        /// How many of its shares.
        shares: u32,
    },
    /// All of a refund went back.
    #[serde(rename = "order.refund_succeeded")]
    RefundSucceeded {
        /// Which.
        refund: RefundId,
    },
    /// A refund, or what of it had not gone back yet, is the store's again.
    #[serde(rename = "order.refund_failed")]
    RefundFailed {
        /// Which.
        refund: RefundId,
        /// Why.
        failure: RefundFailure,
    },
    /// Goods are to come back.
    #[serde(rename = "order.return_requested")]
    ReturnRequested {
        /// The return's id.
        #[serde(rename = "return")]
        id: ReturnId,
        /// What, and why.
        lines: Vec<ReturnLine>,
        /// Whether a shopper asks, and staff have yet to agree.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        asked: bool,
        /// What they say of it, sealed under the shopper's key. Never published.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Sealed<Note>>,
        /// Who asked.
        by: Actor,
    },
    /// Staff agreed to a return that a shopper asked for.
    #[serde(rename = "order.return_approved")]
    ReturnApproved {
        /// Which return.
        #[serde(rename = "return")]
        id: ReturnId,
        /// Who.
        by: Actor,
    },
    /// Goods came back.
    #[serde(rename = "order.return_received")]
    ReturnReceived {
        /// Which return.
        #[serde(rename = "return")]
        id: ReturnId,
        /// What came, and where it was put.
        lines: Vec<ReceivedLine>,
        /// The refund that was asked for with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refund: Option<RefundId>,
        /// Who took it.
        by: Actor,
    },
    /// Goods are not taken back.
    #[serde(rename = "order.return_rejected")]
    ReturnRejected {
        /// Which return.
        #[serde(rename = "return")]
        id: ReturnId,
        /// In the words of who rejected it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Line>,
        /// Who.
        by: Actor,
    },
    /// What came back is on the shelves again.
    #[serde(rename = "order.stock_returned")]
    StockReturned {
        /// Of which return.
        #[serde(rename = "return")]
        id: ReturnId,
    },
    /// What is bought is to change.
    #[serde(rename = "order.edit_requested")]
    EditRequested(Box<EditRequest>),
    /// The shopper must do something before an edit is paid.
    #[serde(rename = "order.edit_action_required")]
    EditActionRequired {
        /// Which edit.
        edit: EditId,
        /// What their browser needs for it, sealed under their key. Never published.
        client_action: Sealed<NextAction>,
    },
    /// An edit is not to be. Said before its money goes back, so that nobody makes it happen with money that is gone.
    #[serde(rename = "order.edit_abandoned")]
    EditAbandoned {
        /// Which edit.
        edit: EditId,
        /// Why.
        failure: EditFailure,
    },
    /// What is bought changed, and what is paid for it.
    #[serde(rename = "order.edited")]
    Edited {
        /// By which edit.
        edit: EditId,
        /// What was taken for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        charged: Option<EditCharge>,
    },
    /// It stays as it was.
    #[serde(rename = "order.edit_failed")]
    EditFailed {
        /// Which edit.
        edit: EditId,
        /// Why.
        failure: EditFailure,
    },
    /// The order holds the stock it needs after an edit, and no more.
    #[serde(rename = "order.stock_adjusted")]
    StockAdjusted {},
}

impl OrderEvent {
    /// The version of shapes that [`OrderEvent::write`] writes. Version 2 sealed the contact of an order and named its
    /// customer. Version 3 says how an order was priced and what was paid without the provider, and brought the events of
    /// partial payments, refunds, returns, edits and disputes. Version 4 brought drafts, with prices by hand and what was
    /// paid outside Souk, exchanges, notes on returns and staff's consent to them, and edits that wait for their shopper. All
    /// else is as in version 1.
    pub const VERSION: u32 = 4;

    /// Its name and its data.
    ///
    /// # Errors
    /// Says why the event has no JSON form, which none of today's lacks.
    pub fn write(&self) -> Result<(String, Value), serde_json::Error> {
        let mut value = serde_json::to_value(self)?;
        let kind = value["type"].as_str().unwrap_or_default().to_owned();
        Ok((kind, value["data"].take()))
    }

    /// Reads an event of any version.
    ///
    /// # Errors
    /// Says what is not as it should be, without quoting it.
    pub fn read(kind: &str, version: u32, data: &Value) -> Result<Self, String> {
        if version > Self::VERSION {
            return Err(format!("{kind} has version {version}, which this code does not know yet"));
        }
        serde_json::from_value(json!({ "type": kind, "data": data }))
            .map_err(|error| format!("{kind} version {version}: {:?} error", error.classify()))
    }
}

/// An entry of an order's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelineEntry {
    /// The version of the order after it.
    pub version: u32,
    /// What happened, such as `order.placed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}
