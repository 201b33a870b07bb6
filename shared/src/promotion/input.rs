//! Promotions as the staff give them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    action::{Action, Tier},
    model::{Limits, Promotion, PromotionStatus, Stacking, Tally, Trigger},
    rules::{AtLeast, Rules, Selection},
};
use crate::{contact::Line, http::Problem, id::PromotionId, metadata::Metadata, money::Money};

/// Actions of a promotion, or of a tier.
const MOST_ACTIONS: usize = 5;
/// Tiers of a promotion.
const MOST_TIERS: usize = 10;
/// Thresholds among the rules.
const MOST_RULES: usize = 10;
/// SKUs, categories and products of one selection.
const MOST_NAMES: usize = 100;
/// Groups, currencies, and amounts in different currencies.
const MOST_OF_A_LIST: usize = 20;
/// The highest amount: ten thousand times the highest price. Ten thousand times this one still fits 64 bits.
const MOST_AMOUNT: i64 = 100_000_000_000_000;
/// The highest priority.
const MOST_PRIORITY: u16 = 1000;
/// What a promotion may be written in: all automatic ones together are read with every cart.
const MOST_BYTES: usize = 10_000;

/// A promotion to be created.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPromotion {
    /// What people call it. Shoppers see it.
    pub name: Line,
    /// `active` or `paused`.
    #[serde(default)]
    pub status: PromotionStatus,
    /// What makes it be looked at. It stays what it is.
    #[serde(default)]
    pub trigger: Trigger,
    /// It applies from then on; at once where absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Timestamp>,
    /// It applies until just before then.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// From 0 to 1000. Those with a higher one come first; of equals, the older one.
    #[serde(default)]
    pub priority: u16,
    /// Whether it combines with others.
    #[serde(default)]
    pub stacking: Stacking,
    /// What must hold.
    #[serde(default)]
    pub rules: Rules,
    /// What it does, in this order: at most 5.
    #[serde(default)]
    pub actions: Vec<Action>,
    /// What it does in place of that from each threshold on: at most 10. The last one that is reached counts.
    #[serde(default)]
    pub tiers: Vec<Tier>,
    /// How often, and for how much in all.
    #[serde(default)]
    pub limits: Limits,
    /// The caller's own.
    #[serde(default)]
    pub metadata: Metadata,
}

/// What changes of a promotion. What is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePromotion {
    /// What people call it.
    pub name: Option<Line>,
    /// `paused` stops it for now, `archived` for good, `active` lets it go on.
    pub status: Option<PromotionStatus>,
    /// It applies from then on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Timestamp>,
    /// It applies until just before then.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// From 0 to 1000.
    pub priority: Option<u16>,
    /// Whether it combines with others.
    pub stacking: Option<Stacking>,
    /// What must hold, all of it.
    pub rules: Option<Rules>,
    /// What it does, all of it.
    pub actions: Option<Vec<Action>>,
    /// What it does from thresholds on, all of it.
    pub tiers: Option<Vec<Tier>>,
    /// How often, and for how much, all of it. Uses of all customers together can be limited only where they were from
    /// the beginning: otherwise nobody has counted them exactly.
    pub limits: Option<Limits>,
    /// The caller's own, all of it.
    pub metadata: Option<Metadata>,
}

