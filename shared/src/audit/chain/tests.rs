//! Whatever is done to a chain is found, and the first place named.

use proptest::prelude::*;

use super::*;
use crate::{
    audit::{Action, Actor, Network},
    id::StoreId,
    tenant::Mode,
};

fn tenant(store: u128) -> Tenant {
    Tenant::of_own_record(StoreId::from_bits(store), Mode::Test)
}

fn note(number: u128) -> Note {
    Note {
        id: AuditId::from_bits(number),
        at: jiff::Timestamp::from_millisecond(1_800_000_000_000).unwrap(),
        actor: Actor::Operator,
        action: Action::ProductUpdated,
        resource: format!("/v1/products/{number}"),
        before: None,
        after: Some(Digest::of(&number.to_be_bytes())),
        from: Network::of_text("203.0.113.24"),
        request_id: Some(format!("req-{number}")),
    }
}

fn chain(of: Tenant, length: usize) -> Vec<Entry> {
    append(of, Head::START, (1..=length as u128).map(note))
}

fn verified(entries: &[Entry], known: Option<Head>) -> Result<Report, Broken> {
    let mut verifier = Verifier::new(Some(tenant(1))).knowing(known);
    for entry in entries {
        verifier.next(entry)?;
    }
    verifier.finish()
}

/// Everything that an entry says, changed one thing at a time.
fn edits() -> Vec<fn(&mut Entry)> {
    vec![
        |entry| entry.id = AuditId::from_bits(77),
        |entry| entry.at = jiff::Timestamp::UNIX_EPOCH,
        |entry| entry.actor = Actor::System,
        |entry| entry.action = Action::StockMoved,
        |entry| entry.resource.push('x'),
        |entry| entry.before = Some(Digest::ZERO),
        |entry| entry.after = None,
        |entry| entry.from = None,
        |entry| entry.from = Network::of_text("198.51.100.1"),
        |entry| entry.request_id = None,
        // What one field loses, the next one gains.
        |entry| {
            let last = entry.resource.pop().unwrap();
            entry.request_id = entry.request_id.take().map(|id| format!("{last}{id}"));
        },
        |entry| entry.hash = Digest::of(b"x"),
        |entry| entry.prev_hash = Digest::of(b"x"),
    ]
}

#[test]
fn every_field_is_covered() {
    for edit in edits() {
        let mut entries = chain(tenant(1), 5);
        edit(&mut entries[2]);
        let broken = verified(&entries, None).unwrap_err();
        assert_eq!((broken.seq, broken.fault), (3, Fault::Altered), "{:?}", entries[2]);
    }
}

proptest! {
    #[test]
    fn a_whole_chain_is_whole(length in 0_usize..40, known in 0_usize..40) {
        let entries = chain(tenant(1), length);
        let known = entries.get(known).map(Entry::head);
        let report = verified(&entries, known).unwrap();
        prop_assert_eq!(report.entries, length as u64);
        prop_assert_eq!(report.known, u64::from(known.is_some()));
    }

    #[test]
    fn appending_in_parts_is_appending_at_once(length in 0_usize..30, cut in 0_usize..30) {
        let whole = chain(tenant(1), length);
        let first = chain(tenant(1), cut.min(length));
        let head = first.last().map_or(Head::START, Entry::head);
        let rest = append(tenant(1), head, (first.len() as u128 + 1..=length as u128).map(note));
        prop_assert_eq!([first, rest].concat(), whole);
    }

    #[test]
    fn an_edit_is_found(length in 1_usize..30, place in 0_usize..30, edit in 0_usize..13) {
        let mut entries = chain(tenant(1), length);
        let place = place % length;
        edits()[edit](&mut entries[place]);
        prop_assert_eq!(verified(&entries, None).unwrap_err().seq, place as u64 + 1);
    }

    /// Who edits an entry and reckons its hash anew breaks the link to the next one; at the end only a known head tells.
    #[test]
    fn an_edit_with_its_hash_is_found(length in 1_usize..30, place in 0_usize..30) {
        let mut entries = chain(tenant(1), length);
        let (place, known) = (place % length, entries[length - 1].head());
        entries[place].actor = Actor::System;
        entries[place].hash = entries[place].computed_hash();
        let broken = verified(&entries, Some(known)).unwrap_err();
        if place + 1 == length {
            prop_assert_eq!((broken.seq, broken.fault), (length as u64, Fault::Rewritten));
        } else {
            prop_assert_eq!((broken.seq, broken.fault), (place as u64 + 2, Fault::Unlinked));
        }
    }

    #[test]
    fn a_deletion_is_found(length in 2_usize..30, place in 0_usize..30) {
        let mut entries = chain(tenant(1), length);
        let place = place % (length - 1);
        entries.remove(place);
        let broken = verified(&entries, None).unwrap_err();
        prop_assert_eq!(broken.seq, place as u64 + 1);
        prop_assert_eq!(broken.fault, Fault::OutOfPlace { found: place as u64 + 2 });
    }

    #[test]
    fn a_doubled_entry_is_found(length in 1_usize..30, place in 0_usize..30) {
        let mut entries = chain(tenant(1), length);
        let place = place % length;
        entries.insert(place, entries[place].clone());
        let broken = verified(&entries, None).unwrap_err();
        prop_assert_eq!((broken.seq, broken.fault), (place as u64 + 2, Fault::OutOfPlace { found: place as u64 + 1 }));
    }

    #[test]
    fn another_order_is_found(length in 2_usize..30, one in 0_usize..30, other in 0_usize..30) {
        let mut entries = chain(tenant(1), length);
        let (one, other) = (one % length, other % length);
        prop_assume!(one != other);
        entries.swap(one, other);
        prop_assert_eq!(verified(&entries, None).unwrap_err().seq, one.min(other) as u64 + 1);
    }

    #[test]
    fn a_cut_is_found_by_who_knows_the_head(length in 1_usize..30, left in 0_usize..30) {
        let entries = chain(tenant(1), length);
        let left = left % length;
        let broken = verified(&entries[..left], Some(entries[length - 1].head())).unwrap_err();
        prop_assert_eq!((broken.seq, broken.fault), (left as u64 + 1, Fault::Missing));
    }

    #[test]
    fn another_chain_is_found_by_who_knows_the_head(length in 1_usize..30, place in 0_usize..30) {
        let known = chain(tenant(1), length)[place % length].head();
        let notes = (1..=length as u128).map(|number| Note { resource: "/v1/x".to_owned(), ..note(number) });
        let rewritten = append(tenant(1), Head::START, notes);
        prop_assert!(verified(&rewritten, None).is_ok());
        let broken = verified(&rewritten, Some(known)).unwrap_err();
        prop_assert_eq!((broken.seq, broken.fault), (known.seq, Fault::Rewritten));
    }

    #[test]
    fn an_entry_of_another_store_is_found(length in 1_usize..30, place in 0_usize..30) {
        let (mut entries, others) = (chain(tenant(1), length), chain(tenant(2), length));
        let place = place % length;
        entries[place] = others[place].clone();
        let broken = verified(&entries, None).unwrap_err();
        prop_assert_eq!((broken.seq, broken.fault), (place as u64 + 1, Fault::Foreign));
        entries[place].store = tenant(1).store();
        let broken = verified(&entries, None).unwrap_err();
        prop_assert_eq!((broken.seq, broken.fault), (place as u64 + 1, Fault::Altered));
    }
}
