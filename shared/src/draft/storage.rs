//! Drafts in the state table.

use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    model::{ChangeDraft, Draft, NewDraft},
    view::{self, DraftSummary, DraftView},
};
use crate::{
    cart::{self, Particulars},
    customer,
    http::{Call, Code, ETag, Limit, List, Nothing, Problem, Reply},
    id::DraftId,
    identity::StoreProfile,
    quote::{LineProblem, Quote},
    runtime::App,
    store::{self, Edition, Page, Query, StoreError, Write, keys},
    tenant::Tenant,
    vault::{Opened, Subject},
};

/// How often a change is tried again that met another one.
pub(super) const TRIES: usize = 5;

/// Drafts that are read at once.
const AT_ONCE: usize = 100;

/// Which drafts to list. Those that were drawn up last come first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListDrafts {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The draft `id`, if it has not ended.
///
/// # Errors
/// 404 where there is none.
pub(super) async fn load(app: &App, tenant: Tenant, id: DraftId) -> Result<Draft, Problem> {
    let draft: Option<Draft> = store::get(app, "draft", &keys::draft(tenant, id)).await?;
    draft.filter(|draft| !draft.has_expired(app.now())).ok_or_else(Problem::not_found)
}

/// The write that puts `draft` in place of its version `read`.
pub(super) fn replace(tenant: Tenant, draft: &Draft, read: u32) -> Result<Write, StoreError> {
    let write = Write::put("draft", keys::draft(tenant, draft.id), draft)?;
    let write = write.when("#version = :read").name("#version", "version").number(":read", read);
    Ok(write.as_subject())
}

/// The draft `id` as it is shown.
///
/// # Errors
/// 404 where there is none.
pub async fn current(app: &App, call: &Call, id: DraftId) -> Result<Reply<DraftView>, Problem> {
    let tenant = call.tenant()?;
    let draft = load(app, tenant, id).await?;
    let order = cart::ordered_as(app, tenant, &draft.cart).await?;
    let particulars = cart::particulars(&Opened::new(app, tenant), &draft.cart).await?;
    let edition = Edition::of(app, tenant).await?;
    let quote = draft.cart.quote(app, &edition, &particulars).await?;
    let (view, etag) = view::shown(&draft, particulars, quote, order);
    Ok(Reply::ok(view).etag(etag))
}

/// A page of drafts.
///
/// # Errors
/// [`Problem`] where the cursor is wrong or storage fails.
pub async fn list(app: &App, call: &Call<Nothing, ListDrafts>) -> Result<List<DraftSummary>, Problem> {
    let (tenant, ask) = (call.tenant()?, &call.query);
    let from = call.position(app, ask.cursor.as_deref(), "").await?;
    let query = Query::partition(keys::drafts(tenant)).newest_first();
    let page: Page<Draft> = query.page(app, "draft", ask.limit.get(), from.as_deref()).await?;
    let (vault, now) = (Opened::new(app, tenant), app.now());
    let drafts = page.items.into_iter().filter(|draft| !draft.has_expired(now)).collect::<Vec<_>>();
    vault.unwrap_all(drafts.iter().filter_map(|draft| Some(draft.cart.contact.as_ref()?.subject))).await?;
    let mut items = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let particulars = cart::particulars(&vault, &draft.cart).await?;
        items.push(DraftSummary::of(&draft, particulars));
    }
    call.list(app, Page { items, next: page.next }, "").await
}

/// Creates a draft and answers it.
///
/// # Errors
/// 422 where something of it can't be.
pub async fn create(app: &App, call: &Call<NewDraft>) -> Result<Reply<DraftView>, Problem> {
    let tenant = call.tenant()?;
    let currency = match call.body.currency {
        Some(currency) => currency,
        None => StoreProfile::of(app, tenant).await?.currency,
    };
    let mut draft = Draft::new(DraftId::new(app), currency, call.principal()?.who(), app.now());
    let mut particulars = Particulars::default();
    let change = ChangeDraft::from(call.body.clone());
    let quote = apply(app, tenant, &change, &mut draft, &mut particulars).await?;
    let write = Write::create("draft", keys::draft(tenant, draft.id), &draft)?.as_subject();
    let (view, etag) = view::shown(&draft, particulars, quote, None);
    let reply = || Reply::created(format!("/v1/drafts/{}", draft.id), view.clone()).etag(etag.clone());
    match call.commit(app, vec![write], reply()).await {
        // Nobody else has this id: the SDK tried again after the answer of its first try was lost.
        Err(error) if error.refused(0) => Ok(reply()),
        outcome => Ok(outcome?),
    }
}

