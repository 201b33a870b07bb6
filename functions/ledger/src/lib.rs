//! The books of a store, for whoever reads them.

use souk::{
    http::{Call, List, Nothing, Problem, Reply, Routes, get},
    ledger::{
        self, Account, Accounts, AskStatement, Entry, ListEntries, ListReconciliations, Periods,
        Reconciliation, Statement, TrialBalance,
    },
    principal::Scope,
    runtime::{App, Function},
};

/// The function.
pub fn function() -> Function {
    let read = |path, summary| get(path, summary).needs(Scope::LedgerRead);
    Routes::new()
        .on(read("/v1/ledger/accounts", "Read what the accounts come to"), accounts)
        .on(read("/v1/ledger/accounts/{account}", "Read an account's statement of a month"), statement)
        .on(read("/v1/ledger/entries", "List or export the entries, oldest first"), entries)
        .on(read("/v1/ledger/trial-balance", "Read the trial balance"), trial_balance)
        .on(
            read("/v1/ledger/reconciliations", "List what reconciliations found, newest first"),
            reconciliations,
        )
        .function("ledger")
}

async fn accounts(app: App, call: Call<Nothing, Periods>) -> Result<Reply<Accounts>, Problem> {
    Ok(Reply::ok(ledger::accounts(&app, &call).await?))
}

async fn statement(app: App, call: Call<Nothing, AskStatement>) -> Result<Reply<Statement>, Problem> {
    let account = call.path::<Account>("account")?;
    Ok(Reply::ok(ledger::statement(&app, &call, account).await?))
}

async fn entries(app: App, call: Call<Nothing, ListEntries>) -> Result<Reply<List<Entry>>, Problem> {
    ledger::entries(&app, &call).await
}

async fn trial_balance(app: App, call: Call<Nothing, Periods>) -> Result<Reply<TrialBalance>, Problem> {
    Ok(Reply::ok(ledger::trial_balance(&app, &call).await?))
}

async fn reconciliations(
    app: App,
    call: Call<Nothing, ListReconciliations>,
) -> Result<Reply<List<Reconciliation>>, Problem> {
    Ok(Reply::ok(ledger::reconciliations(&app, &call).await?))
}
