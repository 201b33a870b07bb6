//! Moving messages back from a dead-letter queue: `StartMessageMoveTask` and its companions.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    Sqs, errors,
    ids::uuid,
    message::{Content, Whereabouts},
    queue::Queue,
    state::State,
};
use crate::AwsError;

/// How many messages one step moves when no velocity is asked for.
const STEP: usize = 500;

/// A task that moves messages.
#[derive(Clone, Debug)]
pub(super) struct MoveTask {
    pub handle: String,
    pub source_arn: String,
    /// Otherwise every message goes back to the queue that gave up on it.
    pub destination_arn: Option<String>,
    /// Messages in a second.
    pub velocity: Option<usize>,
    pub moved: u64,
    pub to_move: u64,
    /// Milliseconds.
    pub started: i64,
    pub status: Status,
    pub failure: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Running,
    Completed,
    Cancelled,
    Failed,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
        }
    }
}

impl Sqs {
    /// Starts a task, moves its first messages at once and the others in the background.
    pub(super) fn start_move(
        &self,
        source_arn: &str,
        destination_arn: Option<String>,
        velocity: Option<usize>,
    ) -> Result<String, AwsError> {
        let handle = self.with(|state| state.add_task(source_arn, destination_arn, velocity))?;
        if self.with(|state| Ok(state.move_some(&handle)))? {
            // Weak, so that a task doesn't keep a service alive that nobody uses.
            let (inner, handle) = (Arc::downgrade(&self.0), handle.clone());
            let pause = if velocity.is_some() { Duration::from_secs(1) } else { Duration::from_millis(1) };
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(pause).await;
                    let Some(inner) = inner.upgrade() else { break };
                    match Sqs(inner).with(|state| Ok(state.move_some(&handle))) {
                        Ok(true) => {}
                        Ok(false) => break,
                        Err(error) => {
                            tracing::warn!(%error, "messages are not moved back");
                            break;
                        }
                    }
                }
            });
        }
        Ok(handle)
    }
}

