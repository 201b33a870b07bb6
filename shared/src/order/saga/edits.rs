//! Sees to the stock and the payment of edits.

use super::{
    super::{
        decide::Command,
        due::{ACTION_DEADLINE, PAYMENT_DEADLINE},
        edit::{Edit, EditCharge, EditFailure, EditStatus},
        model::Order,
    },
    Outcome, asked, provider, return_money,
    stock::locations,
    unanswered, unexplained,
};
use crate::{
    inventory::{self, Reserved},
    payment::{
        CaptureMethod, Charge, Decline, NextAction, Provider, ProviderError, ProviderPayment, ProviderStatus,
        provider_of,
    },
    runtime::{App, JobError},
    tenant::Tenant,
    vault::{self, Opened, VaultError},
};

/// Takes the stock that the pending edit needs more, then the money; lets go of nothing yet.
pub(super) async fn carry_out(app: &App, tenant: Tenant, order: &Order) -> Result<Outcome, JobError> {
    let Some(edit) = order.pending_edit() else { return Ok(Outcome::Moved) };
    let failed = |failure| Ok(Outcome::Found(Command::RecordEditFailed(edit.id(), failure)));
    if let EditStatus::Abandoned(failure) = &edit.status {
        let provider = provider(app, tenant, order).await?;
        return_money(app, provider.as_ref(), order.payment_of(edit), order).await?;
        return failed(failure.clone());
    }
    let (locations, demand) = (locations(app, tenant).await?, order.demand_of_edit(edit));
    let holder = (order.id, order.first_allocations());
    match inventory::adjust(app, tenant, holder, &demand, &locations, order.sequence).await? {
        Reserved::Short(sku) => return failed(EditFailure::OutOfStock { sku }),
        // Another worker is ahead of this one.
        Reserved::Closed => return Ok(Outcome::Moved),
        Reserved::Held(_) => {}
    }
    if edit.request.charge.is_zero() {
        return Ok(Outcome::Found(Command::RecordEdited(edit.id(), None)));
    }
    // Who paid by other means may have no provider, or one that can't ask them in the browser.
    let provider = provider_of(app, tenant, order.provider).await?;
    let method = order.placed.payment_method.as_ref();
    let able = provider.filter(|provider| method.is_some() || provider.name().asks_in_browser());
    match able {
        Some(provider) => charge(app, tenant, provider.as_ref(), order, edit).await,
        None => {
            let message = "The order has no payment method that could be charged.".to_owned();
            let decline = Decline { code: "no_payment_method".to_owned(), message };
            failed(EditFailure::Declined { decline })
        }
    }
}

/// Takes the money that the edit needs, at once, whenever the order's own payment is taken. An answer that was lost is
/// asked for again under the same key.
async fn charge(
    app: &App,
    tenant: Tenant,
    provider: &dyn Provider,
    order: &Order,
    edit: &Edit,
) -> Result<Outcome, JobError> {
    let (key, amount) = (order.payment_of(edit), edit.request.charge);
    let charge = Charge {
        amount,
        method: order.placed.payment_method.as_ref(),
        capture: CaptureMethod::Automatic,
        customer: order.placed.customer,
        save: None,
        present: false,
    };
    // Once the shopper was asked, theirs is the time.
    let deadline = if edit.action.is_some() { ACTION_DEADLINE } else { PAYMENT_DEADLINE };
    let overdue = app.now() >= edit.requested_at + deadline;
    // Another worker may see the money taken at this moment: it goes back only once no worker can make the edit of it.
    let give_up = |failure| Ok(Outcome::Found(Command::AbandonEdit(edit.id(), failure)));
    let mut answer = asked(app, "authorize", provider.authorize(key, &charge)).await;
    if matches!(&answer, Ok(payment) if payment.status == ProviderStatus::Authorized) {
        answer = asked(app, "capture", provider.capture(key, amount)).await;
    }
    let payment = match answer {
        Ok(payment) => payment,
        Err(_) if overdue => return give_up(EditFailure::Timeout),
        Err(ProviderError::Unknown(reason) | ProviderError::Unavailable(reason)) => {
            tracing::warn!(order = %order.id, reason, "the provider has not answered");
            return Ok(Outcome::Wait);
        }
        Err(error) => return Err(unanswered(&error)),
    };
    match payment.status {
        ProviderStatus::Captured => Ok(Outcome::Found(edited(order, edit, payment))),
        ProviderStatus::Processing | ProviderStatus::Authorized if !overdue => Ok(Outcome::Wait),
        ProviderStatus::Declined => {
            let decline = payment.decline.unwrap_or_else(unexplained);
            give_up(EditFailure::Declined { decline })
        }
        ProviderStatus::RequiresAction if !overdue => {
            require_action(app, tenant, order, edit, payment.action).await
        }
        ProviderStatus::Processing
        | ProviderStatus::Authorized
        | ProviderStatus::RequiresAction
        | ProviderStatus::Voided
        | ProviderStatus::Refunded => give_up(EditFailure::Timeout),
    }
}

/// Hands the shopper's browser what it needs, once, and waits for the shopper. The provider notifies of what it knows.
async fn require_action(
    app: &App,
    tenant: Tenant,
    order: &Order,
    edit: &Edit,
    action: Option<NextAction>,
) -> Result<Outcome, JobError> {
    let wait = Ok(Outcome::Wait);
    let Some(action) = action.filter(|_| edit.action.is_none()) else { return wait };
    // Who was erased meanwhile gets no key again for this: it ends with the deadline.
    let known = match order.placed.contact.subject() {
        Some(subject) => vault::knows(app, tenant, subject).await?,
        None => false,
    };
    if !known {
        return wait;
    }
    match order.seal_edit_action(&Opened::new(app, tenant), edit.id(), &action).await {
        Ok(Some(sealed)) => Ok(Outcome::Found(Command::RecordEditActionRequired(edit.id(), sealed))),
        Ok(None) | Err(VaultError::Erased) => wait,
        Err(error) => Err(JobError::new("vault", error)),
    }
}

fn edited(order: &Order, edit: &Edit, payment: ProviderPayment) -> Command {
    let charged = EditCharge {
        number: edit.request.payment,
        amount: payment.captured,
        reference: payment.reference,
        fee: payment.fee,
        provider: order.provider,
    };
    Command::RecordEdited(edit.id(), Some(charged))
}

/// The order is being canceled: its edit comes to nothing.
pub(super) async fn abandon(app: &App, tenant: Tenant, order: &Order) -> Result<Outcome, JobError> {
    let Some(edit) = order.pending_edit() else { return Ok(Outcome::Moved) };
    if edit.request.charge.is_zero() {
        return Ok(Outcome::Found(Command::RecordEditFailed(edit.id(), EditFailure::Canceled)));
    }
    let provider = provider(app, tenant, order).await?;
    return_money(app, provider.as_ref(), order.payment_of(edit), order).await?;
    Ok(Outcome::Found(Command::RecordEditFailed(edit.id(), EditFailure::Canceled)))
}

/// Lets go of the stock that the order needs no more.
pub(super) async fn adjust_stock(app: &App, tenant: Tenant, order: &Order) -> Result<Outcome, JobError> {
    let (locations, demand) = (locations(app, tenant).await?, order.to_hold());
    let holder = (order.id, order.first_allocations());
    let adjusted = inventory::adjust(app, tenant, holder, &demand, &locations, order.sequence).await?;
    Ok(match adjusted {
        Reserved::Held(_) => Outcome::Found(Command::RecordStockAdjusted),
        Reserved::Short(_) | Reserved::Closed => Outcome::Moved,
    })
}
