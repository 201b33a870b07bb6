//! Each test payment method does what its name says.

use super::{methods::GENERIC, *};

fn of(name: &str) -> Option<Behavior> {
    behavior(&name.parse().unwrap())
}

#[test]
fn cards_of_every_network_are_charged() {
    let cards = "visa visa_debit mastercard mastercard_debit mastercard_prepaid amex discover diners jcb unionpay \
                 riskLevelElevated bypassPending createDispute pendingRefund refundFail";
    for card in cards.split_whitespace() {
        assert_eq!(of(&format!("pm_card_{card}")), Some(Behavior::Succeed), "{card}");
    }
}

#[test]
fn a_card_that_is_declined_says_why() {
    let table = [
        ("pm_card_visa_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error"),
        ("pm_card_visa_chargeDeclinedVelocityLimitExceeded", "card_velocity_exceeded"),
        ("pm_card_chargeDeclinedFraudulent", "fraudulent"),
        ("pm_card_radarBlock", "fraudulent"),
    ];
    for (name, reason) in table {
        match of(name) {
            // A shopper is never told that a card counts as lost, stolen or fraudulent.
            Some(Behavior::Decline(code, message)) => {
                assert_eq!(code, reason, "{name}");
                let secret = ["lost_card", "stolen_card", "fraudulent"].contains(&code);
                assert!(!secret || message == GENERIC.1, "{name}: {message}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn bad_days_of_card_networks_have_methods_of_their_own() {
    let table = [
        ("answer_lost", Behavior::LoseAnswer(Outcome::Succeed)),
        ("answer_lost_declined", Behavior::LoseAnswer(Outcome::Decline)),
        ("late", Behavior::Late(Outcome::Succeed)),
        ("late_declined", Behavior::Late(Outcome::Decline)),
        ("silent", Behavior::Silent),
        ("dispute_won", Behavior::Succeed),
    ];
    for (name, wanted) in table {
        assert_eq!(of(&format!("pm_souk_{name}")), Some(wanted), "{name}");
    }
}

#[test]
fn some_cards_want_their_holder_to_prove_who_they_are() {
    for name in ["authenticationRequired", "authenticationRequiredOnSetup", "threeDSecure2Required"] {
        assert_eq!(of(&format!("pm_card_{name}")), Some(Behavior::Authenticate), "{name}");
    }
}

#[test]
fn other_methods_are_not_known() {
    for name in ["pm_card_", "pm_card_unknown", "pm_visa", "pm_souk_", "pm_card_VISA", "pm_card_visa_amex"] {
        assert!(!knows(&name.parse().unwrap()), "{name}");
    }
}

#[test]
fn a_late_payment_is_decided_when_its_time_has_come() {
    let (amount, when) = (Money::new(5, "EUR".parse().unwrap()), Timestamp::from_second(20).unwrap());
    let late = |outcome| Payment {
        decided: Some((when, outcome)),
        ..Payment::new(amount, ProviderStatus::Processing)
    };
    let status = |outcome, second| late(outcome).at(Timestamp::from_second(second).unwrap()).status;
    assert_eq!(status(Outcome::Succeed, 19), ProviderStatus::Processing);
    assert_eq!(status(Outcome::Succeed, 20), ProviderStatus::Authorized);
    assert_eq!(status(Outcome::Decline, 20), ProviderStatus::Declined);
    let voided = Payment { status: ProviderStatus::Voided, ..late(Outcome::Succeed) };
    assert_eq!(voided.at(when).status, ProviderStatus::Voided);
}
