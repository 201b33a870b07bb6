//! Whatever happens to an order, its documents come to what is sold, and to nothing once it is canceled.

use jiff::Timestamp;
use proptest::prelude::*;
use souk::{
    id::EventId,
    invoice::{DocumentKind, Draft, PaidBy, Sum, drafts},
    order::{Order, OrderEvent, RefundCause, Told, decide},
    payment::{CaptureMethod, RefundStatus},
    risk::RiskOutcome::Allow,
};

use crate::{
    example::*,
    order_money::{World, deeds, events_of, orders},
};

/// An order, and all that happened to it.
struct Story {
    order: Order,
    history: Vec<Told>,
}

impl Story {
    fn of(order: Order) -> Self {
        Self { order, history: Vec::new() }
    }

    fn happen(&mut self, events: Vec<OrderEvent>) {
        for event in events {
            let id = EventId::from_bits(self.history.len() as u128 + 1);
            let before = Some(self.order.clone());
            let sequence = u32::try_from(self.history.len() + 1).unwrap();
            self.history.push(Told { id, before, event: event.clone(), at: Timestamp::UNIX_EPOCH, sequence });
            self.order = with(self.order.clone(), vec![event]);
        }
    }

    fn command(&mut self, command: souk::order::Command) {
        let events = decide(&self.order, command).unwrap();
        self.happen(events);
    }

    fn documents(&self) -> Vec<Draft> {
        drafts(&self.history).unwrap()
    }
}

fn open(documents: &[Draft]) -> Sum {
    documents.iter().fold(Sum::zero("EUR".parse().unwrap()), |open, draft| match draft.kind {
        DocumentKind::Invoice => open.plus(&draft.sum).unwrap(),
        DocumentKind::CreditNote => open.minus(&draft.sum).unwrap(),
    })
}

fn said(documents: &[Draft]) -> Vec<(DocumentKind, &str, i64)> {
    documents.iter().map(|draft| (draft.kind, draft.happened.as_str(), draft.total.amount())).collect()
}

/// A paid order of three mugs and two pots.
fn paid() -> Story {
    let mut story = Story::of(order_of(placed(CaptureMethod::Automatic)));
    for command in [reserved(Allow), authorized(), captured()] {
        story.command(command);
    }
    story
}

const INVOICE: DocumentKind = DocumentKind::Invoice;
const CREDIT: DocumentKind = DocumentKind::CreditNote;

#[test]
fn a_sale_and_its_refunds() {
    let mut story = paid();
    let whole = story.documents();
    assert_eq!(said(&whole), [(INVOICE, "order.payment_captured", 7700)]);
    let names: Vec<_> = whole[0].positions.iter().map(|it| (it.name.as_str(), it.quantity)).collect();
    assert_eq!(names, [("Mug", 3), ("Pot", 2)]);
    assert!(matches!(whole[0].payments[..], [payment] if payment.amount == euros(7700)));
    assert!(matches!(whole[0].payments[0].by, PaidBy::Provider { .. }));
    story.command(refund(1, Some(500)));
    assert_eq!(story.documents().len(), 1, "nothing is credited before it went back");
    story.command(returned(souk::id::RefundId::from_bits(1)));
    story.command(cancel());
    story.command(souk::order::Command::RefundRest);
    story.command(returned(rest(1)));
    let all = story.documents();
    assert_eq!(
        said(&all)[1..],
        [(CREDIT, "order.refund_succeeded", 500), (CREDIT, "order.refund_succeeded", 7200)]
    );
    assert!(open(&all).is_nothing());
}

#[test]
fn edits_say_what_changed() {
    let mut story = paid();
    let dearer = edit(1, &story.order, &[("MUG", 4), ("POT", 2)]);
    story.command(dearer);
    let charge = charged(&story.order.pending_edit().unwrap().request);
    story.command(souk::order::Command::RecordEdited(souk::id::EditId::from_bits(1), charge));
    let further = story.documents();
    assert_eq!(said(&further)[1..], [(INVOICE, "order.edited", 900)]);
    let positions: Vec<_> =
        further[1].positions.iter().map(|it| (it.name.as_str(), it.quantity, it.sum.net)).collect();
    assert_eq!(positions, [("Mug", 1, euros(900))]);
    let cheaper = edit(2, &story.order, &[("MUG", 1), ("POT", 2)]);
    story.command(cheaper);
    let id = story.order.refunds[0].id();
    while story.order.refunds[0].status == RefundStatus::Pending {
        let returned = story.order.refunds[0].returned + 1;
        story.command(souk::order::Command::RecordRefundReturned(id, returned));
    }
    let credited = story.documents();
    assert_eq!(said(&credited)[2..], [(CREDIT, "order.refund_succeeded", 2700)]);
    let positions: Vec<_> = credited[2].positions.iter().map(|it| (it.name.as_str(), it.quantity)).collect();
    assert_eq!(positions, [("Mug", 3)]);
    assert_eq!(open(&credited).total().unwrap(), story.order.total());
}

#[test]
fn what_was_never_taken_has_no_document() {
    let mut story = Story::of(order_of(placed(CaptureMethod::Manual)));
    for command in [reserved(Allow), authorized(), cancel(), souk::order::Command::RecordVoided] {
        story.command(command);
    }
    assert_eq!(story.documents(), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents_come_to_what_is_sold(order in orders(), deeds in deeds()) {
        let (mut story, mut world) = (Story::of(order), World::default());
        // What was taken in full when it was invoiced.
        let (mut known, mut in_full) = (Vec::new(), false);
        for deed in deeds {
            let events = events_of(&story.order, &mut world, deed);
            story.happen(events);
            let documents = story.documents();
            prop_assert!(documents.starts_with(&known), "what was issued is not said otherwise later");
            for draft in &documents {
                prop_assert_eq!(documents.iter().filter(|one| one.event == draft.event).count(), 1);
            }
            let (order, open) = (&story.order, open(&documents));
            let left = open.total().unwrap();
            prop_assert!(left.amount() >= 0, "more was credited than invoiced");
            if known.is_empty() && !documents.is_empty() {
                prop_assert_eq!(documents[0].total, order.total());
                in_full = order.kept().unwrap().amount() >= order.total().amount();
            }
            if order.is_canceled() {
                prop_assert!(open.net.is_zero() && open.taxes.iter().all(|tax| tax.amount.is_zero()), "{open:?}");
            } else if in_full && !order.has_pending_refund() {
                let early = |refund: &souk::order::Refund| {
                    refund.status == RefundStatus::Failed && matches!(refund.request.cause, RefundCause::Edited { .. })
                };
                if !order.refunds.iter().any(early) {
                    prop_assert_eq!(left, order.kept().unwrap(), "what is invoiced is what is kept");
                }
            }
            known = documents;
        }
    }
}
