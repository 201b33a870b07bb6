//! Sealing and opening, with the keys that one piece of work has unwrapped so far.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures::future::try_join_all;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Kept, Sealed, Subject, VaultError,
    data_key::{self, DataKey},
    store_key,
};
use crate::{runtime::App, tenant::Tenant};

/// How many keys are unwrapped at once.
const AT_ONCE: usize = 16;

/// The vault of one store, for the length of one request or message: a key that was unwrapped for it once is not
/// unwrapped again. Make one per invocation and keep it no longer, so that no key outlives the work it was needed for.
#[derive(Debug)]
pub struct Opened<'a> {
    app: &'a App,
    tenant: Tenant,
    /// `None` for a subject that has no key.
    keys: Mutex<HashMap<Subject, Option<Arc<DataKey>>>>,
}

impl<'a> Opened<'a> {
    /// The vault of `tenant`.
    pub fn new(app: &'a App, tenant: Tenant) -> Self {
        Self { app, tenant, keys: Mutex::default() }
    }

    /// What it reads by.
    pub fn app(&self) -> &'a App {
        self.app
    }

    /// Whose vault it is.
    pub fn tenant(&self) -> Tenant {
        self.tenant
    }

    /// Seals `value` as the `field` of `subject`. A subject of whom nothing is known yet gets a key.
    ///
    /// # Errors
    /// [`VaultError::Erased`] for a subject that was erased and can't return.
    pub async fn seal<T: Serialize>(
        &self,
        subject: Subject,
        field: &str,
        value: &T,
    ) -> Result<Sealed<T>, VaultError> {
        let key = match self.held(subject).flatten() {
            Some(key) => key,
            None => {
                let key = Arc::new(data_key::find_or_make(self.app, self.tenant, subject).await?);
                self.hold(subject, Some(Arc::clone(&key)));
                key
            }
        };
        let at = (self.tenant, subject, field);
        Sealed::seal((&key.cipher, key.generation), self.app.entropy(), at, value)
            .map_err(|reason| VaultError::Unwritable(field.to_owned(), reason))
    }

    /// What was sealed as the `field` of `subject`; nothing where the subject was erased since.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] where it was changed or belongs elsewhere.
    pub async fn open<T: DeserializeOwned>(
        &self,
        subject: Subject,
        field: &str,
        sealed: &Sealed<T>,
    ) -> Result<Option<T>, VaultError> {
        let tampered = || VaultError::Tampered(field.to_owned());
        let generation = sealed.generation().ok_or_else(tampered)?;
        let key = self.key(subject).await?;
        // A key of another generation came after the one that this was sealed under was destroyed.
        let Some(key) = key.filter(|key| key.generation == generation) else {
            return Ok(None);
        };
        sealed.open(&key.cipher, (self.tenant, subject, field)).map(Some).map_err(|_| tampered())
    }

    /// As [`Opened::open`], of a value that says whose it is.
    ///
    /// # Errors
    /// As [`Opened::open`].
    pub async fn open_kept<T: DeserializeOwned>(
        &self,
        field: &str,
        kept: &Kept<T>,
    ) -> Result<Option<T>, VaultError> {
        self.open(kept.subject, field, &kept.sealed).await
    }

    /// Unwraps the keys of many subjects side by side, each once, for what is opened next.
    ///
    /// # Errors
    /// [`VaultError`] where one can't be had.
    pub async fn unwrap_all(&self, subjects: impl IntoIterator<Item = Subject>) -> Result<(), VaultError> {
        let mut wanted: Vec<Subject> = Vec::new();
        for subject in subjects {
            if !wanted.contains(&subject) {
                wanted.push(subject);
            }
        }
        // Else each of the first ones would have it unwrapped.
        if wanted.len() > 1 {
            store_key::find(self.app, self.tenant).await?;
        }
        for some in wanted.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|subject| self.key(*subject))).await?;
        }
        Ok(())
    }

    async fn key(&self, subject: Subject) -> Result<Option<Arc<DataKey>>, VaultError> {
        if let Some(held) = self.held(subject) {
            return Ok(held);
        }
        let key = data_key::find(self.app, self.tenant, subject).await?.map(Arc::new);
        self.hold(subject, key.clone());
        Ok(key)
    }

    fn held(&self, subject: Subject) -> Option<Option<Arc<DataKey>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(&subject).cloned()
    }

    fn hold(&self, subject: Subject, key: Option<Arc<DataKey>>) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(subject, key);
    }
}

/// Seals one value. Whoever seals or opens several makes an [`Opened`].
///
/// # Errors
/// As [`Opened::seal`].
pub async fn seal<T: Serialize>(
    app: &App,
    tenant: Tenant,
    subject: Subject,
    field: &str,
    value: &T,
) -> Result<Sealed<T>, VaultError> {
    Opened::new(app, tenant).seal(subject, field, value).await
}

/// Opens one value; nothing where its subject was erased.
///
/// # Errors
/// As [`Opened::open`].
pub async fn open<T: DeserializeOwned>(
    app: &App,
    tenant: Tenant,
    subject: Subject,
    field: &str,
    sealed: &Sealed<T>,
) -> Result<Option<T>, VaultError> {
    Opened::new(app, tenant).open(subject, field, sealed).await
}
