//! Lists of orders: a read model, kept up by `follow-orders` and `project-orders`, rebuilt from the events if it is lost.
//! Its summaries also say which orders have work to do (`work`).

use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    contact::OrderContact,
    model::{Order, OrderStatus, PaymentStatus},
    stream, work,
};
use crate::{
    contact::Email,
    http::{Call, Limit, List, Problem},
    id::{CustomerId, OrderId},
    money::Money,
    runtime::{App, JobError},
    store::{self, Index, Page, Query, StoreError, Write, WriteError, keys},
    tenant::Tenant,
    vault::{EmailHash, Opened, email_hash},
};

/// What a list shows of an order.
#[derive(Clone, Debug, Serialize, ToSchema)]
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
    /// The customer whose it is, where one was logged in.
    pub customer_id: Option<CustomerId>,
    /// Where mails about it go; null where the shopper was erased.
    pub email: Option<Email>,
    /// Whether what was known of the shopper was erased.
    pub erased: bool,
    /// Counts what happened to it.
    pub version: u32,
    /// When it was placed.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// What the read model keeps of an order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Summary {
    pub(super) id: OrderId,
    number: String,
    pub(super) status: OrderStatus,
    payment_status: PaymentStatus,
    total: Money,
    items: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer: Option<CustomerId>,
    pub(super) contact: OrderContact,
    version: u32,
    pub(super) created_at: Timestamp,
}

/// Whose orders to list.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub enum Whose {
    /// Those of a customer who was logged in.
    Customer(CustomerId),
    /// Those that gave this email address, logged in or not.
    Email(Email),
}

impl TryFrom<String> for Whose {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Customer(id));
        }
        text.parse().map(Self::Email)
    }
}

/// As it is written. Debug output tells no address.
impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer(id) => id.fmt(f),
            Self::Email(email) => email.fmt(f),
        }
    }
}

impl fmt::Debug for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer(id) => id.fmt(f),
            Self::Email(email) => write!(f, "{email:?}"),
        }
    }
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
    /// Only orders of this customer: an id, or an email address.
    #[param(value_type = Option<String>)]
    pub customer: Option<Whose>,
    /// Only orders placed at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    pub created_after: Option<Timestamp>,
    /// Only orders placed before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    pub created_before: Option<Timestamp>,
}

/// Which of one's own orders to list. The newest come first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListOwnOrders {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A page of the orders of `customer`, who is calling.
///
/// # Errors
/// [`Problem`] where the cursor is wrong or storage fails.
pub async fn list_own<B>(
    app: &App,
    call: &Call<B, ListOwnOrders>,
    customer: CustomerId,
) -> Result<List<OrderSummary>, Problem> {
    let (tenant, ask) = (call.tenant()?, &call.query);
    let filters = customer.to_string();
    let from = call.position(app, ask.cursor.as_deref(), &filters).await?;
    let query = Query::partition(keys::orders_of_customer(tenant, customer)).newest_first();
    let page = query.page(app, "order summary", ask.limit.get(), from.as_deref()).await?;
    let page = Page { items: shown(app, tenant, page.items).await?, next: page.next };
    call.list(app, page, &filters).await
}

