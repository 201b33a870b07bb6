//! What comes of an order's risk. Pure: the same facts and rules give the same.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Counts, RiskRule, RiskRules, Traits};
use crate::money::Money;

/// What comes of an order's risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RiskOutcome {
    /// Go on.
    Allow,
    /// A person decides.
    Review,
    /// It is refused.
    Deny,
}

/// What is known of an order when its risk is assessed.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// What it comes to.
    pub total: Money,
    /// What was noted when it was placed. Orders of the first versions have nothing.
    pub traits: Option<&'a Traits>,
    /// Whether the provider rates the payment method as risky.
    pub elevated: bool,
    /// How many orders there were lately, this one among them.
    pub counts: Counts,
    /// How many earlier orders of the same email address were confirmed, up to 20.
    pub earlier: u16,
}

/// What came of it, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// What comes of it.
    pub outcome: RiskOutcome,
    /// The scores of the rules that held, summed.
    pub score: i32,
    /// The rules that held, such as `disposable_email`.
    pub reasons: Vec<String>,
}

/// Assesses an order. `review_above` is the store's amount above which a person always decides.
pub fn assess(facts: &Facts<'_>, rules: &RiskRules, review_above: Option<Money>) -> Assessment {
    let above =
        |limit: Money| limit.currency() == facts.total.currency() && facts.total.amount() > limit.amount();
    let (mut score, mut reasons) = (0_i32, Vec::new());
    let over = review_above.is_some_and(above);
    if over {
        reasons.push("amount_above_limit".to_owned());
    }
    for rule in &rules.rules {
        let counts = &facts.counts;
        let (holds, reason, adds) = match rule {
            RiskRule::AmountAbove { amount, score } => (above(*amount), "amount_above", score),
            RiskRule::OrdersPerEmail { above, hours, score } => {
                (counts.email.within(*hours) > u32::from(*above), "orders_per_email", score)
            }
            RiskRule::OrdersPerAddress { above, hours, score } => {
                (counts.address.within(*hours) > u32::from(*above), "orders_per_address", score)
            }
            RiskRule::OrdersPerSource { above, hours, score } => {
                (counts.source.within(*hours) > u32::from(*above), "orders_per_source", score)
            }
            RiskRule::OrdersPerCard { above, hours, score } => {
                (counts.card.within(*hours) > u32::from(*above), "orders_per_card", score)
            }
            RiskRule::CountryMismatch { score } => {
                (facts.traits.is_some_and(|traits| traits.countries_differ), "country_mismatch", score)
            }
            RiskRule::DisposableEmail { score } => {
                (facts.traits.is_some_and(|traits| traits.disposable_email), "disposable_email", score)
            }
            RiskRule::ProviderElevated { score } => (facts.elevated, "provider_risk_elevated", score),
            RiskRule::EarlierOrders { at_least, score } => {
                (facts.earlier >= *at_least, "earlier_orders", score)
            }
        };
        if holds {
            score += i32::from(*adds);
            if !reasons.iter().any(|known| known == reason) {
                reasons.push(reason.to_owned());
            }
        }
    }
    let outcome = if rules.deny_at.is_some_and(|deny| score >= i32::from(deny)) {
        RiskOutcome::Deny
    } else if over || (score > 0 && score >= i32::from(rules.review_at)) {
        RiskOutcome::Review
    } else {
        RiskOutcome::Allow
    };
    Assessment { outcome, score, reasons }
}

#[cfg(test)]
mod tests {
    use super::{super::Velocity, *};

    fn eur(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    fn traits(countries_differ: bool, disposable_email: bool) -> Traits {
        Traits { source: "s".to_owned(), address: "a".to_owned(), countries_differ, disposable_email }
    }

    fn facts(traits: &Traits) -> Facts<'_> {
        Facts {
            total: eur(1000),
            traits: Some(traits),
            elevated: false,
            counts: Counts::default(),
            earlier: 0,
        }
    }

    #[test]
    fn two_lesser_things_make_a_person_look() {
        let rules = RiskRules::default();
        let of = |differ, disposable| assess(&facts(&traits(differ, disposable)), &rules, None);
        assert_eq!(of(false, false).outcome, RiskOutcome::Allow);
        assert_eq!(
            of(true, false),
            Assessment {
                outcome: RiskOutcome::Allow,
                score: 25,
                reasons: vec!["country_mismatch".to_owned()],
            }
        );
        assert_eq!(of(true, true).outcome, RiskOutcome::Review);
    }

    #[test]
    fn amounts_are_held_against_limits_of_their_currency_only() {
        let (rules, plain) = (RiskRules { rules: vec![], ..RiskRules::default() }, traits(false, false));
        let of = |limit: Money| assess(&facts(&plain), &rules, Some(limit)).outcome;
        assert_eq!(of(eur(999)), RiskOutcome::Review);
        assert_eq!(of(eur(1000)), RiskOutcome::Allow);
        assert_eq!(of(Money::new(1, "USD".parse().unwrap())), RiskOutcome::Allow);
    }

    #[test]
    fn a_high_score_denies_and_history_takes_off() {
        let rule = RiskRule::OrdersPerCard { above: 3, hours: 2, score: 90 };
        let trusted = RiskRule::EarlierOrders { at_least: 5, score: -60 };
        let rules = RiskRules { review_at: 50, deny_at: Some(80), rules: vec![rule, trusted] };
        let plain = traits(false, false);
        let of = |card: Velocity, earlier| {
            let counts = Counts { card, ..Counts::default() };
            assess(&Facts { counts, earlier, ..facts(&plain) }, &rules, None).outcome
        };
        assert_eq!(of(Velocity::of(&[(0, 3)]), 0), RiskOutcome::Allow);
        assert_eq!(of(Velocity::of(&[(0, 3), (1, 1)]), 0), RiskOutcome::Deny);
        assert_eq!(of(Velocity::of(&[(0, 3), (2, 9)]), 0), RiskOutcome::Allow, "longer ago than two hours");
        assert_eq!(of(Velocity::of(&[(0, 4)]), 5), RiskOutcome::Allow);
    }
}
