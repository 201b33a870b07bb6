//! What a receiver does with a message afterwards: delete it, or change how long it stays hidden.

use super::{errors, handle::Handle, message::Whereabouts, state::State};
use crate::AwsError;

/// A message stays hidden for at most twelve hours after its receive, in milliseconds.
const MAX_HIDDEN: i64 = 43_200_000;

impl State {
    /// Deletes the message that the handle came with. Twice is fine.
    pub fn delete_message(&mut self, name: &str, receipt_handle: &str) -> Result<(), AwsError> {
        let queue = self.queue(name)?;
        let handle = Handle::decode(receipt_handle, name)?;
        let Some(message) = queue.get(handle.seq) else { return Ok(()) };
        let latest = message.receipt == handle.receipt;
        let in_flight = matches!(message.whereabouts, Whereabouts::InFlight(_));
        if queue.settings.fifo && !(latest && in_flight) {
            let reason = "The receipt handle has expired.";
            return Err(errors::invalid_value("ReceiptHandle", receipt_handle, reason));
        }
        // Only the handle of the latest receive deletes; an older one is accepted without effect.
        if latest {
            queue.remove(handle.seq);
        }
        Ok(())
    }

    /// Hides the message from now on for `seconds`; zero shows it.
    pub fn change_visibility(
        &mut self,
        name: &str,
        receipt_handle: &str,
        seconds: i64,
    ) -> Result<(), AwsError> {
        if !(0..=43_200).contains(&seconds) {
            let reason = "Must be between 0 and 43200.";
            return Err(errors::invalid_value("VisibilityTimeout", seconds, reason));
        }
        self.hide(name, receipt_handle, seconds * 1000)
    }

    /// The same in milliseconds, for callers inside.
    pub fn hide(&mut self, name: &str, receipt_handle: &str, milliseconds: i64) -> Result<(), AwsError> {
        let now = self.now();
        let queue = self.queue(name)?;
        let handle = Handle::decode(receipt_handle, name)?;
        let Some(message) = queue.get(handle.seq) else {
            let reason = "Message does not exist or is not available for visibility timeout change.";
            return Err(errors::invalid_value("ReceiptHandle", receipt_handle, reason));
        };
        let in_flight = matches!(message.whereabouts, Whereabouts::InFlight(_));
        // In a standard queue, the handle of the latest receive works even after the timeout.
        if message.receipt != handle.receipt || (queue.settings.fifo && !in_flight) {
            return Err(AwsError::new("MessageNotInflight", "The specified message isn't in flight."));
        }
        let until = now + milliseconds;
        if message.last_received.is_some_and(|at| until - at > MAX_HIDDEN) {
            let seconds = milliseconds / 1000;
            let reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]";
            return Err(errors::invalid_value("VisibilityTimeout", seconds, reason));
        }
        queue.hide(handle.seq, until);
        queue.settle(now);
        Ok(())
    }
}
