//! A list of prices.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    contact::Line,
    http::Problem,
    id::PriceListId,
    money::{Currency, Percent},
    pricing::CustomerGroup,
    text::given,
};

/// Groups that a list may be for.
const MOST_GROUPS: usize = 50;

/// What a list's prices are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListKind {
    /// Prices that stand in place of the catalog's, be they higher or lower.
    #[default]
    List,
    /// Lower prices for a while: never above what it would cost without them.
    Sale,
}

/// Whether a list counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListStatus {
    /// It does, between its dates.
    #[default]
    Active,
    /// No longer. Orders still name it.
    Archived,
}

/// A list of prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PriceList {
    /// Its id.
    pub id: PriceListId,
    /// What people call it.
    pub name: Line,
    /// The currency of its prices.
    pub currency: Currency,
    /// What its prices are.
    #[serde(rename = "type")]
    pub kind: ListKind,
    /// The groups of customers that it is for; everybody, where there are none.
    #[serde(default)]
    pub groups: BTreeSet<CustomerGroup>,
    /// When it begins; always was, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Timestamp>,
    /// When it no longer counts; it goes on, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// Of two lists of one type that have a price, the one with the higher priority counts; of two with the same, the
    /// lower price.
    pub priority: i32,
    /// What it takes off the price of every SKU that it has no entry for: the catalog's price, or for a sale, what the
    /// customer would pay without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent_off: Option<Percent>,
    /// Whether it counts.
    pub status: ListStatus,
    /// Counts its changes, from 1. Entries are not among them.
    pub version: u32,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A list to be created.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPriceList {
    /// What people call it.
    pub name: Line,
    /// The currency of its prices.
    pub currency: Currency,
    /// What its prices are.
    #[serde(default, rename = "type")]
    pub kind: ListKind,
    /// The groups of customers that it is for, at most 50; everybody, where there are none.
    #[serde(default)]
    pub groups: BTreeSet<CustomerGroup>,
    /// When it begins; always was, where absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Timestamp>,
    /// When it no longer counts; it goes on, where absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// Of two lists of one type that have a price, the one with the higher priority counts; 0 where absent.
    #[serde(default)]
    pub priority: i32,
    /// What it takes off the price of every SKU that it has no entry for.
    #[serde(default)]
    pub percent_off: Option<Percent>,
}

/// What to change of a list. What is absent stays, and so do its currency and type.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePriceList {
    /// What people call it.
    pub name: Option<Line>,
    /// The groups of customers that it is for, all of them.
    pub groups: Option<BTreeSet<CustomerGroup>>,
    /// When it begins; null for always.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Option<Timestamp>>,
    /// When it no longer counts; null for never.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Option<Timestamp>>,
    /// Of two lists of one type that have a price, the one with the higher priority counts.
    pub priority: Option<i32>,
    /// What it takes off the price of every SKU that it has no entry for; null for nothing.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Percent>)]
    pub percent_off: Option<Option<Percent>>,
}

impl PriceList {
    /// A new list.
    ///
    /// # Errors
    /// 422 naming what breaks a rule.
    pub fn new(id: PriceListId, new: NewPriceList, now: Timestamp) -> Result<Self, Problem> {
        let NewPriceList { name, currency, kind, groups, starts_at, ends_at, priority, percent_off } = new;
        let (status, version) = (ListStatus::Active, 1);
        Self {
            id,
            name,
            currency,
            kind,
            groups,
            starts_at,
            ends_at,
            priority,
            percent_off,
            status,
            version,
            created_at: now,
            updated_at: now,
        }
        .checked()
    }

    /// The list with a change made.
    ///
    /// # Errors
    /// 422 as [`PriceList::new`].
    pub fn changed(&self, change: ChangePriceList, now: Timestamp) -> Result<Self, Problem> {
        Self {
            name: change.name.unwrap_or_else(|| self.name.clone()),
            groups: change.groups.unwrap_or_else(|| self.groups.clone()),
            starts_at: change.starts_at.unwrap_or(self.starts_at),
            ends_at: change.ends_at.unwrap_or(self.ends_at),
            priority: change.priority.unwrap_or(self.priority),
            percent_off: change.percent_off.unwrap_or(self.percent_off),
            version: self.version.saturating_add(1),
            updated_at: now,
            ..self.clone()
        }
        .checked()
    }

    /// The list, which no longer counts.
    #[must_use]
    pub fn archived(&self, now: Timestamp) -> Self {
        let version = self.version.saturating_add(1);
        Self { status: ListStatus::Archived, version, updated_at: now, ..self.clone() }
    }

    fn checked(self) -> Result<Self, Problem> {
        if self.groups.len() > MOST_GROUPS {
            return Err(Problem::invalid("groups", format!("There may be at most {MOST_GROUPS}.")));
        }
        match (self.starts_at, self.ends_at) {
            (Some(starts), Some(ends)) if ends <= starts => {
                Err(Problem::invalid("ends_at", "Must be after `starts_at`."))
            }
            _ => Ok(self),
        }
    }

    /// Whether it counts for somebody of `group`, at `at`: from its beginning on, and before its end.
    pub fn applies(&self, currency: Currency, group: Option<&CustomerGroup>, at: Timestamp) -> bool {
        self.status == ListStatus::Active
            && self.currency == currency
            && (self.groups.is_empty() || group.is_some_and(|group| self.groups.contains(group)))
            && self.starts_at.is_none_or(|starts| starts <= at)
            && self.ends_at.is_none_or(|ends| at < ends)
    }
}
