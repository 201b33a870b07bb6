//! Writing entries down.

use aws_sdk_dynamodb::types::AttributeValue;

use super::entry::Entry;
use crate::{
    runtime::App,
    store::{self, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

/// Over how many items what is booked in a period and currency is spread, so that postings don't wait for each other.
pub(super) const SHARDS: u64 = 8;

/// The month of an entry, which its balances are kept by, in UTC.
pub(super) fn period(entry: &Entry) -> String {
    format!("{:.7}", entry.at.to_string())
}

/// The name of what an account got on a side in a shard of balances.
pub(super) fn attribute(account: &str, side: &str) -> String {
    format!("{account}_{side}")
}

const KIND: &str = "ledger_entry";

/// Posts `entry`: the entry and what its accounts come to in one transaction, and afterwards its place in the list of
/// its order. An entry that is there is not posted again, and put in its place again. Whether it was posted now.
///
/// # Errors
/// [`StoreError`]; the entry is posted then, or not. Posting it again does what is left to do.
pub async fn post(app: &App, tenant: Tenant, entry: &Entry) -> Result<bool, StoreError> {
    let key = keys::ledger_entry(tenant, entry.at, entry.id);
    let create = Write::create(KIND, key, entry)?.with("accounts", accounts(entry));
    let posted = match store::commit(app, vec![create, add(tenant, entry)]).await {
        Ok(()) => true,
        // The one condition there is.
        Err(WriteError::Refused(_)) => false,
        Err(WriteError::Store(error)) => return Err(error),
    };
    if let Some(order) = entry.order {
        let key = keys::ledger_entry_of_order(tenant, order, entry.at, entry.id);
        let place = Write::put(KIND, key, entry)?.with("accounts", accounts(entry));
        match store::commit(app, vec![place]).await {
            // It has no condition.
            Ok(()) | Err(WriteError::Refused(_)) => {}
            Err(WriteError::Store(error)) => return Err(error),
        }
    }
    Ok(posted)
}

fn accounts(entry: &Entry) -> AttributeValue {
    let accounts = entry.lines.accounts().into_iter();
    AttributeValue::L(accounts.map(|account| AttributeValue::S(account.to_string())).collect())
}

/// All lines of an entry go to one item. So what is read of the balances is balanced, however many are being written.
fn add(tenant: Tenant, entry: &Entry) -> Write {
    let shard = u64::try_from(entry.id.bits() % u128::from(SHARDS)).unwrap_or(0);
    let (period, currency) = (period(entry), entry.lines.currency());
    let sums: Vec<_> = (0..entry.lines.iter().count()).map(|place| format!("#a{place} :a{place}")).collect();
    let update =
        format!("SET #kind = :kind, currency = :currency, #period = :period ADD {}", sums.join(", "));
    let write = Write::update(keys::ledger_balance(tenant, &period, currency, shard), update)
        .name("#kind", "kind")
        .name("#period", "period")
        .text(":kind", "ledger_balance")
        .text(":currency", currency.code())
        .text(":period", period);
    entry.lines.iter().enumerate().fold(write, |write, (place, line)| {
        write
            .name(format!("#a{place}"), attribute(line.account.as_str(), line.side.as_str()))
            .number(format!(":a{place}"), line.amount.amount())
    })
}