impl State {
    fn add_task(
        &mut self,
        source_arn: &str,
        destination_arn: Option<String>,
        velocity: Option<usize>,
    ) -> Result<String, AwsError> {
        if let Some(velocity) = velocity.filter(|velocity| !(1..=500).contains(velocity)) {
            let reason = "Must be between 1 and 500.";
            return Err(errors::invalid_value("MaxNumberOfMessagesPerSecond", velocity, reason));
        }
        let source = self.existing(source_arn, "SourceArn")?;
        let to_move = self.queue(&source)?.visible() as u64;
        if let Some(arn) = &destination_arn {
            let destination = self.existing(arn, "DestinationArn")?;
            if destination == source {
                return Err(errors::invalid(
                    "Source queue arn and destination queue arn cannot be the same.",
                ));
            }
            let fifo = |name: &String| self.queues.get(name).is_some_and(|queue| queue.settings.fifo);
            if fifo(&source) != fifo(&destination) {
                return Err(errors::invalid("Source and destination must be queues of the same type."));
            }
        }
        let gives_up_to =
            |queue: &Queue| queue.settings.redrive.as_ref().is_some_and(|it| it.target_arn == source_arn);
        if !self.queues.values().any(gives_up_to) {
            return Err(errors::invalid("Source queue must be configured as a Dead Letter Queue."));
        }
        if self.tasks.iter().any(|task| task.source_arn == source_arn && task.status == Status::Running) {
            return Err(errors::invalid(
                "There is already a task running. Only one active task is allowed for a source queue arn at a given \
                 time.",
            ));
        }
        let id = uuid(self.next_id(), 3);
        let handle = STANDARD.encode(format!(r#"{{"taskId":"{id}","sourceArn":"{source_arn}"}}"#));
        self.tasks.push(MoveTask {
            handle: handle.clone(),
            source_arn: source_arn.to_owned(),
            destination_arn,
            velocity,
            moved: 0,
            to_move,
            started: self.now(),
            status: Status::Running,
            failure: None,
        });
        Ok(handle)
    }

    fn existing(&self, arn: &str, parameter: &str) -> Result<String, AwsError> {
        let name = self.name_of_arn(arn).filter(|name| self.queues.contains_key(*name));
        name.map(str::to_owned).ok_or_else(|| {
            errors::not_found(&format!(
                "The resource that you specified for the {parameter} parameter doesn't exist."
            ))
        })
    }

    /// One step of a task. Whether another must follow.
    fn move_some(&mut self, handle: &str) -> bool {
        let Some(index) = self.tasks.iter().position(|task| task.handle == handle) else { return false };
        let task = self.tasks[index].clone();
        if task.status != Status::Running {
            return false;
        }
        let max = task.velocity.unwrap_or(STEP);
        let outcome = self.move_back(&task, max);
        let task = &mut self.tasks[index];
        match outcome {
            Ok(moved) => {
                task.moved += moved as u64;
                // What comes in meanwhile is not of this task: else it might never end.
                if moved < max || task.moved >= task.to_move {
                    task.status = Status::Completed;
                }
            }
            Err((moved, reason)) => {
                task.moved += moved as u64;
                (task.status, task.failure) = (Status::Failed, Some(reason));
            }
        }
        task.status == Status::Running
    }

    /// Moves up to `max` messages: how many, and why no more.
    fn move_back(&mut self, task: &MoveTask, max: usize) -> Result<usize, (usize, &'static str)> {
        const GONE: &str = "AWS.SimpleQueueService.NonExistentQueue";
        let now = self.now();
        let source = self.name_of_arn(&task.source_arn).unwrap_or_default().to_owned();
        let candidates = self.queue(&source).map_err(|_| (0, GONE))?.movable(max);
        for (moved, seq) in candidates.iter().enumerate() {
            let Some(message) = self.queues.get(&source).and_then(|queue| queue.get(*seq)) else { continue };
            let arn = task.destination_arn.as_ref().or(message.dead_letter_source.as_ref());
            let arn = arn.ok_or((moved, "CouldNotDetermineMessageSource"))?;
            let target = self.name_of_arn(arn).map(str::to_owned);
            let target = target.filter(|name| self.queues.contains_key(name)).ok_or((moved, GONE))?;
            let Some(mut message) = self.queues.get_mut(&source).and_then(|queue| queue.remove(*seq)) else {
                continue;
            };
            // Moved back, it is a new message: id, age and receives start again.
            message.seq = self.ids.next(now);
            let content = Content { id: uuid(message.seq, 1), sent: now, ..message.content.as_ref().clone() };
            message.content = Arc::new(content);
            message.enqueued = now;
            message.receives = 0;
            message.first_received = None;
            message.last_received = None;
            message.receipt = 0;
            message.dead_letter_source = None;
            message.whereabouts = Whereabouts::Visible(now);
            if let Some(queue) = self.queues.get_mut(&target) {
                queue.insert(message);
            }
        }
        Ok(candidates.len())
    }

    /// Stops a task; what it moved stays moved. How many that was.
    pub fn cancel_move(&mut self, handle: &str) -> Result<u64, AwsError> {
        let source =
            source_of(handle).ok_or_else(|| errors::invalid("Value for parameter TaskHandle is invalid."))?;
        self.existing(&source, "SourceArn")?;
        let task = self.tasks.iter_mut().find(|task| task.handle == handle);
        let task = task.ok_or_else(|| errors::not_found("Task does not exist."))?;
        if task.status != Status::Running {
            return Err(errors::invalid("Only active tasks can be cancelled."));
        }
        task.status = Status::Cancelled;
        Ok(task.moved)
    }

    /// The latest tasks of a dead-letter queue, the newest first.
    pub fn list_moves(&self, source_arn: &str, max: usize) -> Result<Vec<MoveTask>, AwsError> {
        self.existing(source_arn, "SourceArn")?;
        let of_source = self.tasks.iter().rev().filter(|task| task.source_arn == source_arn);
        Ok(of_source.take(max).cloned().collect())
    }
}

/// The ARN of the dead-letter queue that a task's handle names.
pub(super) fn source_of(handle: &str) -> Option<String> {
    let json: serde_json::Value = serde_json::from_slice(&STANDARD.decode(handle).ok()?).ok()?;
    Some(json.get("sourceArn")?.as_str()?.to_owned())
}
