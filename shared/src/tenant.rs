//! Whose data a piece of work may touch.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::StoreId;

/// Test or live: two worlds of one store that share nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// For trying out. The sandbox payment provider exists here only.
    Test,
    /// Where the money is real.
    Live,
}

impl Mode {
    /// `test` or `live`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "test" => Ok(Self::Test),
            "live" => Ok(Self::Live),
            _ => Err(()),
        }
    }
}

/// One store in one mode: the boundary that no key, query or event crosses.
///
/// There are five ways to come by one, each of which has proof of the store: the gateway's authorizer verified a key
/// ([`Tenant::of_verified_principal`]), Souk itself wrote it ([`Tenant::of_own_record`]), a provider signed for it
/// ([`Tenant::of_signed_notification`]), an operator with the right to invoke `provision-store` is creating it
/// ([`Tenant::of_new_store`]), or one with the right to invoke a function names it ([`Tenant::of_operator`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tenant {
    store: StoreId,
    mode: Mode,
}

impl Tenant {
    /// The tenant that a principal was verified to belong to.
    pub(crate) const fn of_verified_principal(store: StoreId, mode: Mode) -> Self {
        Self { store, mode }
    }

    /// The tenant named in a record that Souk wrote: a stream record, a message of its own topic, an item.
    pub const fn of_own_record(store: StoreId, mode: Mode) -> Self {
        Self { store, mode }
    }

    /// The tenant that a provider's notification is addressed to. Its signature is made with a key of this tenant, and
    /// nothing is done before that is checked.
    pub const fn of_signed_notification(store: StoreId, mode: Mode) -> Self {
        Self { store, mode }
    }

    /// A store that is being created.
    pub const fn of_new_store(store: StoreId, mode: Mode) -> Self {
        Self { store, mode }
    }

    /// The tenant that an operator names, who may invoke the function that asks.
    pub const fn of_operator(store: StoreId, mode: Mode) -> Self {
        Self { store, mode }
    }

    /// The store.
    pub const fn store(self) -> StoreId {
        self.store
    }

    /// Its mode.
    pub const fn mode(self) -> Mode {
        self.mode
    }
}

/// What every key of the tenant begins with: `store_…/test`.
impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.store, self.mode)
    }
}
