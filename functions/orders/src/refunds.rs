//! Money that goes back.

use souk::{
    gift_card,
    http::{Call, Problem, Reply},
    id::{GiftCardId, OrderId, RefundId},
    order::{self, Command, NewRefund, Order, RefundOrder, RefundTo, RefundView},
    runtime::App,
    tenant::Tenant,
};

use crate::actor;

pub async fn refund(app: App, call: Call<RefundOrder>) -> Result<Reply<RefundView>, Problem> {
    let (order, id, body) = (call.path::<OrderId>("id")?, RefundId::new(&app), &call.body);
    let (wish, by) = (body.wish()?, actor(&call)?);
    let command = |order: &Order| {
        let to = body.to.of(order, body.gift_card)?;
        let (wish, reason) = (wish.clone(), body.reason.clone());
        Ok(Command::RequestRefund(Box::new(NewRefund { id, wish, to, reason, by })))
    };
    check_card(&app, call.tenant()?, order, |order| body.to.of(order, body.gift_card)).await?;
    order::act_on(&app, &call, order, command, |order, _| {
        let refund = order.refunds.iter().find(|refund| refund.id() == id);
        let refund = refund.ok_or_else(|| Problem::internal("the refund was not asked for"))?;
        Ok(Reply::created(format!("/v1/orders/{}", order.id), RefundView::of(order.id, refund)))
    })
    .await
}

/// A refund goes to a gift card that there is, of the order's currency.
///
/// # Errors
/// 404 where there is no such order; 422.
pub async fn check_card(
    app: &App,
    tenant: Tenant,
    id: OrderId,
    to: impl Fn(&Order) -> Result<RefundTo, Problem>,
) -> Result<(), Problem> {
    let order = order::load(app, tenant, id).await?.ok_or_else(Problem::not_found)?;
    let RefundTo::GiftCard { id } = to(&order)? else { return Ok(()) };
    let currency = order.total().currency();
    let card: GiftCardId = id;
    match gift_card::load(app, tenant, card).await? {
        Some(card) if card.currency == currency => Ok(()),
        Some(_) => Err(Problem::invalid("gift_card", format!("The gift card is not in {currency}."))),
        None => Err(Problem::invalid("gift_card", "There is no such gift card.")),
    }
}
