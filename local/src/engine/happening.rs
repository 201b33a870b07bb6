//! What happens in a market, told to whoever listens: the console, a demo, a test.

use std::time::Duration;

use souk_cloud::CallRecord;

use super::tripwire::Trespass;

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Happening {
    /// The gateway answered a request.
    Request(RequestRecord),
    /// A function ran.
    Run(RunRecord),
    /// A function, or somebody at the loopback endpoint, called AWS.
    Call(Box<CallRecord>),
    /// An event was published to a topic.
    Published {
        /// The topic's name.
        topic: String,
        /// The message's attribute `type`, where it has one.
        kind: Option<String>,
        /// The message.
        message: String,
    },
    /// Messages of a queue were handed to a function.
    Delivered {
        /// The queue's name.
        queue: String,
        /// The function's logical id.
        function: String,
        /// How many.
        messages: usize,
        /// How many of them the function failed on: they come again.
        failed: usize,
        /// How many of them were received for the first time.
        fresh: usize,
        /// What their bodies weigh.
        bytes: usize,
    },
    /// Messages went to a dead-letter queue.
    DeadLettered {
        /// The queue that gave up on them.
        queue: String,
        /// The dead-letter queue.
        dead_letters: String,
        /// How many are there now.
        waiting: usize,
    },
    /// Records of a stream were given up.
    GaveUp {
        /// The function's logical id.
        function: String,
        /// The table.
        table: String,
        /// How many records.
        records: usize,
        /// Where they are kept, where they are.
        kept: Option<String>,
    },
    /// A function measured something: a line in CloudWatch's embedded metric format.
    Metric(String),
    /// A mail was sent.
    Mail {
        /// Its subject.
        subject: String,
        /// How many recipients. Who they are is nobody's business but the outbox's.
        recipients: usize,
    },
    /// A payment provider notified a store.
    Webhook(WebhookRecord),
    /// A function named a key that is none of its invocation's business, and was refused.
    Trespass(Trespass),
}

/// A payment provider's notification, and how it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookRecord {
    /// The provider's name, as in the address of its notifications.
    pub provider: &'static str,
    /// The store.
    pub store: String,
    /// The order whose payment it is about.
    pub payment: String,
    /// The first time, the second …
    pub attempt: usize,
    /// The answer's status. Anything but 2xx has it sent again.
    pub status: u16,
}

/// A request and its answer, as the access log knows them.
#[derive(Clone, Debug)]
pub struct RequestRecord {
    /// Of the gateway.
    pub request_id: String,
    /// Such as `GET`.
    pub method: String,
    /// The path, decoded.
    pub path: String,
    /// The route that matched.
    pub route: Option<String>,
    /// The function that answered.
    pub function: Option<String>,
    /// The answer's status.
    pub status: u16,
    /// Bytes of the answer's body.
    pub bytes: usize,
    /// From the request's arrival to the answer.
    pub duration: Duration,
    /// The line for the access log, where the template asks for one.
    pub access_log: Option<String>,
}

/// One run of a function.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// The function's logical id.
    pub function: String,
    /// Its binary's name.
    pub binary: String,
    /// The run's request id.
    pub request_id: String,
    /// What invoked it.
    pub cause: Cause,
    /// How long it took.
    pub duration: Duration,
    /// How long it kept a processor of this machine busy, and whatever stands in for AWS in this process with it.
    pub busy: Duration,
    /// The function's memory, in MB.
    pub memory: u32,
    /// How it ended: nothing went wrong, or what did.
    pub failure: Option<String>,
}

/// What invokes a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A request on this route.
    Request(String),
    /// The gateway asks who is calling.
    Authorization,
    /// Messages of this queue.
    Queue(String),
    /// Records of this table's stream.
    Stream(String),
    /// This schedule.
    Schedule(String),
    /// Somebody who names it.
    Direct,
}

impl Cause {
    /// Whether nobody waits for the answer.
    pub(crate) fn is_behind_the_scenes(&self) -> bool {
        matches!(self, Self::Queue(_) | Self::Stream(_) | Self::Schedule(_))
    }
}
