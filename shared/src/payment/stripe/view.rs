//! A PaymentIntent, as Souk sees payments. Pure.

use super::{
    minor::from_stripe,
    secrets::Secrets,
    shapes::{Charge, Dispute, Fault, Intent, Refund, Transaction, WholeCharge},
};
use crate::{
    money::{Currency, Money},
    payment::{
        Decline, DisputeStatus, NextAction, ProviderDispute, ProviderError, ProviderName, ProviderPayment,
        ProviderRefund, ProviderStatus, RefundStatus,
    },
};

/// The payment's name, in what Souk tells Stripe of a payment.
pub(super) const PAYMENT: &str = "souk_payment";
/// The store's id and mode.
pub(super) const STORE: &str = "souk_store";
/// The refund's id.
pub(super) const REFUND: &str = "souk_refund";
/// There where the shopper's browser gives the payment method, and may give another one after a decline.
pub(super) const BROWSER: &str = "souk_browser";

/// What a shopper is told where a bank's reason must not be.
const DECLINED: &str = "Your card was declined.";

/// Reasons that a shopper must not learn: the card may not be theirs.
/// <https://docs.stripe.com/declines/codes>
const SECRET_REASONS: [&str; 5] =
    ["fraudulent", "lost_card", "merchant_blacklist", "pickup_card", "stolen_card"];

fn currency(code: &str) -> Result<Currency, ProviderError> {
    let unreadable = |_| ProviderError::Unknown("Stripe's answer has no currency that is known".to_owned());
    code.to_ascii_uppercase().parse().map_err(unreadable)
}

impl Intent {
    fn charge(&self) -> Option<&WholeCharge> {
        match &self.latest_charge {
            Some(Charge::Whole(charge)) => Some(charge),
            Some(Charge::Id(_)) | None => None,
        }
    }

    /// Whether the shopper's bank was asked to take the money back.
    pub fn is_disputed(&self) -> bool {
        self.charge().is_some_and(|charge| charge.disputed)
    }

    /// Whether the shopper's browser gives the payment method.
    fn is_browsers(&self) -> bool {
        self.metadata.contains_key(BROWSER)
    }

    /// Where it stands, but for what was given back.
    /// <https://docs.stripe.com/payments/paymentintents/lifecycle>
    pub fn stands(&self) -> ProviderStatus {
        match self.status.as_str() {
            "requires_capture" => ProviderStatus::Authorized,
            "succeeded" => ProviderStatus::Captured,
            "canceled" if self.last_payment_error.is_some() => ProviderStatus::Declined,
            "canceled" => ProviderStatus::Voided,
            // After a decline too: the browser may give another card.
            "requires_payment_method" if !self.is_browsers() && self.last_payment_error.is_some() => {
                ProviderStatus::Declined
            }
            "requires_payment_method" | "requires_confirmation" | "requires_action" => {
                ProviderStatus::RequiresAction
            }
            // A status that is not known yet is not decided yet.
            _ => ProviderStatus::Processing,
        }
    }
}

/// What a decline of Stripe says to the shopper.
pub(super) fn decline(fault: &Fault) -> Decline {
    let code = fault.decline_code.as_ref().or(fault.code.as_ref()).cloned();
    let code = code.unwrap_or_else(|| "generic_decline".to_owned());
    let told = fault.message.clone().filter(|_| !SECRET_REASONS.contains(&code.as_str()));
    Decline { code, message: told.unwrap_or_else(|| DECLINED.to_owned()) }
}

fn fee(transaction: &Transaction) -> Option<Money> {
    match transaction {
        Transaction::Whole { fee, currency: code } => Some(from_stripe(*fee, currency(code).ok()?)),
        Transaction::Id(_) => None,
    }
}

fn refund(refund: &Refund, currency: Currency) -> Option<ProviderRefund> {
    let id = refund.metadata.as_ref()?.get(REFUND)?.parse().ok()?;
    let amount = from_stripe(refund.amount, currency);
    Some(ProviderRefund { id, amount, status: refund_status(refund) })
}

fn refund_status(refund: &Refund) -> RefundStatus {
    match refund.status.as_deref() {
        Some("succeeded") => RefundStatus::Succeeded,
        Some("failed" | "canceled") => RefundStatus::Failed,
        _ => RefundStatus::Pending,
    }
}

fn dispute(dispute: Dispute) -> Result<ProviderDispute, ProviderError> {
    let status = match dispute.status.as_str() {
        "won" | "warning_closed" => DisputeStatus::Won,
        "lost" | "charge_refunded" => DisputeStatus::Lost,
        "under_review" | "warning_under_review" => DisputeStatus::UnderReview,
        _ => DisputeStatus::NeedsResponse,
    };
    let amount = from_stripe(dispute.amount, currency(&dispute.currency)?);
    let fee = dispute.balance_transactions.first().and_then(fee);
    Ok(ProviderDispute { reference: dispute.id, amount, fee, status })
}

/// The payment, as far as `refunds` and `disputes` tell what became of it.
///
/// # Errors
/// [`ProviderError::Unknown`] where its currency is none that Souk knows.
pub(super) fn payment(
    intent: Intent,
    refunds: &[Refund],
    disputes: Vec<Dispute>,
    secrets: &Secrets,
) -> Result<ProviderPayment, ProviderError> {
    let currency = currency(&intent.currency)?;
    let stood = intent.stands();
    let amount = from_stripe(intent.amount, currency);
    let captured = match stood {
        ProviderStatus::Captured => intent.amount_received.unwrap_or(intent.amount),
        _ => 0,
    };
    let given: i64 = refunds
        .iter()
        .filter(|refund| refund_status(refund) != RefundStatus::Failed)
        .map(|refund| refund.amount)
        .sum();
    let status =
        if stood == ProviderStatus::Captured && given >= captured { ProviderStatus::Refunded } else { stood };
    let charge = intent.charge();
    let fingerprint = charge
        .and_then(|charge| charge.payment_method_details.as_ref())
        .and_then(|details| details.card.as_ref()?.fingerprint.clone());
    let fee = charge.and_then(|charge| charge.balance_transaction.as_ref()).and_then(fee);
    let decline =
        intent.last_payment_error.as_ref().filter(|_| status == ProviderStatus::Declined).map(decline);
    let action = intent.client_secret.filter(|_| status == ProviderStatus::RequiresAction);
    Ok(ProviderPayment {
        key: intent.metadata.get(PAYMENT).and_then(|key| key.parse().ok()),
        status,
        amount,
        captured: from_stripe(captured, currency),
        refunded: from_stripe(given, currency),
        refunds: refunds.iter().filter_map(|one| refund(one, currency)).collect(),
        fee,
        disputes: disputes.into_iter().map(dispute).collect::<Result<_, _>>()?,
        action: action.map(|client_secret| NextAction {
            kind: ProviderName::Stripe.to_string(),
            client_secret,
            publishable_key: secrets.publishable_key.clone(),
        }),
        fingerprint,
        decline,
        reference: intent.id,
    })
}
