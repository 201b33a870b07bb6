//! Goods that come back.

use souk::{
    http::{Call, Code, Problem, Reply},
    id::{OrderId, RefundId, ReturnId},
    identity::StoreProfile,
    order::{self, Command, Order, Receipt, ReceiveReturn, RejectReturn, RequestReturn, ReturnView},
    principal::Scope,
    runtime::App,
};

use crate::{actor, refunds::check_card};

/// Staff expect goods, whenever that is.
pub async fn request(app: App, call: Call<RequestReturn>) -> Result<Reply<ReturnView>, Problem> {
    requested(&app, &call, |_| Ok(())).await
}

/// A shopper asks, for as long as the store lets them.
pub async fn request_own(app: App, call: Call<RequestReturn>) -> Result<Reply<ReturnView>, Problem> {
    let customer = call.principal()?.customer().ok_or_else(Problem::not_found)?;
    let profile = StoreProfile::of(&app, call.tenant()?).await?;
    requested(&app, &call, |order| {
        if order.placed.customer != Some(customer) {
            return Err(Problem::not_found());
        }
        let days = profile.return_window_days;
        if days.is_some_and(|days| order.is_within_return_window(days, app.now())) {
            return Ok(());
        }
        Err(Problem::new(Code::OrderState, "The store does not let it be returned, or no longer."))
    })
    .await
}

async fn requested(
    app: &App,
    call: &Call<RequestReturn>,
    may: impl Fn(&Order) -> Result<(), Problem>,
) -> Result<Reply<ReturnView>, Problem> {
    let (order, id, by) = (call.path::<OrderId>("id")?, ReturnId::new(app), actor(call)?);
    let command = |order: &Order| {
        may(order)?;
        Ok(Command::RequestReturn { id, lines: call.body.lines.clone(), by })
    };
    order::act_on(app, call, order, command, |order, _| {
        Ok(Reply::created(format!("/v1/orders/{}", order.id), shown(order, id)?))
    })
    .await
}

pub async fn receive(app: App, call: Call<ReceiveReturn>) -> Result<Reply<ReturnView>, Problem> {
    let (order, id) = (call.path::<OrderId>("id")?, call.path::<ReturnId>("return")?);
    let (body, refund, by) = (&call.body, RefundId::new(&app), actor(&call)?);
    if body.refund && !call.principal()?.may(Scope::RefundsWrite) {
        return Err(Problem::missing_scope(Scope::RefundsWrite));
    }
    let lines = body.lines.iter().map(|line| line.received()).collect::<Result<Vec<_>, _>>()?;
    let profile = StoreProfile::of(&app, call.tenant()?).await?;
    if let Some(unknown) =
        lines.iter().filter_map(|line| line.restock.as_ref()).find(|at| !profile.has_location(at))
    {
        let detail = format!("The store has no location {unknown}.");
        return Err(Problem::new(Code::UnknownLocation, detail).at("lines"));
    }
    if body.refund {
        check_card(&app, call.tenant()?, order, |order| body.to.of(order, body.gift_card)).await?;
    }
    let command = |order: &Order| {
        let to = body.to.of(order, body.gift_card)?;
        let refund = body.refund.then_some((refund, to));
        Ok(Command::ReceiveReturn(Box::new(Receipt { id, lines: lines.clone(), refund, by })))
    };
    order::act_on(&app, &call, order, command, |order, _| Ok(Reply::ok(shown(order, id)?))).await
}

pub async fn reject(app: App, call: Call<RejectReturn>) -> Result<Reply<ReturnView>, Problem> {
    let (order, id) = (call.path::<OrderId>("id")?, call.path::<ReturnId>("return")?);
    let command = Command::RejectReturn { id, reason: call.body.reason.clone(), by: actor(&call)? };
    order::act(&app, &call, order, &command, |order, _| Ok(Reply::ok(shown(order, id)?))).await
}

fn shown(order: &Order, id: ReturnId) -> Result<ReturnView, Problem> {
    let found = order.find_return(id).ok_or_else(|| Problem::internal("the return was not asked for"))?;
    Ok(ReturnView::of(order.id, found))
}
