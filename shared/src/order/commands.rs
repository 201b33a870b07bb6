//! What shoppers and staff do to an order.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    decide::{Command, Refusal, decide},
    event::{OrderEvent, Placed},
    model::{Order, evolve},
    stream,
    view::{OrderView, opened},
};
use crate::{
    event::Cause,
    http::{Call, Code, ETag, Problem, Reply},
    id::OrderId,
    inventory::Allocation,
    risk::Assessment,
    runtime::App,
    store::{StoreError, Write},
    tenant::Tenant,
    vault::Opened,
};

/// How often a command is tried again that met another change of the order.
const TRIES: usize = 5;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::State { .. } => Self::new(Code::OrderState, detail),
            Refusal::TooMany { .. }
            | Refusal::Empty
            | Refusal::NoLines
            | Refusal::NoChange
            | Refusal::WasRefunded { .. }
            | Refusal::NotRefundable { .. }
            | Refusal::NotReturnable { .. } => Self::invalid("lines", format!("{detail}.")),
            Refusal::TooMuch { .. } | Refusal::Nothing | Refusal::Money(_) => {
                Self::invalid("amount", format!("{detail}."))
            }
            Refusal::TooMuchShipping { .. } => Self::invalid("shipping", format!("{detail}.")),
            Refusal::NoSuchReturn => Self::not_found(),
        }
    }
}

/// A new order, and the writes that place it. `reserved` is what it gets of the stock and what comes of its risk, where
/// both are known: then the writes that take the stock are committed with these.
///
/// # Errors
/// [`StoreError`] where it can't be written down.
pub fn place(
    tenant: Tenant,
    id: OrderId,
    placed: Placed,
    reserved: Option<(Vec<Allocation>, Assessment)>,
    cause: &Cause,
    now: Timestamp,
) -> Result<(Order, Vec<Write>), StoreError> {
    let unreadable = |reason: String| StoreError::Unreadable { kind: "order", reason };
    let placed = Placed { carried: placed.carried && reserved.is_some(), ..placed };
    let mut events = vec![OrderEvent::Placed(Box::new(placed))];
    let order = evolve(id, None, events[0].clone(), now);
    let mut order = order.ok_or_else(|| unreadable("it was not placed".to_owned()))?;
    if let Some((allocations, risk)) = reserved {
        let command = Command::RecordReserved { allocations, risk };
        let more = decide(&order, command).map_err(|refusal| unreadable(refusal.to_string()))?;
        order = stream::after(order, more.clone(), now);
        events.extend(more);
    }
    let append = stream::append(tenant, id, 0, &events, cause, now)?;
    Ok((order, vec![append]))
}

/// Makes `command` happen to the order `id` and answers `reply` of the order after it. A command that has happened
/// already is answered the same. `reply` is given the order also as it is shown. The saga hears of it through the event,
/// and the sweeper if it does not.
///
/// # Errors
/// 404, 409, 412 or 422, where a rule forbids it.
pub async fn act<B, Q, R: Serialize>(
    app: &App,
    call: &Call<B, Q>,
    id: OrderId,
    command: &Command,
    reply: impl Fn(&Order, OrderView) -> Result<Reply<R>, Problem>,
) -> Result<Reply<R>, Problem> {
    act_on(app, call, id, |_| Ok(command.clone()), reply).await
}

/// As [`act`], where the command depends on the order.
///
/// # Errors
/// Those of [`act`] and of `command`.
pub async fn act_on<B, Q, R: Serialize>(
    app: &App,
    call: &Call<B, Q>,
    id: OrderId,
    command: impl Fn(&Order) -> Result<Command, Problem>,
    reply: impl Fn(&Order, OrderView) -> Result<Reply<R>, Problem>,
) -> Result<Reply<R>, Problem> {
    let tenant = call.tenant()?;
    let vault = Opened::new(app, tenant);
    for _ in 0..TRIES {
        let order = stream::load(app, tenant, id).await?.ok_or_else(Problem::not_found)?;
        ETag::of_version(order.sequence).if_match(&call.headers)?;
        let events = decide(&order, command(&order)?)?;
        let now = app.now();
        let mut writes = Vec::new();
        let mut after = order.clone();
        if !events.is_empty() {
            writes.push(stream::append(tenant, id, order.sequence, &events, &call.cause(), now)?);
            after = stream::after(order, events, now);
        }
        let appends = !writes.is_empty();
        let shown = opened(&vault, &after).await?;
        match call.commit(app, writes, reply(&after, shown)?).await {
            // Something else happened to it meanwhile: decide anew.
            Err(error) if appends && error.refused(0) => {}
            outcome => return Ok(outcome?),
        }
    }
    Err(Problem::new(Code::Conflict, "The order keeps changing. Try again."))
}
