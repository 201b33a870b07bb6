//! Invoices and credit notes, for shoppers and staff.

use souk::{
    http::{Call, List, Nothing, Problem, Reply, Routes, get},
    invoice::{self, InvoiceView, Link, ListInvoices, OpenDocument, OrderInvoice},
    order,
    principal::Scope,
    runtime::{App, Function},
};

/// The function.
pub fn function() -> Function {
    Routes::new()
        .on(
            get("/v1/orders/{id}/invoice", "Read an order's invoice and credit notes")
                .needs(Scope::OrdersReadOwn),
            of_order,
        )
        .on(get("/v1/invoices", "List invoices or credit notes, newest first").needs(Scope::OrdersRead), list)
        // Whoever has the link: its token is the proof.
        .on(get("/v1/invoices/document", "Read a document as a PDF, by its link"), document)
        .function("invoices")
}

async fn of_order(app: App, call: Call) -> Result<Reply<OrderInvoice>, Problem> {
    let order = order::load_for(&app, call.principal()?, call.path("id")?).await?;
    Ok(Reply::ok(invoice::of_order(&app, &call, &order).await?))
}

async fn list(app: App, call: Call<Nothing, ListInvoices>) -> Result<Reply<List<InvoiceView>>, Problem> {
    Ok(Reply::ok(invoice::list(&app, &call).await?))
}

async fn document(app: App, call: Call<Nothing, OpenDocument>) -> Result<Reply<Nothing>, Problem> {
    let link = match &call.query.token {
        Some(token) => Link::read(&app, token).await?,
        None => None,
    };
    invoice::rendered(&app, link.ok_or_else(Problem::not_found)?).await
}
