//! What follows from what happened to orders: their lists, the books, documents and mails.
//!
//! The table's stream brings commits here by itself, which costs nothing. What does not get done is handed to the queue
//! of whoever does that alone, and goes on from there: one that fails holds up neither the others nor the stream.

use std::time::Duration;

use futures::{StreamExt as _, future::join_all, stream};
use tokio::{sync::Mutex, time::Instant};

use crate::{
    event::CloudEvent,
    id::OrderId,
    invoice, ledger,
    notification::{self, Sent},
    order::{self, Told},
    relay,
    runtime::{App, JobError, Record},
};

/// How long after a batch began anything is still begun; the rest is left to the queues. The function has 30 seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many orders are followed at once: all of a batch would open a connection each, and where functions share a machine
/// keep everybody else from it.
const AT_ONCE: usize = 10;

/// One who follows orders, by the setting that names the queue of what they could not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follower {
    Lists,
    Books,
    Documents,
    Mails,
}

impl Follower {
    fn queue(self) -> &'static str {
        match self {
            Self::Lists => "PROJECT_ORDERS_QUEUE_URL",
            Self::Books => "POST_LEDGER_QUEUE_URL",
            Self::Documents => "ISSUE_INVOICES_QUEUE_URL",
            Self::Mails => "SEND_NOTIFICATIONS_QUEUE_URL",
        }
    }

    /// Those of `events` that it acts on.
    fn heard(self, events: &[CloudEvent]) -> Vec<&CloudEvent> {
        let among =
            |kinds: &[&str]| events.iter().filter(|event| kinds.contains(&event.kind.as_str())).collect();
        match self {
            // A list is brought up to what there is then: the last event will do.
            Self::Lists => events.last().into_iter().collect(),
            Self::Books => among(&ledger::ORDER_EVENTS),
            Self::Documents => among(&invoice::EVENTS),
            Self::Mails => among(&notification::ORDER_EVENTS),
        }
    }
}

/// What a batch tells of one order.
struct News {
    id: OrderId,
    /// The record that told of it first.
    since: String,
    events: Vec<CloudEvent>,
}

/// What all orders of a batch share.
struct Batch<'a> {
    app: &'a App,
    until: Instant,
    /// Documents are numbered one after the other: here, nobody has to wait for a number that somebody else takes.
    numbers: Mutex<()>,
    /// The mails that were sent, and are not marked so.
    sent: Mutex<Vec<Sent>>,
}

/// Does what follows from `records`. What fails is handed to the queues; only where they can't be reached either, a
/// record is told as failed.
///
/// What is told as failed comes again, with all that came after it; what is not does not. So only then mails have to be
/// marked as sent.
///
/// # Errors
/// The sequence number of the first record that is not done, and why.
pub async fn follow(app: &App, records: Vec<Record>) -> Result<(), (String, JobError)> {
    let batch =
        Batch { app, until: Instant::now() + PATIENCE, numbers: Mutex::default(), sent: Mutex::default() };
    let (news, unreadable) = sorted(&records);
    let followed: Vec<_> = news.iter().map(|one| batch.follow(one)).collect();
    let failed: Vec<_> = stream::iter(followed).buffered(AT_ONCE).collect().await;
    // They are in the order of their first records, and what can't be read comes after all of them.
    let failed = news.iter().zip(failed).find_map(|(one, done)| Some((one.since.clone(), done.err()?)));
    let Some(failed) = failed.or(unreadable) else { return Ok(()) };
    batch.mark_mails().await;
    Err(failed)
}

/// What the records tell, order by order, up to the first one that can't be read.
fn sorted(records: &[Record]) -> (Vec<News>, Option<(String, JobError)>) {
    let mut news: Vec<News> = Vec::new();
    for record in records {
        let events = relay::events_of(record).and_then(|events| {
            let id = events.first().map(|event| event.subject.parse()).transpose();
            Ok((id.map_err(|error| JobError::new("unreadable_record", error))?, events))
        });
        match events {
            Err(error) => return (news, Some((record.sequence_number.clone(), error))),
            Ok((None, _)) => {}
            Ok((Some(id), events)) => match news.iter_mut().find(|one| one.id == id) {
                Some(one) => one.events.extend(events),
                None => news.push(News { id, since: record.sequence_number.clone(), events }),
            },
        }
    }
    (news, None)
}

impl Batch<'_> {
    async fn follow(&self, news: &News) -> Result<(), JobError> {
        let Some(tenant) = news.events.first().map(CloudEvent::tenant) else { return Ok(()) };
        // Strongly: whatever the stream told is there.
        let history = order::history(self.app, tenant, news.id).await.map_err(|error| error.to_string());
        let history = history.as_deref().map_err(String::as_str);
        let followers = [Follower::Lists, Follower::Books, Follower::Documents, Follower::Mails];
        let done = join_all(followers.map(|follower| self.have(follower, news, history))).await;
        done.into_iter().collect()
    }

    /// Has `follower` do its part, or hands it to its queue.
    async fn have(
        &self,
        follower: Follower,
        news: &News,
        history: Result<&[Told], &str>,
    ) -> Result<(), JobError> {
        for event in follower.heard(&news.events) {
            let done = match history {
                Err(error) => Err(JobError::new("store", error)),
                // What was begun is not broken off: a mail would be sent twice.
                Ok(_) if Instant::now() >= self.until => {
                    Err(JobError::new("late", "the batch took too long"))
                }
                Ok(history) => self.work(follower, event, news.id, history).await,
            };
            if let Err(error) = done {
                let JobError { kind, reason } = error;
                tracing::warn!(event = %event.id, ?follower, kind, reason, "is left to its queue");
                self.hand_over(follower, event).await?;
            }
        }
        Ok(())
    }

    async fn work(
        &self,
        follower: Follower,
        event: &CloudEvent,
        id: OrderId,
        history: &[Told],
    ) -> Result<(), JobError> {
        let (app, tenant) = (self.app, event.tenant());
        let unknown = || JobError::new("unknown_event", "the order has no such event");
        let place = history.iter().position(|told| told.id == event.id).ok_or_else(unknown)?;
        let now = || history.last().and_then(|last| last.after(id)).ok_or_else(unknown);
        match follower {
            Follower::Lists => order::list_as(app, tenant, &now()?).await,
            Follower::Books => ledger::book(app, event, id, &history[place]).await,
            Follower::Documents => {
                let _turn = self.numbers.lock().await;
                invoice::issue_up_to(app, tenant, id, &history[..=place]).await
            }
            Follower::Mails => {
                if let Some(sent) = notification::notify_of(app, event, &now()?).await? {
                    self.sent.lock().await.push(sent);
                }
                Ok(())
            }
        }
    }

    /// The batch comes again: no mail does.
    async fn mark_mails(&self) {
        let sent = std::mem::take(&mut *self.sent.lock().await);
        for error in join_all(sent.into_iter().map(|sent| sent.mark(self.app))).await {
            let Err(JobError { kind, reason }) = error else { continue };
            tracing::warn!(kind, reason, "a mail that was sent may be sent again");
        }
    }

    async fn hand_over(&self, follower: Follower, event: &CloudEvent) -> Result<(), JobError> {
        let queue = self.app.settings().require(follower.queue());
        let queue = queue.map_err(|error| JobError::new("configuration", error))?;
        let body = serde_json::to_string(event).map_err(|error| JobError::unreadable(&error))?;
        let sent = self.app.sqs().send_message().queue_url(queue).message_body(body).send().await;
        let told = |error| JobError::new("queue", aws_sdk_sqs::error::DisplayErrorContext(error));
        sent.map(drop).map_err(told)
    }
}
