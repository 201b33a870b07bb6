//! Which events have a document, and what it says. Pure: all that happened to an order, to all of its documents.
//!
//! The first capture invoices the order as it stands then, whatever part of it was taken. From then on, what is invoiced
//! and not credited yet is `open`: an edit adds to it or takes from it, money that goes back takes from it, and a
//! canceled order leaves nothing of it. Nothing is credited that is not open, so credit notes never come to more than
//! invoices.

use std::collections::BTreeMap;

use super::{
    model::{DocumentKind, Draft, PaidBy, Payment},
    position::Position,
    sum::Sum,
};
use crate::{
    id::{EditId, RefundId},
    money::{Money, MoneyError},
    order::{EditCharge, Order, OrderEvent, RefundCause, RefundShare, RefundWay, Told, evolve},
    payment::{ProviderName, RefundStatus},
    pricing::TenderKind,
};

/// Why there is no document where there ought to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Amounts can't be reckoned with each other.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// What an order's lines, shipping and taxes come to is not what the order comes to.
    #[error("the positions come to {0}, the order to {1}")]
    Unequal(Money, Money),
}

/// The documents of an order that this happened to, in order.
///
/// # Errors
/// [`RuleError`].
pub fn drafts(history: &[Told]) -> Result<Vec<Draft>, RuleError> {
    let mut books = Books::default();
    for told in history {
        if let Some(order) = &told.before {
            books.hear(order, told)?;
        }
    }
    Ok(books.drafts)
}

#[derive(Default)]
struct Books {
    drafts: Vec<Draft>,
    /// What is invoiced and not credited, once there is an invoice.
    open: Option<Sum>,
    /// What edits made cheaper: the refunds that follow are for this.
    cheaper: BTreeMap<EditId, Vec<Position>>,
    /// What was credited for refunds.
    credited: BTreeMap<RefundId, Vec<Position>>,
}

