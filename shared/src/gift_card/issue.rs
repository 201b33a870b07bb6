//! Issuing gift cards.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    change::{self, Change, Happened},
    code::GiftCode,
    model::{CardStatus, GiftCard},
    storage::Pointer,
    tender::shard,
    view::GiftCardView,
};
use crate::{
    contact::Line,
    http::{Call, Code, ETag, Problem, Reply},
    id::GiftCardId,
    money::Money,
    pricing::TenderKind,
    runtime::App,
    store::{self, Write, keys},
};

/// The most that a gift card may be issued with, or that may be granted at once, in minor units: far below what a
/// balance can hold.
pub(super) const MOST: i64 = 1_000_000_000_000;

/// A gift card to be issued.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGiftCard {
    /// What is on it.
    pub amount: Money,
    /// When it ends. Never, where absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// Its code, where it has one already. A new one, where absent.
    #[serde(default)]
    pub code: Option<GiftCode>,
    /// Why, in the store's own words.
    #[serde(default)]
    pub reason: Option<Line>,
}

/// A gift card that was just issued.
#[derive(Serialize, ToSchema)]
pub struct IssuedCard {
    /// What its holder types. Shown here and never again.
    #[schema(example = "K7Q2-M9F4-ZTB1-0XYZ")]
    pub code: String,
    /// The card.
    #[serde(flatten)]
    pub card: GiftCardView,
}

/// An amount that may be given.
///
/// # Errors
/// 422.
pub(super) fn given(amount: Money) -> Result<Money, Problem> {
    if (1..=MOST).contains(&amount.amount()) {
        Ok(amount)
    } else {
        Err(Problem::invalid("amount.amount", format!("Must be 1 to {MOST}.")))
    }
}

/// Issues a gift card and answers it, with its code.
///
/// # Errors
/// 409 where another card has the code, 422.
pub async fn issue<Q>(app: &App, call: &Call<NewGiftCard, Q>) -> Result<Reply<IssuedCard>, Problem> {
    let (tenant, new, now) = (call.tenant()?, &call.body, app.now());
    let amount = given(new.amount)?;
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(Problem::invalid("expires_at", "Must be in the future."));
    }
    let code = new.code.clone().unwrap_or_else(|| GiftCode::new(app));
    let hash = code.hash(app, tenant).await.map_err(Problem::internal)?;
    let id = GiftCardId::new(app);
    let card = GiftCard {
        id,
        last_four: code.last_four(),
        currency: amount.currency(),
        balance: amount.amount(),
        initial: amount.amount(),
        valid_until: new.expires_at.map(Timestamp::as_second),
        status: CardStatus::Active,
        version: 1,
        created_at: now,
    };
    let mut put = Write::create("gift_card", keys::gift_card(tenant, id), &card)?;
    if let Some(end) = card.expires_at() {
        put = put.with("due_shard", text(shard(id))).with("due_at", text(store::due_at(end)));
    }
    let change = Change { amount, cause: id.to_string(), order: None, reason: new.reason.clone() };
    let of = TenderKind::GiftCard { id };
    let writes = vec![
        Write::create("gift_code", keys::gift_card_code(tenant, &hash), &Pointer { card: id })?,
        put.as_subject(),
        Write::create("gift_listed", keys::listed_gift_card(tenant, id), &Pointer { card: id })?,
        change::record(tenant, &of, Happened::Issued, &change, &call.cause(), now)?,
    ];
    let issued = IssuedCard { code: code.reveal(), card: GiftCardView::of(&card, now) };
    let reply = Reply::created(format!("/v1/gift-cards/{id}"), issued).etag(ETag::of_version(card.version));
    match call.commit(app, writes, reply).await {
        Err(error) if error.refused(0) => {
            Err(Problem::new(Code::GiftCardTaken, "Another gift card has this code.").at("code"))
        }
        outcome => Ok(outcome?),
    }
}

fn text(value: String) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::S(value)
}
