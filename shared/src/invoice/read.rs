//! Documents as shoppers and staff see them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    issue::{self, Issued},
    layout::{self, Buyer},
    link::{Link, LinkToken},
    model::{Document, DocumentKind},
    pdf,
};
use crate::{
    http::{Call, Code, Limit, List, Problem, Reply},
    id::OrderId,
    money::Money,
    order::{self, Order},
    runtime::App,
    store::{self, Page, Query, Table, keys},
    tenant::Tenant,
    vault::Opened,
};

/// An invoice or a credit note.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = InvoiceDocument)]
pub struct InvoiceView {
    /// Its series.
    #[serde(rename = "type")]
    pub kind: DocumentKind,
    /// Its number there, from 1, without gaps.
    pub number: u64,
    /// The order that it is about.
    pub order: OrderId,
    /// When it was issued.
    #[schema(value_type = String, format = DateTime)]
    pub issued_at: Timestamp,
    /// What it comes to, with tax.
    pub total: Money,
    /// Where whoever has this address can read it as a PDF, without any key.
    pub url: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// An order's documents.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderInvoice {
    /// Its invoice.
    #[serde(flatten)]
    pub invoice: InvoiceView,
    /// What was invoiced later, when the order got dearer or a refund came back.
    pub further_invoices: Vec<InvoiceView>,
    /// What was credited.
    pub credit_notes: Vec<InvoiceView>,
}

/// Which documents to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListInvoices {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Of which series: `invoice`, where absent, or `credit_note`.
    #[serde(rename = "type")]
    pub kind: Option<DocumentKind>,
}

/// Which document to read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OpenDocument {
    /// The token of its link.
    #[param(value_type = Option<String>)]
    pub token: Option<LinkToken>,
}

/// A document with an address that works for an hour.
async fn view<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    order: OrderId,
    issued: &Issued,
) -> Result<InvoiceView, Problem> {
    let link = Link { tenant: call.tenant()?, kind: issued.series, number: issued.number };
    let (token, expires_at) = link.write(app).await?;
    Ok(InvoiceView {
        kind: issued.series,
        number: issued.number,
        order,
        issued_at: issued.issued_at,
        total: issued.total,
        url: format!("{}/v1/invoices/document?token={token}", call.issuer(app)),
        expires_at,
    })
}

/// The documents of `order`.
///
/// # Errors
/// 404 while there are none.
pub async fn of_order<B, Q>(app: &App, call: &Call<B, Q>, order: &Order) -> Result<OrderInvoice, Problem> {
    let mut marks = issue::marks(app, call.tenant()?, order.id).await?;
    marks.sort_by_key(|mark| (mark.series, mark.number));
    let (mut invoices, mut credit_notes) = (Vec::new(), Vec::new());
    for mark in &marks {
        // It is being written.
        if !issue::is_there(app, call.tenant()?, order.id, mark).await? {
            continue;
        }
        let of_kind = match mark.series {
            DocumentKind::Invoice => &mut invoices,
            DocumentKind::CreditNote => &mut credit_notes,
        };
        of_kind.push(view(app, call, order.id, mark).await?);
    }
    let mut invoices = invoices.into_iter();
    let none = || {
        let detail = "The order has no invoice yet: it gets one once its payment was taken.";
        Problem::new(Code::NotFound, detail)
    };
    Ok(OrderInvoice {
        invoice: invoices.next().ok_or_else(none)?,
        further_invoices: invoices.collect(),
        credit_notes,
    })
}

/// A page of the store's documents, newest first.
///
/// # Errors
/// [`Problem`] where the cursor is wrong or storage fails.
pub async fn list<B>(app: &App, call: &Call<B, ListInvoices>) -> Result<List<InvoiceView>, Problem> {
    let series = call.query.kind.unwrap_or(DocumentKind::Invoice).as_str();
    let from = call.position(app, call.query.cursor.as_deref(), series).await?;
    let query = Query::table(Table::Events, keys::invoices(call.tenant()?, series)).newest_first();
    let page: Page<Document> = query.page(app, "invoice", call.query.limit.get(), from.as_deref()).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for document in page.items {
        let Document { number, issued_at, order, content, .. } = document;
        let issued =
            Issued { event: content.event, series: content.kind, number, issued_at, total: content.total };
        items.push(view(app, call, order, &issued).await?);
    }
    call.list(app, Page { items, next: page.next }, series).await
}

/// The document that `link` leads to, as a PDF.
///
/// # Errors
/// 404 where there is none.
pub async fn rendered<R>(app: &App, link: Link) -> Result<Reply<R>, Problem> {
    let Link { tenant, kind, number } = link;
    let key = keys::invoice(tenant, kind.as_str(), number);
    let document: Option<Document> = store::get(app, "invoice", &key).await?;
    let document = document.ok_or_else(Problem::not_found)?;
    let buyer = buyer(app, tenant, document.order).await?;
    let pdf =
        pdf::render(&document.title(), &layout::lay_out(&document, &buyer)).map_err(Problem::internal)?;
    let name = format!("inline; filename=\"{}-{number}.pdf\"", kind.as_str().replace('_', "-"));
    Ok(Reply::bytes("application/pdf", pdf).header("content-disposition", name))
}

async fn buyer(app: &App, tenant: Tenant, order: OrderId) -> Result<Buyer, Problem> {
    let order = order::load(app, tenant, order).await?.ok_or_else(Problem::not_found)?;
    let contact = order.contact(&Opened::new(app, tenant)).await.map_err(Problem::internal)?;
    Ok(contact.map_or(Buyer::Erased, |contact| Buyer::Known(Box::new(contact))))
}
