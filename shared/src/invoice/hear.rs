//! From what was published to what is issued. What an event says is only a hint: which documents an order ought to have
//! is read from the facts, so that none depends on the order in which events arrive.

use super::{
    issue,
    model::{DocumentKind, Seller},
    rules,
};
use crate::{
    event::CloudEvent,
    id::OrderId,
    identity::StoreProfile,
    order::{self, Told},
    runtime::{App, JobError},
    tenant::Tenant,
};

/// The types of the events that may have a document.
pub const EVENTS: [&str; 6] = [
    "order.payment_captured",
    "order.payment_refunded",
    "order.refund_succeeded",
    "order.refund_failed",
    "order.edited",
    "order.canceled",
];

/// Issues what the order of `event` ought to have and has not yet, up to that event.
///
/// # Errors
/// [`JobError`]: the message comes again.
pub async fn hear(app: &App, event: &CloudEvent) -> Result<(), JobError> {
    let tenant = event.tenant();
    let id = event.subject.parse().map_err(|error| JobError::new("unreadable_message", error))?;
    let unknown = || JobError::new("unknown_event", "the order has no such event");
    let history = order::history_to(app, tenant, id, event.id).await?.ok_or_else(unknown)?;
    issue_up_to(app, tenant, id, &history).await
}

/// Issues what the order `id` ought to have after `history`, which is all that happened to it until then, and has not
/// yet.
///
/// # Errors
/// [`JobError`]: it has to be tried again.
pub async fn issue_up_to(app: &App, tenant: Tenant, id: OrderId, history: &[Told]) -> Result<(), JobError> {
    let drafts = rules::drafts(history).map_err(|error| JobError::new("unequal", error))?;
    let order = history.last().and_then(|told| told.before.as_ref());
    let Some(order) = order.filter(|_| !drafts.is_empty()) else {
        return Ok(());
    };
    let marks = issue::marks(app, tenant, id).await?;
    let (mut first, mut seller) = (None, None::<Seller>);
    for draft in &drafts {
        let mark = marks.iter().find(|mark| mark.event == draft.event).cloned();
        let issued = match mark {
            Some(mark) if issue::is_there(app, tenant, id, &mark).await? => mark,
            mark => {
                if seller.is_none() {
                    // A document of the moment before a change of name would bear the old one too.
                    let store = StoreProfile::of(&app.showing(), tenant).await;
                    let store =
                        store.map_err(|_| JobError::new("store", "the store's profile can't be had"))?;
                    seller = Some(store.into());
                }
                let seller = seller.as_ref().ok_or_else(|| JobError::new("store", "no seller"))?;
                issue::issue(app, tenant, order, seller, draft, (mark, first)).await?
            }
        };
        if issued.series == DocumentKind::Invoice {
            first = first.or(Some(issued.number));
        }
    }
    Ok(())
}
