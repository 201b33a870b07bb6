//! What may come back.

use super::{
    super::{
        event::{Actor, OrderEvent},
        model::{Order, evolve},
        refund::{RefundCause, RefundTo},
        returns::{ReceivedLine, Return, ReturnLine, ReturnStatus, count},
    },
    Decision, NewEdit, Refusal,
    money::{NewRefund, RefundWish, ShippingWish, request_refund},
};
use crate::{
    contact::{Line, Note},
    id::{RefundId, ReturnId},
    vault::Sealed,
};

/// Returns of one order that shoppers may ask for: each is an event, and who asks is not always welcome.
const MOST_ASKED: usize = 20;

/// A return that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReturn {
    /// Its id.
    pub id: ReturnId,
    /// What, and why.
    pub lines: Vec<ReturnLine>,
    /// Whether a shopper asks: then staff have to agree.
    pub asked: bool,
    /// What they say of it.
    pub note: Option<Sealed<Note>>,
    /// Who asks.
    pub by: Actor,
}

/// Goods that came, and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Of which return.
    pub id: ReturnId,
    /// What came, and where it was put.
    pub lines: Vec<ReceivedLine>,
    /// The refund of what came: its id, and where it goes.
    pub refund: Option<(RefundId, RefundTo)>,
    /// The edit that gives other goods for what came.
    pub exchange: Option<NewEdit>,
    /// Who took it.
    pub by: Actor,
}

pub(super) fn request_return(order: &Order, new: NewReturn) -> Decision {
    let NewReturn { id, lines, asked, note, by } = new;
    if order.find_return(id).is_some() {
        return Ok(vec![]);
    }
    if lines.is_empty() {
        return Err(Refusal::NoLines);
    }
    if asked && order.returns.len() >= MOST_ASKED {
        return order.refuse("returns of it were asked for too often: the store has to be asked otherwise");
    }
    let left = order.returnable();
    for (sku, wanted) in count(lines.iter().map(|line| (&line.sku, line.quantity))) {
        let left = left.get(sku).copied().unwrap_or(0);
        if wanted > left {
            return Err(Refusal::NotReturnable { sku: sku.clone(), left });
        }
    }
    Ok(vec![OrderEvent::ReturnRequested { id, lines, asked, note, by }])
}

/// Staff agree to what a shopper asked for.
pub(super) fn approve(order: &Order, id: ReturnId, by: Actor) -> Decision {
    match find(order, id)?.status {
        ReturnStatus::Requested => Ok(vec![OrderEvent::ReturnApproved { id, by }]),
        ReturnStatus::Approved | ReturnStatus::Received => Ok(vec![]),
        ReturnStatus::Rejected => order.refuse("the return was rejected"),
    }
}

fn find(order: &Order, id: ReturnId) -> Result<&Return, Refusal> {
    order.find_return(id).ok_or(Refusal::NoSuchReturn)
}

pub(super) fn receive(order: &Order, receipt: Receipt) -> Decision {
    let awaited = find(order, receipt.id)?;
    match awaited.status {
        ReturnStatus::Received => return Ok(vec![]),
        ReturnStatus::Rejected => return order.refuse("the return was rejected"),
        ReturnStatus::Requested | ReturnStatus::Approved => {}
    }
    if receipt.lines.is_empty() {
        return Err(Refusal::NoLines);
    }
    let (most, came) = (awaited.counts(), count(receipt.lines.iter().map(|line| (&line.sku, line.quantity))));
    for (sku, came) in came {
        let left = most.get(sku).copied().unwrap_or(0);
        if came > left {
            return Err(Refusal::NotReturnable { sku: sku.clone(), left });
        }
    }
    let refund = match receipt.refund {
        None => None,
        Some((id, to)) => {
            let lines = receipt.lines.iter().map(|line| (line.sku.clone(), line.quantity)).collect();
            let wish = RefundWish::Parts { lines, shipping: ShippingWish::None };
            let new = NewRefund { id, wish, to, reason: None, by: receipt.by };
            request_refund(order, new, RefundCause::Returned { id: receipt.id })?.pop()
        }
    };
    let id = receipt.refund.filter(|_| refund.is_some()).map(|(id, _)| id);
    let received =
        OrderEvent::ReturnReceived { id: receipt.id, lines: receipt.lines, refund: id, by: receipt.by };
    let mut events: Vec<OrderEvent> = [received].into_iter().chain(refund).collect();
    if let Some(new) = receipt.exchange {
        if order.sequence != new.sequence {
            return order.refuse("it has changed since it was priced");
        }
        let after = events.iter().fold(order.clone(), |order, event| {
            let same = order.clone();
            evolve(order.id, Some(order), event.clone(), same.placed_at).unwrap_or(same)
        });
        let sequence = after.sequence;
        events.extend(super::edits::request(&after, NewEdit { sequence, ..new })?);
    }
    Ok(events)
}

pub(super) fn reject(order: &Order, id: ReturnId, reason: Option<Line>, by: Actor) -> Decision {
    match find(order, id)?.status {
        ReturnStatus::Requested | ReturnStatus::Approved => {
            Ok(vec![OrderEvent::ReturnRejected { id, reason, by }])
        }
        ReturnStatus::Rejected => Ok(vec![]),
        ReturnStatus::Received => order.refuse("the return was received"),
    }
}

pub(super) fn record_restocked(order: &Order, id: ReturnId) -> Decision {
    Ok(if find(order, id)?.waits_for_shelves() { vec![OrderEvent::StockReturned { id }] } else { vec![] })
}
