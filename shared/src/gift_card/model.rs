//! A gift card as it is kept.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    id::GiftCardId,
    money::{Currency, Money},
};

/// Whether a gift card can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CardStatus {
    /// It can, while it has a balance.
    Active,
    /// It can't: staff said so.
    Disabled,
    /// It can't any more: its time has come.
    Expired,
}

/// Why a gift card can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Staff said so.
    #[error("it is disabled")]
    Disabled,
    /// Its time has come.
    #[error("it has expired")]
    Expired,
    /// There is nothing left on it.
    #[error("it is used up")]
    Empty,
}

/// A gift card. `Expired` is never kept as a status: it follows from the clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftCard {
    /// Its id.
    pub id: GiftCardId,
    /// The end of its code.
    pub last_four: String,
    /// Its currency.
    pub currency: Currency,
    /// What is left on it, in minor units.
    pub balance: i64,
    /// What it was issued with, in minor units.
    pub initial: i64,
    /// When it ends, in seconds since 1970. It can be used before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<i64>,
    /// What staff said of it.
    pub status: CardStatus,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was issued.
    pub created_at: Timestamp,
}

impl GiftCard {
    /// What is left on it.
    pub fn balance(&self) -> Money {
        Money::new(self.balance, self.currency)
    }

    /// Whether its time has come.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.valid_until.is_some_and(|end| end <= now.as_second())
    }

    /// Where it stands.
    pub fn status(&self, now: Timestamp) -> CardStatus {
        if self.status == CardStatus::Active && self.has_expired(now) {
            CardStatus::Expired
        } else {
            self.status
        }
    }

    /// When it ends.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.valid_until.and_then(|end| Timestamp::from_second(end).ok())
    }

    /// Whether something can be paid with it now.
    ///
    /// # Errors
    /// Why not.
    pub fn usable(&self, now: Timestamp) -> Result<(), Unusable> {
        match self.status(now) {
            CardStatus::Disabled => Err(Unusable::Disabled),
            CardStatus::Expired => Err(Unusable::Expired),
            CardStatus::Active if self.balance <= 0 => Err(Unusable::Empty),
            CardStatus::Active => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(balance: i64, valid_until: Option<i64>, status: CardStatus) -> GiftCard {
        GiftCard {
            id: GiftCardId::from_bits(1),
            last_four: "0XYZ".to_owned(),
            currency: "EUR".parse().unwrap(),
            balance,
            initial: 100,
            valid_until,
            status,
            version: 1,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn can_be_used_up_to_the_second_it_ends() {
        let card = card(1, Some(100), CardStatus::Active);
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(card.usable(at(99)), Ok(()));
        assert_eq!(card.usable(at(100)), Err(Unusable::Expired));
        assert_eq!(card.status(at(100)), CardStatus::Expired);
    }

    #[test]
    fn says_why_it_can_not_be_used() {
        let now = Timestamp::from_second(50).unwrap();
        assert_eq!(card(0, None, CardStatus::Active).usable(now), Err(Unusable::Empty));
        assert_eq!(card(1, Some(1), CardStatus::Disabled).usable(now), Err(Unusable::Disabled));
    }
}
