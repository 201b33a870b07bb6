//! What an execution environment remembers between invocations.

use std::{
    any::Any,
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

/// Entries that are kept at most. Past that all are forgotten, which costs a read each.
const MOST: usize = 256;

type Entry = (Timestamp, Arc<dyn Any + Send + Sync>);

/// A small memory by name and age.
///
/// For what belongs to the deployment or is public: keys of signatures, secrets of the deployment. Nothing of a
/// tenant's may be put here, because the next invocation may serve another one.
#[derive(Default)]
pub struct Memo(Mutex<HashMap<String, Entry>>);

impl Memo {
    /// What was put under `name`, if it is no older than `most_age`.
    pub fn get<T: Any + Send + Sync>(
        &self,
        name: &str,
        now: Timestamp,
        most_age: SignedDuration,
    ) -> Option<Arc<T>> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, value) = entries.get(name)?;
        // A clock that was set back must not make it live longer.
        let young = now.duration_since(*since).abs() <= most_age;
        young.then(|| Arc::clone(value).downcast().ok()).flatten()
    }

    /// Puts `value` under `name`.
    pub fn put<T: Any + Send + Sync>(&self, name: &str, now: Timestamp, value: T) -> Arc<T> {
        let value = Arc::new(value);
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST {
            entries.clear();
        }
        entries.insert(name.to_owned(), (now, Arc::clone(&value) as Arc<dyn Any + Send + Sync>));
        value
    }
}

// What is remembered may be secret.
impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}
