//! Invoices: found by their order, fetched by a link.

use souk::{
    http::{Call, Nothing, Problem, Reply, Routes, get},
    invoice::{self, OrderInvoices, Token},
    principal::Scope,
    runtime::{App, Function},
};

/// The function.
pub fn function() -> Function {
    Routes::new()
        .on(
            get("/v1/orders/{id}/invoice", "Find the invoice of an order").needs(Scope::OrdersReadOwn),
            of_order,
        )
        .on(get("/v1/invoices/{token}", "Fetch an invoice as PDF, by its link"), fetch)
        .function("invoices")
}

async fn of_order(app: App, call: Call) -> Result<Reply<OrderInvoices>, Problem> {
    Ok(Reply::ok(invoice::of_order(&app, &call, call.path("id")?).await?))
}

async fn fetch(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    let token: Token = call.path("token")?;
    let pdf = invoice::open(&app, &token).await?;
    let reply = Reply::bytes("application/pdf", pdf);
    Ok(reply.header("content-disposition", "inline; filename=\"invoice.pdf\""))
}
