//! Goods that come back.

use std::collections::BTreeMap;

use souk::{
    catalog::Sku,
    http::{Call, Code, Problem, Reply},
    id::{EditId, OrderId, RefundId, ReturnId},
    identity::StoreProfile,
    order::{
        self, Command, ExchangeGoods, NewEdit, NewExchange, NewReturn, Order, OrderView, Receipt,
        ReceiveReturn, RejectReturn, RequestReturn, ReturnStatus, ReturnView,
    },
    principal::Scope,
    runtime::App,
};

use crate::{actor, refunds::check_card};

/// Staff expect goods, whenever that is.
pub async fn request(app: App, call: Call<RequestReturn>) -> Result<Reply<ReturnView>, Problem> {
    requested(&app, &call, false, |_| Ok(())).await
}

/// A shopper asks for one of the orders of their account, for as long as the store lets them.
pub async fn request_own(app: App, call: Call<RequestReturn>) -> Result<Reply<ReturnView>, Problem> {
    let customer = call.principal()?.customer().ok_or_else(Problem::not_found)?;
    asked(&app, &call, |order| order.placed.customer == Some(customer)).await
}

/// Whoever may see an order asks: a guest, who has its id, or the customer whose it is.
pub async fn request_seen(app: App, call: Call<RequestReturn>) -> Result<Reply<ReturnView>, Problem> {
    let caller = call.principal()?.clone();
    asked(&app, &call, |order| caller.sees(order.placed.customer)).await
}

async fn asked(
    app: &App,
    call: &Call<RequestReturn>,
    theirs: impl Fn(&Order) -> bool,
) -> Result<Reply<ReturnView>, Problem> {
    let profile = StoreProfile::of(app, call.tenant()?).await?;
    requested(app, call, true, |order| {
        if !theirs(order) {
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
    asked: bool,
    may: impl Fn(&Order) -> Result<(), Problem>,
) -> Result<Reply<ReturnView>, Problem> {
    let (tenant, order, by) = (call.tenant()?, call.path::<OrderId>("id")?, actor(call)?);
    let id = ReturnId::new(app);
    let note = match &call.body.note {
        Some(note) => {
            let found = order::load(app, tenant, order).await?.ok_or_else(Problem::not_found)?;
            may(&found)?;
            Some(found.seal_note(app, tenant, id, note).await?)
        }
        None => None,
    };
    let command = |order: &Order| {
        may(order)?;
        let (lines, note) = (call.body.lines.clone(), note.clone());
        Ok(Command::RequestReturn(Box::new(NewReturn { id, lines, asked, note, by })))
    };
    order::act_on(app, call, order, command, |order, view| {
        Ok(Reply::created(format!("/v1/orders/{}", order.id), shown(view, id)?))
    })
    .await
}

pub async fn approve(app: App, call: Call) -> Result<Reply<ReturnView>, Problem> {
    let (order, id) = (call.path::<OrderId>("id")?, call.path::<ReturnId>("return")?);
    let command = Command::ApproveReturn(id, actor(&call)?);
    order::act(&app, &call, order, &command, |_, view| Ok(Reply::ok(shown(view, id)?))).await
}

pub async fn receive(app: App, call: Call<ReceiveReturn>) -> Result<Reply<ReturnView>, Problem> {
    let (order, id) = (call.path::<OrderId>("id")?, call.path::<ReturnId>("return")?);
    let (body, refund, by, tenant) = (&call.body, RefundId::new(&app), actor(&call)?, call.tenant()?);
    if (body.refund || body.exchange.is_some()) && !call.principal()?.may(Scope::RefundsWrite) {
        return Err(Problem::missing_scope(Scope::RefundsWrite));
    }
    if body.refund && body.exchange.is_some() {
        return Err(Problem::invalid("exchange", "What came is either refunded or exchanged."));
    }
    let lines = body.lines.iter().map(souk::order::ReceiveLine::received).collect::<Result<Vec<_>, _>>()?;
    let profile = StoreProfile::of(&app, tenant).await?;
    if let Some(unknown) =
        lines.iter().filter_map(|line| line.restock.as_ref()).find(|at| !profile.has_location(at))
    {
        let detail = format!("The store has no location {unknown}.");
        return Err(Problem::new(Code::UnknownLocation, detail).at("lines"));
    }
    if body.refund {
        check_card(&app, tenant, order, |order| body.to.of(order, body.gift_card)).await?;
    }
    let exchange = match &body.exchange {
        Some(goods) => {
            let found = order::load(&app, tenant, order).await?.ok_or_else(Problem::not_found)?;
            let mut came = BTreeMap::new();
            for line in &lines {
                *came.entry(&line.sku).or_default() += u64::from(line.quantity.get());
            }
            Some(priced(&app, &call, &found, id, goods, &came).await?)
        }
        None => None,
    };
    let command = |order: &Order| {
        let to = body.to.of(order, body.gift_card)?;
        let (refund, exchange) = (body.refund.then_some((refund, to)), exchange.clone());
        Ok(Command::ReceiveReturn(Box::new(Receipt { id, lines: lines.clone(), refund, exchange, by })))
    };
    order::act_on(&app, &call, order, command, |_, view| Ok(Reply::ok(shown(view, id)?))).await
}

/// Gives other goods for what came back earlier.
pub async fn exchange(app: App, call: Call<ExchangeGoods>) -> Result<Reply<ReturnView>, Problem> {
    let (order, id) = (call.path::<OrderId>("id")?, call.path::<ReturnId>("return")?);
    let found = order::load(&app, call.tenant()?, order).await?.ok_or_else(Problem::not_found)?;
    let one = found.find_return(id).ok_or_else(Problem::not_found)?;
    let came = if one.status == ReturnStatus::Received { one.counts() } else { BTreeMap::new() };
    let new = priced(&app, &call, &found, id, &call.body, &came).await?;
    order::act(&app, &call, order, &Command::RequestEdit(Box::new(new)), |order, view| {
        Ok(Reply::created(format!("/v1/orders/{}", order.id), shown(view, id)?))
    })
    .await
}

/// The edit that gives `goods` for what `came`, priced for the order as it is.
async fn priced<B>(
    app: &App,
    call: &Call<B>,
    order: &Order,
    id: ReturnId,
    goods: &ExchangeGoods,
    came: &BTreeMap<&Sku, u64>,
) -> Result<NewEdit, Problem> {
    let (again, more) = goods.split(came)?;
    let (version, pricing) = order::replaced(app, call.tenant()?, order, &more).await?;
    let exchange = Some(NewExchange { id, again, refund: RefundId::new(app) });
    let (id, sequence, by) = (EditId::new(app), order.sequence, actor(call)?);
    Ok(NewEdit { id, version, pricing, sequence, exchange, reason: None, by })
}

pub async fn reject(app: App, call: Call<RejectReturn>) -> Result<Reply<ReturnView>, Problem> {
    let (order, id) = (call.path::<OrderId>("id")?, call.path::<ReturnId>("return")?);
    let command = Command::RejectReturn { id, reason: call.body.reason.clone(), by: actor(&call)? };
    order::act(&app, &call, order, &command, |_, view| Ok(Reply::ok(shown(view, id)?))).await
}

fn shown(order: OrderView, id: ReturnId) -> Result<ReturnView, Problem> {
    let found = order.returns.into_iter().find(|one| one.id == id);
    found.ok_or_else(|| Problem::internal("the return was not asked for"))
}