/// A page of orders.
///
/// # Errors
/// [`Problem`] where the cursor is wrong or storage fails.
pub async fn list<B>(app: &App, call: &Call<B, ListOrders>) -> Result<List<OrderSummary>, Problem> {
    let (tenant, ask) = (call.tenant()?, &call.query);
    let customer = ask.customer.as_ref().map(ToString::to_string);
    let filters = format!("{:?} {customer:?} {:?} {:?}", ask.status, ask.created_after, ask.created_before);
    let from = call.position(app, ask.cursor.as_deref(), &filters).await?;
    let mut query = match (&ask.customer, ask.status) {
        (Some(whose), status) => {
            let query = match whose {
                Whose::Customer(id) => Query::partition(keys::orders_of_customer(tenant, *id)),
                Whose::Email(email) => {
                    let hash = email_hash(app, tenant, email).await.map_err(Problem::internal)?;
                    Query::index(Index::OrdersByCustomer, keys::orders_of_email(tenant, hash))
                }
            };
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
    let page: Page<Summary> =
        query.newest_first().page(app, "order summary", ask.limit.get(), from.as_deref()).await?;
    let page = Page { items: shown(app, tenant, page.items).await?, next: page.next };
    call.list(app, page, &filters).await
}

/// How many orders that gave this email address were confirmed, up to 20 of the newest, without `order`. From an index,
/// so it may be a moment behind.
pub(super) async fn confirmed(
    app: &App,
    tenant: Tenant,
    email: EmailHash,
    order: OrderId,
) -> Result<u16, StoreError> {
    let query = Query::index(Index::OrdersByCustomer, keys::orders_of_email(tenant, email)).newest_first();
    let page: Page<Summary> = query.page(app, "order summary", 21, None).await?;
    let confirmed = |summary: &&Summary| {
        summary.id != order
            && !matches!(summary.status, OrderStatus::Pending | OrderStatus::InReview | OrderStatus::Canceled)
    };
    Ok(u16::try_from(page.items.iter().filter(confirmed).take(20).count()).unwrap_or(20))
}

/// Opens what the summaries keep sealed: each shopper's key is unwrapped once, and side by side.
async fn shown(app: &App, tenant: Tenant, kept: Vec<Summary>) -> Result<Vec<OrderSummary>, Problem> {
    let vault = Opened::new(app, tenant);
    vault.unwrap_all(kept.iter().filter_map(|summary| summary.contact.subject())).await?;
    let mut summaries = Vec::with_capacity(kept.len());
    for kept in kept {
        let contact = kept.contact.open(&vault, kept.id).await?;
        summaries.push(OrderSummary {
            id: kept.id,
            number: kept.number,
            status: kept.status,
            payment_status: kept.payment_status,
            total: kept.total,
            items: kept.items,
            customer_id: kept.customer,
            erased: contact.is_none(),
            email: contact.map(|contact| contact.email),
            version: kept.version,
            created_at: kept.created_at,
        });
    }
    Ok(summaries)
}

fn summary(order: &Order) -> Summary {
    Summary {
        id: order.id,
        number: order.placed.number.clone(),
        status: order.status(),
        payment_status: order.payment,
        total: order.total(),
        items: order.demand().values().sum(),
        customer: order.placed.customer,
        contact: order.placed.contact.without_email_twice(),
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
    list_as(app, tenant, &order).await
}

/// Brings the lists up to `order`, unless they show a later state of it.
///
/// # Errors
/// [`JobError`] where storage fails.
pub async fn list_as(app: &App, tenant: Tenant, order: &Order) -> Result<(), JobError> {
    let (id, summary) = (order.id, summary(order));
    let put = |key| -> Result<Write, StoreError> {
        let write = Write::put("order-summary", key, &summary)?;
        let newer = write.when("attribute_not_exists(pk) OR #version < :version");
        Ok(newer.name("#version", "version").number(":version", summary.version))
    };
    let text = |text: String| AttributeValue::S(text);
    let position = keys::order_position(order.placed_at, id);
    let mut write = work::noted(put(keys::order_summary(tenant, order.placed_at, id))?, order)?
        .with("status_pk", text(keys::orders_of_status(tenant, summary.status.as_str())))
        .with("status_sk", text(position.clone()));
    if let Some(email) = order.placed.contact.email() {
        write = write
            .with("customer_pk", text(keys::orders_of_email(tenant, email)))
            .with("customer_sk", text(position));
    }
    let mut writes = vec![write];
    if let Some(customer) = summary.customer {
        writes.push(put(keys::customer_order_summary(tenant, customer, order.placed_at, id))?);
    }
    match store::commit(app, writes).await {
        // A later state is there already.
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
        Err(WriteError::Store(error)) => Err(error.into()),
    }
}
