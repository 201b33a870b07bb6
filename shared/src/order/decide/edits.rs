//! What may be changed.

use std::collections::BTreeMap;

use super::{
    super::{
        edit::{
            Edit, EditCharge, EditFailure, EditRequest, EditStatus, Exchange, Version, demand_of, exceeds,
            places,
        },
        event::{Actor, OrderEvent},
        model::{Order, PaymentStatus},
        refund::{RefundCause, RefundParts, RefundRequest, RefundShare, RefundTo, RefundWay},
        returns::ReturnStatus,
    },
    Decision, Refusal,
    money::refund_overpaid,
};
use crate::{
    catalog::Sku,
    contact::Line,
    id::{EditId, RefundId, ReturnId},
    money::Money,
    payment::NextAction,
    pricing::Pricing,
    vault::Sealed,
};

/// An edit that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEdit {
    /// Its id.
    pub id: EditId,
    /// The order as it is to be.
    pub version: Version,
    /// How that was priced.
    pub pricing: Option<Pricing>,
    /// How many events had happened to the order that it was priced for.
    pub sequence: u32,
    /// What it is given for, where goods are exchanged.
    pub exchange: Option<NewExchange>,
    /// In the words of who asks for it.
    pub reason: Option<Line>,
    /// Who.
    pub by: Actor,
}

/// What goods are to be given for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewExchange {
    /// The return that came.
    pub id: ReturnId,
    /// How many of what came are sent again.
    pub again: BTreeMap<Sku, u32>,
    /// The refund that the rest of what came is.
    pub refund: RefundId,
}

pub(super) fn request(order: &Order, new: NewEdit) -> Decision {
    if order.edits.iter().any(|edit| edit.id() == new.id) {
        return Ok(vec![]);
    }
    if order.cancellation.is_some() {
        return order.refuse("it is being canceled");
    }
    if order.confirmed_at.is_none() {
        return order.refuse("it is not confirmed yet");
    }
    if order.pending_edit().is_some() {
        return order.refuse("another edit is under way");
    }
    if order.sequence != new.sequence {
        return order.refuse("it has changed since it was priced");
    }
    let exchange = match &new.exchange {
        Some(wanted) => Some(exchange(order, wanted)?),
        None => {
            plain(order, &new.version)?;
            None
        }
    };
    let credit = exchange.as_ref().map_or(order.nothing(), |exchange| exchange.credit);
    let charge = charge(order, new.version.totals.total, credit)?;
    let payment = 2 + u32::try_from(order.edits.len()).unwrap_or(u32::MAX);
    let request = EditRequest {
        edit: new.id,
        lines: new.version.lines,
        totals: new.version.totals,
        pricing: new.pricing,
        charge,
        payment,
        exchange,
        reason: new.reason,
        by: new.by,
    };
    let (before, after) = (demand_of(&order.lines), demand_of(&request.lines));
    let waits = !charge.is_zero() || request.exchange.is_some() || exceeds(&after, &before);
    let mut events = vec![OrderEvent::EditRequested(Box::new(request.clone()))];
    if !waits {
        events.extend(apply(order, &request, None)?);
    }
    Ok(events)
}

/// Whether the order may become `version`: nothing of it was sent, and what money went back for stays as it is.
fn plain(order: &Order, version: &Version) -> Result<(), Refusal> {
    if !order.fulfillments.is_empty() {
        return order.refuse("some of it was sent already");
    }
    if version.lines.is_empty() {
        return Err(Refusal::NoLines);
    }
    if demand_of(&order.lines) == demand_of(&version.lines) {
        return Err(Refusal::NoChange);
    }
    let places = places(&order.lines, &version.lines);
    for (old, (line, new)) in order.lines.iter().zip(places).enumerate() {
        let same = new.and_then(|new| version.lines.get(new)) == Some(line);
        if !same && order.is_refunded(old) {
            return Err(Refusal::WasRefunded { sku: line.sku.clone() });
        }
    }
    // Goodwill is for nothing in particular: what of it was for what goes, nobody can tell.
    let given = order.settled()?.minus(order.kept()?)?;
    if version.totals.total.amount() < given.amount() {
        return order.refuse("more of its money was given back than it would come to");
    }
    let (short, total) = (order.settled()?.amount() < order.total().amount(), version.totals.total);
    if order.own_charge().is_some() && short && total.amount() < order.total().amount() {
        return order.refuse("only a part of its money was taken: it can get no cheaper");
    }
    Ok(())
}

/// What is given in exchange for what came, where it may be.
fn exchange(order: &Order, wanted: &NewExchange) -> Result<Exchange, Refusal> {
    let came = order.find_return(wanted.id).ok_or(Refusal::NoSuchReturn)?;
    if came.status != ReturnStatus::Received {
        return order.refuse("what is exchanged did not come yet");
    }
    if came.refund.is_some() || came.exchange.is_some() {
        return order.refuse("what came was refunded or exchanged already");
    }
    if order.own_charge().is_none() || order.settled()? != order.total() {
        return order.refuse("what was taken for it is not what it comes to");
    }
    // Until then the stock counts what is in it as held.
    if order.fulfillments.iter().any(|parcel| !parcel.stock_shipped) {
        return order.refuse("a parcel of it is being packed");
    }
    let mut credited = came.counts();
    for (sku, &count) in &wanted.again {
        let left = credited.get(sku).copied().unwrap_or(0);
        let rest = left.checked_sub(u64::from(count)).filter(|_| count > 0);
        let rest = rest.ok_or_else(|| Refusal::NotReturnable { sku: sku.clone(), left })?;
        credited.insert(sku, rest);
    }
    let mut parts = RefundParts::default();
    for (sku, count) in credited.into_iter().filter(|(_, count)| *count > 0) {
        match order.cost_of(sku, u32::try_from(count).unwrap_or(u32::MAX))? {
            Ok(lines) => parts.lines.extend(lines),
            Err(left) => return Err(Refusal::NotRefundable { sku: sku.clone(), left: u64::from(left) }),
        }
    }
    let credit = parts.total(order.total().currency())?;
    let left = order.kept()?;
    if credit.amount() > left.amount() {
        return Err(Refusal::TooMuch { left });
    }
    Ok(Exchange { id: wanted.id, again: wanted.again.clone(), credit, parts, refund: wanted.refund })
}

