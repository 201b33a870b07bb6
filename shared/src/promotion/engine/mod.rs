//! What promotions take off a basket: a pure function, whatever order its input comes in.
//!
//! # Precedence
//! Promotions are tried by priority, the highest first; of equals, the older one (by id). Each is reckoned on what the
//! ones before it left. An exclusive one applies only where nothing did before it, and then nothing does after it; of
//! an exclusion group, the first that applies. Precedence alone decides: nobody looks for the combination that is best
//! for the shopper, so that what a cart costs can be told from the rules by hand.

mod lines;
mod shipping;
#[cfg(test)]
mod tests;

use std::{cmp::Reverse, collections::BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use self::{lines::Lines, shipping::OfShipping};
use super::{
    action::Action,
    model::{Limits, Promotion, PromotionStatus, Stacking, Tally, Trigger},
    rules::{AtLeast, ExclusionGroup, in_currency},
};
use crate::{
    catalog::Sku,
    contact::Line,
    id::PromotionId,
    money::{Money, MoneyError},
    pricing::{AppliedPromotion, Basket, Discount, PromotionCode},
    quantity::Quantity,
};

/// Promotions that apply to one order at the most: each is up to three writes of the transaction that places it.
pub const MOST_APPLIED: usize = 20;

/// How much of its limits a promotion has used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// In how many orders it was.
    pub used: u64,
    /// In how many of this shopper's.
    pub by_shopper: u64,
    /// What it took off, one amount per currency.
    pub spent: Vec<Money>,
    /// Whether the code that was typed worked once, and works only once.
    pub code_used: bool,
    /// Whether the shopper's first order was counted as such.
    pub had_first_order: bool,
}

/// A promotion that may apply.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Which.
    pub promotion: Promotion,
    /// The code that leads to it; none for an automatic one.
    pub code: Option<PromotionCode>,
    /// How much of it is gone.
    pub usage: Usage,
}

/// Why a code that was typed does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PromotionCodeRefusal)]
pub enum Reason {
    /// The store has no such code, or not now.
    Unknown,
    /// It is too late.
    Expired,
    /// It was used as often, or for as much, as it may be: in all or by this shopper.
    UsedUp,
    /// The cart or the shopper is not what it is for, or it takes nothing off.
    NotEligible,
    /// It does not combine with another promotion, which comes first.
    Excluded,
}

/// A code that was typed and does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RefusedPromotionCode)]
pub struct RefusedCode {
    /// The code.
    pub code: PromotionCode,
    /// Why it does not count.
    pub reason: Reason,
}

/// Something that a promotion gives away: a line of its own, which costs nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gift {
    /// Which promotion.
    pub promotion: PromotionId,
    /// What.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
}

/// What promotions take off a basket.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// What is taken off each item, in the basket's order.
    pub items: Vec<Vec<Discount>>,
    /// What is given away. Whoever adds the lines leaves out what the store has no more of.
    pub gifts: Vec<Gift>,
    /// The codes that don't count. [`Evaluation::of_shipping`] may add some.
    pub refused: Vec<RefusedCode>,
    pub(super) given: Vec<Given>,
}

/// What one promotion gives, and what it has to answer for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Given {
    pub(super) id: PromotionId,
    pub(super) name: Line,
    pub(super) code: Option<PromotionCode>,
    pub(super) single_use: bool,
    pub(super) first_order: bool,
    pub(super) limits: Limits,
    pub(super) tally: Tally,
    /// What it takes off the items.
    pub(super) items: Money,
    /// Whether it gives something away.
    gifts: bool,
    /// What it does to the price of sending, and what that came to, once the price is known.
    shipping: Option<OfShipping>,
    /// What is left of its budget.
    left: Option<Money>,
}

impl Given {
    /// What it takes off, in all.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub(super) fn amount(&self) -> Result<Money, MoneyError> {
        self.shipping.as_ref().and_then(|of| of.taken).map_or(Ok(self.items), |taken| self.items.plus(taken))
    }

    /// Whether it gives anything, or may still, once the price of sending is known.
    fn gives(&self) -> bool {
        !self.items.is_zero()
            || self.gifts
            || self.shipping.as_ref().is_some_and(|of| of.taken.is_none_or(|taken| !taken.is_zero()))
    }
}

