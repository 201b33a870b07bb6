//! Lists of orders: a read model, kept up by `project-orders`, rebuilt from the events if it is lost.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    model::{Order, OrderStatus, PaymentStatus},
    stream,
};
use crate::{
    contact::Email,
    http::{Call, Limit, List, Problem},
    id::OrderId,
    money::Money,
    runtime::{App, JobError},
    store::{self, Index, Query, Write, WriteError, keys},
    tenant::Tenant,
};

/// What a list shows of an order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OrderSummary {
    /// Its id.
    pub id: OrderId,
    /// What people call it.
    pub number: String,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where its payment stands.
    pub payment_status: PaymentStatus,
    /// What it comes to.
    pub total: Money,
    /// How many things were bought.
    pub items: u64,
    /// Whose it is.
    pub email: Email,
    /// Counts what happened to it.
    pub version: u32,
    /// When it was placed.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// What to list. The newest come first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListOrders {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Only orders that stand here.
    #[param(value_type = Option<String>)]
    pub status: Option<OrderStatus>,
    /// Only orders of this email address.
    #[param(value_type = Option<String>)]
    pub customer: Option<Email>,
    /// Only orders placed at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    pub created_after: Option<Timestamp>,
    /// Only orders placed before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    pub created_before: Option<Timestamp>,
}

/// A page of orders.
///
/// # Errors
/// [`Problem`] where the cursor is wrong or storage fails.
pub async fn list<B>(app: &App, call: &Call<B, ListOrders>) -> Result<List<OrderSummary>, Problem> {
    let (tenant, ask) = (call.tenant()?, &call.query);
    let filters =
        format!("{:?} {:?} {:?} {:?}", ask.status, ask.customer, ask.created_after, ask.created_before);
    let from = call.position(app, ask.cursor.as_deref(), &filters).await?;
    let mut query = match (&ask.customer, ask.status) {
        (Some(customer), status) => {
            let pk = keys::orders_of_customer(tenant, customer.as_str());
            let query = Query::index(Index::OrdersByCustomer, pk);
            status.iter().fold(query, |query, status| query.only("status", status.as_str()))
        }
        (None, Some(status)) => {
            Query::index(Index::OrdersByStatus, keys::orders_of_status(tenant, status.as_str()))
        }
        (None, None) => Query::partition(keys::orders(tenant)),
    };
    // Positions are a time and an id. A time alone sorts before all positions of its moment.
    if let Some(after) = ask.created_after {
        query = query.at_least(format!("{after:.3}"));
    }
    if let Some(before) = ask.created_before {
        query = query.at_most(format!("{before:.3}"));
    }
    let page = query.newest_first().page(app, "order summary", ask.limit.get(), from.as_deref()).await?;
    call.list(app, page, &filters).await
}

fn summary(order: &Order) -> OrderSummary {
    OrderSummary {
        id: order.id,
        number: order.placed.number.clone(),
        status: order.status(),
        payment_status: order.payment,
        total: order.total(),
        items: order.demand().values().sum(),
        email: order.placed.contact.email.clone(),
        version: order.sequence,
        created_at: order.placed_at,
    }
}

/// Brings the lists up to what happened to the order `id`. Loads the truth, so that neither order nor repetition of
/// messages matters.
///
/// # Errors
/// [`JobError`] where storage fails or there is no such order.
pub async fn project(app: &App, tenant: Tenant, id: OrderId) -> Result<(), JobError> {
    let missing = || JobError::new("unknown_order", format!("there is no order {id} of {tenant}"));
    let order = stream::load(app, tenant, id).await?.ok_or_else(missing)?;
    let summary = summary(&order);
    let text = |text: String| AttributeValue::S(text);
    let position = keys::order_position(order.placed_at, id);
    let write = Write::put("order-summary", keys::order_summary(tenant, order.placed_at, id), &summary)?
        .with("status_pk", text(keys::orders_of_status(tenant, summary.status.as_str())))
        .with("status_sk", text(position.clone()))
        .with("customer_pk", text(keys::orders_of_customer(tenant, summary.email.as_str())))
        .with("customer_sk", text(position))
        .when("attribute_not_exists(pk) OR #version < :version")
        .name("#version", "version")
        .number(":version", summary.version);
    match store::commit(app, vec![write]).await {
        // A later state is there already.
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
        Err(WriteError::Store(error)) => Err(error.into()),
    }
}
