//! Stripe's objects, in the shapes that its reference documents. <https://docs.stripe.com/api>

#![expect(clippy::needless_pass_by_value, reason = "JSON is written where it is needed")]

use serde_json::{Value, json};

use super::{secrets::Secrets, shapes::Intent, view};
use crate::{
    money::Money,
    payment::{DisputeStatus, ProviderPayment, ProviderStatus, RefundStatus},
};

fn secrets() -> Secrets {
    serde_json::from_value(json!({
        "secret_key": "sk_test_1", "webhook_secret": "whsec_1", "publishable_key": "pk_test_1",
    }))
    .unwrap()
}

fn euros(amount: i64) -> Money {
    Money::new(amount, "EUR".parse().unwrap())
}

/// A PaymentIntent with what every one has, and fields that Souk does not know.
fn intent(status: &str, more: Value) -> Value {
    let mut intent = json!({
        "id": "pi_1", "object": "payment_intent", "amount": 2000, "amount_capturable": 0, "amount_received": 0,
        "automatic_payment_methods": {"enabled": true}, "canceled_at": null, "capture_method": "manual",
        "client_secret": "pi_1_secret_canary", "created": 1_700_000_000, "currency": "eur", "customer": null,
        "last_payment_error": null, "latest_charge": null, "livemode": false, "next_action": null,
        "metadata": {
            "souk_store": "store_00000000000000000000000001/test",
            "souk_payment": "ord_00000000000000000000000001-2",
        },
        "payment_method": "pm_1", "status": status, "of_the_future": {"deep": [1, 2]},
    });
    intent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    intent
}

fn charge(more: Value) -> Value {
    let mut charge = json!({
        "id": "ch_1", "object": "charge", "amount": 2000, "amount_captured": 2000, "disputed": false,
        "balance_transaction": {"id": "txn_1", "object": "balance_transaction", "fee": 88, "currency": "eur", "net": 1912},
        "payment_method_details": {"type": "card", "card": {"brand": "visa", "fingerprint": "Xt5EWLLDS7FJjR1c"}},
    });
    charge.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    charge
}

fn seen(intent: Value, refunds: Value, disputes: Value) -> ProviderPayment {
    let intent: Intent = serde_json::from_value(intent).unwrap();
    let refunds: Vec<_> = serde_json::from_value(refunds).unwrap();
    view::payment(intent, &refunds, serde_json::from_value(disputes).unwrap(), &secrets()).unwrap()
}

fn status(intent: Value) -> ProviderStatus {
    seen(intent, json!([]), json!([])).status
}

#[test]
fn every_documented_status_is_read() {
    let error = json!({"last_payment_error": {"type": "card_error", "code": "card_declined"}});
    let browser = json!({
        "metadata": {"souk_browser": "yes"}, "last_payment_error": {"type": "card_error", "code": "card_declined"},
    });
    let table = [
        ("requires_payment_method", json!({}), ProviderStatus::RequiresAction),
        ("requires_payment_method", error.clone(), ProviderStatus::Declined),
        ("requires_payment_method", browser, ProviderStatus::RequiresAction),
        ("requires_confirmation", json!({}), ProviderStatus::RequiresAction),
        ("requires_action", json!({}), ProviderStatus::RequiresAction),
        ("processing", json!({}), ProviderStatus::Processing),
        ("requires_capture", json!({}), ProviderStatus::Authorized),
        ("succeeded", json!({"amount_received": 2000}), ProviderStatus::Captured),
        ("canceled", json!({}), ProviderStatus::Voided),
        ("canceled", error, ProviderStatus::Declined),
        ("of_the_future", json!({}), ProviderStatus::Processing),
    ];
    for (name, more, wanted) in table {
        assert_eq!(status(intent(name, more.clone())), wanted, "{name} {more}");
    }
}

#[test]
fn what_was_taken_and_what_it_cost_is_read() {
    let taken = intent("succeeded", json!({"amount_received": 1500, "latest_charge": charge(json!({}))}));
    let payment = seen(taken, json!([]), json!([]));
    assert_eq!((payment.amount, payment.captured), (euros(2000), euros(1500)));
    assert_eq!((payment.fee, payment.fingerprint.as_deref()), (Some(euros(88)), Some("Xt5EWLLDS7FJjR1c")));
    assert_eq!(payment.key.unwrap().number, 2);
    assert_eq!(payment.action, None, "a browser has nothing more to do");
    // Not expanded: only their ids.
    let ids = json!({"latest_charge": "ch_1", "amount_received": 2000});
    assert_eq!(seen(intent("succeeded", ids), json!([]), json!([])).fee, None);
    let ids = charge(json!({"balance_transaction": "txn_1"}));
    assert_eq!(seen(intent("succeeded", json!({"latest_charge": ids})), json!([]), json!([])).fee, None);
}

