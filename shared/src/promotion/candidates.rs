//! The promotions that may apply to a basket, with how much of each is gone.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Candidate, Shopper, Usage,
    model::{Limits, Promotion, Tally, Trigger},
};
use crate::{
    id::{OrderId, PromotionId},
    money::Money,
    pricing::PromotionCode,
    runtime::App,
    store::{self, Edition, Key, StoreError, Table, keys},
    tenant::Tenant,
};

/// Promotions that every cart is looked at for, at the most.
pub const MOST_AUTOMATIC: u32 = 100;

/// A code, and where it leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CodeItem {
    pub(super) code: PromotionCode,
    pub(super) promotion: PromotionId,
    /// Whether it works once only.
    pub(super) single_use: bool,
    /// What it was made with: a request that is repeated finds its own codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) batch: Option<String>,
    /// The order that used it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) used_by: Option<OrderId>,
}

/// A counter: of a promotion, or of a shopper's uses of it. Or a mark, which has no numbers.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Counter {
    #[serde(default)]
    used: i64,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

impl Counter {
    /// In how many orders.
    pub(super) fn used(&self) -> u64 {
        u64::try_from(self.used).unwrap_or(0)
    }

    /// What was taken off, one amount per currency.
    pub(super) fn spent(&self) -> impl Iterator<Item = Money> {
        self.rest.iter().filter_map(|(name, value)| {
            Some(Money::new(value.as_i64()?, name.strip_prefix("spent_")?.parse().ok()?))
        })
    }
}

/// The promotions that may apply: the automatic ones of an edition, and those that `codes` lead to. `shopper` is asked
/// for limits per customer; who is not known yet has used nothing.
///
/// # Errors
/// [`StoreError`].
pub async fn candidates(
    app: &App,
    edition: &Edition,
    codes: &[PromotionCode],
    shopper: Option<Shopper>,
) -> Result<Vec<Candidate>, StoreError> {
    let tenant = edition.tenant();
    let automatic = keys::automatic_promotions(tenant);
    let automatic = store::query_all(edition.app(), "promotion", Table::State, &automatic);
    let automatic: Arc<Vec<Promotion>> = edition.rules("promotions", automatic).await?;
    let usage = Usage::default();
    let plain =
        |promotion: &Promotion| Candidate { promotion: promotion.clone(), code: None, usage: usage.clone() };
    let mut candidates: Vec<Candidate> = automatic.iter().map(plain).collect();
    candidates.extend(coded(app, tenant, codes).await?);
    let mut asked: Vec<(usize, What, Key)> = Vec::new();
    for (place, candidate) in candidates.iter().enumerate() {
        let (id, limits) = (candidate.promotion.id, &candidate.promotion.limits);
        if limits.over_all() {
            asked.push((place, What::Tally, keys::promotion_tally(tenant, id, 0)));
        }
        let Some(shopper) = shopper.map(|shopper| shopper.to_string()) else { continue };
        if limits.uses_per_customer.is_some() {
            asked.push((place, What::Uses, keys::promotion_uses_of(tenant, id, &shopper)));
        }
        if candidate.promotion.rules.first_order {
            asked.push((place, What::FirstOrder, keys::first_order(tenant, &shopper)));
        }
    }
    let wanted: Vec<Key> = asked.iter().map(|(_, _, key)| key.clone()).collect();
    let counters: Vec<Option<Counter>> = store::get_many(app, "promotion_tally", &wanted, true).await?;
    for ((place, what, _), counter) in asked.into_iter().zip(counters) {
        let (usage, Some(counter)) = (&mut candidates[place].usage, counter) else { continue };
        match what {
            What::Tally => {
                usage.used = counter.used();
                usage.spent = counter.spent().collect();
            }
            What::Uses => usage.by_shopper = counter.used(),
            What::FirstOrder => usage.had_first_order = true,
        }
    }
    Ok(candidates)
}

enum What {
    Tally,
    Uses,
    FirstOrder,
}

/// The promotions that codes lead to.
async fn coded(app: &App, tenant: Tenant, codes: &[PromotionCode]) -> Result<Vec<Candidate>, StoreError> {
    let wanted: Vec<Key> = codes.iter().map(|code| keys::promotion_code(tenant, code.as_str())).collect();
    let items: Vec<Option<CodeItem>> = store::get_many(app, "promotion_code", &wanted, true).await?;
    let mut items: Vec<CodeItem> = items.into_iter().flatten().collect();
    items.sort_by(|one, other| one.code.cmp(&other.code));
    items.dedup_by(|one, other| one.code == other.code);
    let wanted: Vec<Key> = items.iter().map(|item| keys::promotion(tenant, item.promotion)).collect();
    let promotions: Vec<Option<Promotion>> = store::get_many(app, "promotion", &wanted, true).await?;
    let found = items.into_iter().zip(promotions).filter_map(|(item, promotion)| {
        let promotion = promotion.filter(|promotion| item.leads_to(promotion))?;
        let usage = Usage { code_used: item.single_use && item.used_by.is_some(), ..Usage::default() };
        Some(Candidate { promotion, code: Some(item.code), usage })
    });
    Ok(found.collect())
}

impl CodeItem {
    fn leads_to(&self, promotion: &Promotion) -> bool {
        match &promotion.trigger {
            Trigger::Automatic {} => false,
            Trigger::Code { code } => *code == self.code,
            Trigger::SingleUseCodes {} => self.single_use,
        }
    }
}

impl Tally {
    /// How a promotion with these limits is counted.
    pub(super) fn for_limits(limits: &Limits) -> Self {
        if limits.over_all() { Self::One } else { Self::Spread }
    }
}

/// What orders took of the promotion `id`: in how many, and how much.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn usage(
    app: &App,
    tenant: Tenant,
    id: PromotionId,
) -> Result<(u64, Vec<Money>), StoreError> {
    let tallies = keys::promotion_tallies(tenant, id);
    let counters: Vec<Counter> = store::query_all(app, "promotion_tally", Table::State, &tallies).await?;
    let used = counters.iter().map(Counter::used).sum();
    let mut spent: BTreeMap<_, i64> = BTreeMap::new();
    for amount in counters.iter().flat_map(Counter::spent) {
        let sum = spent.entry(amount.currency()).or_default();
        *sum = sum.saturating_add(amount.amount());
    }
    Ok((used, spent.into_iter().map(|(currency, amount)| Money::new(amount, currency)).collect()))
}
