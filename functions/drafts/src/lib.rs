//! Orders that staff draw up, and that they or their shoppers complete.

use souk::{
    audit::Action,
    checkout::{self, Placement},
    draft::{
        self, ChangeDraft, CompleteDraft, DraftSummary, DraftView, ListDrafts, NewDraft, PayByLink,
        PaymentLink, ReadLink, SharedDraft,
    },
    http::{Call, Keys, List, Nothing, Problem, Reply, Routes, delete, get, patch, post},
    order::OrderView,
    principal::Scope,
    runtime::{App, Function},
};

/// The function.
pub fn function() -> Function {
    let (reads, writes) = (Scope::DraftsRead, Scope::DraftsWrite);
    Routes::new()
        .on(get("/v1/drafts", "List drafts of orders").needs(reads), list)
        .on(
            post("/v1/drafts", "Draw up an order")
                .needs(writes)
                .audited(Action::DraftCreated)
                .answers(&[201]),
            create,
        )
        .on(get("/v1/drafts/{id}", "Read a draft").needs(reads).answers(&[200, 304]), read)
        .on(patch("/v1/drafts/{id}", "Change a draft").needs(writes).audited(Action::DraftUpdated), change)
        .on(
            delete("/v1/drafts/{id}", "Delete a draft")
                .needs(writes)
                .audited(Action::DraftDeleted)
                .idempotency(Keys::Ignored)
                .answers(&[204]),
            remove,
        )
        .on(
            post("/v1/drafts/{id}/payment-link", "Make a link by which the shopper can pay a draft")
                .needs(writes)
                .audited(Action::DraftLinkMade)
                .answers(&[201]),
            invite,
        )
        .on(
            post("/v1/drafts/{id}/complete", "Turn a draft into an order")
                .needs(writes)
                .audited(Action::DraftCompleted)
                .idempotency(Keys::Followed)
                .answers(&[202]),
            complete,
        )
        .on(
            post("/v1/payment-links/read", "See what a payment link asks for")
                .needs(Scope::CheckoutWrite)
                .idempotency(Keys::Ignored),
            look,
        )
        .on(
            post("/v1/payment-links/checkout", "Pay what a payment link asks for")
                .needs(Scope::CheckoutWrite)
                .idempotency(Keys::Followed)
                .answers(&[202]),
            pay,
        )
        .function("drafts")
}

async fn list(app: App, call: Call<Nothing, ListDrafts>) -> Result<Reply<List<DraftSummary>>, Problem> {
    Ok(Reply::ok(draft::list(&app, &call).await?))
}

async fn create(app: App, call: Call<NewDraft>) -> Result<Reply<DraftView>, Problem> {
    draft::create(&app, &call).await
}

async fn read(app: App, call: Call) -> Result<Reply<DraftView>, Problem> {
    draft::current(&app, &call, call.path("id")?).await
}

async fn change(app: App, call: Call<ChangeDraft>) -> Result<Reply<DraftView>, Problem> {
    draft::change(&app, &call, call.path("id")?).await
}

async fn remove(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    draft::delete(&app, &call, call.path("id")?).await
}

async fn invite(app: App, call: Call) -> Result<Reply<PaymentLink>, Problem> {
    draft::invite(&app, &call, call.path("id")?).await
}

async fn complete(app: App, call: Call<CompleteDraft>) -> Result<Reply<OrderView>, Problem> {
    let placed = draft::complete(&app, &call, call.path("id")?).await?;
    checkout::waited(&app, &call, Placement::of_the_saga(&app, call.tenant()?, placed)).await
}

async fn look(app: App, call: Call<ReadLink>) -> Result<Reply<SharedDraft>, Problem> {
    draft::read(&app, &call).await
}

async fn pay(app: App, call: Call<PayByLink>) -> Result<Reply<OrderView>, Problem> {
    let placed = draft::pay(&app, &call).await?;
    checkout::waited(&app, &call, Placement::of_the_saga(&app, call.tenant()?, placed)).await
}
