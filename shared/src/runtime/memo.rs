//! What an execution environment remembers between invocations.

use std::{
    any::Any,
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use crate::tenant::Tenant;

/// Entries that are kept at most. Past that all are forgotten, which costs a read each.
const MOST: usize = 256;

type Entry = (Timestamp, Arc<dyn Any + Send + Sync>);

/// A small memory by name and age.
///
/// For what belongs to the deployment or is public: keys of signatures, secrets of the deployment. Nothing of a
/// tenant's may be put here, because the next invocation may serve another one: that goes into a [`TenantMemo`].
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

    fn forget(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    fn forget_all(&self, beginning: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|name, _| !name.starts_with(beginning));
    }
}

/// A small memory of what belongs to tenants, each entry under the tenant whose it is: what serves one finds nothing of
/// another's.
#[derive(Debug, Default)]
pub struct TenantMemo(Memo);

impl TenantMemo {
    fn name(tenant: Tenant, name: &str) -> String {
        format!("{tenant}/{name}")
    }

    /// What was put under `name` for `tenant`, if it is no older than `most_age`.
    pub fn get<T: Any + Send + Sync>(
        &self,
        tenant: Tenant,
        name: &str,
        now: Timestamp,
        most_age: SignedDuration,
    ) -> Option<Arc<T>> {
        self.0.get(&Self::name(tenant, name), now, most_age)
    }

    /// Puts `value` under `name` for `tenant`.
    pub fn put<T: Any + Send + Sync>(&self, tenant: Tenant, name: &str, now: Timestamp, value: T) -> Arc<T> {
        self.0.put(&Self::name(tenant, name), now, value)
    }

    /// Forgets what was put under `name` for `tenant`.
    pub fn forget(&self, tenant: Tenant, name: &str) {
        self.0.forget(&Self::name(tenant, name));
    }

    /// Forgets what was put under names that begin so for `tenant`.
    pub fn forget_all(&self, tenant: Tenant, beginning: &str) {
        self.0.forget_all(&Self::name(tenant, beginning));
    }
}

// What is remembered may be secret.
impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::StoreId, tenant::Mode};

    #[test]
    fn a_tenant_finds_its_own_while_it_is_young() {
        let of = |bits, mode| Tenant::of_own_record(StoreId::from_bits(bits), mode);
        let (one, live, other) = (of(1, Mode::Test), of(1, Mode::Live), of(2, Mode::Test));
        let (memo, now, minute) =
            (TenantMemo::default(), Timestamp::UNIX_EPOCH, SignedDuration::from_mins(1));
        memo.put(one, "keys", now, "sk_1".to_owned());
        let found = |tenant, at| memo.get::<String>(tenant, "keys", at, minute);
        assert_eq!(found(one, now + minute).as_deref().map(String::as_str), Some("sk_1"));
        assert!(found(live, now).is_none() && found(other, now).is_none());
        assert!(found(one, now + minute * 2).is_none() && found(one, now - minute * 2).is_none());
        memo.forget(one, "keys");
        assert!(found(one, now).is_none());
        for tenant in [one, other] {
            memo.put(tenant, "keys", now, "sk_2".to_owned());
        }
        memo.forget_all(one, "ke");
        assert!(found(one, now).is_none() && found(other, now).is_some());
    }
}