#[test]
fn a_browser_gets_what_it_needs_and_nobody_else_sees_it() {
    let next = json!({"next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}});
    let payment = seen(intent("requires_action", next), json!([]), json!([]));
    assert!(!format!("{payment:?}").contains("canary"), "{payment:?}");
    let action = payment.action.unwrap();
    assert_eq!((action.kind.as_str(), action.client_secret.0.as_str()), ("stripe", "pi_1_secret_canary"));
    assert_eq!(action.publishable_key.as_deref(), Some("pk_test_1"));
}

#[test]
fn refunds_count_unless_they_failed() {
    let refund = |amount: i64, status: &str, id: &str| {
        json!({
            "id": format!("re_{id}"), "object": "refund", "amount": amount, "currency": "eur", "status": status,
            "metadata": {"souk_refund": format!("refund_0000000000000000000000000{id}")},
            "failure_reason": null, "of_the_future": true,
        })
    };
    let taken = || intent("succeeded", json!({"amount_received": 2000}));
    let some = seen(
        taken(),
        json!([refund(500, "succeeded", "1"), refund(700, "pending", "2"), refund(800, "failed", "3")]),
        json!([]),
    );
    assert_eq!(
        (some.status, some.refunded, some.kept()),
        (ProviderStatus::Captured, euros(1200), euros(800))
    );
    let stands: Vec<_> = some.refunds.iter().map(|refund| refund.status).collect();
    assert_eq!(stands, [RefundStatus::Succeeded, RefundStatus::Pending, RefundStatus::Failed]);
    let all = seen(taken(), json!([refund(2000, "succeeded", "1")]), json!([]));
    assert_eq!(all.status, ProviderStatus::Refunded);
    // Made by hand at Stripe: it counts, though it has no name here.
    let by_hand = json!([{"id": "re_9", "amount": 100, "status": "succeeded", "metadata": {}}]);
    let by_hand = seen(taken(), by_hand, json!([]));
    assert_eq!((by_hand.refunded, by_hand.refunds.len()), (euros(100), 0));
}

#[test]
fn disputes_are_read() {
    let dispute = |status: &str| {
        json!([{
            "id": "dp_1", "object": "dispute", "amount": 2000, "currency": "eur", "status": status,
            "reason": "fraudulent", "payment_intent": "pi_1",
            "balance_transactions": [{"id": "txn_2", "amount": -2000, "fee": 1500, "currency": "eur"}],
        }])
    };
    let table = [
        ("needs_response", DisputeStatus::NeedsResponse),
        ("warning_needs_response", DisputeStatus::NeedsResponse),
        ("under_review", DisputeStatus::UnderReview),
        ("warning_under_review", DisputeStatus::UnderReview),
        ("warning_closed", DisputeStatus::Won),
        ("won", DisputeStatus::Won),
        ("lost", DisputeStatus::Lost),
    ];
    for (name, wanted) in table {
        let disputed = charge(json!({"disputed": true}));
        let taken = intent("succeeded", json!({"amount_received": 2000, "latest_charge": disputed}));
        let payment = seen(taken, json!([]), dispute(name));
        let dispute = &payment.disputes[0];
        assert_eq!((dispute.status, dispute.fee), (wanted, Some(euros(1500))), "{name}");
    }
}

#[test]
fn a_decline_tells_the_shopper_what_they_may_know() {
    let table = [
        (
            json!({"code": "card_declined", "decline_code": "insufficient_funds", "message": "No funds."}),
            "insufficient_funds",
            "No funds.",
        ),
        (json!({"code": "expired_card", "message": "It has expired."}), "expired_card", "It has expired."),
        (
            json!({"code": "card_declined", "decline_code": "stolen_card", "message": "It was stolen."}),
            "stolen_card",
            "Your card was declined.",
        ),
        (json!({}), "generic_decline", "Your card was declined."),
    ];
    for (error, code, message) in table {
        let payment = seen(intent("canceled", json!({"last_payment_error": error})), json!([]), json!([]));
        let decline = payment.decline.unwrap();
        assert_eq!((decline.code.as_str(), decline.message.as_str()), (code, message));
    }
}

#[test]
fn money_in_other_units_is_converted() {
    let kwd = intent("succeeded", json!({"currency": "isk", "amount": 500, "amount_received": 500}));
    let payment = seen(kwd, json!([]), json!([]));
    assert_eq!(payment.captured, Money::new(5, "ISK".parse().unwrap()));
    let unknown: Intent = serde_json::from_value(intent("succeeded", json!({"currency": "zzz"}))).unwrap();
    assert!(view::payment(unknown, &[], Vec::new(), &secrets()).is_err());
}
