//! Giving documents their numbers: one after the other, none left out, none twice.
//!
//! The counter of the series, the document and the mark of its event are written in one transaction, on the condition
//! that the counter still stands where it was read. Of many at once one is let through; the others read again, after
//! pauses that grow, until their time is up. What was not issued by then is issued when its message comes again.

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
    store::{self, StoreError, Table, Write, WriteError, keys},
    tenant::Tenant,
};

/// How long one call tries. A transaction that meets others is tried for six seconds more at the most, and the function
/// has fifteen.
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

/// Where a series is.
#[derive(Deserialize)]
struct Counter {
    next: u64,
}

/// Why a document was not issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// Too many others wanted a number.
    #[error("the series of numbers is busy")]
    Busy,
    /// The number is taken although the counter has not given it: somebody wrote past Souk.
    #[error("number {0} is taken and was not given")]
    Taken(u64),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<IssueError> for JobError {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Busy => Self::new("busy", error),
            IssueError::Taken(_) => Self::new("number_taken", error),
            IssueError::Store(error) => error.into(),
        }
    }
}

/// Issues `draft` for `order`, once for each event: where that has its document, answers which. `invoice` is the number
/// of the order's first invoice.
///
/// # Errors
/// [`IssueError`]. Nothing was issued then, or, where an answer was lost, all of it.
pub async fn issue(
    app: &App,
    tenant: Tenant,
    order: &Order,
    seller: &Seller,
    draft: &Draft,
    invoice: Option<u64>,
) -> Result<Issued, IssueError> {
    let (series, began, mut tries) = (draft.kind, Instant::now(), 0);
    loop {
        let counter: Option<Counter> =
            store::get(app, "invoice counter", &keys::next_invoice(tenant, series.as_str())).await?;
        let number = counter.map_or(1, |counter| counter.next);
        let issued_at = app.now();
        let issued = Issued { event: draft.event, series, number, issued_at, total: draft.total };
        let document = Document {
            number,
            issued_at,
            seller: seller.clone(),
            order: order.id,
            order_number: order.placed.number.clone(),
            ordered_at: order.placed_at,
            invoice,
            content: draft.clone(),
        };
        let writes = vec![
            Write::create("invoice_mark", keys::invoice_of_event(tenant, order.id, draft.event), &issued)?,
            count(tenant, series, number),
            Write::create("invoice", keys::invoice(tenant, series.as_str(), number), &document)?,
        ];
        match store::commit(app, writes).await {
            Ok(()) => return Ok(issued),
            Err(refused) if refused.refused(0) => {
                let marks = marks(app, tenant, order.id).await?;
                return marks.into_iter().find(|mark| mark.event == draft.event).ok_or(IssueError::Busy);
            }
            Err(refused) if refused.refused(1) => {}
            Err(WriteError::Refused(_)) => return Err(IssueError::Taken(number)),
            Err(WriteError::Store(StoreError::Busy(_))) => {}
            Err(WriteError::Store(error)) => return Err(error.into()),
        }
        tries += 1;
        if began.elapsed() >= PATIENCE {
            return Err(IssueError::Busy);
        }
        let most = 20_u64 << tries.min(8);
        tokio::time::sleep(Duration::from_millis(app.entropy().below(most) + 1)).await;
    }
}

/// Which documents an order has, read strongly.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn marks(app: &App, tenant: Tenant, order: OrderId) -> Result<Vec<Issued>, StoreError> {
    store::query_all(app, "invoice mark", Table::State, &keys::invoices_of_order(tenant, order)).await
}

/// The counter goes on from `number`, if it still stands there.
fn count(tenant: Tenant, series: DocumentKind, number: u64) -> Write {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    let write =
        Write::update(keys::next_invoice(tenant, series.as_str()), "SET #next = :after, #kind = :kind")
            .name("#next", "next")
            .name("#kind", "kind")
            .number(":after", number.saturating_add(1))
            .text(":kind", "invoice_counter");
    if number == 1 {
        // Nothing was given yet.
        return write.when("attribute_not_exists(pk)");
    }
    write.number(":next", number).when("#next = :next")
}
