//! The chain: each entry holds the hash of the one before. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Digest, Entry, Head, Note};
use crate::{id::AuditId, tenant::Tenant};

/// The entries that `notes` become, in their order, after `head`.
pub fn append(tenant: Tenant, head: Head, notes: impl IntoIterator<Item = Note>) -> Vec<Entry> {
    let mut head = head;
    let chained = notes.into_iter().map(|note| {
        let entry = Entry::after(tenant, head, note);
        head = entry.head();
        entry
    });
    chained.collect()
}

/// What was found where a chain is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many entries.
    pub entries: u64,
    /// How far the chain goes.
    pub head: Head,
    /// How many known hashes were met.
    pub known: u64,
}

/// The first place at which a chain is not what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("entry {seq}{}: {fault}", .id.map(|id| format!(" ({id})")).unwrap_or_default())]
pub struct Broken {
    /// Which place in the chain.
    pub seq: u64,
    /// The entry that was found there.
    pub id: Option<AuditId>,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// What was found is not an entry, or holds more than one.
    #[error("it can't be read as an entry of the audit log")]
    Unreadable,
    /// It belongs to another store, or the other mode.
    #[error("it belongs to another store or mode")]
    Foreign,
    /// Another entry stands there: this one was deleted, moved or doubled.
    #[error("entry {found} stands in its place")]
    OutOfPlace {
        /// The place that the entry found there names.
        found: u64,
    },
    /// Its hash is not that of what it says.
    #[error("it was altered: its hash is not that of what it says")]
    Altered,
    /// It does not follow the entry before it.
    #[error("it does not follow the entry before it, one of the two was replaced")]
    Unlinked,
    /// Its hash is another one than was known of it.
    #[error("its hash is not the one that was anchored: the chain was rewritten")]
    Rewritten,
    /// The chain ends before it, and it is known to have been there.
    #[error("it is missing, and was there when the chain was anchored")]
    Missing,
}

/// Follows a chain entry by entry, from the first one.
#[derive(Clone, Debug)]
pub struct Verifier {
    tenant: Option<Tenant>,
    head: Head,
    known: BTreeMap<u64, Digest>,
    met: u64,
}

impl Verifier {
    /// Of the chain of `tenant`; without one, of whose chain the first entry is.
    pub fn new(tenant: Option<Tenant>) -> Self {
        Self { tenant, head: Head::START, known: BTreeMap::new(), met: 0 }
    }

    /// Of what comes after `head` in the chain of `tenant`.
    pub fn after(tenant: Tenant, head: Head) -> Self {
        Self { head, ..Self::new(Some(tenant)) }
    }

    /// How far it has come.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Also holds the chain against heads that are known from elsewhere.
    #[must_use]
    pub fn knowing(mut self, heads: impl IntoIterator<Item = Head>) -> Self {
        self.known.extend(heads.into_iter().map(|head| (head.seq, head.hash)));
        self
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// [`Broken`], naming the place. Nothing that comes after it is worth looking at.
    pub fn next(&mut self, entry: &Entry) -> Result<(), Broken> {
        let seq = self.head.seq + 1;
        let broken = |fault| Err(Broken { seq, id: Some(entry.id), fault });
        if *self.tenant.get_or_insert_with(|| entry.tenant()) != entry.tenant() {
            return broken(Fault::Foreign);
        }
        if entry.seq != seq {
            return broken(Fault::OutOfPlace { found: entry.seq });
        }
        if entry.hash != entry.computed_hash() {
            return broken(Fault::Altered);
        }
        if entry.prev_hash != self.head.hash {
            return broken(Fault::Unlinked);
        }
        if let Some(known) = self.known.get(&seq) {
            if *known != entry.hash {
                return broken(Fault::Rewritten);
            }
            self.met += 1;
        }
        self.head = entry.head();
        Ok(())
    }

    /// What can't be read stands where the next entry should.
    pub fn unreadable(&self) -> Broken {
        Broken { seq: self.head.seq + 1, id: None, fault: Fault::Unreadable }
    }

    /// The chain ends here.
    ///
    /// # Errors
    /// [`Broken`], where more entries are known to have been there.
    pub fn finish(self) -> Result<Report, Broken> {
        if self.known.keys().any(|&seq| seq > self.head.seq) {
            return Err(Broken { seq: self.head.seq + 1, id: None, fault: Fault::Missing });
        }
        Ok(Report { entries: self.head.seq, head: self.head, known: self.met })
    }
}

#[cfg(test)]
mod tests;
