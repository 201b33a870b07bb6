//! What each test payment method does.

use serde::{Deserialize, Serialize};

use crate::payment::{DisputeStatus, Method, RefundStatus};

/// What a test payment method does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behavior {
    Succeed,
    Decline(&'static str, &'static str),
    /// Does `then`, but the first answer is lost.
    LoseAnswer(Outcome),
    /// Decides after [`LATE`](super::LATE).
    Late(Outcome),
    /// Wants the shopper to prove who they are first.
    Authenticate,
    /// Never answers and never acts.
    Silent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Succeed,
    Decline,
}

pub(super) const GENERIC: (&str, &str) = ("generic_decline", "Your card was declined.");

/// <https://docs.stripe.com/testing>
pub(super) fn behavior(method: &Method) -> Option<Behavior> {
    use Behavior::{Authenticate, Decline, Late, LoseAnswer, Silent, Succeed};
    let name = method.as_str();
    // Stripe names some of the declines with the network, some without.
    let declines = |rest: &&str| rest.starts_with("chargeDeclined");
    let plain =
        name.strip_prefix("pm_card_").map(|rest| rest.strip_prefix("visa_").filter(declines).unwrap_or(rest));
    Some(match (name, plain) {
        (
            _,
            Some(
                "visa" | "visa_debit" | "mastercard" | "mastercard_debit" | "mastercard_prepaid" | "amex"
                | "discover" | "diners" | "jcb" | "unionpay" | "riskLevelElevated" | "bypassPending"
                | "createDispute" | "pendingRefund" | "refundFail",
            ),
        ) => Succeed,
        (_, Some("chargeDeclined")) => Decline(GENERIC.0, GENERIC.1),
        (_, Some("chargeDeclinedInsufficientFunds")) => {
            Decline("insufficient_funds", "Your card has insufficient funds.")
        }
        (_, Some("chargeDeclinedLostCard")) => Decline("lost_card", "Your card was declined."),
        (_, Some("chargeDeclinedStolenCard")) => Decline("stolen_card", "Your card was declined."),
        (_, Some("chargeDeclinedExpiredCard")) => Decline("expired_card", "Your card has expired."),
        (_, Some("chargeDeclinedIncorrectCvc")) => {
            Decline("incorrect_cvc", "Your card's security code is incorrect.")
        }
        (_, Some("chargeDeclinedProcessingError")) => Decline(
            "processing_error",
            "An error occurred while processing your card. Try again in a little while.",
        ),
        (_, Some("chargeDeclinedVelocityLimitExceeded")) => Decline(
            "card_velocity_exceeded",
            "Your card was declined for making repeated attempts too frequently.",
        ),
        (_, Some("chargeDeclinedFraudulent" | "radarBlock")) => {
            Decline("fraudulent", "Your card was declined.")
        }
        (_, Some("authenticationRequired" | "authenticationRequiredOnSetup" | "threeDSecure2Required")) => {
            Authenticate
        }
        ("pm_souk_answer_lost", _) => LoseAnswer(Outcome::Succeed),
        ("pm_souk_answer_lost_declined", _) => LoseAnswer(Outcome::Decline),
        ("pm_souk_dispute_won", _) => Succeed,
        ("pm_souk_late", _) => Late(Outcome::Succeed),
        ("pm_souk_late_declined", _) => Late(Outcome::Decline),
        ("pm_souk_silent", _) => Silent,
        _ => return None,
    })
}

/// What becomes of a dispute that the shopper's bank opens once the money was taken, where it does.
pub(super) fn dispute(method: &str) -> Option<DisputeStatus> {
    match method {
        "pm_card_createDispute" => Some(DisputeStatus::Lost),
        "pm_souk_dispute_won" => Some(DisputeStatus::Won),
        _ => None,
    }
}

/// How a refund begins, and how it stands a while later.
pub(super) fn refund(method: &str) -> (RefundStatus, RefundStatus) {
    match method {
        "pm_card_pendingRefund" => (RefundStatus::Pending, RefundStatus::Succeeded),
        "pm_card_refundFail" => (RefundStatus::Succeeded, RefundStatus::Failed),
        _ => (RefundStatus::Succeeded, RefundStatus::Succeeded),
    }
}

/// Whether the sandbox takes this method.
pub(in crate::payment) fn knows(method: &Method) -> bool {
    behavior(method).is_some()
}
