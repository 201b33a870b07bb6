//! What may be asked of an order.

use super::{
    super::{
        edit::{EditCharge, EditFailure},
        event::{Actor, CancelCause, ShippedLine, Tracking},
        refund::RefundFailure,
    },
    NewEdit, NewRefund, NewReturn, Receipt,
};
use crate::{
    catalog::Sku,
    contact::Line,
    id::{EditId, FulfillmentId, RefundId, ReturnId},
    inventory::Allocation,
    money::Money,
    payment::{Decline, NextAction, ProviderDispute, ProviderName},
    risk::Assessment,
    vault::Sealed,
};

/// What somebody wants done, or what the saga found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The stock is held, and the order's risk is known.
    RecordReserved {
        /// What, and where.
        allocations: Vec<Allocation>,
        /// What comes of its risk.
        risk: Assessment,
    },
    /// There is not enough of something.
    RecordStockRefused(Sku),
    /// A person lets it pass.
    Approve(Actor, Option<Line>),
    /// A person does not.
    Reject(Actor, Option<Line>),
    /// The shopper must do something first.
    RecordActionRequired(Sealed<NextAction>),
    /// Its provider holds nothing, for certain, and this one is to be asked instead.
    Reroute(ProviderName),
    /// The provider holds the money.
    RecordAuthorized {
        /// How much.
        amount: Money,
        /// The provider's name of the payment.
        reference: String,
        /// Which provider.
        provider: ProviderName,
    },
    /// The provider took the money as soon as it was allowed to.
    RecordPaid {
        /// How much it was asked for.
        amount: Money,
        /// How much it took.
        captured: Money,
        /// What it keeps of that, if it says so already.
        fee: Option<Money>,
        /// The provider's name of the payment.
        reference: String,
        /// Which provider.
        provider: ProviderName,
    },
    /// The provider said no.
    RecordDeclined(Decline),
    /// Staff want the money taken: this much of it, or all that is due.
    RequestCapture {
        /// How much.
        amount: Option<Money>,
        /// Who.
        by: Actor,
    },
    /// The money was taken.
    RecordCaptured {
        /// How much.
        amount: Money,
        /// What the provider keeps of it, if it says so already.
        fee: Option<Money>,
    },
    /// How the disputes about one of its payments stand at the provider.
    RecordDisputes {
        /// Which payment: 1 is the order's own.
        payment: u32,
        /// The disputes, all of them.
        disputes: Vec<ProviderDispute>,
    },
    /// Nothing is held any more, or ever was.
    RecordVoided,
    /// What was taken of an order that is being canceled, without its being known, was given back.
    RecordRefunded(Money),
    /// Money is to go back.
    RequestRefund(Box<NewRefund>),
    /// All that is left of a canceled order's money is to go back.
    RefundRest,
    /// So many shares of a refund, from the first on, have gone back.
    RecordRefundReturned(RefundId, usize),
    /// What of a refund has not gone back will not.
    RecordRefundFailed(RefundId, RefundFailure),
    /// It is to be canceled.
    RequestCancel {
        /// Why.
        cause: CancelCause,
        /// In the words of who asks for it.
        reason: Option<Line>,
        /// Who.
        by: Actor,
    },
    /// Its stock was let go: the last step of a cancellation.
    RecordReleased,
    /// A parcel was packed.
    Fulfill {
        /// Its id.
        fulfillment: FulfillmentId,
        /// What is in it; all that is left where it does not say.
        lines: Option<Vec<ShippedLine>>,
        /// Where it can be followed.
        tracking: Option<Tracking>,
        /// Who packed it.
        by: Actor,
    },
    /// What a parcel holds was taken off the shelves.
    RecordShipped(FulfillmentId),
    /// Goods are to come back.
    RequestReturn(Box<NewReturn>),
    /// Staff agree to a return that a shopper asked for.
    ApproveReturn(ReturnId, Actor),
    /// Goods came back.
    ReceiveReturn(Box<Receipt>),
    /// Goods are not taken back.
    RejectReturn {
        /// Which return.
        id: ReturnId,
        /// In the words of who rejects it.
        reason: Option<Line>,
        /// Who.
        by: Actor,
    },
    /// What came back is on the shelves again.
    RecordRestocked(ReturnId),
    /// What is bought is to change.
    RequestEdit(Box<NewEdit>),
    /// The shopper must do something before an edit is paid.
    RecordEditActionRequired(EditId, Sealed<NextAction>),
    /// An edit is not to be, and its money is to go back.
    AbandonEdit(EditId, EditFailure),
    /// The stock for an edit is held, and this was taken for it.
    RecordEdited(EditId, Option<EditCharge>),
    /// An edit can't be done.
    RecordEditFailed(EditId, EditFailure),
    /// The order holds the stock it needs, and no more.
    RecordStockAdjusted,
}
