//! DynamoDB and its streams, over `dynoxide`'s storage and actions, in this process.
//!
//! The actions run against a storage that this module owns, not against `dynoxide::Database`: that gives the
//! storage the simulated clock and one connection, through which the stream table gets the index that it lacks,
//! checkpoints live in the same database, and nothing else ever waits for a lock of SQLite's. In memory it is
//! SQLite's own memory; with a folder it is one file, not synced to the disk, which SIGKILL can't harm.

mod admit;
mod capacity;
mod checkpoints;
mod clock;
mod control;
mod ensure;
mod expire;
mod images;
mod names;
mod needs;
mod open;
mod query_key;
mod refusals;
mod request;
mod run;
mod streams;
mod tables;
mod throttle;
mod tokens;

use std::sync::{
    Mutex, MutexGuard, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

pub use crate::signal::Changes;
pub use checkpoints::StartingPosition;
use dynoxide::{actions::vector_lifecycle::VectorIndexLifecycle, storage::Storage};
pub use images::Image;
pub(crate) use refusals::cost_of_refusal;
pub(crate) use request::Request;
pub use streams::{EventName, StreamRecord};
use tables::Tables;
pub use tables::ViewType;
use throttle::Throttle;
use tokens::Tokens;

use crate::{Place, signal::Signal};

/// The emulated DynamoDB.
pub struct DynamoDb {
    place: Place,
    /// Whose turn it is: a call waits for it without holding a thread, and needs a fraction of a millisecond then. To
    /// hand the thread's other tasks away meanwhile costs more than it saves.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    tables: RwLock<Tables>,
    limited: AtomicBool,
    changes: Signal,
}

/// What one call at a time has to itself.
struct State {
    storage: Storage,
    vectors: VectorIndexLifecycle,
    tokens: Tokens,
    throttle: Throttle,
}

impl DynamoDb {
    /// Turns the limit of 1,000 write and 3,000 read units a second per partition key on or off.
    pub fn limit_partitions(&self, limited: bool) {
        self.limited.store(limited, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in one call must not end all others: what SQLite holds is consistent without it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tables(&self) -> std::sync::RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }
}
