//! Making entries of notes: each once, however often and in whatever order they are brought, by however many.

use serde::Deserialize;

use super::{Note, append, log};
use crate::{
    id::AuditId,
    runtime::{App, JobError, Record},
    store::{self, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

/// How many notes become entries in one transaction, which has room for a hundred writes: two for each.
const TOGETHER: usize = 25;

/// How often a transaction is built anew that met another worker's.
const TRIES: u32 = 12;

#[derive(Deserialize)]
struct Place {
    kind: String,
    pk: String,
}

/// Chains the notes that `records` of the state table's stream bring.
///
/// # Errors
/// The sequence number of the first record that is not done, and why. Some after it may be done: done twice is done
/// once.
pub async fn record(app: &App, records: Vec<Record>) -> Result<(), (String, JobError)> {
    let mut groups: Vec<(Tenant, String, Vec<Note>)> = Vec::new();
    let mut unreadable = None;
    for record in records {
        let sequence = record.sequence_number.clone();
        match read(record) {
            Ok(None) => {}
            Ok(Some((tenant, note))) => match groups.iter_mut().find(|(of, ..)| *of == tenant) {
                Some((.., notes)) => notes.push(note),
                None => groups.push((tenant, sequence, vec![note])),
            },
            // What stands before it is done first.
            Err(error) => {
                unreadable = Some((sequence, error));
                break;
            }
        }
    }
    // In the order of their first records: whatever is reported, nothing before it is left undone.
    for (tenant, first, notes) in groups {
        for together in notes.chunks(TOGETHER) {
            chain(app, tenant, together.to_vec()).await.map_err(|error| (first.clone(), error.into()))?;
        }
    }
    unreadable.map_or(Ok(()), Err)
}

fn read(record: Record) -> Result<Option<(Tenant, Note)>, JobError> {
    let Some(image) = record.new else { return Ok(None) };
    let place: Place = Record::read(image.clone())?;
    if place.kind != "audit" {
        return Ok(None);
    }
    let tenant = keys::tenant_of(&place.pk);
    let tenant = tenant.ok_or_else(|| JobError::new("unreadable_record", "its key names no tenant"))?;
    Ok(Some((tenant, Record::read(image)?)))
}

/// Appends what of `notes` is not recorded yet, and deletes the notes, in one transaction. A note that is gone has its
/// entry; a place that is taken was taken by another worker, so the chain is longer now.
async fn chain(app: &App, tenant: Tenant, mut notes: Vec<Note>) -> Result<(), StoreError> {
    let mut seen: Vec<AuditId> = Vec::with_capacity(notes.len());
    notes.retain(|note| !seen.contains(&note.id) && (seen.push(note.id), true).1);
    for tries in 0..TRIES {
        if notes.is_empty() {
            return Ok(());
        }
        store::pause(app, tries).await;
        let entries = append(tenant, log::head(app, tenant).await?, notes.clone());
        let mut writes = Vec::with_capacity(2 * notes.len());
        for note in &notes {
            writes.push(Write::delete(keys::audit_note(tenant, note.id)).when("attribute_exists(pk)"));
        }
        for entry in &entries {
            writes.push(Write::create("audit-entry", keys::audit_entry(tenant, entry.seq), entry)?);
        }
        match store::commit(app, writes).await {
            Ok(()) => return Ok(()),
            Err(WriteError::Refused(places)) => {
                let mut place = 0..;
                notes.retain(|_| place.next().is_some_and(|place| !places.contains(&place)));
            }
            Err(WriteError::Store(error)) => return Err(error),
        }
    }
    Err(StoreError::Busy("the audit chain keeps growing".to_owned()))
}
