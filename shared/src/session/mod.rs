//! Log-ins, and what integrations were granted: families of refresh tokens, and the access tokens that rest on them.

mod model;
mod refresh;
mod storage;
mod view;

pub use model::{NewSession, RefreshRecord, Session};
pub use refresh::{Refreshed, refresh};
pub use storage::{alive, all, begin, delete_all, end, end_all, end_told, end_write};
pub use view::{SessionTokens, SessionView, tokens};
