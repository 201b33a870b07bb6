//! Carries an order through: reserve stock, assess risk, authorize, confirm, capture; or back out of it.
//!
//! Every step can be repeated, and every outcome is recorded before the next step begins. What another worker does to
//! the same order meanwhile shows when the outcome is to be appended: then the order is read again.

mod edits;
mod nudge;
mod refunds;
mod shelves;
mod stock;
mod tenders;

use jiff::{SignedDuration, Timestamp};

pub use nudge::{Nudge, send};

use super::{
    decide::{Command, decide},
    event::{Actor, CancelCause, OrderEvent},
    model::Order,
    next::{Step, next_step},
    stream, work,
};
use crate::{
    event::Cause,
    id::{OrderId, RefundId},
    inventory,
    money::Money,
    payment::{
        self, Charge, Decline, NextAction, PaymentKey, Provider, ProviderError, ProviderPayment,
        ProviderStatus,
    },
    promotion,
    runtime::{App, JobError, Metric, Unit, telemetry},
    store::{self, WriteError},
    tenant::Tenant,
    vault::{self, Opened, VaultError},
};

/// Steps after which something is wrong: the longest way, placed to captured to canceled and refunded, has eight.
const MOST_STEPS: usize = 20;

/// What stands for the provider's name of a payment that needs none.
const UNNEEDED: &str = "none";

/// How long a provider may leave it open whether it has the money.
const PAYMENT_DEADLINE: SignedDuration = SignedDuration::from_mins(30);

/// How long a person may take to decide.
const REVIEW_DEADLINE: SignedDuration = SignedDuration::from_hours(72);

/// How long to leave a provider that has not decided yet, before it is asked again.
const PROVIDER_PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// How long to leave a shopper who must do something, where the provider does not say that they have.
const ACTION_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// What a step found out.
enum Outcome {
    /// Record this, and go on.
    Found(Command),
    /// Somebody else changed the order: read it again.
    Moved,
    /// There is nothing to do before this time, unless somebody does something.
    Wait(Timestamp),
}

/// Carries the order `id` as far as it gets.
///
/// # Errors
/// [`JobError`] where a step failed or its outcome is unknown: the message comes again, and so does the sweeper.
pub async fn advance(
    app: &App,
    tenant: Tenant,
    id: OrderId,
    cause: &Cause,
    hint: Option<u32>,
) -> Result<(), JobError> {
    telemetry::worked("advance-orders", "advance", &id.to_string(), tenant, cause);
    let missing = || JobError::new("unknown_order", format!("there is no order {id} of {tenant}"));
    let mut order = stream::load(app, tenant, id).await?.ok_or_else(missing)?;
    if let Some(number) = hint {
        order = heed(app, tenant, order, number, cause).await?;
    }
    for _ in 0..MOST_STEPS {
        let step = next_step(&order);
        let outcome = match step {
            // Whoever decides on a refund that failed leaves a note of it.
            Step::Done | Step::AwaitRefund => {
                work::settle(app, tenant, id, order.sequence).await?;
                return Ok(());
            }
            Step::Reserve => stock::reserve(app, tenant, &order).await?,
            Step::AwaitReview => await_review(app, &order),
            Step::Authorize => authorize(app, tenant, &order).await?,
            Step::Capture => capture(app, tenant, &order).await?,
            Step::Ship(fulfillment) => stock::ship(app, tenant, &order, fulfillment).await?,
            Step::Restock(id) => shelves::restock(app, tenant, &order, id).await?,
            Step::Edit => edits::carry_out(app, tenant, &order).await?,
            Step::AbandonEdit => edits::abandon(app, tenant, &order).await?,
            Step::AdjustStock => edits::adjust_stock(app, tenant, &order).await?,
            Step::Refund => refunds::send_back(app, tenant, &order).await?,
            Step::RefundRest => Outcome::Found(Command::RefundRest),
            // Nothing of an order that gift cards paid whole is at the provider.
            Step::ReturnMoney if due(&order)?.is_zero() => Outcome::Found(Command::RecordVoided),
            Step::ReturnMoney => {
                let provider = provider(app, tenant, &order).await?;
                Outcome::Found(return_money(app, provider.as_ref(), PaymentKey::of(id), &order).await?)
            }
            Step::Release => {
                tenders::give_all_back(app, tenant, &order).await?;
                promotion::release(app, tenant, id).await?;
                inventory::release(app, tenant, id).await?;
                Outcome::Found(Command::RecordReleased)
            }
        };
        order = match outcome {
            Outcome::Wait(until) => {
                work::postpone(app, tenant, id, order.sequence, until).await?;
                return Ok(());
            }
            Outcome::Moved => stream::load(app, tenant, id).await?.ok_or_else(missing)?,
            Outcome::Found(command) => record(app, tenant, order, command, cause).await?,
        };
    }
    Err(JobError::new("endless", format!("{id} is not settled after {MOST_STEPS} steps")))
}

/// Appends what `command` leads to. Where somebody else appended meanwhile, or the command no longer fits, nothing is
/// appended and the order is read again: what comes next is decided anew.
async fn record(
    app: &App,
    tenant: Tenant,
    order: Order,
    command: Command,
    cause: &Cause,
) -> Result<Order, JobError> {
    let id = order.id;
    let events = decide(&order, command).unwrap_or_default();
    let now = app.now();
    if !events.is_empty() {
        let append = stream::append(tenant, id, order.sequence, &events, cause, now)?;
        match store::commit(app, vec![append]).await {
            Ok(()) => {
                count(app, &order, &events, now);
                return Ok(stream::after(order, events, now));
            }
            Err(WriteError::Refused(_)) => {}
            Err(WriteError::Store(error)) => return Err(error.into()),
        }
    }
    let gone = || JobError::new("unknown_order", format!("the order {id} is gone"));
    stream::load(app, tenant, id).await?.ok_or_else(gone)
}