impl Books {
    fn hear(&mut self, order: &Order, told: &Told) -> Result<(), RuleError> {
        match (&told.event, &self.open) {
            (OrderEvent::PaymentCaptured { amount, provider, .. }, None) => self.whole(
                order,
                told,
                Payment { by: PaidBy::Provider { provider: *provider }, amount: *amount },
            ),
            (_, None) => Ok(()),
            (OrderEvent::Edited { edit, charged }, Some(_)) => {
                self.edited(order, told, *edit, charged.as_ref())
            }
            (OrderEvent::RefundSucceeded { refund }, Some(_)) => self.refunded(order, told, *refund),
            (OrderEvent::RefundFailed { refund, .. }, Some(_)) => self.failed(order, told, *refund),
            (OrderEvent::PaymentRefunded { amount }, Some(_)) => {
                let way = [Payment { by: PaidBy::Provider { provider: order.provider }, amount: *amount }];
                self.credit(order, told, *amount, None, way.to_vec()).map(drop)
            }
            (OrderEvent::Canceled { .. }, Some(open)) => {
                let left = open.total()?;
                self.credit(order, told, left, None, Vec::new()).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// The whole order, as it stands.
    fn whole(&mut self, order: &Order, told: &Told, captured: Payment) -> Result<(), RuleError> {
        let positions = Position::of_order(order)?;
        let comes_to = Position::total(&positions, captured.amount.currency())?.total()?;
        if comes_to != order.total() {
            return Err(RuleError::Unequal(comes_to, order.total()));
        }
        let tenders = order.placed.tenders.iter().map(|tender| {
            let by = match tender.kind {
                TenderKind::GiftCard { .. } => PaidBy::GiftCard,
                TenderKind::StoreCredit { .. } => PaidBy::StoreCredit,
            };
            Payment { by, amount: tender.amount }
        });
        let outside = order.placed.paid_outside.iter();
        let outside = outside.map(|paid| Payment { by: PaidBy::Outside, amount: paid.amount });
        let charges = order.edits.iter().filter_map(|edit| edit.charged.as_ref()).map(Payment::from);
        let payments = tenders.chain(outside).chain(charges).chain([captured]).collect();
        self.add(order, told, DocumentKind::Invoice, positions, payments)
    }

    fn edited(
        &mut self,
        order: &Order,
        told: &Told,
        edit: EditId,
        charged: Option<&EditCharge>,
    ) -> Result<(), RuleError> {
        let Some(after) = evolve(order.id, Some(order.clone()), told.event.clone(), told.at) else {
            return Ok(());
        };
        let positions = Position::difference(order, &after)?;
        if positions.is_empty() {
            return Ok(());
        }
        let total = Position::total(&positions, order.total().currency())?.total()?;
        if total.amount() < 0 {
            let back = positions.iter().map(Position::negated).collect::<Result<_, _>>()?;
            self.cheaper.insert(edit, back);
            return Ok(());
        }
        let exchange = order.edits.iter().find(|one| one.id() == edit);
        let credit = exchange.and_then(|edit| edit.request.exchange.as_ref()).map(|exchange| exchange.credit);
        let amount = credit.map(|credit| credit.least(total)).transpose()?;
        let exchanged = amount.map(|amount| Payment { by: PaidBy::Exchange, amount });
        let payments = charged.into_iter().map(Payment::from).chain(exchanged).collect();
        self.add(&after, told, DocumentKind::Invoice, positions, payments)
    }

    fn refunded(&mut self, order: &Order, told: &Told, id: RefundId) -> Result<(), RuleError> {
        let Some(refund) = order.refunds.iter().find(|refund| refund.id() == id) else { return Ok(()) };
        let positions = match refund.request.cause {
            RefundCause::Edited { edit } => match self.cheaper.get(&edit) {
                Some(positions) => Some(positions.clone()),
                // It was cheaper already when it was invoiced: what goes back was never asked for.
                None => return Ok(()),
            },
            _ => Position::of_refund(order, &refund.request.parts)?,
        };
        let ways = ways(order, &refund.request.shares);
        if let Some(credited) = self.credit(order, told, refund.request.amount, positions, ways)? {
            self.credited.insert(id, credited);
        }
        Ok(())
    }

    fn failed(&mut self, order: &Order, told: &Told, id: RefundId) -> Result<(), RuleError> {
        let Some(refund) = order.refunds.iter().find(|refund| refund.id() == id) else { return Ok(()) };
        let currency = order.total().currency();
        match refund.status {
            // It came back from the bank, so what was credited is owed again.
            RefundStatus::Succeeded => {
                let (Some(credited), Some(last)) = (self.credited.remove(&id), refund.request.shares.last())
                else {
                    return Ok(());
                };
                let sum = Position::total(&credited, currency)?;
                let amount = last.amount.least(sum.total()?)?;
                let positions = if amount == sum.total()? {
                    credited
                } else {
                    vec![Position::plain("Refund that came back", sum.share(amount)?)]
                };
                self.add(order, told, DocumentKind::Invoice, positions, Vec::new())
            }
            // Its first shares went back all the same.
            RefundStatus::Pending => {
                let back = refund.back();
                let amount = Money::sum(back.iter().map(|share| share.amount), currency)?;
                self.credit(order, told, amount, None, ways(order, back)).map(drop)
            }
            RefundStatus::Failed => Ok(()),
        }
    }

    /// Credits `amount` of what is open, or all of it where that is less: by `positions` where they come to it. What was
    /// credited.
    fn credit(
        &mut self,
        order: &Order,
        told: &Told,
        amount: Money,
        positions: Option<Vec<Position>>,
        payments: Vec<Payment>,
    ) -> Result<Option<Vec<Position>>, RuleError> {
        let open = self.open.clone().unwrap_or_else(|| Sum::zero(amount.currency()));
        let left = open.total()?;
        let amount = amount.least(left)?;
        if amount.amount() <= 0 {
            return Ok(None);
        }
        // Where all goes back of what nothing went back of before, it is for all that was invoiced.
        let invoices_only = self.drafts.iter().all(|draft| draft.kind == DocumentKind::Invoice);
        let invoiced = || self.drafts.iter().flat_map(|draft| draft.positions.clone()).collect();
        let positions =
            positions.or_else(|| (amount == left && invoices_only).then(invoiced)).unwrap_or_default();
        let sum = Position::total(&positions, amount.currency())?;
        // The last credit note takes what is left of each tax, to the unit.
        let fits = sum.total()? == amount && (amount != left || sum.is_as(&open)?);
        let positions =
            if fits { positions } else { vec![Position::plain("Credited amount", open.share(amount)?)] };
        self.add(order, told, DocumentKind::CreditNote, positions.clone(), payments)?;
        Ok(Some(positions))
    }

    fn add(
        &mut self,
        order: &Order,
        told: &Told,
        kind: DocumentKind,
        positions: Vec<Position>,
        mut payments: Vec<Payment>,
    ) -> Result<(), RuleError> {
        let sum = Position::total(&positions, order.total().currency())?;
        let open = self.open.take().unwrap_or_else(|| Sum::zero(sum.net.currency()));
        self.open = Some(match kind {
            DocumentKind::Invoice => open.plus(&sum)?,
            DocumentKind::CreditNote => open.minus(&sum)?,
        });
        payments.retain(|payment| !payment.amount.is_zero());
        self.drafts.push(Draft {
            kind,
            event: told.id,
            happened: told.event.write().map(|(happened, _)| happened).unwrap_or_default(),
            at: told.at,
            total: sum.total()?,
            positions,
            sum,
            payments,
            prices_include_tax: order.policy().prices_include_tax,
            reverse_charge: order.pricing.as_ref().is_some_and(|pricing| pricing.reverse_charge),
        });
        Ok(())
    }
}

impl From<&EditCharge> for Payment {
    fn from(charge: &EditCharge) -> Self {
        Self { by: PaidBy::Provider { provider: charge.provider }, amount: charge.amount }
    }
}

/// On which ways money went back.
fn ways(order: &Order, shares: &[RefundShare]) -> Vec<Payment> {
    let by = |way: RefundWay| match way {
        RefundWay::Payment { number } => PaidBy::Provider { provider: provider(order, number) },
        RefundWay::GiftCard { .. } => PaidBy::GiftCard,
        RefundWay::StoreCredit { .. } => PaidBy::StoreCredit,
        RefundWay::Outside => PaidBy::Outside,
        RefundWay::Exchange { .. } => PaidBy::Exchange,
    };
    shares.iter().map(|share| Payment { by: by(share.way), amount: share.amount }).collect()
}

/// The provider of one of the order's payments.
fn provider(order: &Order, number: u32) -> ProviderName {
    let charges = order.edits.iter().filter_map(|edit| edit.charged.as_ref());
    charges
        .into_iter()
        .find(|charge| charge.number == number)
        .map_or(order.provider, |charge| charge.provider)
}
