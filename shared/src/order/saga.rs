//! Carries an order through: reserve stock, assess risk, authorize, confirm, capture; or back out of it.
//!
//! Every step can be repeated, and every outcome is recorded before the next step begins. What another worker does to
//! the same order meanwhile shows when the outcome is to be appended: then the order is read again.

use aws_sdk_dynamodb::error::DisplayErrorContext;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    decide::{Command, decide},
    event::{Actor, CancelCause, OrderEvent},
    list,
    model::Order,
    next::{Step, next_step},
    stream, work,
};
use crate::{
    event::Cause,
    id::{OrderId, RefundId},
    identity::StoreProfile,
    inventory::{self, Reserved},
    payment::{
        self, Charge, PaymentKey, Provider, ProviderError, ProviderName, ProviderPayment, ProviderStatus,
    },
    risk::{self, Assessment, Facts},
    runtime::{App, JobError, Metric, Unit, telemetry},
    store::{self, WriteError},
    tenant::{Mode, Tenant},
};

/// Steps after which something is wrong: the longest way, placed to captured to canceled and refunded, has eight.
const MOST_STEPS: usize = 20;

/// How long a provider may leave it open whether it has the money.
const PAYMENT_DEADLINE: SignedDuration = SignedDuration::from_mins(30);

/// How long a person may take to decide.
const REVIEW_DEADLINE: SignedDuration = SignedDuration::from_hours(72);

/// How long to leave a provider that has not decided yet, before it is asked again.
const PROVIDER_PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// A hint that an order may be able to go on. Says nothing of the order itself: the truth is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nudge {
    /// Which order.
    pub order: OrderId,
    /// Whose.
    pub store: crate::id::StoreId,
    /// In which mode.
    pub mode: Mode,
    /// Whether the provider may know something new of its payment, even if the order is over.
    pub payment: bool,
    /// What led to it.
    #[serde(flatten)]
    pub cause: Cause,
}

impl Nudge {
    /// The order's work is overdue.
    pub fn overdue(tenant: Tenant, order: OrderId) -> Self {
        let cause = Cause { correlation: format!("sweep/{order}"), causation: "sweep".to_owned() };
        Self { order, store: tenant.store(), mode: tenant.mode(), payment: false, cause }
    }

    /// The provider said something about the order's payment.
    pub fn payment(tenant: Tenant, order: OrderId, cause: Cause) -> Self {
        Self { order, store: tenant.store(), mode: tenant.mode(), payment: true, cause }
    }

