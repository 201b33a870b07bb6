//! The accounts of a store's books.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One of the two sides of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The left one: what one has, and what was spent.
    Debit,
    /// The right one: what one owes, and what was earned.
    Credit,
}

impl Side {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debit => "debit",
            Self::Credit => "credit",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Debit => Self::Credit,
            Self::Credit => Self::Debit,
        }
    }
}

macro_rules! accounts {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal, $side:ident;)*) => {
        /// An account. A name is never given up or used for something else: old entries have it.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum Account {
            $($(#[doc = $doc])* $name,)*
        }

        impl Account {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As it is written, such as `provider_clearing`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The side on which it grows.
            pub const fn side(self) -> Side {
                match self { $(Self::$name => Side::$side,)* }
            }
        }
    };
}

accounts! {
    /// Money at payment providers: what they took and have not given back, less what they charge.
    ProviderClearing = "provider_clearing", Debit;
    /// Money that came past the providers, as staff said: in cash, by bank transfer.
    OutsidePayments = "outside_payments", Debit;
    /// What shoppers still owe for orders whose money was taken in part.
    Receivable = "receivable", Debit;
    /// What was paid for orders with gift cards and store credit before the orders were charged.
    Deposits = "deposits", Credit;
    /// What gift cards are good for.
    GiftCardLiability = "gift_card_liability", Credit;
    /// What customers are owed.
    StoreCredit = "store_credit", Credit;
    /// Taxes, collected for others.
    Tax = "tax", Credit;
    /// Goods, without tax, before discounts.
    Sales = "sales", Credit;
    /// Sending them, without tax, before discounts.
    Shipping = "shipping", Credit;
    /// What promotions took off.
    Discounts = "discounts", Debit;
    /// What was given back to shoppers, without tax.
    Refunds = "refunds", Debit;
    /// What is held back, or was lost, because shoppers dispute it.
    Disputes = "disputes", Debit;
    /// What providers charge.
    Fees = "fees", Debit;
    /// What was left on gift cards when they expired.
    GiftCardBreakage = "gift_card_breakage", Credit;
    /// What gift cards were issued with. How they were paid for, if they were, is told elsewhere.
    GiftCardIssuance = "gift_card_issuance", Debit;
    /// What customers were granted.
    CreditGranted = "credit_granted", Debit;
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Account {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().copied().find(|account| account.as_str() == text);
        found.ok_or("must be the name of an account, such as sales")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_wherever_they_are_written() {
        for account in Account::ALL {
            assert_eq!(serde_json::to_value(account).unwrap(), account.as_str());
            assert_eq!(account.as_str().parse(), Ok(*account));
        }
    }
}
