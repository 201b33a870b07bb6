//! What an environment remembers of limits between requests: counts by opaque keys, and nothing else. No name, no
//! address and no other datum of a store is in it, and it never grows beyond a bound.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use super::{lease::Lease, settings::StoreLimits};
use crate::store::Key;

/// Buckets that are remembered at the most. One is about 150 bytes.
const MOST_BUCKETS: usize = 8_192;
/// Stores whose limits are remembered at the most.
const MOST_STORES: usize = 512;
/// What was not asked for in so many milliseconds is the first to be forgotten.
const IDLE: i64 = 10_000;

/// A lease, which one request at a time may change: while one takes a block, the others wait for it.
pub(super) type Held = Arc<tokio::sync::Mutex<Lease>>;

/// SHA-256 of a key's text.
type Opaque = [u8; 32];

/// What an environment remembers.
#[derive(Default)]
pub struct Memory {
    buckets: Mutex<HashMap<Opaque, (i64, Held)>>,
    stores: Mutex<HashMap<Opaque, (i64, Arc<StoreLimits>)>>,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

fn opaque(key: &Key) -> Opaque {
    let digest =
        ring::digest::digest(&ring::digest::SHA256, format!("{}\n{}", key.pk(), key.sk()).as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

/// Makes room: first what is idle goes, and where that is not enough, all. What is forgotten is asked for again.
fn make_room<T>(map: &mut HashMap<Opaque, (i64, T)>, most: usize, oldest: i64) {
    if map.len() >= most {
        map.retain(|_, (at, _)| *at > oldest);
    }
    if map.len() >= most {
        map.clear();
    }
}

impl Memory {
    /// What is held of the bucket at `key`.
    pub(super) fn lease(&self, key: &Key, now: i64) -> Held {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let key = opaque(key);
        if !buckets.contains_key(&key) {
            make_room(&mut buckets, MOST_BUCKETS, now - IDLE);
        }
        let (at, held) = buckets.entry(key).or_default();
        *at = now;
        Arc::clone(held)
    }

    /// The limits of the store whose profile is at `key`, unless they were read more than `keep` milliseconds ago.
    pub(super) fn store(&self, key: &Key, now: i64, keep: i64) -> Option<Arc<StoreLimits>> {
        let stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, limits) = stores.get(&opaque(key))?;
        (0..keep).contains(&(now - at)).then(|| Arc::clone(limits))
    }

    /// Remembers the limits of a store.
    pub(super) fn remember(&self, key: &Key, now: i64, limits: &Arc<StoreLimits>) {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut stores, MOST_STORES, now - IDLE);
        stores.insert(opaque(key), (now, Arc::clone(limits)));
    }

    /// How many buckets are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::keys;

    #[test]
    fn it_never_grows_beyond_its_bound() {
        let memory = Memory::default();
        for n in 0..30_000 {
            let _ = memory.lease(&keys::address_limit(&n.to_string(), 1, 1), n);
            assert!(memory.len() <= MOST_BUCKETS);
        }
        assert!(memory.len() > 0);
    }
}
