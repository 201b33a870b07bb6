//! The order's own payment: has it held, and takes it.

use super::{
    super::{decide::Command, due::PAYMENT_DEADLINE, event::CancelCause, model::Order},
    Outcome, UNNEEDED, asked, cancel, due, provider, unanswered, unexplained,
};
use crate::{
    payment::{
        self, CaptureMethod, Charge, NextAction, PaymentKey, Provider, ProviderError, ProviderPayment,
        ProviderStatus,
    },
    runtime::{App, JobError},
    tenant::Tenant,
    vault::{self, Opened, VaultError},
};

/// Has the money held. An answer that was lost is asked for again, under the same key; after the deadline the order is
/// canceled, which asks the provider once more and returns whatever it holds.
pub(super) async fn authorize(app: &App, tenant: Tenant, order: &Order) -> Result<Outcome, JobError> {
    let amount = due(order)?;
    if amount.is_zero() {
        let reference = UNNEEDED.to_owned();
        let command = Command::RecordAuthorized { amount, reference, provider: order.provider };
        return Ok(Outcome::Found(command));
    }
    let (provider, key) = (provider(app, tenant, order).await?, PaymentKey::of(order.id));
    let charge = Charge {
        amount,
        method: order.placed.payment_method.as_ref(),
        capture: order.placed.capture_method,
        customer: order.placed.customer,
        save: order.placed.save_method,
        present: !order.placed.off_session,
    };
    let answer = asked(app, "authorize", provider.authorize(key, &charge)).await;
    let overdue = app.now() >= order.payable_since + PAYMENT_DEADLINE;
    match answer {
        Ok(payment) if payment.status == ProviderStatus::RequiresAction && !overdue => {
            require_action(app, tenant, order, payment.action).await
        }
        // It was to be let go for the second provider's sake, and that was not certain yet.
        Ok(payment) if payment.status == ProviderStatus::Voided && !overdue => {
            let found = reroute(app, tenant, order, provider.as_ref(), &charge).await?;
            Ok(found.unwrap_or_else(|| of_authorization(order, payment, overdue)))
        }
        Ok(payment) => Ok(of_authorization(order, payment, overdue)),
        Err(_) if overdue => Ok(Outcome::Found(cancel(CancelCause::PaymentTimeout))),
        Err(ProviderError::Unknown(reason) | ProviderError::Unavailable(reason)) => {
            tracing::warn!(order = %order.id, reason, "the provider has not answered");
            if let Some(found) = reroute(app, tenant, order, provider.as_ref(), &charge).await? {
                return Ok(found);
            }
            // Not an error of the message: asking again at once would be no better. The sweeper asks again.
            Ok(Outcome::Wait)
        }
        Err(error) => Err(unanswered(&error)),
    }
}

/// Turns to the store's second provider, once it is certain that the first one holds nothing and never will: otherwise
/// it might be two who do. What the first one declined is declined.
async fn reroute(
    app: &App,
    tenant: Tenant,
    order: &Order,
    first: &dyn Provider,
    charge: &Charge<'_>,
) -> Result<Option<Outcome>, JobError> {
    let Some(second) = payment::second_to(app, tenant, order.provider, charge.method).await? else {
        return Ok(None);
    };
    let closed = asked(app, "void", first.void(PaymentKey::of(order.id), charge.amount)).await;
    Ok(Some(match closed {
        Ok(payment) if payment.status == ProviderStatus::Voided => Outcome::Found(Command::Reroute(second)),
        Ok(payment) => of_authorization(order, payment, false),
        Err(_) => Outcome::Wait,
    }))
}

/// Hands the shopper's browser what it needs, once, and waits for the shopper.
async fn require_action(
    app: &App,
    tenant: Tenant,
    order: &Order,
    action: Option<NextAction>,
) -> Result<Outcome, JobError> {
    let wait = Ok(Outcome::Wait);
    let Some(action) = action.filter(|_| order.action.is_none()) else { return wait };
    // Who was erased meanwhile gets no key again for this, and can't do it: it ends with the deadline.
    let known = match order.placed.contact.subject() {
        Some(subject) => vault::knows(app, tenant, subject).await?,
        None => false,
    };
    if !known {
        return wait;
    }
    match order.seal_action(&Opened::new(app, tenant), &action).await {
        Ok(Some(sealed)) => Ok(Outcome::Found(Command::RecordActionRequired(sealed))),
        Ok(None) | Err(VaultError::Erased) => wait,
        Err(error) => Err(JobError::new("vault", error)),
    }
}

fn of_authorization(order: &Order, payment: ProviderPayment, overdue: bool) -> Outcome {
    match payment.status {
        // Providers that take the money at once have taken it by now, and need not be asked to.
        ProviderStatus::Captured if order.placed.capture_method == CaptureMethod::Automatic => {
            let ProviderPayment { amount, captured, fee, reference, .. } = payment;
            Outcome::Found(Command::RecordPaid { amount, captured, fee, reference, provider: order.provider })
        }
        ProviderStatus::Authorized | ProviderStatus::Captured => {
            let ProviderPayment { amount, reference, .. } = payment;
            Outcome::Found(Command::RecordAuthorized { amount, reference, provider: order.provider })
        }
        ProviderStatus::Declined => {
            Outcome::Found(Command::RecordDeclined(payment.decline.unwrap_or_else(unexplained)))
        }
        ProviderStatus::Processing if !overdue => Outcome::Wait,
        ProviderStatus::Processing | ProviderStatus::RequiresAction => {
            Outcome::Found(cancel(CancelCause::PaymentTimeout))
        }
        // Somebody canceled the order meanwhile, or voided the payment at the provider.
        ProviderStatus::Voided | ProviderStatus::Refunded => Outcome::Found(cancel(CancelCause::Requested)),
    }
}

/// Takes what is due of what is held, or what of it staff asked for. The rest is let go.
pub(super) async fn capture(app: &App, tenant: Tenant, order: &Order) -> Result<Outcome, JobError> {
    let amounts = |error| JobError::new("amounts", error);
    let due = order.capturable().map_err(amounts)?;
    let amount = order.capture_amount.unwrap_or(due).least(due).map_err(amounts)?;
    let captured = |amount, fee| Ok(Outcome::Found(Command::RecordCaptured { amount, fee }));
    if order.held.is_zero() {
        return captured(amount, None);
    }
    let (provider, key) = (provider(app, tenant, order).await?, PaymentKey::of(order.id));
    if amount.is_zero() {
        return match asked(app, "void", provider.void(key, order.held)).await {
            Ok(_) => captured(amount, None),
            Err(error) => Err(unanswered(&error)),
        };
    }
    match asked(app, "capture", provider.capture(key, amount)).await {
        Ok(payment) => captured(payment.captured, payment.fee),
        // It was taken before, of what the order came to then: an edit came between.
        Err(ProviderError::NotNow(ProviderStatus::Captured)) => {
            let found = asked(app, "find", provider.find(key)).await.map_err(|error| unanswered(&error))?;
            let payment = found.ok_or_else(|| JobError::new("provider", "the payment is gone"))?;
            captured(payment.captured, payment.fee)
        }
        // The hold is gone: the cancellation that took it is on its way, or the provider let it lapse.
        Err(ProviderError::NotNow(
            ProviderStatus::Voided | ProviderStatus::Refunded | ProviderStatus::Declined,
        )) => Ok(Outcome::Found(cancel(CancelCause::PaymentTimeout))),
        Err(error) => Err(unanswered(&error)),
    }
}
