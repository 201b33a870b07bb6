//! What takes off prices, for whom, and how often.

use serde::Deserialize;
use souk::{
    audit::Action,
    http::{Call, ETag, Keys, Limit, List, Nothing, Problem, Reply, Routes, delete, get, patch, post},
    id::PromotionId,
    principal::Scope,
    promotion::{
        self, ChangePromotion, CodeView, MadeCodes, NewCodes, NewPromotion, Promotion, PromotionStatus,
        PromotionView,
    },
    runtime::{App, Function},
};
use utoipa::IntoParams;

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ListPromotions {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only those with this status.
    #[param(value_type = Option<String>)]
    status: Option<PromotionStatus>,
}

/// Which codes to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ListCodes {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The function.
pub fn function() -> Function {
    let (read_scope, write_scope) = (Scope::PromotionsRead, Scope::PromotionsWrite);
    Routes::new()
        .on(get("/v1/promotions", "List promotions").needs(read_scope), list)
        .on(
            post("/v1/promotions", "Create a promotion")
                .needs(write_scope)
                .audited(Action::PromotionCreated)
                .idempotency(Keys::Required)
                .answers(&[201]),
            create,
        )
        .on(get("/v1/promotions/{id}", "Read a promotion").needs(read_scope).answers(&[200, 304]), read)
        .on(
            patch("/v1/promotions/{id}", "Change a promotion")
                .needs(write_scope)
                .audited(Action::PromotionUpdated),
            change,
        )
        .on(
            delete("/v1/promotions/{id}", "Archive a promotion")
                .needs(write_scope)
                .audited(Action::PromotionArchived)
                .idempotency(Keys::Ignored)
                .answers(&[204]),
            archive,
        )
        .on(get("/v1/promotions/{id}/codes", "List single-use codes").needs(read_scope), list_codes)
        .on(
            post("/v1/promotions/{id}/codes", "Make single-use codes")
                .needs(write_scope)
                .audited(Action::PromotionCodesMade)
                .idempotency(Keys::Required)
                .answers(&[201]),
            make_codes,
        )
        .function("promotions")
}

async fn list(app: App, call: Call<Nothing, ListPromotions>) -> Result<Reply<List<PromotionView>>, Problem> {
    let (tenant, ask) = (call.tenant()?, &call.query);
    let filters = format!("{:?}", ask.status);
    let from = call.position(&app, ask.cursor.as_deref(), &filters).await?;
    let page = promotion::list(&app, tenant, ask.status, ask.limit.get(), from.as_deref()).await?;
    let List { data, has_more, next_cursor } = call.list(&app, page, &filters).await?;
    let data = data.into_iter().map(|promotion| PromotionView::of(promotion, None)).collect();
    Ok(Reply::ok(List { data, has_more, next_cursor }))
}

async fn read(app: App, call: Call) -> Result<Reply<PromotionView>, Problem> {
    let promotion = load(&app, &call).await?;
    let usage = promotion::usage(&app, call.tenant()?, promotion.id).await?;
    let tag = ETag::of_version(promotion.version).with(&format!("{usage:?}"));
    Ok(Reply::ok(PromotionView::of(promotion, Some(usage))).etag(tag))
}

async fn create(app: App, call: Call<NewPromotion>) -> Result<Reply<PromotionView>, Problem> {
    let new = Promotion::new(PromotionId::new(&app), call.body.clone(), app.now())?;
    let reply = shown(&new).status_created(format!("/v1/promotions/{}", new.id));
    promotion::put(&app, &call, None, &new, reply).await
}

async fn change(app: App, call: Call<ChangePromotion>) -> Result<Reply<PromotionView>, Problem> {
    let old = load(&app, &call).await?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    let new = old.changed(call.body.clone(), app.now())?;
    promotion::put(&app, &call, Some(&old), &new, shown(&new)).await
}

async fn archive(app: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    let old = load(&app, &call).await?;
    ETag::of_version(old.version).if_match(&call.headers)?;
    let new = old.archived(app.now());
    if new.version == old.version {
        return Ok(Reply::empty());
    }
    promotion::put(&app, &call, Some(&old), &new, Reply::empty()).await
}

async fn list_codes(app: App, call: Call<Nothing, ListCodes>) -> Result<Reply<List<CodeView>>, Problem> {
    let (tenant, ask, promotion) = (call.tenant()?, &call.query, load(&app, &call).await?);
    let filters = promotion.id.to_string();
    let from = call.position(&app, ask.cursor.as_deref(), &filters).await?;
    let page = promotion::list_codes(&app, tenant, promotion.id, ask.limit.get(), from.as_deref()).await?;
    Ok(Reply::ok(call.list(&app, page, &filters).await?))
}

async fn make_codes(app: App, call: Call<NewCodes>) -> Result<Reply<MadeCodes>, Problem> {
    promotion::make_codes(&app, &call, &load(&app, &call).await?).await
}

async fn load<B, Q>(app: &App, call: &Call<B, Q>) -> Result<Promotion, Problem> {
    let found = promotion::get(app, call.tenant()?, call.path("id")?).await?;
    found.ok_or_else(Problem::not_found)
}

fn shown(promotion: &Promotion) -> Reply<PromotionView> {
    let view = PromotionView::of(promotion.clone(), None);
    Reply::ok(view).etag(ETag::of_version(promotion.version))
}
