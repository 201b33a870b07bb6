//! What may come back.

use super::{
    super::{
        event::{Actor, OrderEvent},
        model::Order,
        refund::{RefundCause, RefundTo},
        returns::{ReceivedLine, Return, ReturnLine, ReturnStatus, count},
    },
    Decision, Refusal,
    money::{NewRefund, RefundWish, ShippingWish, request_refund},
};
use crate::{
    contact::Line,
    id::{RefundId, ReturnId},
};

/// Goods that came, and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Of which return.
    pub id: ReturnId,
    /// What came, and where it was put.
    pub lines: Vec<ReceivedLine>,
    /// The refund of what came: its id, and where it goes.
    pub refund: Option<(RefundId, RefundTo)>,
    /// Who took it.
    pub by: Actor,
}

pub(super) fn request_return(order: &Order, id: ReturnId, lines: Vec<ReturnLine>, by: Actor) -> Decision {
    if order.find_return(id).is_some() {
        return Ok(vec![]);
    }
    if lines.is_empty() {
        return Err(Refusal::NoLines);
    }
    let left = order.returnable();
    for (sku, wanted) in count(lines.iter().map(|line| (&line.sku, line.quantity))) {
        let left = left.get(sku).copied().unwrap_or(0);
        if wanted > left {
            return Err(Refusal::NotReturnable { sku: sku.clone(), left });
        }
    }
    Ok(vec![OrderEvent::ReturnRequested { id, lines, by }])
}

fn find(order: &Order, id: ReturnId) -> Result<&Return, Refusal> {
    order.find_return(id).ok_or(Refusal::NoSuchReturn)
}

pub(super) fn receive(order: &Order, receipt: Receipt) -> Decision {
    let awaited = find(order, receipt.id)?;
    match awaited.status {
        ReturnStatus::Received => return Ok(vec![]),
        ReturnStatus::Rejected => return order.refuse("the return was rejected"),
        ReturnStatus::Requested => {}
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
    Ok([received].into_iter().chain(refund).collect())
}

pub(super) fn reject(order: &Order, id: ReturnId, reason: Option<Line>, by: Actor) -> Decision {
    match find(order, id)?.status {
        ReturnStatus::Requested => Ok(vec![OrderEvent::ReturnRejected { id, reason, by }]),
        ReturnStatus::Rejected => Ok(vec![]),
        ReturnStatus::Received => order.refuse("the return was received"),
    }
}

pub(super) fn record_restocked(order: &Order, id: ReturnId) -> Decision {
    Ok(if find(order, id)?.waits_for_shelves() { vec![OrderEvent::StockReturned { id }] } else { vec![] })
}
