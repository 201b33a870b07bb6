//! Exports and erases what is known of a person.

use souk::{
    audit::Action,
    http::{Call, Keys, Problem, Reply, Routes, get, post},
    principal::Scope,
    privacy::{self, Archive, Ask, ErasureView, ExportView},
    runtime::{App, Function},
};

/// The function.
pub fn function() -> Function {
    let scope = Scope::PrivacyWrite;
    Routes::new()
        .on(
            post("/v1/privacy/exports", "Export what is known of a person")
                .needs(scope)
                .audited(Action::PrivacyExportRequested)
                .answers(&[202]),
            export,
        )
        .on(get("/v1/privacy/exports/{id}", "Read how far an export is").needs(scope), read_export)
        .on(get("/v1/privacy/exports/{id}/archive", "Fetch an export's archive").needs(scope), archive)
        .on(
            // A repeat goes on with what is left, whether it has the same key or not.
            post("/v1/privacy/erasures", "Erase what is known of a person")
                .needs(scope)
                .audited(Action::PrivacyErasureRequested)
                .idempotency(Keys::Ignored)
                .answers(&[202]),
            erase,
        )
        .on(get("/v1/privacy/erasures/{id}", "Read how far an erasure is").needs(scope), read_erasure)
        .function("privacy")
}

async fn export(app: App, call: Call<Ask>) -> Result<Reply<ExportView>, Problem> {
    privacy::export(&app, &call).await
}

async fn read_export(app: App, call: Call) -> Result<Reply<ExportView>, Problem> {
    let export = privacy::find_export(&app, call.tenant()?, call.path("id")?).await?;
    Ok(Reply::ok(ExportView::from(&export.ok_or_else(Problem::not_found)?)))
}

async fn archive(app: App, call: Call) -> Result<Reply<Archive>, Problem> {
    let id = call.path("id")?;
    privacy::archive(&app, &call, id).await
}

async fn erase(app: App, call: Call<Ask>) -> Result<Reply<ErasureView>, Problem> {
    privacy::erase(&app, &call).await
}

async fn read_erasure(app: App, call: Call) -> Result<Reply<ErasureView>, Problem> {
    let erasure = privacy::find_erasure(&app, call.tenant()?, call.path("id")?).await?;
    Ok(Reply::ok(ErasureView::from(&erasure.ok_or_else(Problem::not_found)?)))
}
