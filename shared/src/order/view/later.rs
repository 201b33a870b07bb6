//! Refunds, returns and edits as shoppers and staff see them.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{
    edit::{Edit, EditFailure, EditStatus, Exchange, Version},
    refund::{Refund, RefundCause, RefundFailure, RefundParts, RefundTo},
    returns::{ReceivedLine, Return, ReturnLine, ReturnStatus},
    view::ActionView,
};
use crate::{
    contact::Note,
    id::{EditId, OrderId, RefundId, ReturnId},
    money::Money,
    payment::RefundStatus,
};

/// Money that goes back.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
pub struct RefundView {
    /// Its id.
    pub id: RefundId,
    /// The order it is of.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: RefundStatus,
    /// How much.
    pub amount: Money,
    /// What for. The parts sum to the amount.
    pub parts: RefundParts,
    /// Where to.
    pub to: RefundTo,
    /// What led to it.
    pub cause: RefundCause,
    /// In the words of who asked for it.
    pub reason: Option<String>,
    /// Why it failed, or is about to.
    pub failure: Option<RefundFailure>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it succeeded or failed; null while it is on its way.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub settled_at: Option<Timestamp>,
}

impl RefundView {
    /// A refund as it is shown.
    pub fn of(order: OrderId, refund: &Refund) -> Self {
        let request = refund.request.clone();
        Self {
            id: request.refund,
            order_id: order,
            status: refund.status,
            amount: request.amount,
            parts: request.parts,
            to: request.to,
            cause: request.cause,
            reason: request.reason.map(String::from),
            failure: refund.failure,
            created_at: refund.requested_at,
            settled_at: refund.settled_at,
        }
    }
}

/// Goods that come back.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Return)]
pub struct ReturnView {
    /// Its id.
    pub id: ReturnId,
    /// The order it is of.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: ReturnStatus,
    /// What was to come back, and why.
    pub lines: Vec<ReturnLine>,
    /// What who asked said of it; null where nothing, or where the shopper was erased.
    pub note: Option<Note>,
    /// What came back, and where it was put.
    pub received: Vec<ReceivedLine>,
    /// Why it was rejected, where it was.
    pub rejection: Option<String>,
    /// The refund of what came back.
    pub refund_id: Option<RefundId>,
    /// The edit of the order that gives other goods for what came back.
    pub exchange_id: Option<EditId>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When the goods came, or were rejected; null while they are awaited.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub settled_at: Option<Timestamp>,
}

impl ReturnView {
    /// A return as it is shown, but for what is said of it in confidence.
    pub fn of(order: OrderId, one: &Return) -> Self {
        Self {
            id: one.id,
            order_id: order,
            status: one.status,
            lines: one.lines.clone(),
            note: None,
            received: one.received.clone(),
            rejection: one.rejection.clone().map(String::from),
            refund_id: one.refund,
            exchange_id: one.exchange,
            created_at: one.requested_at,
            settled_at: one.settled_at,
        }
    }
}

/// Where an edit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EditStatus)]
pub enum EditStanding {
    /// Stock and payment are being seen to.
    Pending,
    /// It is done.
    Applied,
    /// It was given up, and the order stays as it was.
    Failed,
}

/// A change of what is bought.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Edit)]
pub struct EditView {
    /// Its id.
    pub id: EditId,
    /// The order it is of.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: EditStanding,
    /// Why it failed, where it did.
    pub failure: Option<EditFailure>,
    /// What was bought before it.
    pub before: Version,
    /// What is bought after it.
    pub after: Version,
    /// What is charged for it; nothing, where it makes nothing dearer.
    pub charge: Money,
    /// What the shopper's browser needs, while the shopper must do something before it is paid.
    pub action: Option<ActionView>,
    /// What it is given for, where goods are exchanged.
    pub exchange: Option<Exchange>,
    /// In the words of who asked for it.
    pub reason: Option<String>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was done or given up; null while it is under way.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub settled_at: Option<Timestamp>,
}

impl EditView {
    /// An edit as it is shown, but for what its shopper's browser needs.
    pub fn of(order: OrderId, edit: &Edit) -> Self {
        let request = edit.request.clone();
        let (status, failure) = match edit.status.clone() {
            EditStatus::Pending => (EditStanding::Pending, None),
            EditStatus::Abandoned(failure) => (EditStanding::Pending, Some(failure)),
            EditStatus::Applied => (EditStanding::Applied, None),
            EditStatus::Failed(failure) => (EditStanding::Failed, Some(failure)),
        };
        Self {
            id: request.edit,
            order_id: order,
            status,
            failure,
            before: edit.before.clone(),
            after: Version { lines: request.lines, totals: request.totals },
            charge: request.charge,
            action: None,
            exchange: request.exchange,
            reason: request.reason.map(String::from),
            created_at: edit.requested_at,
            settled_at: edit.settled_at,
        }
    }
}
