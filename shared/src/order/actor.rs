//! Who does something to an order.

use serde::{Deserialize, Serialize};

use crate::{
    id::{ClientId, CustomerId, KeyId, StaffId},
    principal::Who,
};

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The holder of a key.
    Key(KeyId),
    /// A shopper who logged in.
    Customer(CustomerId),
    /// Somebody who works for the store.
    Staff(StaffId),
    /// An integration.
    Client(ClientId),
    /// Souk itself.
    System,
}

impl From<Who> for Actor {
    fn from(who: Who) -> Self {
        match who {
            Who::Key(id) => Self::Key(id),
            Who::Customer(id) => Self::Customer(id),
            Who::Staff(id) => Self::Staff(id),
            Who::Client(id) => Self::Client(id),
        }
    }
}
