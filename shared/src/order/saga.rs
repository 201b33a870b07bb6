//! Carries an order through: reserve stock, assess risk, authorize, confirm, capture; or back out of it.
//!
//! Every step can be repeated, and every outcome is recorded before the next step begins, but for the authorization: it
//! is recorded with the capture that follows. What another worker does to the same order meanwhile shows when the
//! outcome is to be appended: then the order is read again.

mod edits;
mod nudge;
mod payment;
mod refunds;
mod shelves;
mod stock;
mod tenders;
mod undo;

use jiff::Timestamp;

pub use nudge::{Nudge, send};
use undo::return_money;

use super::{
    decide::{Command, decide},
    due::REVIEW_DEADLINE,
    event::{Actor, CancelCause, OrderEvent},
    model::Order,
    next::{Step, next_step},
    stream,
};
use crate::{
    event::Cause,
    id::OrderId,
    inventory,
    money::Money,
    payment::{Decline, PaymentKey, Provider, ProviderError, provider_of},
    promotion,
    runtime::{App, JobError, Metric, Unit, telemetry},
    store::{self, WriteError},
    tenant::Tenant,
};

/// Steps after which something is wrong: the longest way, placed to captured to canceled and refunded, has eight.
const MOST_STEPS: usize = 20;

/// What stands for the provider's name of a payment that needs none.
const UNNEEDED: &str = "none";

/// What a step found out.
enum Outcome {
    /// Record this, and go on.
    Found(Command),
    /// Somebody else changed the order: read it again.
    Moved,
    /// There is nothing to do for now. `due` says when somebody looks again.
    Wait,
}

/// How far an order is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Through its payment: whatever else there is to do is left to the queue, which was woken for it.
    Payment,
    /// As far as it gets.
    End,
}

impl Reach {
    fn includes(self, step: Step) -> bool {
        let of_payment = matches!(step, Step::AwaitReview | Step::Authorize | Step::Capture | Step::Done);
        self == Self::End || of_payment
    }
}

/// Carries `order`, which its caller placed a moment ago, through its payment. Answers it as it is then; nothing, where
/// that failed: the sweeper sees to it.
pub async fn pay(app: &App, tenant: Tenant, order: Order, cause: &Cause) -> Option<Order> {
    let id = order.id;
    telemetry::worked("checkout", "pay", &id.to_string(), tenant, cause);
    let paid = carry(app, tenant, order, cause, Reach::Payment).await;
    paid.inspect_err(|error| tracing::warn!(order = %id, kind = error.kind, reason = error.reason, "is left to the sweeper"))
        .ok()
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
        order = undo::heed(app, tenant, order, number, cause).await?;
    }
    carry(app, tenant, order, cause, Reach::End).await.map(drop)
}

/// Carries `order` within `reach`, and answers it as it is then.
async fn carry(
    app: &App,
    tenant: Tenant,
    mut order: Order,
    cause: &Cause,
    reach: Reach,
) -> Result<Order, JobError> {
    let id = order.id;
    let missing = || JobError::new("unknown_order", format!("there is no order {id} of {tenant}"));
    // An authorization that is not recorded yet, and the order without it.
    let mut held: Option<(Order, Vec<OrderEvent>)> = None;
    for _ in 0..MOST_STEPS {
        let step = next_step(&order);
        if !reach.includes(step) {
            return Ok(order);
        }
        // Nothing is taken for who canceled since the money was held.
        if let Some((recorded, _)) = &held
            && stream::has_more(app, tenant, recorded).await?
        {
            held = None;
            order = stream::load(app, tenant, id).await?.ok_or_else(missing)?;
            continue;
        }
        let outcome = match step {
            Step::Done | Step::AwaitRefund => return Ok(order),
            Step::Reserve => stock::reserve(app, tenant, &order).await?,
            Step::AwaitReview => await_review(app, &order),
            Step::Authorize => payment::authorize(app, tenant, &order).await?,
            Step::Capture => match payment::capture(app, tenant, &order).await {
                Ok(outcome) => outcome,
                Err(error) => {
                    if let Some((recorded, events)) = held {
                        append(app, tenant, recorded, events, cause).await?;
                    }
                    return Err(error);
                }
            },
            Step::Ship(fulfillment) => stock::ship(app, tenant, &order, fulfillment).await?,
            Step::Restock(id) => shelves::restock(app, tenant, &order, id).await?,
            Step::Edit => match edits::carry_out(app, tenant, &order).await? {
                // A shopper may take a day over it: no refund waits for them.
                Outcome::Wait if order.has_pending_refund() => {
                    refunds::send_back(app, tenant, &order).await?
                }
                outcome => outcome,
            },
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
                inventory::release(app, tenant, id, order.first_allocations()).await?;
                Outcome::Found(Command::RecordReleased)
            }
        };
        order = match outcome {
            Outcome::Wait => return Ok(order),
            Outcome::Moved => stream::load(app, tenant, id).await?.ok_or_else(missing)?,
            Outcome::Found(command) => {
                let authorized = matches!(command, Command::RecordAuthorized { .. });
                let (recorded, mut events) = held.take().unwrap_or_else(|| (order.clone(), Vec::new()));
                events.extend(decide(&order, command).unwrap_or_default());
                let after = stream::after(recorded.clone(), events.clone(), app.now());
                if authorized && !events.is_empty() && next_step(&after) == Step::Capture {
                    held = Some((recorded, events));
                    after
                } else {
                    append(app, tenant, recorded, events, cause).await?
                }
            }
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
    let events = decide(&order, command).unwrap_or_default();
    append(app, tenant, order, events, cause).await
}

/// Appends `events` to `order`, or reads it again where somebody else appended meanwhile.
async fn append(
    app: &App,
    tenant: Tenant,
    order: Order,
    events: Vec<OrderEvent>,
    cause: &Cause,
) -> Result<Order, JobError> {
    let (id, now) = (order.id, app.now());
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
    if app.now() < order.placed_at + REVIEW_DEADLINE {
        return Outcome::Wait;
    }
    Outcome::Found(cancel(CancelCause::ReviewExpired))
}

fn cancel(cause: CancelCause) -> Command {
    Command::RequestCancel { cause, reason: None, by: Actor::System }
}

async fn provider(app: &App, tenant: Tenant, order: &Order) -> Result<Box<dyn Provider>, JobError> {
    let name = order.provider;
    provider_of(app, tenant, name)
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