/// What the promotions of `candidates` take off `basket`. What sending costs may hang on that, so it is asked second:
/// [`Evaluation::of_shipping`].
///
/// # Errors
/// [`MoneyError`] where amounts are past all bounds, or an item has another currency than the basket.
pub fn evaluate(basket: &Basket, candidates: &[Candidate]) -> Result<Evaluation, MoneyError> {
    let mut run = Run::new(basket)?;
    let mut ordered: Vec<&Candidate> = candidates.iter().filter(|one| is_asked(one, basket)).collect();
    ordered.sort_by_key(|one| (Reverse(one.promotion.priority), one.promotion.id, one.code.clone()));
    let mut refused: Vec<(&PromotionCode, Reason)> = Vec::new();
    for candidate in ordered {
        if let (Err(reason), Some(code)) = (run.consider(candidate)?, &candidate.code) {
            refused.push((code, reason));
        }
    }
    let typed: BTreeSet<&PromotionCode> = basket.codes.iter().collect();
    let refused = typed.into_iter().filter_map(|code| {
        let known = candidates.iter().any(|one| one.code.as_ref() == Some(code));
        let reason = refused.iter().find(|(refused, _)| *refused == code).map(|&(_, reason)| reason);
        let reason = if known { reason } else { Some(Reason::Unknown) };
        reason.map(|reason| RefusedCode { code: code.clone(), reason })
    });
    let refused = refused.collect();
    Ok(Evaluation { items: run.lines.into_discounts(), gifts: run.gifts, refused, given: run.given })
}

/// An automatic one is always asked, one with a code where that was typed.
fn is_asked(candidate: &Candidate, basket: &Basket) -> bool {
    match &candidate.code {
        None => candidate.promotion.trigger == Trigger::Automatic {},
        Some(code) => basket.codes.contains(code),
    }
}

/// How far the evaluation got.
struct Run<'a> {
    basket: &'a Basket,
    lines: Lines<'a>,
    gifts: Vec<Gift>,
    given: Vec<Given>,
    /// Nothing applies any more.
    closed: bool,
    groups: BTreeSet<&'a ExclusionGroup>,
}

impl<'a> Run<'a> {
    fn new(basket: &'a Basket) -> Result<Self, MoneyError> {
        let (gifts, given, groups) = (Vec::new(), Vec::new(), BTreeSet::new());
        Ok(Self { basket, lines: Lines::new(basket)?, gifts, given, closed: false, groups })
    }

    /// Applies the promotion, or says why not.
    fn consider(&mut self, candidate: &'a Candidate) -> Result<Result<(), Reason>, MoneyError> {
        let promotion = &candidate.promotion;
        if let Err(reason) = self.is_on(candidate) {
            return Ok(Err(reason));
        }
        if !self.rules_hold(candidate)? {
            return Ok(Err(Reason::NotEligible));
        }
        if self.is_excluded(promotion) {
            return Ok(Err(Reason::Excluded));
        }
        let actions = self.actions(promotion)?;
        let cuts = self.lines.cuts(actions)?;
        let items = Money::sum(cuts.iter().copied(), self.basket.currency)?;
        let left = match self.left(candidate)? {
            Ok(left) => left,
            Err(reason) => return Ok(Err(reason)),
        };
        if left.is_some_and(|left| left.amount() < items.amount()) {
            return Ok(Err(Reason::UsedUp));
        }
        let gifts: Vec<Gift> = actions.iter().filter_map(|action| gift(promotion.id, action)).collect();
        let given = Given {
            id: promotion.id,
            name: promotion.name.clone(),
            code: candidate.code.clone(),
            single_use: promotion.trigger == Trigger::SingleUseCodes {},
            first_order: promotion.rules.first_order,
            limits: promotion.limits.clone(),
            tally: promotion.tally,
            items,
            gifts: !gifts.is_empty(),
            shipping: OfShipping::of(actions),
            left,
        };
        if !given.gives() {
            return Ok(Err(Reason::NotEligible));
        }
        self.lines.take(promotion.id, &cuts)?;
        self.gifts.extend(gifts);
        self.given.push(given);
        match &promotion.stacking {
            Stacking::Exclusive {} => self.closed = true,
            Stacking::Stackable { group } => self.groups.extend(group),
        }
        Ok(Ok(()))
    }

    /// Whether it is on, and neither used up nor over.
    fn is_on(&self, candidate: &Candidate) -> Result<(), Reason> {
        let (promotion, usage) = (&candidate.promotion, &candidate.usage);
        let limits = &promotion.limits;
        match promotion.status {
            PromotionStatus::Active => {}
            PromotionStatus::Paused => return Err(Reason::Unknown),
            PromotionStatus::Archived => return Err(Reason::Expired),
        }
        // Nobody learns of a campaign before it starts.
        if promotion.starts_at.is_some_and(|start| self.basket.at < start) {
            return Err(Reason::Unknown);
        }
        if promotion.ends_at.is_some_and(|end| end <= self.basket.at) {
            return Err(Reason::Expired);
        }
        let reached = |limit: Option<u32>, used: u64| limit.is_some_and(|limit| u64::from(limit) <= used);
        if usage.code_used
            || reached(limits.uses, usage.used)
            || reached(limits.uses_per_customer, usage.by_shopper)
        {
            return Err(Reason::UsedUp);
        }
        Ok(())
    }