/// What an operator watches: how orders end, and how long that takes.
fn count(app: &App, order: &Order, events: &[OrderEvent], now: Timestamp) {
    let outcome = events.iter().find_map(|event| match event {
        OrderEvent::Confirmed {} => Some("confirmed".to_owned()),
        OrderEvent::Canceled { cause } => Some(format!("canceled_{cause:?}").to_lowercase()),
        _ => None,
    });
    if events.iter().any(|event| matches!(event, OrderEvent::RefundFailed { .. })) {
        Metric::new("RefundsFailed", Unit::Count, 1).emit(app);
    }
    if let Some(outcome) = outcome {
        let age = i64::try_from(now.duration_since(order.placed_at).as_millis()).unwrap_or(i64::MAX);
        Metric::new("Orders", Unit::Count, 1).by("Outcome", outcome).emit(app);
        Metric::new("OrderAge", Unit::Milliseconds, age).emit(app);
    }
}

fn await_review(app: &App, order: &Order) -> Outcome {
    let deadline = order.placed_at + REVIEW_DEADLINE;
    if app.now() < deadline {
        return Outcome::Wait(deadline);
    }
    Outcome::Found(cancel(CancelCause::ReviewExpired))
}

fn cancel(cause: CancelCause) -> Command {
    Command::RequestCancel { cause, reason: None, by: Actor::System }
}

async fn provider(app: &App, tenant: Tenant, order: &Order) -> Result<Box<dyn Provider>, JobError> {
    let name = order.provider;
    payment::provider_of(app, tenant, name)
        .await?
        .ok_or_else(|| JobError::new("no_provider", format!("{tenant} does not have the provider {name}")))
}

/// Asks a provider, and tells how long it took.
async fn asked<T>(
    app: &App,
    operation: &'static str,
    answer: impl Future<Output = Result<T, ProviderError>>,
) -> Result<T, ProviderError> {
    let started = app.now();
    let outcome = answer.await;
    let took = i64::try_from(app.now().duration_since(started).as_millis()).unwrap_or(i64::MAX);
    Metric::new("ProviderLatency", Unit::Milliseconds, took).by("Operation", operation).emit(app);
    if outcome.is_err() {
        Metric::new("ProviderFailures", Unit::Count, 1).by("Operation", operation).emit(app);
    }
    outcome
}

/// What the order's own payment is about.
fn due(order: &Order) -> Result<Money, JobError> {
    order.placed.due().map_err(|error| JobError::new("amounts", error))
}

fn unexplained() -> Decline {
    Decline { code: "generic_decline".to_owned(), message: "The payment was declined.".to_owned() }
}

fn unanswered(error: &ProviderError) -> JobError {
    JobError::new("provider", error)
}

/// Has the money held. An answer that was lost is asked for again, under the same key; after the deadline the order is
/// canceled, which asks the provider once more and returns whatever it holds.
async fn authorize(app: &App, tenant: Tenant, order: &Order) -> Result<Outcome, JobError> {
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
            Ok(found.unwrap_or_else(|| of_authorization(app, order, payment, overdue)))
        }
        Ok(payment) => Ok(of_authorization(app, order, payment, overdue)),
        Err(_) if overdue => Ok(Outcome::Found(cancel(CancelCause::PaymentTimeout))),
        Err(ProviderError::Unknown(reason) | ProviderError::Unavailable(reason)) => {
            tracing::warn!(order = %order.id, reason, "the provider has not answered");
            if let Some(found) = reroute(app, tenant, order, provider.as_ref(), &charge).await? {
                return Ok(found);
            }
            // Not an error of the message: asking again at once would be no better. The sweeper asks again.
            Ok(Outcome::Wait(app.now() + PROVIDER_PAUSE))
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
        Ok(payment) => of_authorization(app, order, payment, false),
        Err(_) => Outcome::Wait(app.now() + PROVIDER_PAUSE),
    }))
}

/// Hands the shopper's browser what it needs, once, and waits for the shopper.
async fn require_action(
    app: &App,
    tenant: Tenant,
    order: &Order,
    action: Option<NextAction>,
) -> Result<Outcome, JobError> {
    let wait = Ok(Outcome::Wait(app.now() + ACTION_PAUSE));
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

fn of_authorization(app: &App, order: &Order, payment: ProviderPayment, overdue: bool) -> Outcome {
    match payment.status {
        ProviderStatus::Authorized | ProviderStatus::Captured => {
            let ProviderPayment { amount, reference, .. } = payment;
            Outcome::Found(Command::RecordAuthorized { amount, reference, provider: order.provider })
        }
        ProviderStatus::Declined => {
            Outcome::Found(Command::RecordDeclined(payment.decline.unwrap_or_else(unexplained)))
        }
        ProviderStatus::Processing if !overdue => Outcome::Wait(app.now() + PROVIDER_PAUSE),
        ProviderStatus::Processing | ProviderStatus::RequiresAction => {
            Outcome::Found(cancel(CancelCause::PaymentTimeout))
        }
        // Somebody canceled the order meanwhile, or voided the payment at the provider.
        ProviderStatus::Voided | ProviderStatus::Refunded => Outcome::Found(cancel(CancelCause::Requested)),
    }
}

/// Takes what is due of what is held, or what of it staff asked for. The rest is let go.
async fn capture(app: &App, tenant: Tenant, order: &Order) -> Result<Outcome, JobError> {
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

/// Leaves the provider with nothing of the order's money, whatever it holds, and says what was done.
async fn return_money(
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
async fn heed(
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
