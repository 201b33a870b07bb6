//! Money that is not to stay: leaves the provider with nothing of it.

use super::{
    super::{decide::Command, model::Order},
    asked, provider, record, refunds, unanswered,
};
use crate::{
    event::Cause,
    id::RefundId,
    payment::{PaymentKey, Provider, ProviderError, ProviderStatus},
    runtime::{App, JobError},
    tenant::Tenant,
};

/// Leaves the provider with nothing of the order's money, whatever it holds, and says what was done.
pub(super) async fn return_money(
    app: &App,
    provider: &dyn Provider,
    key: PaymentKey,
    order: &Order,
) -> Result<Command, JobError> {
    match asked(app, "void", provider.void(key, order.total())).await {
        Ok(_) => Ok(Command::RecordVoided),
        Err(ProviderError::NotNow(ProviderStatus::Captured | ProviderStatus::Refunded)) => {
            refund_rest(app, provider, key).await.map_err(|error| unanswered(&error))
        }
        Err(error) => Err(unanswered(&error)),
    }
}

/// Gives back what the provider still has of a payment. What is left says the provider itself, and the refund's id
/// follows from what was given back before: asked again after a lost answer, it is the same refund, or there is nothing
/// left.
async fn refund_rest(app: &App, provider: &dyn Provider, key: PaymentKey) -> Result<Command, ProviderError> {
    let found = asked(app, "find", provider.find(key)).await?;
    let payment = found.ok_or_else(|| ProviderError::Unknown("the payment is gone".to_owned()))?;
    let rest = payment.kept();
    if rest.amount() <= 0 {
        return Ok(Command::RecordRefunded(payment.refunded));
    }
    let seed = format!("{key}/rest/{}", payment.refunds.len());
    let id = RefundId::derived(key.order.time(), &[seed.as_bytes()]);
    let payment = asked(app, "refund", provider.refund(key, id, rest)).await?;
    Ok(Command::RecordRefunded(payment.refunded))
}

/// Looks at what the provider knows of a payment that it said something about. Disputes are recorded. Where the order is
/// over, a provider that said yes late gives the money back.
pub(super) async fn heed(
    app: &App,
    tenant: Tenant,
    mut order: Order,
    number: u32,
    cause: &Cause,
) -> Result<Order, JobError> {
    let key = PaymentKey { order: order.id, number };
    let provider = provider(app, tenant, &order).await?;
    let found = asked(app, "find", provider.find(key)).await.map_err(|error| unanswered(&error))?;
    let Some(payment) = found else { return Ok(order) };
    let holds = payment.may_hold_money();
    if !payment.disputes.is_empty() {
        let disputes = payment.disputes.clone();
        let command = Command::RecordDisputes { payment: number, disputes };
        order = record(app, tenant, order, command, cause).await?;
    }
    if let Some(command) = refunds::failed_late(app, &order, &payment) {
        order = record(app, tenant, order, command, cause).await?;
    }
    // What is known to have been taken went back as refunds, of which some may have gone elsewhere.
    if holds && order.is_canceled() && !order.knows_charge(number) {
        let command = return_money(app, provider.as_ref(), key, &order).await?;
        // What was charged after an edit is not the payment that the order tells of.
        if key == PaymentKey::of(order.id) {
            order = record(app, tenant, order, command, cause).await?;
        }
    }
    Ok(order)
}
