//! The audit log: what was done in the store, by whom, to what, from where.

use jiff::Timestamp;
use serde::Deserialize;
use souk::{
    audit::{self, Action, Actor, Entry, Filter, Head},
    http::{Call, Limit, List, Nothing, Problem, Reply, Routes, get},
    principal::Scope,
    runtime::{App, Function},
};
use utoipa::IntoParams;

/// Entries that one answer exports: about 1.5 MB, of the 6 MB that an answer may have.
const EXPORTED: usize = 2_000;

/// Which entries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ListEntries {
    /// How many at the most. A page that filters leave short has a cursor all the same.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only what this one did: an id, `system`, `operator` or `anonymous`.
    #[param(value_type = Option<String>)]
    actor: Option<Actor>,
    /// Only this action, such as `product.updated`.
    #[param(value_type = Option<String>)]
    action: Option<Action>,
    /// Only what was done to this, such as `/v1/products/prod_…`.
    resource: Option<String>,
    /// Only what was done from this time on.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Only what was done before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

/// Where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Export {
    /// The last place in the chain that one has already; from the first entry on where absent.
    #[serde(default)]
    #[param(value_type = Option<u64>)]
    after: After,
}

/// A place in the chain, read from a query.
#[derive(Debug, Default, Deserialize)]
#[serde(try_from = "String")]
struct After(u64);

impl TryFrom<String> for After {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = text.parse().ok().filter(|number| *number < 10_000_000_000);
        number.map(Self).ok_or("must be the place of an entry")
    }
}

/// The function.
pub fn function() -> Function {
    Routes::new()
        .on(get("/v1/audit-log", "List the audit log, newest first").needs(Scope::AuditRead), list)
        .on(
            get("/v1/audit-log/export", "Export the audit log as NDJSON, oldest first")
                .needs(Scope::AuditRead),
            export,
        )
        .on(get("/v1/audit-log/head", "Read how far the audit log goes").needs(Scope::AuditRead), head)
        .function("audit-log")
}

async fn list(app: App, call: Call<Nothing, ListEntries>) -> Result<Reply<List<Entry>>, Problem> {
    let (tenant, ask) = (call.tenant()?, &call.query);
    let filter = Filter {
        actor: ask.actor,
        action: ask.action,
        resource: ask.resource.clone(),
        from: ask.from,
        to: ask.to,
    };
    let filters = format!("{filter:?}");
    let from = call.position(&app, ask.cursor.as_deref(), &filters).await?;
    let page = audit::page(&app, tenant, &filter, ask.limit.get(), from.as_deref()).await?;
    Ok(Reply::ok(call.list(&app, page, &filters).await?))
}

/// The entries as they are chained, one a line. `Link` says where the next ones are; what all answers hold, one after
/// the other, is the whole chain.
async fn export(app: App, call: Call<Nothing, Export>) -> Result<Reply<Nothing>, Problem> {
    let entries = audit::tail(&app, call.tenant()?, call.query.after.0, EXPORTED).await?;
    let mut lines = String::new();
    for entry in &entries {
        lines.push_str(&serde_json::to_string(entry).map_err(Problem::internal)?);
        lines.push('\n');
    }
    let reply = Reply::bytes("application/x-ndjson", lines)
        .header("content-disposition", "attachment; filename=\"audit-log.ndjson\"");
    Ok(match entries.last() {
        Some(last) if entries.len() == EXPORTED => {
            reply.header("link", format!("</v1/audit-log/export?after={}>; rel=\"next\"", last.seq))
        }
        _ => reply,
    })
}

async fn head(app: App, call: Call) -> Result<Reply<Head>, Problem> {
    Ok(Reply::ok(audit::head(&app, call.tenant()?).await?))
}