/// What has to be taken for the order to come to `total`, of which `credit` is paid by what came back.
fn charge(order: &Order, total: Money, credit: Money) -> Result<Money, Refusal> {
    let paid = match order.own_charge() {
        // What is only held can still be taken.
        None => order.secured()?,
        // What was not taken of it so far is not taken for this either.
        Some(_) if order.settled()?.amount() > order.total().amount() => order.settled()?,
        Some(_) => order.total(),
    };
    Ok(total.minus(paid)?.minus(credit)?.or_zero())
}

/// What makes the order as `request` says, and gives back what it was paid too much then.
fn apply(order: &Order, request: &EditRequest, charged: Option<EditCharge>) -> Decision {
    let mut after = order.clone();
    after.totals.clone_from(&request.totals);
    if let Some(charged) = &charged {
        after.take(charged.number, charged.amount);
    }
    let refund = match (&request.exchange, order.own_charge()) {
        (Some(exchange), _) if exchange.credit.is_zero() => None,
        (Some(exchange), _) => Some(exchanged(order, &after, request, exchange)?),
        (None, Some(_)) => refund_overpaid(&after, request.edit, request.by)?,
        (None, None) => None,
    };
    let edited = OrderEvent::Edited { edit: request.edit, charged };
    Ok([edited].into_iter().chain(refund).collect())
}

/// The refund of what came back: as much as the new goods cost pays for them, and the rest goes back.
fn exchanged(
    order: &Order,
    after: &Order,
    request: &EditRequest,
    exchange: &Exchange,
) -> Result<OrderEvent, Refusal> {
    let cost = request.totals.total.minus(order.total())?.or_zero();
    let paid = exchange.credit.least(cost)?;
    let way = RefundWay::Exchange { edit: request.edit };
    let mut shares = vec![RefundShare { way, amount: paid }];
    shares.retain(|share| !share.amount.is_zero());
    shares.extend(after.shares(RefundTo::Original, exchange.credit.minus(paid)?)?);
    Ok(OrderEvent::RefundRequested(Box::new(RefundRequest {
        refund: exchange.refund,
        amount: exchange.credit,
        parts: exchange.parts.clone(),
        to: RefundTo::Original,
        shares,
        cause: RefundCause::Exchanged { id: exchange.id, edit: request.edit },
        reason: None,
        by: request.by,
    })))
}

fn find(order: &Order, id: EditId) -> Result<&Edit, Refusal> {
    let found = order.edits.iter().find(|edit| edit.id() == id);
    found.map_or_else(|| order.refuse("it has no such edit"), Ok)
}

/// The stock is held and the money taken: the edit is done.
pub(super) fn record_edited(order: &Order, id: EditId, charged: Option<EditCharge>) -> Decision {
    let edit = find(order, id)?;
    match edit.status {
        EditStatus::Pending if order.cancellation.is_some() => order.refuse("it is being canceled"),
        EditStatus::Pending => apply(order, &edit.request, charged),
        EditStatus::Applied => Ok(vec![]),
        EditStatus::Abandoned(_) | EditStatus::Failed(_) => order.refuse("the edit was given up"),
    }
}

/// From now on its money only goes back.
pub(super) fn abandon(order: &Order, id: EditId, failure: EditFailure) -> Decision {
    Ok(match find(order, id)?.status {
        EditStatus::Pending => vec![OrderEvent::EditAbandoned { edit: id, failure }],
        EditStatus::Abandoned(_) | EditStatus::Applied | EditStatus::Failed(_) => vec![],
    })
}

/// The shopper is to do something: said once.
pub(super) fn record_action(order: &Order, id: EditId, client_action: Sealed<NextAction>) -> Decision {
    let edit = find(order, id)?;
    Ok(if edit.status == EditStatus::Pending && edit.action.is_none() {
        vec![OrderEvent::EditActionRequired { edit: id, client_action }]
    } else {
        vec![]
    })
}

pub(super) fn record_failed(order: &Order, id: EditId, failure: EditFailure) -> Decision {
    Ok(match find(order, id)?.status {
        EditStatus::Pending | EditStatus::Abandoned(_) => vec![OrderEvent::EditFailed { edit: id, failure }],
        EditStatus::Applied | EditStatus::Failed(_) => vec![],
    })
}

pub(super) fn record_adjusted(order: &Order) -> Decision {
    Ok(if order.holds_more { vec![OrderEvent::StockAdjusted {}] } else { vec![] })
}

impl Order {
    /// What the store is sure of: what was taken, or is held, or was paid without the provider.
    fn secured(&self) -> Result<Money, Refusal> {
        let held = if self.payment == PaymentStatus::Authorized { self.held } else { self.nothing() };
        Ok(self.kept()?.plus(held)?)
    }
}
