//! HTTP as Souk speaks it: routes, requests, problems, cursors, ETags, idempotency.

mod audited;
mod body;
mod call;
mod card;
mod compress;
mod cursor;
mod demands;
#[cfg(feature = "description")]
mod describe;
mod etag;
mod idempotency;
mod issuer;
mod pace;
mod problem;
mod reply;
mod routes;
mod safety;

pub use body::{Nothing, check_text};
pub use call::Call;
pub use compress::accepts_gzip;
pub use cursor::{Limit, List};
pub use demands::{Access, Keys};
#[cfg(feature = "description")]
pub use describe::describe;
pub use etag::ETag;
pub use idempotency::{CommitError, Idempotency, Mark};
pub use issuer::issuer;
pub use pace::at_least;
pub use problem::{Code, Problem};
pub use reply::Reply;
pub(crate) use routes::Answered;
pub use routes::{Route, Routes, delete, get, patch, post};
