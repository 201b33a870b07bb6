//! Orders: read, list, and what staff do to them.

mod edits;
mod refunds;
mod returns;

use souk::{
    audit::Action,
    http::{Call, ETag, Keys, List, Nothing, Problem, Reply, Routes, get, post},
    id::{FulfillmentId, OrderId},
    order::{
        self, Actor, CancelCause, CancelOrder, CaptureOrder, Command, Explanation, FulfillOrder,
        FulfillmentView, ListOrders, Order, OrderSummary, OrderView, ReadOrder, ReviewOrder,
    },
    principal::Scope,
    runtime::{App, Function},
    vault::Opened,
};

/// The function.
pub fn function() -> Function {
    let act = |path, summary, action| post(path, summary).needs(Scope::OrdersWrite).audited(action);
    Routes::new()
        .on(get("/v1/orders", "List orders").needs(Scope::OrdersRead), list)
        .on(get("/v1/orders/{id}", "Read an order").needs(Scope::OrdersReadOwn).answers(&[200, 304]), read)
        .on(
            get("/v1/orders/{id}/explain", "Explain an order's total, line by line")
                .needs(Scope::OrdersReadOwn),
            explain,
        )
        .on(
            act("/v1/orders/{id}/cancel", "Cancel an order", Action::OrderCancelRequested).answers(&[202]),
            cancel,
        )
        .on(
            act("/v1/orders/{id}/captures", "Take the money that is held", Action::OrderCaptureRequested)
                .idempotency(Keys::Required)
                .answers(&[201]),
            capture,
        )
        .on(
            act("/v1/orders/{id}/fulfillments", "Send some or all of an order", Action::OrderFulfilled)
                .idempotency(Keys::Required)
                .answers(&[201]),
            fulfill,
        )
        .on(
            act(
                "/v1/orders/{id}/approve",
                "Let an order pass that was held for review",
                Action::OrderApproved,
            )
            .answers(&[202]),
            approve,
        )
        .on(
            act("/v1/orders/{id}/reject", "Cancel an order that was held for review", Action::OrderRejected)
                .answers(&[202]),
            reject,
        )
        .on(
            post("/v1/orders/{id}/refunds", "Give some or all of an order's money back")
                .needs(Scope::RefundsWrite)
                .audited(Action::OrderRefunded)
                .idempotency(Keys::Required)
                .answers(&[201]),
            refunds::refund,
        )
        .on(
            act("/v1/orders/{id}/edits", "Change what is bought", Action::OrderEdited)
                .idempotency(Keys::Required)
                .answers(&[201]),
            edits::edit,
        )
        .on(
            act("/v1/orders/{id}/returns", "Expect goods back", Action::ReturnRequested)
                .idempotency(Keys::Required)
                .answers(&[201]),
            returns::request,
        )
        .on(
            post("/v1/customers/me/orders/{id}/returns", "Ask to send goods of one's own order back")
                .needs(Scope::AccountOwn)
                .idempotency(Keys::Required)
                .answers(&[201]),
            returns::request_own,
        )
        .on(
            post("/v1/orders/{id}/return-requests", "Ask to send goods back")
                .needs(Scope::OrdersReadOwn)
                .idempotency(Keys::Required)
                .answers(&[201]),
            returns::request_seen,
        )
        .on(
            act("/v1/orders/{id}/returns/{return}/approve", "Agree to a return", Action::ReturnApproved)
                .answers(&[200]),
            returns::approve,
        )
        .on(
            post("/v1/orders/{id}/returns/{return}/exchange", "Give other goods for what came back")
                .needs(Scope::RefundsWrite)
                .audited(Action::ReturnExchanged)
                .idempotency(Keys::Required)
                .answers(&[201]),
            returns::exchange,
        )
        .on(
            act("/v1/orders/{id}/returns/{return}/receive", "Take goods back", Action::ReturnReceived)
                .idempotency(Keys::Required)
                .answers(&[200]),
            returns::receive,
        )
        .on(
            act("/v1/orders/{id}/returns/{return}/reject", "Take no goods back", Action::ReturnRejected)
                .answers(&[200]),
            returns::reject,
        )
        .function("orders")
}

