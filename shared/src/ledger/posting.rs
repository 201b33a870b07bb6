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

/// Posts `entry`: the entry, its place in the list of its order, and what its accounts come to, in one transaction. An
/// entry that is there is not posted again. Whether it was posted now.
///
/// # Errors
/// [`StoreError`]; nothing was posted then, or all of it.
pub async fn post(app: &App, tenant: Tenant, entry: &Entry) -> Result<bool, StoreError> {
    match store::commit(app, writes(tenant, entry)?).await {
        Ok(()) => Ok(true),
        // The one condition there is.
        Err(WriteError::Refused(_)) => Ok(false),
        Err(WriteError::Store(error)) => Err(error),
    }
}

fn writes(tenant: Tenant, entry: &Entry) -> Result<Vec<Write>, StoreError> {
    const KIND: &str = "ledger_entry";
    let accounts = entry.lines.accounts().into_iter().map(|account| AttributeValue::S(account.to_string()));
    let accounts = AttributeValue::L(accounts.collect());
    let mut writes = vec![
        Write::create(KIND, keys::ledger_entry(tenant, entry.at, entry.id), entry)?
            .with("accounts", accounts.clone()),
        add(tenant, entry),
    ];
    if let Some(order) = entry.order {
        let key = keys::ledger_entry_of_order(tenant, order, entry.at, entry.id);
        writes.push(Write::put(KIND, key, entry)?.with("accounts", accounts));
    }
    Ok(writes)
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
