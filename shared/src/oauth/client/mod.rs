//! Integrations as the store registers them.

mod model;
mod new;
mod secret;
mod storage;
mod view;

pub use model::{Client, ClientType, GrantType};
pub use new::NewClient;
pub use storage::{create, find, get, list, remove, roll};
pub use view::{ClientView, ListClients, RollSecret};