async fn list(app: App, call: Call<Nothing, ListOrders>) -> Result<Reply<List<OrderSummary>>, Problem> {
    Ok(Reply::ok(order::list(&app, &call).await?))
}

async fn read(app: App, call: Call<Nothing, ReadOrder>) -> Result<Reply<OrderView>, Problem> {
    let (caller, tenant, id) = (call.principal()?, call.tenant()?, call.path("id")?);
    let (order, shown) = match call.query.version {
        Some(version) => {
            let order = order::load_version(&app, caller, id, version).await?;
            let shown = order::shown_then(&app, tenant, &order).await?;
            (order, shown)
        }
        None => {
            let order = order::load_for(&app, caller, id).await?;
            let shown = order::shown(&Opened::new(&app, tenant), &order).await?;
            (order, shown)
        }
    };
    // An erasure shows, and is no event of the order.
    let etag = if shown.erased { version(&order).with("erased") } else { version(&order) };
    Ok(Reply::ok(shown).etag(etag))
}

async fn explain(app: App, call: Call) -> Result<Reply<Explanation>, Problem> {
    let order = order::load_for(&app, call.principal()?, call.path("id")?).await?;
    Ok(Reply::ok(order::explain(&order)?).etag(version(&order)))
}

async fn cancel(app: App, call: Call<CancelOrder>) -> Result<Reply<OrderView>, Problem> {
    let (reason, by) = (call.body.reason.clone(), actor(&call)?);
    act(&app, &call, &Command::RequestCancel { cause: CancelCause::Requested, reason, by }).await
}

async fn capture(app: App, call: Call<CaptureOrder>) -> Result<Reply<OrderView>, Problem> {
    let (id, command) =
        (call.path("id")?, Command::RequestCapture { amount: call.body.amount, by: actor(&call)? });
    order::act(&app, &call, id, &command, |order, shown| {
        Ok(Reply::created(format!("/v1/orders/{id}"), shown).etag(version(order)))
    })
    .await
}

async fn approve(app: App, call: Call<ReviewOrder>) -> Result<Reply<OrderView>, Problem> {
    act(&app, &call, &Command::Approve(actor(&call)?, call.body.reason.clone())).await
}

async fn reject(app: App, call: Call<ReviewOrder>) -> Result<Reply<OrderView>, Problem> {
    act(&app, &call, &Command::Reject(actor(&call)?, call.body.reason.clone())).await
}

async fn fulfill(app: App, call: Call<FulfillOrder>) -> Result<Reply<FulfillmentView>, Problem> {
    let (id, fulfillment) = (call.path::<OrderId>("id")?, FulfillmentId::new(&app));
    let body = call.body.clone();
    let lines = body.lines.map(|lines| lines.into_iter().map(Into::into).collect());
    let tracking = body.tracking.map(Into::into);
    let command = Command::Fulfill { fulfillment, lines, tracking, by: actor(&call)? };
    order::act(&app, &call, id, &command, |order, _| {
        let parcel = order.fulfillments.iter().find(|parcel| parcel.id == fulfillment);
        let parcel = parcel.ok_or_else(|| Problem::internal("the parcel was not packed"))?;
        Ok(Reply::created(format!("/v1/orders/{id}"), FulfillmentView::of(id, parcel)))
    })
    .await
}

async fn act<B>(app: &App, call: &Call<B>, command: &Command) -> Result<Reply<OrderView>, Problem> {
    let id: OrderId = call.path("id")?;
    order::act(app, call, id, command, |order, shown| {
        Ok(Reply::accepted(format!("/v1/orders/{id}"), shown).etag(version(order)))
    })
    .await
}

fn actor<B, Q>(call: &Call<B, Q>) -> Result<Actor, Problem> {
    Ok(call.principal()?.who().into())
}

fn version(order: &Order) -> ETag {
    ETag::of_version(order.sequence)
}