    fn rules_hold(&self, candidate: &Candidate) -> Result<bool, MoneyError> {
        let (rules, basket) = (&candidate.promotion.rules, self.basket);
        let whole = AtLeast { amounts: rules.minimum.clone(), ..AtLeast::default() };
        if !self.lines.reach(&whole)?
            || (rules.first_order && (!basket.first_order || candidate.usage.had_first_order))
            || !(rules.currencies.is_empty() || rules.currencies.contains(&basket.currency))
        {
            return Ok(false);
        }
        let in_group = |group| rules.customer_groups.contains(group);
        if !rules.customer_groups.is_empty() && !basket.group.as_ref().is_some_and(in_group) {
            return Ok(false);
        }
        for rule in &rules.items {
            if !self.lines.reach(rule)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_excluded(&self, promotion: &Promotion) -> bool {
        let alone = match &promotion.stacking {
            Stacking::Exclusive {} => !self.given.is_empty(),
            Stacking::Stackable { group } => group.as_ref().is_some_and(|group| self.groups.contains(group)),
        };
        let again = self.given.iter().any(|given| given.id == promotion.id);
        self.closed || alone || again || self.given.len() == MOST_APPLIED
    }

    /// What it does: that of the last tier that is reached, else what it does anyway.
    fn actions(&self, promotion: &'a Promotion) -> Result<&'a [Action], MoneyError> {
        let mut actions = promotion.actions.as_slice();
        for tier in &promotion.tiers {
            if self.lines.reach(&tier.from)? {
                actions = &tier.actions;
            }
        }
        Ok(actions)
    }

    /// What is left of its budget, where it has one.
    fn left(&self, candidate: &Candidate) -> Result<Result<Option<Money>, Reason>, MoneyError> {
        let (currency, budgets) = (self.basket.currency, &candidate.promotion.limits.budgets);
        if budgets.is_empty() {
            return Ok(Ok(None));
        }
        let Some(budget) = in_currency(budgets, currency) else {
            return Ok(Err(Reason::NotEligible));
        };
        let spent = in_currency(&candidate.usage.spent, currency).unwrap_or(Money::zero(currency));
        let left = budget.minus(spent)?;
        Ok(if left.amount() > 0 { Ok(Some(left)) } else { Err(Reason::UsedUp) })
    }
}

fn gift(promotion: PromotionId, action: &Action) -> Option<Gift> {
    match action {
        Action::Gift { sku, quantity } => Some(Gift { promotion, sku: sku.clone(), quantity: *quantity }),
        _ => None,
    }
}

impl Evaluation {
    /// What is taken off the price of sending. Replaces what an earlier call said.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn of_shipping(&mut self, price: Money) -> Result<Vec<Discount>, MoneyError> {
        let (mut rest, mut discounts) = (price, Vec::new());
        // A code that applied is among them only because an earlier call found it to give nothing.
        self.refused
            .retain(|refused| self.given.iter().all(|given| given.code.as_ref() != Some(&refused.code)));
        for given in &mut self.given {
            let Some(shipping) = &mut given.shipping else { continue };
            let (mut cut, mut reason) = (shipping.cut(rest)?, Reason::NotEligible);
            // All of it or none: what is past the budget is not given in part.
            if given.left.is_some_and(|left| left.amount() - given.items.amount() < cut.amount()) {
                (cut, reason) = (Money::zero(price.currency()), Reason::UsedUp);
            }
            shipping.taken = Some(cut);
            rest = rest.minus(cut)?;
            if !cut.is_zero() {
                discounts.push(Discount { promotion: given.id, amount: cut });
            }
            if let (false, Some(code)) = (given.gives(), &given.code) {
                self.refused.push(RefusedCode { code: code.clone(), reason });
            }
        }
        Ok(discounts)
    }

    /// The promotions that give something, in the order of their precedence. One that takes off sending is among them
    /// while the price of that is not known.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn applied(&self) -> Result<Vec<AppliedPromotion>, MoneyError> {
        let applied = self.giving().map(|given| {
            let (name, code) = (given.name.clone(), given.code.clone());
            Ok(AppliedPromotion { id: given.id, name, code, amount: given.amount()? })
        });
        applied.collect()
    }

    pub(super) fn giving(&self) -> impl Iterator<Item = &Given> {
        self.given.iter().filter(|given| given.gives())
    }
}