/// Makes the change, seals what is known of the shopper, and reckons what it costs then.
async fn apply(
    app: &App,
    tenant: Tenant,
    change: &ChangeDraft,
    draft: &mut Draft,
    particulars: &mut Particulars,
) -> Result<Quote, Problem> {
    let vault = Opened::new(app, tenant);
    let before = (draft.cart.customer, particulars.clone());
    draft.change(change)?;
    change.particulars(particulars);
    if let Some(Some(id)) = change.customer_id {
        let customer = customer::load(app, tenant, id).await?;
        let unknown = || Problem::invalid("customer_id", "There is no such customer.");
        let customer = customer.filter(|customer| customer.erased.is_none()).ok_or_else(unknown)?;
        if particulars.email.is_none() {
            particulars.email =
                customer::profile(app, tenant, &customer).await?.and_then(|profile| profile.email);
        }
    }
    if before != (draft.cart.customer, particulars.clone()) {
        cart::keep(app, tenant, &vault, &mut draft.cart, particulars).await?;
    }
    let edition = Edition::of(app, tenant).await?;
    let quote = draft.cart.quote(app, &edition, particulars).await?;
    if change.lines.is_some() {
        for (place, (line, problem)) in draft.cart.lines.iter().zip(&quote.problems).enumerate() {
            if *problem == Some(LineProblem::Unavailable) {
                let problem =
                    Problem::new(Code::UnknownSku, format!("The store does not sell {}.", line.sku));
                return Err(problem.at(format!("lines[{place}].sku")));
            }
        }
    }
    draft.total = quote.computed.priced.totals.total;
    Ok(quote)
}

/// Changes the draft `id` and answers it.
///
/// # Errors
/// 404, 409, 412, or 422.
pub async fn change(app: &App, call: &Call<ChangeDraft>, id: DraftId) -> Result<Reply<DraftView>, Problem> {
    let (tenant, mut tried) = (call.tenant()?, None);
    let vault = Opened::new(app, tenant);
    for _ in 0..TRIES {
        let mut draft = load(app, tenant, id).await?;
        let mut particulars = cart::particulars(&vault, &draft.cart).await?;
        if tried == Some(draft.cart.change) {
            // The change was made, and its answer lost on the way: the SDK's second try met its first.
            let edition = Edition::of(app, tenant).await?;
            let quote = draft.cart.quote(app, &edition, &particulars).await?;
            let (view, etag) = view::shown(&draft, particulars, quote, None);
            return Ok(Reply::ok(view).etag(etag));
        }
        open(app, call, &draft).await?;
        let read = draft.version;
        let quote = apply(app, tenant, &call.body, &mut draft, &mut particulars).await?;
        draft.touch(app.now(), app.entropy().below(u64::MAX));
        tried = Some(draft.cart.change);
        let write = replace(tenant, &draft, read)?;
        let (view, etag) = view::shown(&draft, particulars, quote, None);
        match call.commit(app, vec![write], Reply::ok(view).etag(etag)).await {
            // Somebody else changed it meanwhile: make the change on what it is now.
            Err(error) if error.refused(0) => {}
            outcome => return Ok(outcome?),
        }
    }
    Err(Problem::new(Code::Conflict, "Others keep changing this draft. Try again."))
}

/// Whether the draft can be changed: it is the version that the request names, and no order of it is alive.
pub(super) async fn open<B, Q>(app: &App, call: &Call<B, Q>, draft: &Draft) -> Result<(), Problem> {
    ETag::of_version(draft.version).if_match(&call.headers)?;
    match cart::ordered_as(app, call.tenant()?, &draft.cart).await? {
        Some(order) => Err(Draft::ordered(order)),
        None => Ok(()),
    }
}

/// Deletes the draft `id`.
///
/// # Errors
/// 404, 409 or 412.
pub async fn delete(app: &App, call: &Call, id: DraftId) -> Result<Reply<Nothing>, Problem> {
    let tenant = call.tenant()?;
    let draft = load(app, tenant, id).await?;
    open(app, call, &draft).await?;
    let write = Write::delete(keys::draft(tenant, id))
        .when("#version = :read")
        .name("#version", "version")
        .number(":read", draft.version)
        .replacing("draft", &draft)?;
    match call.commit(app, vec![write], Reply::empty()).await {
        Err(error) if error.refused(0) => {
            Err(Problem::new(Code::Conflict, "Somebody changed this draft meanwhile. Read it again."))
        }
        outcome => Ok(outcome?),
    }
}

/// The drafts of whoever these keys belong to.
///
/// # Errors
/// [`StoreError`].
pub async fn all_of(app: &App, tenant: Tenant, subjects: &[Subject]) -> Result<Vec<Draft>, StoreError> {
    let query = Query::partition(keys::drafts(tenant));
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        let page: Page<Draft> = query.page(app, "draft", AT_ONCE, from.as_deref()).await?;
        let theirs =
            |draft: &Draft| draft.cart.contact.as_ref().is_some_and(|kept| subjects.contains(&kept.subject));
        found.extend(page.items.into_iter().filter(theirs));
        from = page.next;
        if from.is_none() {
            return Ok(found);
        }
    }
}

/// The write that takes a draft away.
pub fn removal(tenant: Tenant, id: DraftId) -> Write {
    Write::delete(keys::draft(tenant, id))
}
