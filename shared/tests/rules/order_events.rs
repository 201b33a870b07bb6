//! Events that were ever written can be read for ever: `tests/golden/order-events.json` has an example of each type of
//! event in each version, as the events table holds it.
//!
//! To add a version: raise `OrderEvent::VERSION`, teach `OrderEvent::read` the old shapes, and add to the golden file
//! an example of every event at the new version, below those that are there. Examples are never changed or removed:
//! stores have such events.

use std::{collections::BTreeSet, fs, path::Path};

use serde::Deserialize;
use serde_json::{Value, json};
use souk::order::OrderEvent;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(rename = "type")]
    kind: String,
    version: u32,
    data: Value,
}

/// A new event does not compile here before it has a line, and then needs an example.
macro_rules! kinds {
    ($($pattern:pat => $kind:literal since $version:literal,)*) => {
        /// Each, with the version that brought it.
        const KINDS: &[(&str, u32)] = &[$(($kind, $version),)*];

        fn kind_of(event: &OrderEvent) -> &'static str {
            match event { $($pattern => $kind,)* }
        }
    };
}

kinds! {
    OrderEvent::Placed(_) => "order.placed" since 1,
    OrderEvent::StockReserved { .. } => "order.stock_reserved" since 1,
    OrderEvent::StockRefused { .. } => "order.stock_refused" since 1,
    OrderEvent::RiskAssessed { .. } => "order.risk_assessed" since 1,
    OrderEvent::ReviewApproved { .. } => "order.review_approved" since 1,
    OrderEvent::ReviewRejected { .. } => "order.review_rejected" since 1,
    OrderEvent::PaymentAuthorized { .. } => "order.payment_authorized" since 1,
    OrderEvent::PaymentDeclined { .. } => "order.payment_declined" since 1,
    OrderEvent::Confirmed {} => "order.confirmed" since 1,
    OrderEvent::CaptureRequested { .. } => "order.capture_requested" since 1,
    OrderEvent::PaymentCaptured { .. } => "order.payment_captured" since 1,
    OrderEvent::PaymentVoided {} => "order.payment_voided" since 1,
    OrderEvent::PaymentRefunded { .. } => "order.payment_refunded" since 1,
    OrderEvent::PaymentActionRequired { .. } => "order.payment_action_required" since 3,
    OrderEvent::PaymentRerouted { .. } => "order.payment_rerouted" since 3,
    OrderEvent::DisputeOpened { .. } => "order.dispute_opened" since 3,
    OrderEvent::DisputeClosed { .. } => "order.dispute_closed" since 3,
    OrderEvent::CancelRequested { .. } => "order.cancel_requested" since 1,
    OrderEvent::StockReleased {} => "order.stock_released" since 1,
    OrderEvent::Canceled { .. } => "order.canceled" since 1,
    OrderEvent::FulfillmentCreated { .. } => "order.fulfillment_created" since 1,
    OrderEvent::StockShipped { .. } => "order.stock_shipped" since 1,
    OrderEvent::RefundRequested(_) => "order.refund_requested" since 3,
    OrderEvent::RefundShareReturned { .. } => "order.refund_share_returned" since 3,
    OrderEvent::RefundSucceeded { .. } => "order.refund_succeeded" since 3,
    OrderEvent::RefundFailed { .. } => "order.refund_failed" since 3,
    OrderEvent::ReturnRequested { .. } => "order.return_requested" since 3,
    OrderEvent::ReturnApproved { .. } => "order.return_approved" since 4,
    OrderEvent::ReturnReceived { .. } => "order.return_received" since 3,
    OrderEvent::ReturnRejected { .. } => "order.return_rejected" since 3,
    OrderEvent::StockReturned { .. } => "order.stock_returned" since 3,
    OrderEvent::EditRequested(_) => "order.edit_requested" since 3,
    OrderEvent::EditActionRequired { .. } => "order.edit_action_required" since 4,
    OrderEvent::EditAbandoned { .. } => "order.edit_abandoned" since 4,
    OrderEvent::Edited { .. } => "order.edited" since 3,
    OrderEvent::EditFailed { .. } => "order.edit_failed" since 3,
    OrderEvent::StockAdjusted {} => "order.stock_adjusted" since 3,
}

fn golden() -> Vec<Stored> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/order-events.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_event_ever_written_is_read_as_what_it_was() {
    for Stored { kind, version, data } in golden() {
        let event = OrderEvent::read(&kind, version, &data).unwrap();
        assert_eq!(kind_of(&event), kind);
        let (written, again) = event.write().unwrap();
        assert_eq!(written, kind);
        if version == OrderEvent::VERSION {
            assert_eq!(again, data, "{kind} is no longer written as it was");
        } else {
            // In today's shape, which reads as the same event.
            assert_eq!(OrderEvent::read(&kind, OrderEvent::VERSION, &again), Ok(event), "{kind} {version}");
        }
    }
}

#[test]
fn every_event_has_an_example_of_every_version() {
    let golden: BTreeSet<(String, u32)> =
        golden().into_iter().map(|stored| (stored.kind, stored.version)).collect();
    for (kind, since) in KINDS {
        for version in *since..=OrderEvent::VERSION {
            assert!(
                golden.contains(&((*kind).to_owned(), version)),
                "no example of {kind} at version {version}"
            );
        }
    }
}

#[test]
fn an_event_of_the_future_is_refused_and_a_broken_one_is_not_quoted() {
    assert!(OrderEvent::read("order.confirmed", OrderEvent::VERSION + 1, &json!({})).is_err());
    let broken = OrderEvent::read("order.placed", 1, &json!({ "contact": { "email": "ada@example.com" } }));
    assert!(!broken.unwrap_err().contains("ada"));
}
