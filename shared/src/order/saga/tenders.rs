//! What an order was paid without the provider.

use super::super::{model::Order, refund::RefundShare};
use crate::{
    gift_card,
    id::OrderId,
    runtime::{App, JobError},
    tenant::Tenant,
};

/// Gives back all that `order`, which is canceled before anything was taken, was paid from gift cards and store credit.
/// May be repeated.
pub(super) async fn give_all_back(app: &App, tenant: Tenant, order: &Order) -> Result<(), JobError> {
    let shares = order.tenders_to_give_back().map_err(|error| JobError::new("amounts", error))?;
    for share in &shares {
        give_back(app, tenant, order.id, share, &order.id.to_string()).await?;
    }
    Ok(())
}

/// Gives `share` back to a gift card or a customer's credit: once per `cause`.
pub(super) async fn give_back(
    app: &App,
    tenant: Tenant,
    order: OrderId,
    share: &RefundShare,
    cause: &str,
) -> Result<(), JobError> {
    if let Some(kind) = share.way.tender() {
        gift_card::give_back(app, tenant, &kind, share.amount, order, cause).await?;
    }
    Ok(())
}