impl Promotion {
    /// A new promotion.
    ///
    /// # Errors
    /// 422 naming the field that breaks a rule.
    pub fn new(id: PromotionId, new: NewPromotion, now: Timestamp) -> Result<Self, Problem> {
        if new.status == PromotionStatus::Archived {
            return Err(Problem::invalid("status", "A new one is active or paused."));
        }
        let promotion = Self {
            id,
            name: new.name,
            status: new.status,
            trigger: new.trigger,
            starts_at: new.starts_at,
            ends_at: new.ends_at,
            priority: new.priority,
            stacking: new.stacking,
            rules: new.rules,
            actions: new.actions,
            tiers: new.tiers,
            tally: Tally::for_limits(&new.limits),
            limits: new.limits,
            metadata: new.metadata,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        promotion.checked()
    }

    /// The promotion with a change made.
    ///
    /// # Errors
    /// 422 as [`Promotion::new`].
    pub fn changed(&self, change: ChangePromotion, now: Timestamp) -> Result<Self, Problem> {
        let limits = change.limits.unwrap_or_else(|| self.limits.clone());
        if self.tally == Tally::Spread && limits.over_all() {
            let detail =
                "This one began without a limit of uses or a budget, and can't get one. Create another.";
            return Err(Problem::invalid("limits", detail));
        }
        let promotion = Self {
            id: self.id,
            name: change.name.unwrap_or_else(|| self.name.clone()),
            status: change.status.unwrap_or(self.status),
            trigger: self.trigger.clone(),
            starts_at: change.starts_at.or(self.starts_at),
            ends_at: change.ends_at.or(self.ends_at),
            priority: change.priority.unwrap_or(self.priority),
            stacking: change.stacking.unwrap_or_else(|| self.stacking.clone()),
            rules: change.rules.unwrap_or_else(|| self.rules.clone()),
            actions: change.actions.unwrap_or_else(|| self.actions.clone()),
            tiers: change.tiers.unwrap_or_else(|| self.tiers.clone()),
            limits,
            tally: self.tally,
            metadata: change.metadata.unwrap_or_else(|| self.metadata.clone()),
            version: self.version.saturating_add(1),
            created_at: self.created_at,
            updated_at: now,
        };
        promotion.checked()
    }

    /// The promotion, ended for good. An archived one stays as it is.
    #[must_use]
    pub fn archived(&self, now: Timestamp) -> Self {
        if self.status == PromotionStatus::Archived {
            return self.clone();
        }
        let version = self.version.saturating_add(1);
        Self { status: PromotionStatus::Archived, version, updated_at: now, ..self.clone() }
    }

    /// All that it may do, with the field that says so.
    pub fn all_actions(&self) -> impl Iterator<Item = (String, &Action)> {
        let own =
            self.actions.iter().enumerate().map(|(place, action)| (format!("actions[{place}]"), action));
        let tiered = self.tiers.iter().enumerate().flat_map(|(tier, step)| {
            let actions = step.actions.iter().enumerate();
            actions.map(move |(place, action)| (format!("tiers[{tier}].actions[{place}]"), action))
        });
        own.chain(tiered)
    }

    fn checked(self) -> Result<Self, Problem> {
        if self.starts_at.zip(self.ends_at).is_some_and(|(start, end)| end <= start) {
            return Err(Problem::invalid("ends_at", "Must be after the start."));
        }
        if self.priority > MOST_PRIORITY {
            return Err(Problem::invalid("priority", format!("Must be at most {MOST_PRIORITY}.")));
        }
        at_most(MOST_TIERS, self.tiers.len(), "tiers")?;
        at_most(MOST_ACTIONS, self.actions.len(), "actions")?;
        if self.actions.is_empty() && self.tiers.is_empty() {
            return Err(Problem::invalid("actions", "It must do something."));
        }
        for (place, tier) in self.tiers.iter().enumerate() {
            threshold(&tier.from, &format!("tiers[{place}].from"))?;
            let at = format!("tiers[{place}].actions");
            at_most(MOST_ACTIONS, tier.actions.len(), &at)?;
            if tier.actions.is_empty() {
                return Err(Problem::invalid(at, "It must do something."));
            }
        }
        for (at, one) in self.all_actions() {
            action(one, &at)?;
        }
        rules(&self.rules)?;
        limits(&self.limits)?;
        let bytes = serde_json::to_vec(&self).map_err(Problem::internal)?.len();
        if bytes > MOST_BYTES {
            let detail = format!("The promotion has {bytes} bytes; {MOST_BYTES} are the most.");
            return Err(Problem::invalid("rules", detail));
        }
        Ok(self)
    }
}

fn rules(rules: &Rules) -> Result<(), Problem> {
    amounts(&rules.minimum, "rules.minimum")?;
    at_most(MOST_RULES, rules.items.len(), "rules.items")?;
    for (place, rule) in rules.items.iter().enumerate() {
        threshold(rule, &format!("rules.items[{place}]"))?;
    }
    at_most(MOST_OF_A_LIST, rules.customer_groups.len(), "rules.customer_groups")?;
    at_most(MOST_OF_A_LIST, rules.currencies.len(), "rules.currencies")
}

fn limits(limits: &Limits) -> Result<(), Problem> {
    let none = |limit: Option<u32>| limit == Some(0);
    if none(limits.uses) {
        return Err(Problem::invalid("limits.uses", "Must be at least 1."));
    }
    if none(limits.uses_per_customer) {
        return Err(Problem::invalid("limits.uses_per_customer", "Must be at least 1."));
    }
    amounts(&limits.budgets, "limits.budgets")
}

fn action(action: &Action, at: &str) -> Result<(), Problem> {
    let field = |name: &str| format!("{at}.{name}");
    let needed = |given: &[Money]| match given {
        [] => Err(Problem::invalid(field("amounts"), "There must be at least one.")),
        given => amounts(given, &field("amounts")),
    };
    let zero = || Err(Problem::invalid(field("percent"), "Must be above 0."));
    match action {
        Action::PercentOff { percent, .. }
        | Action::BuyGet { percent, .. }
        | Action::ShippingPercentOff { percent }
            if percent.is_zero() =>
        {
            zero()
        }
        Action::PercentOff { of, at_most, .. } => {
            selection(of, &field("of"))?;
            amounts(at_most, &field("at_most"))
        }
        Action::AmountOff { amounts, of } | Action::AmountOffEach { amounts, of } => {
            selection(of, &field("of"))?;
            needed(amounts)
        }
        Action::BuyGet { buy, get, .. } => {
            selection(buy, &field("buy"))?;
            selection(get, &field("get"))
        }
        Action::CheapestFree { of, of_every, .. } => {
            selection(of, &field("of"))?;
            if of_every.get() < 2 {
                return Err(Problem::invalid(field("of_every"), "Must be at least 2."));
            }
            Ok(())
        }
        Action::ShippingAmountOff { amounts } => needed(amounts),
        Action::ShippingPercentOff { .. } | Action::FreeShipping {} | Action::Gift { .. } => Ok(()),
    }
}

fn threshold(threshold: &AtLeast, at: &str) -> Result<(), Problem> {
    selection(&threshold.of, &format!("{at}.of"))?;
    amounts(&threshold.amounts, &format!("{at}.amounts"))
}

fn selection(selection: &Selection, at: &str) -> Result<(), Problem> {
    at_most(MOST_NAMES, selection.names(), at)
}

fn amounts(amounts: &[Money], at: &str) -> Result<(), Problem> {
    at_most(MOST_OF_A_LIST, amounts.len(), at)?;
    let mut seen = BTreeSet::new();
    for amount in amounts {
        if !(1..=MOST_AMOUNT).contains(&amount.amount()) {
            return Err(Problem::invalid(at, format!("Amounts must be from 1 to {MOST_AMOUNT}.")));
        }
        if !seen.insert(amount.currency()) {
            return Err(Problem::invalid(at, "There may be one amount per currency."));
        }
    }
    Ok(())
}

fn at_most(most: usize, length: usize, param: &str) -> Result<(), Problem> {
    if length > most {
        return Err(Problem::invalid(param, format!("There may be at most {most}.")));
    }
    Ok(())
}
