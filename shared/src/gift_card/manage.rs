//! What staff see of gift cards, and do to them.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    change::{self, Change, Happened},
    model::{CardStatus, GiftCard},
    storage::{self, Pointer},
    view::{GiftCardDetails, GiftCardView, Transaction},
};
use crate::{
    http::{Call, Code, ETag, Limit, List, Problem, Reply},
    id::GiftCardId,
    money::Money,
    pricing::TenderKind,
    runtime::App,
    store::{self, Page, Query, Write, keys},
    tenant::Tenant,
};

/// How often a change is tried again that met another one of the same card.
const TRIES: usize = 5;

/// Which gift cards to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListGiftCards {
    /// How many at the most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// What to change of a gift card.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeGiftCard {
    /// `disabled`, or `active` again.
    pub status: CardStatus,
}

/// A page of the store's gift cards, newest first.
///
/// # Errors
/// [`Problem`] where the cursor is wrong or storage fails.
pub async fn list<B>(app: &App, call: &Call<B, ListGiftCards>) -> Result<List<GiftCardView>, Problem> {
    let (tenant, ask) = (call.tenant()?, &call.query);
    let from = call.position(app, ask.cursor.as_deref(), "").await?;
    let query = Query::partition(keys::gift_cards(tenant)).newest_first();
    let page: Page<Pointer> = query.page(app, "gift card", ask.limit.get(), from.as_deref()).await?;
    let keys: Vec<_> = page.items.iter().map(|listed| keys::gift_card(tenant, listed.card)).collect();
    let cards: Vec<Option<GiftCard>> = store::get_many(app, "gift card", &keys, false).await?;
    let now = app.now();
    let items = cards.iter().flatten().map(|card| GiftCardView::of(card, now)).collect();
    call.list(app, Page { items, next: page.next }, "").await
}

/// The gift card `id`, with what changed its balance.
///
/// # Errors
/// 404 where there is none.
pub async fn read(app: &App, tenant: Tenant, id: GiftCardId) -> Result<Reply<GiftCardDetails>, Problem> {
    let card = storage::load(app, tenant, id).await?.ok_or_else(Problem::not_found)?;
    let commits = storage::changes(app, tenant, &TenderKind::GiftCard { id }).await?;
    let transactions = commits.iter().rev().flat_map(Transaction::all_of).collect();
    let details = GiftCardDetails { card: GiftCardView::of(&card, app.now()), transactions };
    Ok(Reply::ok(details).etag(ETag::of_version(card.version)))
}

/// Disables the gift card `id`, or enables it again, and answers it.
///
/// # Errors
/// 404, 409, 412 or 422.
pub async fn change_status<Q>(
    app: &App,
    call: &Call<ChangeGiftCard, Q>,
    id: GiftCardId,
) -> Result<Reply<GiftCardView>, Problem> {
    let (tenant, status) = (call.tenant()?, call.body.status);
    let happened = match status {
        CardStatus::Active => Happened::Enabled,
        CardStatus::Disabled => Happened::Disabled,
        CardStatus::Expired => return Err(Problem::invalid("status", "Must be active or disabled.")),
    };
    for _ in 0..TRIES {
        let card = storage::load(app, tenant, id).await?.ok_or_else(Problem::not_found)?;
        ETag::of_version(card.version).if_match(&call.headers)?;
        let now = app.now();
        if card.status == status {
            return Ok(shown(&card, now));
        }
        let changed = GiftCard { status, version: card.version + 1, ..card.clone() };
        let none = Money::zero(card.currency);
        let change = Change { amount: none, cause: changed.version.to_string(), order: None, reason: None };
        let update = Write::update(keys::gift_card(tenant, id), "SET #status = :status, #version = :version")
            .when("#version = :before")
            .name("#status", "status")
            .name("#version", "version")
            .text(":status", if status == CardStatus::Active { "active" } else { "disabled" })
            .number(":version", changed.version)
            .number(":before", card.version);
        let of = TenderKind::GiftCard { id };
        let record = change::record(tenant, &of, happened, &change, &call.cause(), now)?;
        match call.commit(app, vec![update, record], shown(&changed, now)).await {
            // Somebody paid with it meanwhile.
            Err(error) if error.refused(0) => {}
            outcome => return Ok(outcome?),
        }
    }
    Err(Problem::new(Code::Conflict, "Others keep using this gift card. Try again."))
}

fn shown(card: &GiftCard, now: jiff::Timestamp) -> Reply<GiftCardView> {
    Reply::ok(GiftCardView::of(card, now)).etag(ETag::of_version(card.version))
}