    /// Whose order it is.
    pub fn tenant(&self) -> Tenant {
        Tenant::of_own_record(self.store, self.mode)
    }
}

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
    hint: bool,
) -> Result<(), JobError> {
    telemetry::worked("advance-orders", "advance", &id.to_string(), tenant, cause);
    let missing = || JobError::new("unknown_order", format!("there is no order {id} of {tenant}"));
    let mut order = stream::load(app, tenant, id).await?.ok_or_else(missing)?;
    if hint && order.is_canceled() {
        return return_late_money(app, tenant, &order, cause).await;
    }
    for _ in 0..MOST_STEPS {
        let step = next_step(&order);
        let outcome = match step {
            Step::Done => {
                work::settle(app, tenant, id, order.sequence).await?;
                return Ok(());
            }
            Step::Reserve => reserve(app, tenant, &order).await?,
            Step::AwaitReview => await_review(app, &order),
            Step::Authorize => authorize(app, tenant, &order).await?,
            Step::Capture => capture(app, tenant, &order).await?,
            Step::Ship(fulfillment) => ship(app, tenant, &order, fulfillment).await?,
            Step::ReturnMoney => Outcome::Found(return_money(app, tenant, &order).await?),
            Step::Release => {
                inventory::release(app, tenant, id).await?;
                Outcome::Found(Command::RecordReleased)
            }
        };
        order = match outcome {
            Outcome::Wait(until) => {
                work::postpone(app, tenant, id, until).await?;
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
    if let Some(outcome) = outcome {
        let age = i64::try_from(now.duration_since(order.placed_at).as_millis()).unwrap_or(i64::MAX);
        Metric::new("Orders", Unit::Count, 1).by("Outcome", outcome).emit(app);
        Metric::new("OrderAge", Unit::Milliseconds, age).emit(app);
    }
}

async fn reserve(app: &App, tenant: Tenant, order: &Order) -> Result<Outcome, JobError> {
    let profile = StoreProfile::load(app, tenant).await?;
    let locations: Vec<_> =
        profile.iter().flat_map(|profile| &profile.locations).map(|location| location.id.clone()).collect();
    Ok(match inventory::reserve(app, tenant, order.id, &order.demand(), &locations).await? {
        Reserved::Held(allocations) => {
            let risk = assess(app, tenant, order, profile.as_ref()).await?;
            Outcome::Found(Command::RecordReserved { allocations, risk })
        }
        Reserved::Short(sku) => Outcome::Found(Command::RecordStockRefused(sku)),
        // The order was canceled meanwhile.
        Reserved::Closed => Outcome::Moved,
    })
}

/// What comes of the order's risk, by the store's rules.
async fn assess(
    app: &App,
    tenant: Tenant,
    order: &Order,
    profile: Option<&StoreProfile>,
) -> Result<Assessment, JobError> {
    let rules = profile.map(|profile| profile.risk.clone()).unwrap_or_default();
    let (email, traits) = (order.placed.contact.email(), order.placed.traits.as_ref());
    let counts = risk::count(app, tenant, order.id, &rules, (email, traits, None)).await?;
    let earlier = match email {
        Some(email) if rules.asks_for_history() => list::confirmed(app, tenant, email, order.id).await?,
        _ => 0,
    };
    // Stripe's test method whose name says that the card networks rate it as risky.
    let elevated = order.placed.payment_method.as_str() == "pm_card_riskLevelElevated";
    let facts = Facts { total: order.total(), traits, elevated, counts, earlier };
    Ok(risk::assess(&facts, &rules, profile.and_then(|profile| profile.review_above)))
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

async fn provider(app: &App, tenant: Tenant) -> Result<Box<dyn Provider>, JobError> {
    payment::provider_of(app, tenant, ProviderName::Sandbox)
        .await?
        .ok_or_else(|| JobError::new("no_provider", format!("{tenant} has no provider")))
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

fn unanswered(error: &ProviderError) -> JobError {
    JobError::new("provider", error)
}

/// Has the money held. An answer that was lost is asked for again, under the same key; after the deadline the order is
/// canceled, which asks the provider once more and returns whatever it holds.
async fn authorize(app: &App, tenant: Tenant, order: &Order) -> Result<Outcome, JobError> {
    let (provider, key) = (provider(app, tenant).await?, PaymentKey::of(order.id));
    let charge = Charge {
        amount: order.total(),
        method: Some(&order.placed.payment_method),
        capture: order.placed.capture_method,
        customer: order.placed.customer,
    };
    let ask = || provider.authorize(key, &charge);
    let mut answer = asked(app, "authorize", ask()).await;
    if matches!(answer, Err(ProviderError::Unknown(_))) {
        answer = asked(app, "authorize", ask()).await;
    }
    let overdue = app.now() >= order.payable_since + PAYMENT_DEADLINE;
    match answer {
        Ok(payment) => Ok(of_authorization(app, payment, overdue)),
        Err(_) if overdue => Ok(Outcome::Found(cancel(CancelCause::PaymentTimeout))),
        Err(ProviderError::Unknown(reason) | ProviderError::Unavailable(reason)) => {
            // Not an error of the message: asking again at once would be no better. The sweeper asks again.
            tracing::warn!(order = %order.id, reason, "the provider has not answered");
            Ok(Outcome::Wait(app.now() + PROVIDER_PAUSE))
        }
        Err(error) => Err(unanswered(&error)),
    }
}

fn of_authorization(app: &App, payment: ProviderPayment, overdue: bool) -> Outcome {
    match payment.status {
        ProviderStatus::Authorized | ProviderStatus::Captured => {
            Outcome::Found(Command::RecordAuthorized { amount: payment.amount, reference: payment.reference })
        }
        ProviderStatus::Declined => {
            let unexplained = payment::Decline {
                code: "generic_decline".to_owned(),
                message: "The payment was declined.".to_owned(),
            };
            Outcome::Found(Command::RecordDeclined(payment.decline.unwrap_or(unexplained)))
        }
        ProviderStatus::Processing | ProviderStatus::RequiresAction if !overdue => {
            Outcome::Wait(app.now() + PROVIDER_PAUSE)
        }
        ProviderStatus::Processing | ProviderStatus::RequiresAction => {
            Outcome::Found(cancel(CancelCause::PaymentTimeout))
        }
        // Somebody canceled the order meanwhile, or voided the payment at the provider.
        ProviderStatus::Voided | ProviderStatus::Refunded => Outcome::Found(cancel(CancelCause::Requested)),
    }
}

async fn capture(app: &App, tenant: Tenant, order: &Order) -> Result<Outcome, JobError> {
    let provider = provider(app, tenant).await?;
    match asked(app, "capture", provider.capture(PaymentKey::of(order.id), order.total())).await {
        Ok(payment) => Ok(Outcome::Found(Command::RecordCaptured(payment.captured))),
        // The hold is gone: the cancellation that took it is on its way, or the provider let it lapse.
        Err(ProviderError::NotNow(
            ProviderStatus::Voided | ProviderStatus::Refunded | ProviderStatus::Declined,
        )) => Ok(Outcome::Found(cancel(CancelCause::PaymentTimeout))),
        Err(error) => Err(unanswered(&error)),
    }
}

async fn ship(
    app: &App,
    tenant: Tenant,
    order: &Order,
    fulfillment: crate::id::FulfillmentId,
) -> Result<Outcome, JobError> {
    let parcel = order.fulfillments.iter().find(|parcel| parcel.id == fulfillment);
    let lines = parcel.iter().flat_map(|parcel| &parcel.lines);
    let demand = lines.map(|line| (line.sku.clone(), u64::from(line.quantity.get()))).collect();
    inventory::ship(app, tenant, order.id, fulfillment, &demand).await?;
    Ok(Outcome::Found(Command::RecordShipped(fulfillment)))
}

/// Leaves the provider with nothing of the order's money, whatever it holds, and says what was done.
async fn return_money(app: &App, tenant: Tenant, order: &Order) -> Result<Command, JobError> {
    let (provider, key) = (provider(app, tenant).await?, PaymentKey::of(order.id));
    match asked(app, "void", provider.void(key, order.total())).await {
        Ok(_) => Ok(Command::RecordVoided),
        Err(ProviderError::NotNow(ProviderStatus::Captured | ProviderStatus::Refunded)) => {
            refund_rest(app, provider.as_ref(), key).await.map_err(|error| unanswered(&error))
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

/// A provider may say yes to an order that is over. Then the money goes back.
async fn return_late_money(app: &App, tenant: Tenant, order: &Order, cause: &Cause) -> Result<(), JobError> {
    let (provider, key) = (provider(app, tenant).await?, PaymentKey::of(order.id));
    let found = asked(app, "find", provider.find(key)).await.map_err(|error| unanswered(&error))?;
    let holds = found.is_some_and(|payment| {
        let open = matches!(
            payment.status,
            ProviderStatus::Authorized | ProviderStatus::Processing | ProviderStatus::RequiresAction
        );
        open || payment.kept().amount() > 0
    });
    if holds {
        let command = return_money(app, tenant, order).await?;
        record(app, tenant, order.clone(), command, cause).await?;
    }
    Ok(())
}

/// Sends `nudge` to the queue that the saga works off.
///
/// # Errors
/// Says why the queue did not take it.
pub async fn send(app: &App, queue_url: &str, nudge: &Nudge) -> Result<(), String> {
    let body = serde_json::to_string(nudge).map_err(|error| error.to_string())?;
    let sent = app.sqs().send_message().queue_url(queue_url).message_body(body).send().await;
    sent.map(drop).map_err(|error| DisplayErrorContext(error).to_string())
}
