//! Invoices as shoppers and staff find them.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    document,
    link::{self, Token},
    model::{Invoice, InvoiceKind},
    number::Place,
};
use crate::{
    http::{Call, Problem},
    id::{InvoiceId, OrderId},
    money::Money,
    order,
    runtime::App,
    store::{self, StoreError, Table, keys},
    tenant::Tenant,
    vault::Opened,
};

/// An invoice or a credit note.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Invoice)]
pub struct InvoiceView {
    /// Its id.
    pub id: InvoiceId,
    /// What kind of document it is.
    #[serde(rename = "type")]
    pub kind: InvoiceKind,
    /// Its number. Without gaps, among all documents of the store.
    pub number: String,
    /// What it is about: the total, or what is taken back.
    pub amount: Money,
    /// Of that, the tax.
    pub tax: Money,
    /// When what it tells of happened.
    #[schema(value_type = String, format = DateTime)]
    pub issued_at: Timestamp,
    /// The document (PDF), for whoever has this link.
    pub url: String,
    /// When the link ends. Ask again for another one.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// The invoice of an order, and what took some of it back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderInvoices {
    /// The invoice.
    #[serde(flatten)]
    pub invoice: InvoiceView,
    /// What took some of it back, oldest first.
    pub credit_notes: Vec<InvoiceView>,
}

/// A number as it is printed.
pub(super) fn printed(number: u64) -> String {
    format!("{number:06}")
}

/// The invoice of the order `id`, for who may see the order.
///
/// # Errors
/// 404 where there is no such order, or it has no invoice yet.
pub async fn of_order<B, Q>(app: &App, call: &Call<B, Q>, id: OrderId) -> Result<OrderInvoices, Problem> {
    let (tenant, issuer) = (call.tenant()?, call.issuer(app));
    order::load_for(app, call.principal()?, id).await?;
    let list = keys::invoices_of_order(tenant, id);
    let places: Vec<Place> = store::query_all(app, "invoice", Table::State, &list).await?;
    let keys: Vec<_> = places.iter().map(|place| keys::invoice(tenant, place.invoice)).collect();
    let kept: Vec<Option<Invoice>> = store::get_many(app, "invoice", &keys, true).await?;
    let (mut invoice, mut credit_notes) = (None, Vec::new());
    for kept in kept.into_iter().flatten() {
        // One without a number is none yet.
        let Some(number) = kept.number else { continue };
        let (token, expires_at) = link::write(app, tenant, kept.id).await?;
        let view = InvoiceView {
            id: kept.id,
            kind: kept.kind,
            number: printed(number),
            amount: kept.amount,
            tax: kept.tax,
            issued_at: kept.at,
            url: format!("{issuer}/v1/invoices/{token}"),
            expires_at,
        };
        match kept.kind {
            InvoiceKind::Invoice => invoice = invoice.or(Some(view)),
            InvoiceKind::CreditNote => credit_notes.push(view),
        }
    }
    let invoice = invoice.ok_or_else(Problem::not_found)?;
    Ok(OrderInvoices { invoice, credit_notes })
}

/// The document that `token` is for, as PDF.
///
/// # Errors
/// 404 where the token is for none, or has ended.
pub async fn open(app: &App, token: &Token) -> Result<Vec<u8>, Problem> {
    let (tenant, id) = link::read_link(app, token).await?.ok_or_else(Problem::not_found)?;
    let invoice = load(app, tenant, id).await?.filter(|invoice| invoice.number.is_some());
    let invoice = invoice.ok_or_else(Problem::not_found)?;
    let order = order::load(app, tenant, invoice.order).await?.ok_or_else(Problem::not_found)?;
    let buyer = order.contact(&Opened::new(app, tenant)).await?;
    document::write(&invoice, buyer.as_ref()).map_err(Problem::internal)
}

async fn load(app: &App, tenant: Tenant, id: InvoiceId) -> Result<Option<Invoice>, StoreError> {
    store::get(app, "invoice", &keys::invoice(tenant, id)).await
}
