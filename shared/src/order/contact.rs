//! Whose an order is, and how they are reached.

use serde::{Deserialize, Serialize};

use super::{edit::Edit, model::Order, returns::Return};
use crate::{
    contact::{Contact, Note},
    http::Problem,
    id::{EditId, OrderId, ReturnId},
    payment::NextAction,
    runtime::App,
    tenant::Tenant,
    vault::{self, EmailHash, Kept, Opened, Sealed, Subject, VaultError},
};

/// The contact of an order as its event holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OrderContact {
    /// Since version 2: sealed under the shopper's key.
    Sealed(Kept<Contact>),
    /// In version 1: in the clear.
    Plain(Box<Contact>),
}

impl OrderContact {
    /// Seals `contact` for `subject`.
    ///
    /// # Errors
    /// [`VaultError::Erased`] where the subject was.
    pub async fn seal(
        vault: &Opened<'_>,
        order: OrderId,
        subject: Subject,
        email: EmailHash,
        contact: &Contact,
    ) -> Result<Self, VaultError> {
        let sealed = vault.seal(subject, &field(order), contact).await?;
        Ok(Self::Sealed(Kept { subject, email: Some(email), sealed }))
    }

    /// The contact of `order`; nothing where its shopper was erased since.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn open(&self, vault: &Opened<'_>, order: OrderId) -> Result<Option<Contact>, VaultError> {
        match self {
            Self::Sealed(kept) => vault.open_kept(&field(order), kept).await,
            Self::Plain(contact) => Ok(Some((**contact).clone())),
        }
    }

    /// The same, without the hash of the email address where its subject is that too.
    pub(super) fn without_email_twice(&self) -> Self {
        match self {
            Self::Sealed(kept) if kept.email.map(Subject::Guest) == Some(kept.subject) => {
                Self::Sealed(Kept { email: None, ..kept.clone() })
            }
            other => other.clone(),
        }
    }

    /// Whose key opens it, where it is sealed.
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Sealed(kept) => Some(kept.subject),
            Self::Plain(_) => None,
        }
    }

    /// What finds it by email address. Orders of version 1 are not found so.
    pub fn email(&self) -> Option<EmailHash> {
        match self {
            Self::Sealed(kept) => kept.email,
            Self::Plain(_) => None,
        }
    }
}

impl Order {
    /// How its shopper is reached; nothing where they were erased.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn contact(&self, vault: &Opened<'_>) -> Result<Option<Contact>, VaultError> {
        self.placed.contact.open(vault, self.id).await
    }

    /// Seals what the shopper's browser needs under their key; nothing for orders of version 1, which had none.
    ///
    /// # Errors
    /// [`VaultError::Erased`] where the shopper was.
    pub async fn seal_action(
        &self,
        vault: &Opened<'_>,
        action: &NextAction,
    ) -> Result<Option<Sealed<NextAction>>, VaultError> {
        match self.placed.contact.subject() {
            Some(subject) => Ok(Some(vault.seal(subject, &action_field(self.id), action).await?)),
            None => Ok(None),
        }
    }

    /// Seals what the shopper's browser needs for `edit` under their key; nothing for orders of version 1.
    ///
    /// # Errors
    /// [`VaultError::Erased`] where the shopper was.
    pub async fn seal_edit_action(
        &self,
        vault: &Opened<'_>,
        edit: EditId,
        action: &NextAction,
    ) -> Result<Option<Sealed<NextAction>>, VaultError> {
        match self.placed.contact.subject() {
            Some(subject) => Ok(Some(vault.seal(subject, &edit_field(self.id, edit), action).await?)),
            None => Ok(None),
        }
    }

    /// What the shopper's browser needs for `edit`, while the shopper must do something.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn edit_action(
        &self,
        vault: &Opened<'_>,
        edit: &Edit,
    ) -> Result<Option<NextAction>, VaultError> {
        match (&edit.action, self.placed.contact.subject()) {
            (Some(sealed), Some(subject)) => {
                vault.open(subject, &edit_field(self.id, edit.id()), sealed).await
            }
            _ => Ok(None),
        }
    }

    /// Seals what somebody says of the return `id` under the shopper's key.
    ///
    /// # Errors
    /// 410 where the shopper was erased, 422 where the order knows no key of theirs, as the first ones do.
    pub async fn seal_note(
        &self,
        app: &App,
        tenant: Tenant,
        id: ReturnId,
        note: &Note,
    ) -> Result<Sealed<Note>, Problem> {
        let none = || Problem::invalid("note", "This order takes no notes.");
        let subject = self.placed.contact.subject().ok_or_else(none)?;
        // A key that was destroyed does not come again for this.
        if !vault::knows(app, tenant, subject).await? {
            return Err(VaultError::Erased.into());
        }
        Ok(Opened::new(app, tenant).seal(subject, &note_field(self.id, id), note).await?)
    }

    /// What who asked said of `one`; nothing where the shopper was erased.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn note(&self, vault: &Opened<'_>, one: &Return) -> Result<Option<Note>, VaultError> {
        match (&one.note, self.placed.contact.subject()) {
            (Some(sealed), Some(subject)) => vault.open(subject, &note_field(self.id, one.id), sealed).await,
            _ => Ok(None),
        }
    }

    /// What the shopper's browser needs, while the shopper must do something.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn next_action(&self, vault: &Opened<'_>) -> Result<Option<NextAction>, VaultError> {
        match (&self.action, self.placed.contact.subject()) {
            (Some(sealed), Some(subject)) => vault.open(subject, &action_field(self.id), sealed).await,
            _ => Ok(None),
        }
    }
}

/// What an action is bound to.
fn action_field(order: OrderId) -> String {
    format!("order/{order}/client-action")
}

/// What an edit's action is bound to.
fn edit_field(order: OrderId, edit: EditId) -> String {
    format!("order/{order}/edit/{edit}/client-action")
}

/// What a note is bound to.
fn note_field(order: OrderId, id: ReturnId) -> String {
    format!("order/{order}/return/{id}/note")
}

/// What a contact is bound to: it can't be moved to another order.
fn field(order: OrderId) -> String {
    format!("order/{order}/contact")
}
