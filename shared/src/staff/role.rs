//! Roles: what members of the staff may do.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, schema::Schema},
};

use crate::{id::RoleId, principal::Scope};

/// A role: one that every store has, or one that the store made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// May do everything. A store that has owners keeps at least one.
    Owner,
    /// Runs the shop, but not its keys, its settings and its people.
    Manager,
    /// Packs and sends.
    Fulfillment,
    /// Helps shoppers.
    Support,
    /// Looks.
    ReadOnly,
    /// What the store made of it.
    Custom(RoleId),
}

impl Role {
    /// The ones that every store has.
    pub const BUILT_IN: [Self; 5] =
        [Self::Owner, Self::Manager, Self::Fulfillment, Self::Support, Self::ReadOnly];

    /// What its members may do; nothing is known here of a role that the store made.
    pub fn scopes(self) -> Option<BTreeSet<Scope>> {
        use Scope::{
            AuditRead, CartsWrite, CatalogRead, CatalogWrite, CheckoutWrite, ClientsRead, CustomersRead,
            CustomersWrite, DraftsRead, DraftsWrite, GiftCardsRead, GiftCardsWrite, KeysRead, LedgerRead,
            OrdersRead, OrdersWrite, PromotionsRead, PromotionsWrite, RefundsWrite, SettingsRead, StaffRead,
            StockRead, StockWrite,
        };
        Some(match self {
            Self::Owner => Scope::grantable(),
            Self::Manager => [
                CatalogRead,
                CatalogWrite,
                PromotionsRead,
                PromotionsWrite,
                CartsWrite,
                CheckoutWrite,
                OrdersRead,
                OrdersWrite,
                DraftsRead,
                DraftsWrite,
                RefundsWrite,
                GiftCardsRead,
                GiftCardsWrite,
                LedgerRead,
                StockRead,
                StockWrite,
                CustomersRead,
                CustomersWrite,
                StaffRead,
                KeysRead,
                ClientsRead,
                SettingsRead,
                AuditRead,
            ]
            .into(),
            Self::Fulfillment => [CatalogRead, OrdersRead, OrdersWrite, StockRead, StockWrite].into(),
            Self::Support => [
                CatalogRead,
                PromotionsRead,
                CartsWrite,
                OrdersRead,
                OrdersWrite,
                DraftsRead,
                DraftsWrite,
                RefundsWrite,
                GiftCardsRead,
                StockRead,
                CustomersRead,
                CustomersWrite,
            ]
            .into(),
            Self::ReadOnly => [
                CatalogRead,
                PromotionsRead,
                OrdersRead,
                DraftsRead,
                StockRead,
                CustomersRead,
                StaffRead,
                SettingsRead,
            ]
            .into(),
            Self::Custom(_) => return None,
        })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner => f.write_str("owner"),
            Self::Manager => f.write_str("manager"),
            Self::Fulfillment => f.write_str("fulfillment"),
            Self::Support => f.write_str("support"),
            Self::ReadOnly => f.write_str("read_only"),
            Self::Custom(id) => id.fmt(f),
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let built_in = Self::BUILT_IN.into_iter().find(|role| role.to_string() == text);
        built_in.or_else(|| text.parse().ok().map(Self::Custom)).ok_or_else(|| {
            "must be owner, manager, fulfillment, support, read_only or the id of a role of the store"
                .to_owned()
        })
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl PartialSchema for Role {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some(
                "owner, manager, fulfillment, support, read_only, or the id of a role of the store.",
            ))
            .examples(["fulfillment"])
            .into()
    }
}

impl ToSchema for Role {}
