//! Writing entries down: each by one write, and those that are late together with what was summed without them.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;

use super::{
    checkpoint::{self, Checkpoint},
    entry::Entry,
    period::Period,
};
use crate::{
    runtime::App,
    store::{self, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

/// An entry that tells of what happened longer ago is late. What is younger is in no sums yet, however wrong the clocks
/// are: see [`SETTLED`].
const LATE: SignedDuration = SignedDuration::from_hours(2);

/// Only entries that stand so far back are summed for good ([`super::carry`]).
///
/// **No entry is written behind the sums without being added to them.** Say one that stands at `p` is written without
/// them. Who writes it has looked at its clock at the time `w`, which was not past `p + LATE`; that clock is wrong by ten
/// minutes at most, and the write is done, or never done, within the 15 minutes that a function can have: before
/// `p + LATE + 10 min + 15 min`. Who sums up to beyond `p` looks at its clock first, which is past `p + SETTLED`, and then
/// reads: after `p + SETTLED - 10 min`. So it reads what was written, with 85 minutes to spare for clocks and machines
/// that are worse than that.
pub(super) const SETTLED: SignedDuration = SignedDuration::from_hours(4);

/// Functions end within 15 minutes, and clocks are wrong by 10 at most.
const WORST: i64 = 15 + 2 * 10;

const _: () = assert!(LATE.as_mins() + 2 * WORST < SETTLED.as_mins(), "twice what the proof needs");

/// How often a late entry is tried. It is refused where its month's sums pass it at this moment, which they do once.
const TRIES: usize = 5;

const KIND: &str = "ledger_entry";

/// Whether the sums may have passed an entry: then [`post`] needs to read and write those too.
pub(super) fn is_late(app: &App, entry: &Entry) -> bool {
    app.now().duration_since(entry.at) > LATE
}

/// Posts `entry`, unless it is there. Whether it was posted now.
///
/// # Errors
/// [`StoreError`]; the entry is posted then, or not. Posting it again does what is left to do.
pub async fn post(app: &App, tenant: Tenant, entry: &Entry) -> Result<bool, StoreError> {
    let key = keys::ledger_entry(tenant, entry.at, entry.id);
    let place = key.sk().to_owned();
    let create = Write::create(KIND, key, entry)?.with("accounts", accounts(entry));
    if !is_late(app, entry) {
        return match store::commit(app, vec![create]).await {
            Ok(()) => Ok(true),
            Err(WriteError::Refused(_)) => Ok(false),
            Err(WriteError::Store(error)) => Err(error),
        };
    }
    let period = Period::of_entry(entry)
        .ok_or_else(|| StoreError::Unreadable { kind: KIND, reason: "its time has no month".to_owned() })?;
    for _ in 0..TRIES {
        let kept = Checkpoint::get(app, tenant, &period).await?;
        let told = checkpoint::told_of(tenant, &period, kept.as_ref(), &place, entry);
        match store::commit(app, vec![create.clone(), told]).await {
            Ok(()) => return Ok(true),
            Err(error) if error.refused(0) => return Ok(false),
            Err(WriteError::Refused(_)) => {}
            Err(WriteError::Store(error)) => return Err(error),
        }
    }
    Err(StoreError::Busy("the balances keep moving".to_owned()))
}

fn accounts(entry: &Entry) -> AttributeValue {
    let accounts = entry.lines.accounts().into_iter();
    AttributeValue::L(accounts.map(|account| AttributeValue::S(account.to_string())).collect())
}
