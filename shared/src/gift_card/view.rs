//! Gift cards as shoppers and staff see them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    change::{Change, Happened, happened_of},
    code::GiftCode,
    model::{CardStatus, GiftCard},
    storage,
};
use crate::{
    contact::Line,
    event::Commit,
    http::{Call, Problem},
    id::{GiftCardId, OrderId},
    money::Money,
    runtime::App,
};

/// A gift card.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = GiftCard)]
pub struct GiftCardView {
    /// Its id.
    pub id: GiftCardId,
    /// The end of its code.
    pub last_four: String,
    /// What is left on it.
    pub balance: Money,
    /// What it was issued with.
    pub initial_amount: Money,
    /// Whether it can be used.
    pub status: CardStatus,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was issued.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl GiftCardView {
    /// `card`, as it is at `now`.
    pub fn of(card: &GiftCard, now: Timestamp) -> Self {
        Self {
            id: card.id,
            last_four: card.last_four.clone(),
            balance: card.balance(),
            initial_amount: Money::new(card.initial, card.currency),
            status: card.status(now),
            expires_at: card.expires_at(),
            created_at: card.created_at,
        }
    }
}

/// What changed a balance.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BalanceTransaction)]
pub struct Transaction {
    /// What happened.
    #[serde(rename = "type")]
    pub kind: Happened,
    /// How much was given, or, below zero, taken.
    pub amount: Money,
    /// The order that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// In the words of who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Line>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl Transaction {
    /// `change`, which `happened` at this time.
    pub fn new(change: &Change, happened: Happened, at: Timestamp) -> Self {
        // An amount is never below zero, so that its sign can be turned.
        let amount =
            if happened.takes() { change.amount.negated().unwrap_or(change.amount) } else { change.amount };
        Self { kind: happened, amount, order: change.order, reason: change.reason.clone(), at }
    }

    /// What a commit tells.
    pub fn all_of(commit: &Commit) -> Vec<Self> {
        let read = |event: &crate::event::Recorded| {
            let change = serde_json::from_value(event.data.clone()).ok()?;
            Some(Self::new(&change, happened_of(&event.kind)?, commit.at))
        };
        commit.events.iter().filter_map(read).collect()
    }
}

/// A gift card, with what changed it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GiftCardDetails {
    /// The card.
    #[serde(flatten)]
    pub card: GiftCardView,
    /// What changed its balance, newest first.
    pub transactions: Vec<Transaction>,
}

/// A question for what is left on a gift card.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskBalance {
    /// Its code.
    pub code: GiftCode,
}

/// What whoever has the code of a gift card sees of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GiftCardBalance {
    /// The end of its code.
    pub last_four: String,
    /// What is left on it.
    pub balance: Money,
    /// Whether it can be used.
    pub status: CardStatus,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

/// What is left on the gift card with this code.
///
/// # Errors
/// 404 where no card has it.
pub async fn ask_balance<Q>(app: &App, call: &Call<AskBalance, Q>) -> Result<GiftCardBalance, Problem> {
    let card = storage::by_code(app, call.tenant()?, &call.body.code).await?;
    let card = card.ok_or_else(Problem::not_found)?;
    let (last_four, balance) = (card.last_four.clone(), card.balance());
    Ok(GiftCardBalance { last_four, balance, status: card.status(app.now()), expires_at: card.expires_at() })
}
