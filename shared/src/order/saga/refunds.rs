//! Sends back what refunds are under way: through the provider, or onto gift cards and store credit.

use super::{
    super::{
        decide::Command,
        model::Order,
        refund::{Refund, RefundFailure, RefundShare, RefundWay},
    },
    Outcome, asked, provider, tenders, unanswered,
};
use crate::{
    payment::{PaymentKey, ProviderError, ProviderPayment, RefundStatus},
    runtime::{App, JobError, Metric, Unit},
    tenant::Tenant,
};

/// Sends back the next share of each refund that is under way, and says the first that became of one. A provider takes
/// days over some: no refund waits for another.
pub(super) async fn send_back(app: &App, tenant: Tenant, order: &Order) -> Result<Outcome, JobError> {
    for refund in &order.refunds {
        let Some(share) = refund.next_share() else { continue };
        if let Some(command) = send_share(app, tenant, order, refund, share).await? {
            return Ok(Outcome::Found(command));
        }
    }
    Ok(Outcome::Wait)
}

/// What becomes of `share`; nothing, while that is open.
async fn send_share(
    app: &App,
    tenant: Tenant,
    order: &Order,
    refund: &Refund,
    share: &RefundShare,
) -> Result<Option<Command>, JobError> {
    let (id, done) = (refund.id(), Command::RecordRefundReturned(refund.id(), refund.returned + 1));
    let RefundWay::Payment { number } = share.way else {
        tenders::give_back(app, tenant, order.id, share, &id.to_string()).await?;
        return Ok(Some(done));
    };
    let key = PaymentKey { order: order.id, number };
    let provider = provider(app, tenant, order).await?;
    let failed = |failure| Ok(Some(Command::RecordRefundFailed(id, failure)));
    match asked(app, "refund", provider.refund(key, id, share.amount)).await {
        Ok(payment) => match status(&payment, refund) {
            RefundStatus::Succeeded => Ok(Some(done)),
            RefundStatus::Pending => Ok(None),
            RefundStatus::Failed => failed(RefundFailure::NotTaken),
        },
        Err(ProviderError::TooMuch { .. }) => failed(RefundFailure::NothingLeft),
        Err(ProviderError::Unknown(reason) | ProviderError::Unavailable(reason)) => {
            tracing::warn!(order = %order.id, refund = %id, reason, "the provider has not answered");
            Ok(None)
        }
        Err(error @ ProviderError::NotNow(_)) => Err(unanswered(&error)),
    }
}

fn status(payment: &ProviderPayment, refund: &Refund) -> RefundStatus {
    let known = payment.refunds.iter().find(|known| known.id == refund.id());
    known.map_or(RefundStatus::Pending, |known| known.status)
}

/// What became of refunds of `payment` that had succeeded: banks send some of them back days later.
pub(super) fn failed_late(app: &App, order: &Order, payment: &ProviderPayment) -> Option<Command> {
    let succeeded = |refund: &&Refund| refund.status == RefundStatus::Succeeded;
    let failed = |refund: &&Refund| status(payment, refund) == RefundStatus::Failed;
    let refund = order.refunds.iter().filter(succeeded).find(failed)?;
    Metric::new("RefundsFailedLate", Unit::Count, 1).emit(app);
    Some(Command::RecordRefundFailed(refund.id(), RefundFailure::NotTaken))
}
