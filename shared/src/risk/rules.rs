//! What a store makes of what it sees: rules as data.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{http::Problem, money::Money};

/// How many rules a store may have.
const MOST_RULES: usize = 30;

/// The longest time that orders are counted over, in hours.
const LONGEST: u8 = 24;

/// A thing to look at, and what it adds to the score of an order: from -100 to 100.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "signal", rename_all = "snake_case", deny_unknown_fields)]
pub enum RiskRule {
    /// The order comes to more than this.
    AmountAbove {
        /// Than what. Orders in other currencies are not looked at.
        amount: Money,
        /// What it adds.
        score: i16,
    },
    /// More than `above` orders, this one among them, gave the same email address.
    OrdersPerEmail {
        /// How many are too many.
        above: u16,
        /// Within how many hours, 1 to 24.
        hours: u8,
        /// What it adds.
        score: i16,
    },
    /// More than `above` orders went to the same address.
    OrdersPerAddress {
        /// How many are too many.
        above: u16,
        /// Within how many hours, 1 to 24.
        hours: u8,
        /// What it adds.
        score: i16,
    },
    /// More than `above` orders came from the same network address.
    OrdersPerSource {
        /// How many are too many.
        above: u16,
        /// Within how many hours, 1 to 24.
        hours: u8,
        /// What it adds.
        score: i16,
    },
    /// More than `above` orders were paid by the same card, as far as the provider tells cards apart.
    OrdersPerCard {
        /// How many are too many.
        above: u16,
        /// Within how many hours, 1 to 24.
        hours: u8,
        /// What it adds.
        score: i16,
    },
    /// The invoice goes to another country than the parcel.
    CountryMismatch {
        /// What it adds.
        score: i16,
    },
    /// The email address is at a domain that gives them to anybody for minutes.
    DisposableEmail {
        /// What it adds.
        score: i16,
    },
    /// The payment provider rates the payment method as risky.
    ProviderElevated {
        /// What it adds.
        score: i16,
    },
    /// At least so many earlier orders of the same email address were confirmed. Its score is below zero, as a rule.
    EarlierOrders {
        /// How many at the least, up to 20.
        at_least: u16,
        /// What it adds.
        score: i16,
    },
}

impl RiskRule {
    fn score(&self) -> i16 {
        match self {
            Self::AmountAbove { score, .. }
            | Self::OrdersPerEmail { score, .. }
            | Self::OrdersPerAddress { score, .. }
            | Self::OrdersPerSource { score, .. }
            | Self::OrdersPerCard { score, .. }
            | Self::CountryMismatch { score }
            | Self::DisposableEmail { score }
            | Self::ProviderElevated { score }
            | Self::EarlierOrders { score, .. } => *score,
        }
    }

    fn hours(&self) -> Option<u8> {
        match self {
            Self::OrdersPerEmail { hours, .. }
            | Self::OrdersPerAddress { hours, .. }
            | Self::OrdersPerSource { hours, .. }
            | Self::OrdersPerCard { hours, .. } => Some(*hours),
            _ => None,
        }
    }
}

/// A store's rules. The scores of those that hold are summed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskRules {
    /// From this score on, a person decides.
    #[serde(default = "review_at")]
    pub review_at: i16,
    /// From this score on, the order is refused: canceled before anything is charged. Never, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deny_at: Option<i16>,
    /// What is looked at: up to 30 rules.
    pub rules: Vec<RiskRule>,
}

const fn review_at() -> i16 {
    50
}

/// What a store has that says nothing: a person looks at what the provider rates as risky, and where two lesser things
/// come together. How many orders are too many is each store's own to say: a mail-order shop and a ticket sale differ, and
/// what is counted costs writes.
impl Default for RiskRules {
    fn default() -> Self {
        Self {
            review_at: review_at(),
            deny_at: None,
            rules: vec![
                RiskRule::ProviderElevated { score: 50 },
                RiskRule::DisposableEmail { score: 25 },
                RiskRule::CountryMismatch { score: 25 },
            ],
        }
    }
}

impl RiskRules {
    /// The rules, if they can be kept.
    ///
    /// # Errors
    /// 422 that names the rule.
    pub fn checked(self) -> Result<Self, Problem> {
        let fault = |at: &str, detail: &str| Err(Problem::invalid(format!("risk.{at}"), detail));
        if self.rules.len() > MOST_RULES {
            return fault("rules", "There may be at most 30.");
        }
        if self.deny_at.is_some_and(|deny| deny < self.review_at) {
            return fault("deny_at", "Must not be below review_at.");
        }
        for (place, rule) in self.rules.iter().enumerate() {
            if !(-100..=100).contains(&rule.score()) {
                return fault(&format!("rules[{place}].score"), "Must be from -100 to 100.");
            }
            if rule.hours().is_some_and(|hours| !(1..=LONGEST).contains(&hours)) {
                return fault(&format!("rules[{place}].hours"), "Must be from 1 to 24.");
            }
            if matches!(rule, RiskRule::EarlierOrders { at_least, .. } if !(1..=20).contains(at_least)) {
                return fault(&format!("rules[{place}].at_least"), "Must be from 1 to 20.");
            }
        }
        Ok(self)
    }

    /// For how many hours back a kind of orders has to be counted; nothing, where no rule asks.
    pub(super) fn hours_of(&self, asks: impl Fn(&RiskRule) -> bool) -> Option<u8> {
        self.rules.iter().filter(|rule| asks(rule)).filter_map(RiskRule::hours).max()
    }

    /// Whether what is known of an order as it is placed is all that the rules ask for.
    pub fn ask_for_nothing_more(&self) -> bool {
        let known = |rule: &RiskRule| {
            let known = [
                matches!(rule, RiskRule::AmountAbove { .. }),
                matches!(rule, RiskRule::CountryMismatch { .. }),
                matches!(rule, RiskRule::DisposableEmail { .. }),
                matches!(rule, RiskRule::ProviderElevated { .. }),
            ];
            known.contains(&true)
        };
        self.rules.iter().all(known)
    }

    /// Whether a rule asks which card pays.
    pub fn ask_for_cards(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule, RiskRule::OrdersPerCard { .. }))
    }

    /// Whether a rule asks for the orders that went well before.
    pub fn asks_for_history(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule, RiskRule::EarlierOrders { .. }))
    }
}
