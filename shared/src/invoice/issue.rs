//! Giving documents their numbers: one after the other, none left out, none twice.
//!
//! First an event is marked with the number behind the last document's, then the document is written at that number, if
//! nothing is there. Where somebody else's document is, the mark moves behind the last one again, on the condition that
//! it still is what it was. Documents are never deleted, so a number that is taken stays taken: a mark only ever leaves
//! a number that can't become its event's, and whoever comes with an older mark finds that number taken. So an event has
//! one document, however many work on it at once and wherever they stop; a mark without its document is finished by the
//! event's next delivery. Of many at once one is let through; the others try again, after pauses that grow, until their
//! time is up.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::model::{Document, DocumentKind, Draft, Seller};
use crate::{
    id::{EventId, OrderId},
    money::Money,
    order::Order,
    runtime::{App, JobError},
    store::{self, Query, StoreError, Table, Write, WriteError, keys},
    tenant::Tenant,
};

/// How long one call tries. The function has fifteen seconds.
const PATIENCE: Duration = Duration::from_secs(7);

/// Which document an event has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// The event.
    pub event: EventId,
    /// Its series.
    pub series: DocumentKind,
    /// Its number there.
    pub number: u64,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// What it comes to, with tax.
    pub total: Money,
}

/// Why a document was not issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// Too many others wanted a number.
    #[error("the series of numbers is busy")]
    Busy,
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<IssueError> for JobError {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Busy => Self::new("busy", error),
            IssueError::Store(error) => error.into(),
        }
    }
}

/// Issues `draft` for `order`, once for each event, and answers which document it has. `mark` is the event's, where it
/// has one; `invoice` is the number of the order's first invoice.
///
/// # Errors
/// [`IssueError`]. Nothing was issued then, or, where an answer was lost, all of it.
pub async fn issue(
    app: &App,
    tenant: Tenant,
    order: &Order,
    seller: &Seller,
    draft: &Draft,
    (mut mark, invoice): (Option<Issued>, Option<u64>),
) -> Result<Issued, IssueError> {
    let (series, began, mut tries) = (draft.kind, Instant::now(), 0);
    loop {
        let issued = match mark.take() {
            Some(mark) => mark,
            None => {
                let new = new_mark(app, tenant, draft).await?;
                let key = keys::invoice_of_event(tenant, order.id, draft.event);
                let create = Write::create("invoice_mark", key, &new)?;
                match refused(store::commit(app, vec![create]).await)? {
                    false => new,
                    true => mark_of(app, tenant, order.id, draft.event).await?,
                }
            }
        };
        let document = Document {
            number: issued.number,
            issued_at: issued.issued_at,
            seller: seller.clone(),
            order: order.id,
            order_number: order.placed.number.clone(),
            ordered_at: order.placed_at,
            invoice,
            content: draft.clone(),
        };
        let key = keys::invoice(tenant, series.as_str(), issued.number);
        let create = Write::create("invoice", key, &document)?;
        if !refused(store::commit(app, vec![create]).await)?
            || is_there(app, tenant, order.id, &issued).await?
        {
            return Ok(issued);
        }
        tries += 1;
        if began.elapsed() >= PATIENCE {
            return Err(IssueError::Busy);
        }
        let most = 20_u64 << tries.min(8);
        tokio::time::sleep(Duration::from_millis(app.entropy().below(most) + 1)).await;
        let moved = new_mark(app, tenant, draft).await?;
        let key = keys::invoice_of_event(tenant, order.id, draft.event);
        let taken = i64::try_from(issued.number).unwrap_or(i64::MAX);
        let write = Write::put("invoice_mark", key, &moved)?.when("#number = :taken");
        let write = write.name("#number", "number").number(":taken", taken);
        mark = Some(match refused(store::commit(app, vec![write]).await)? {
            false => moved,
            // Somebody else who works on the same event moved it.
            true => mark_of(app, tenant, order.id, draft.event).await?,
        });
    }
}

/// Whether a condition did not hold.
fn refused(outcome: Result<(), WriteError>) -> Result<bool, StoreError> {
    match outcome {
        Ok(()) => Ok(false),
        Err(WriteError::Refused(_)) => Ok(true),
        Err(WriteError::Store(error)) => Err(error),
    }
}

/// A mark behind the last document of the series.
async fn new_mark(app: &App, tenant: Tenant, draft: &Draft) -> Result<Issued, StoreError> {
    let last = Query::table(Table::Events, keys::invoices(tenant, draft.kind.as_str()));
    let last = last.strongly().newest_first().page::<Document>(app, "invoice", 1, None).await?;
    let number = last.items.first().map_or(0, |document| document.number) + 1;
    Ok(Issued { event: draft.event, series: draft.kind, number, issued_at: app.now(), total: draft.total })
}

/// Whether the document is there that `mark` says.
pub(super) async fn is_there(
    app: &App,
    tenant: Tenant,
    order: OrderId,
    mark: &Issued,
) -> Result<bool, StoreError> {
    let key = keys::invoice(tenant, mark.series.as_str(), mark.number);
    let at = Query::table(Table::Events, key.pk()).at_least(key.sk()).at_most(key.sk()).strongly();
    let found = at.page::<Document>(app, "invoice", 1, None).await?;
    Ok(found.items.first().is_some_and(|found| found.order == order && found.content.event == mark.event))
}

async fn mark_of(app: &App, tenant: Tenant, order: OrderId, event: EventId) -> Result<Issued, IssueError> {
    let key = keys::invoice_of_event(tenant, order, event);
    let at = Query::partition(key.pk()).at_least(key.sk()).at_most(key.sk()).strongly();
    let found = at.page::<Issued>(app, "invoice mark", 1, None).await?;
    found.items.into_iter().next().ok_or(IssueError::Busy)
}

/// Which events of an order are marked with a number, read strongly. The document of one may not be there yet.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn marks(app: &App, tenant: Tenant, order: OrderId) -> Result<Vec<Issued>, StoreError> {
    store::query_all(app, "invoice mark", Table::State, &keys::invoices_of_order(tenant, order)).await
}
