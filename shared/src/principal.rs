//! Who is calling, and what they may do.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    id::{KeyId, StoreId},
    tenant::{Mode, Tenant},
};

/// A right that a route asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum Scope {
    /// See products.
    #[serde(rename = "catalog:read")]
    CatalogRead,
    /// Change products, and see archived ones.
    #[serde(rename = "catalog:write")]
    CatalogWrite,
    /// Fill carts.
    #[serde(rename = "carts:write")]
    CartsWrite,
    /// Turn carts into orders.
    #[serde(rename = "checkout:write")]
    CheckoutWrite,
    /// See an order whose id one has: ids can't be guessed.
    #[serde(rename = "orders:read_own")]
    OrdersReadOwn,
    /// See and list all orders.
    #[serde(rename = "orders:read")]
    OrdersRead,
    /// Cancel, capture, fulfill and review orders.
    #[serde(rename = "orders:write")]
    OrdersWrite,
    /// See stock.
    #[serde(rename = "stock:read")]
    StockRead,
    /// Move stock.
    #[serde(rename = "stock:write")]
    StockWrite,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::CatalogRead,
        Self::CatalogWrite,
        Self::CartsWrite,
        Self::CheckoutWrite,
        Self::OrdersReadOwn,
        Self::OrdersRead,
        Self::OrdersWrite,
        Self::StockRead,
        Self::StockWrite,
    ];

    /// What a publishable key may do: what a shopper's browser may.
    pub const PUBLISHABLE: [Self; 4] =
        [Self::CatalogRead, Self::CartsWrite, Self::CheckoutWrite, Self::OrdersReadOwn];

    /// As it is written, such as `orders:read`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CatalogRead => "catalog:read",
            Self::CatalogWrite => "catalog:write",
            Self::CartsWrite => "carts:write",
            Self::CheckoutWrite => "checkout:write",
            Self::OrdersReadOwn => "orders:read_own",
            Self::OrdersRead => "orders:read",
            Self::OrdersWrite => "orders:write",
            Self::StockRead => "stock:read",
            Self::StockWrite => "stock:write",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(())
    }
}

/// A caller whom the authorizer verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    tenant: Tenant,
    key: KeyId,
    scopes: BTreeSet<Scope>,
}

/// Why a request has no principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Denial {
    /// It carried no credentials.
    Missing,
    /// It carried some that Souk does not know, or no longer.
    Unknown,
}

impl Principal {
    /// The holder of `key`.
    pub fn new(store: StoreId, mode: Mode, key: KeyId, scopes: impl IntoIterator<Item = Scope>) -> Self {
        let tenant = Tenant::of_verified_principal(store, mode);
        Self { tenant, key, scopes: scopes.into_iter().collect() }
    }

    /// Whose data it may touch.
    pub fn tenant(&self) -> Tenant {
        self.tenant
    }

    /// Which key it is.
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// Whether it may do what `scope` says.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
            || (scope == Scope::OrdersReadOwn && self.scopes.contains(&Scope::OrdersRead))
    }

    /// As the authorizer hands it to the functions, through the gateway.
    pub fn to_context(&self) -> Map<String, Value> {
        let scopes: Vec<_> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        Map::from_iter([
            ("store".to_owned(), self.tenant.store().to_string().into()),
            ("mode".to_owned(), self.tenant.mode().as_str().into()),
            ("key".to_owned(), self.key.to_string().into()),
            ("scopes".to_owned(), scopes.join(" ").into()),
        ])
    }

    /// Reads what [`Principal::to_context`] wrote. Only the gateway can write what this reads.
    ///
    /// # Errors
    /// [`Denial`] as the authorizer told it; [`Denial::Missing`] where there was no authorizer.
    pub fn of_context<'a>(field: impl Fn(&str) -> Option<&'a Value>) -> Result<Self, Denial> {
        let text = |name| field(name).and_then(Value::as_str);
        match text("denied") {
            Some("unknown") => return Err(Denial::Unknown),
            Some(_) => return Err(Denial::Missing),
            None => {}
        }
        let read = || {
            let mode = match text("mode")? {
                "test" => Mode::Test,
                "live" => Mode::Live,
                _ => return None,
            };
            let scopes = text("scopes")?.split_whitespace().filter_map(|scope| scope.parse().ok());
            Some(Self::new(text("store")?.parse().ok()?, mode, text("key")?.parse().ok()?, scopes))
        };
        read().ok_or(Denial::Missing)
    }
}
