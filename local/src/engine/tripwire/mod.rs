//! The tripwire: no call that a function makes for one store touches another store's keys.
//!
//! For each invocation the engine works out from the event whose it is, by itself and not by the code that it watches
//! ([`event`]). Before a call of DynamoDB runs, every partition key that it names is held against that ([`key`]). A key
//! that isn't within bounds refuses the call, is told as [`Happening::Trespass`], and is remembered for the test that
//! asks.

mod event;
mod key;

use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use souk::runtime::Kind;
use souk_cloud::{CallInfo, Guard};
use tokio::sync::broadcast;

use self::{event::Bounds, key::Owner};
use super::happening::Happening;

/// A key that was out of bounds for whoever named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trespass {
    /// The function's binary.
    pub function: String,
    /// The operation, such as `GetItem`.
    pub operation: String,
    /// The table; nothing where the call names no key at all.
    pub table: String,
    /// The partition key; nothing where the call names none.
    pub key: String,
    /// What the invocation may touch.
    pub allowed: String,
}

/// The tripwire of one market.
#[derive(Debug)]
pub(crate) struct Tripwire {
    happenings: broadcast::Sender<Happening>,
    checked: AtomicU64,
    trespasses: Mutex<Vec<Trespass>>,
}

impl Tripwire {
    pub(crate) fn new(happenings: broadcast::Sender<Happening>) -> Arc<Self> {
        Arc::new(Self { happenings, checked: AtomicU64::new(0), trespasses: Mutex::default() })
    }

    /// Looks at the calls of one invocation.
    pub(crate) fn invocation(self: &Arc<Self>, function: &str, event: &str, kind: Kind) -> Arc<dyn Guard> {
        self.guard(function, Bounds::of(event, kind))
    }

    /// Looks at the calls that a function makes while no invocation of it is known: none may touch anything. So a call
    /// out of a task that an invocation left behind doesn't slip through.
    pub(crate) fn outside(self: &Arc<Self>, function: &str) -> Arc<dyn Guard> {
        self.guard(function, Bounds::nothing())
    }

    fn guard(self: &Arc<Self>, function: &str, bounds: Bounds) -> Arc<dyn Guard> {
        let wire = Arc::clone(self);
        Arc::new(Watched { wire, function: function.to_owned(), bounds, first: OnceLock::new() })
    }

    /// How many keys were held against their invocation.
    pub(crate) fn checked(&self) -> u64 {
        self.checked.load(Ordering::Relaxed)
    }

    /// What was out of bounds so far.
    pub(crate) fn trespasses(&self) -> Vec<Trespass> {
        self.trespasses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn trip(&self, trespass: Trespass) -> String {
        let said = format!("tripwire: this invocation may touch {} only", trespass.allowed);
        self.trespasses.lock().unwrap_or_else(PoisonError::into_inner).push(trespass.clone());
        // Nobody listening is no failure.
        let _ = self.happenings.send(Happening::Trespass(trespass));
        said
    }
}

/// One invocation, watched.
struct Watched {
    wire: Arc<Tripwire>,
    function: String,
    bounds: Bounds,
    /// The first store that it touched, where it may touch any but only one.
    first: OnceLock<String>,
}

impl Guard for Watched {
    fn admit(&self, call: &CallInfo) -> Result<(), String> {
        if call.service != "dynamodb" {
            return Ok(());
        }
        // A scan, or a statement in PartiQL: whatever it finds may be anybody's.
        if call.keys.is_empty() {
            return Err(self.trip(call, "", ""));
        }
        self.wire.checked.fetch_add(u64::try_from(call.keys.len()).unwrap_or(0), Ordering::Relaxed);
        match call.keys.iter().find(|(_, key)| !self.admits(key)) {
            None => Ok(()),
            Some((table, key)) => Err(self.trip(call, table, key)),
        }
    }
}

impl Watched {
    fn admits(&self, key: &str) -> bool {
        match (key::owner(key), &self.bounds) {
            (Owner::Shared(functions), _) => functions.contains(&self.function.as_str()),
            (Owner::Tenant { tenant, .. }, Bounds::These(tenants)) => tenants.contains(tenant),
            (Owner::Tenant { store, .. }, Bounds::OneStore) => {
                self.first.get_or_init(|| store.to_owned()) == store
            }
            (Owner::Tenant { .. }, Bounds::AnyStore) => true,
            (Owner::Nobody, _) => false,
        }
    }

    fn trip(&self, call: &CallInfo, table: &str, key: &str) -> String {
        let allowed = match self.first.get() {
            Some(store) => format!("{store}, which it touched first"),
            None => self.bounds.to_string(),
        };
        self.wire.trip(Trespass {
            function: self.function.clone(),
            operation: call.operation.clone(),
            table: table.to_owned(),
            key: key.to_owned(),
            allowed,
        })
    }
}
