//! A template, resolved: everything that the local market makes and runs.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{api::HttpApi, messaging::*, sources::*, storage::*};

/// Where a stack lives: what its ARNs and names are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackPlace {
    /// The stack's name, the first part of most names in it.
    pub stack: String,
    /// Twelve digits.
    pub account: String,
    /// Such as `eu-central-1`.
    pub region: String,
}

impl Default for StackPlace {
    fn default() -> Self {
        Self {
            stack: "souk".to_owned(),
            account: "000000000000".to_owned(),
            region: "eu-central-1".to_owned(),
        }
    }
}

/// Everything that a template declares, with its names, ARNs and settings resolved.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// Where it lives.
    pub place: StackPlace,
    /// The functions, by logical id.
    pub functions: BTreeMap<String, FunctionSpec>,
    /// The HTTP API, where there is one.
    pub api: Option<HttpApi>,
    /// Tables, by logical id.
    pub tables: BTreeMap<String, Table>,
    /// Queues, by logical id.
    pub queues: BTreeMap<String, Queue>,
    /// Who may send to which queue.
    pub queue_policies: Vec<QueuePolicy>,
    /// Topics, by logical id.
    pub topics: BTreeMap<String, Topic>,
    /// Subscriptions, by logical id.
    pub subscriptions: BTreeMap<String, Subscription>,
    /// Secrets, by logical id.
    pub secrets: BTreeMap<String, Secret>,
    /// Encryption keys, by logical id.
    pub keys: BTreeMap<String, EncryptionKey>,
    /// Names of buckets, by logical id.
    pub buckets: BTreeMap<String, String>,
    /// Verified senders of mail.
    pub identities: Vec<String>,
    /// Functions and the service that an `AWS::Lambda::Permission` lets invoke them.
    pub permissions: Vec<(String, String)>,
    /// Outputs.
    pub outputs: BTreeMap<String, String>,
}

/// One function.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionSpec {
    /// Its id in the template.
    pub id: String,
    /// Its name at AWS.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The binary that the template builds for it, and so the package it comes from.
    pub binary: String,
    /// MB of memory.
    pub memory: u32,
    /// Seconds it may run.
    pub timeout: u32,
    /// Its environment variables.
    pub environment: BTreeMap<String, String>,
    /// The statements of its IAM policy.
    pub statements: Vec<Value>,
    /// How many may run at once, where the template says so.
    pub reserved_concurrency: Option<u32>,
    /// How often a failed asynchronous invocation is tried again.
    pub async_retries: u32,
    /// The queues it is fed from.
    pub queues: Vec<QueueSource>,
    /// The table streams it is fed from.
    pub streams: Vec<StreamSource>,
    /// When it runs by itself.
    pub schedules: Vec<Schedule>,
}

impl Stack {
    /// The queue with this ARN.
    pub fn queue_by_arn(&self, arn: &str) -> Option<&Queue> {
        self.queues.values().find(|queue| queue.arn == arn)
    }

    /// The table with this stream.
    pub fn table_by_stream(&self, arn: &str) -> Option<&Table> {
        self.tables.values().find(|table| table.stream.as_ref().is_some_and(|stream| stream.arn == arn))
    }

    /// The function known by its id, name, ARN or binary.
    pub fn function(&self, called: &str) -> Option<&FunctionSpec> {
        self.functions.get(called).or_else(|| {
            self.functions.values().find(|function| {
                function.name == called || function.arn == called || function.binary == called
            })
        })
    }
}
