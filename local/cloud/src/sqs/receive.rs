//! Receiving: taking visible messages, giving up on those received too often, and waiting for more.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{Received, Sqs, errors, handle::Handle, message::Whereabouts, state::State};
use crate::AwsError;

/// What a receiver asks for.
#[derive(Clone, Debug)]
pub(super) struct Receiving {
    /// 1 to 10 for clients of the API.
    pub max: usize,
    pub wait: Duration,
    /// Milliseconds; otherwise the queue's.
    pub visibility: Option<i64>,
    /// `ReceiveRequestAttemptId`.
    pub attempt: Option<String>,
}

impl Sqs {
    /// Receives from the queue of that name, and waits until there is something to receive.
    pub(super) async fn poll(&self, name: &str, receiving: &Receiving) -> Result<Vec<Received>, AwsError> {
        let deadline = Instant::now() + receiving.wait;
        loop {
            let changed = self.with(|state| Ok(state.queue(name)?.changed.clone()))?;
            // Listen before looking, so that what comes in between is not missed.
            let notified = changed.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            let (received, due) = self.with(|state| {
                let received = state.receive(name, receiving)?;
                let due = state.queue(name)?.next_due();
                Ok((received, due.map(|due| due - state.now())))
            })?;
            if !received.is_empty() || Instant::now() >= deadline {
                return Ok(received);
            }
            let due = due.map(|after| Instant::now() + Duration::from_millis(after.max(1).unsigned_abs()));
            let wake = due.map_or(deadline, |due| due.min(deadline));
            tokio::select! {
                () = notified => {}
                () = sleep_until(wake) => {}
            }
        }
    }
}

impl State {
    /// Receives what is visible now.
    fn receive(&mut self, name: &str, receiving: &Receiving) -> Result<Vec<Received>, AwsError> {
        let now = self.now();
        let limit = self.dead_letter_limit(name)?;
        let receipt = self.next_id();
        let queue = self.queue(name)?;
        let until = now + receiving.visibility.unwrap_or(queue.settings.visibility);
        if let Some(id) = &receiving.attempt
            && let Some((receipt, messages)) = queue.attempts.find(id, now)
        {
            let same = |seq: &&u64| {
                let in_flight =
                    |it: &super::message::Message| matches!(it.whereabouts, Whereabouts::InFlight(_));
                queue.get(**seq).is_some_and(|message| message.receipt == receipt && in_flight(message))
            };
            if messages.iter().all(|seq| same(&seq)) {
                let messages = messages.to_vec();
                messages.iter().for_each(|seq| queue.hide(*seq, until));
                return Ok(self.handed_out(name, &messages, receipt));
            }
        }
        let room = queue.max_in_flight.saturating_sub(queue.in_flight());
        if room == 0 && queue.visible() > 0 && !queue.settings.fifo && receiving.wait.is_zero() {
            let message = "The maximum number of in flight messages is reached.";
            return Err(AwsError::new("OverLimit", message).with_status(http::StatusCode::FORBIDDEN));
        }
        let taken =
            queue.take(receiving.max.min(room), limit.as_ref().map(|(max, _)| *max), until, now, receipt);
        if let Some(id) = receiving.attempt.as_ref().filter(|_| !taken.received.is_empty()) {
            queue.attempts.remember(id, receipt, &taken.received, now);
        }
        let source = queue.arn.clone();
        for mut message in taken.dead {
            let Some((_, target)) = &limit else { continue };
            let target = self.queue(target)?;
            message.dead_letter_source = Some(source.clone());
            message.whereabouts = Whereabouts::Visible(now);
            if target.settings.fifo {
                // Only standard queues keep counting the age from the first queue.
                message.enqueued = now;
            }
            target.insert(message);
        }
        Ok(self.handed_out(name, &taken.received, receipt))
    }

    fn handed_out(&self, name: &str, messages: &[u64], receipt: u64) -> Vec<Received> {
        let Some(queue) = self.queues.get(name) else { return Vec::new() };
        let received = |seq: &u64| {
            let handle = Handle { seq: *seq, receipt }.encode(name);
            queue.get(*seq).map(|message| message.to_received(handle))
        };
        messages.iter().filter_map(received).collect()
    }

    /// After how many receives the queue gives up on a message, and the name of the queue that then gets it.
    fn dead_letter_limit(&mut self, name: &str) -> Result<Option<(u32, String)>, AwsError> {
        let queue = self.queues.get(name).ok_or_else(errors::no_such_queue)?;
        let Some(redrive) = &queue.settings.redrive else { return Ok(None) };
        // A dead-letter queue that is gone or refuses leaves the messages where they are.
        let target = self.name_of_arn(&redrive.target_arn).and_then(|name| self.queues.get(name));
        let target = target.filter(|target| target.settings.redrive_allow.allows(&queue.arn));
        Ok(target.map(|target| (redrive.max_receives, target.name.clone())))
    }
}
