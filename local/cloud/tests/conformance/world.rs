//! Where the questions about queues and topics go: to an emulated cloud in this process, or to the endpoint that
//! `SOUK_AWS_ENDPOINT` names, be it another emulator or AWS itself.
//!
//! In process, time is tokio's and passes at once. Against an endpoint it is real: tests that would wait for long
//! are skipped, names are unique, and what was created is deleted.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, resume_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_sdk_sqs::{
    config::{BehaviorVersion, Credentials, Region, SharedHttpClient},
    error::{ProvideErrorMetadata, SdkError},
    types::{Message, MessageSystemAttributeName, QueueAttributeName},
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use futures::FutureExt;
use souk_cloud::{Caller, Cloud};

use crate::support;

/// The longest that a test waits in real time.
const PATIENCE: Duration = Duration::from_secs(15);

/// SDK clients, and what was created with them.
#[derive(Clone)]
pub struct World {
    /// `None` against an endpoint.
    pub cloud: Option<Arc<Cloud>>,
    pub sqs: aws_sdk_sqs::Client,
    pub sns: aws_sdk_sns::Client,
    prefix: String,
    created: Arc<Mutex<Vec<String>>>,
}

/// Runs a test and cleans up after it, also when it fails.
pub async fn world<F: Future<Output = ()>>(test: impl FnOnce(World) -> F) {
    let world = World::open();
    let outcome = AssertUnwindSafe(test(world.clone())).catch_unwind().await;
    if world.cloud.is_none() {
        world.clean().await;
    }
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

impl World {
    fn open() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let endpoint = std::env::var("SOUK_AWS_ENDPOINT").ok();
        let (cloud, http) = match &endpoint {
            None => {
                let cloud = support::cloud();
                let http = cloud.http_client(Caller::everything("test"));
                (Some(cloud), http)
            }
            Some(_) => {
                // Sockets know nothing of a paused clock.
                tokio::time::resume();
                (None, over_sockets())
            }
        };
        let id = std::process::id();
        let prefix = if cloud.is_some() { String::new() } else { format!("souk-{id}-{number}-") };
        let (sqs, sns) = clients(&http, endpoint.as_deref());
        Self { cloud, sqs, sns, prefix, created: Arc::default() }
    }

    /// Lets time pass. Returns false, at once, where that would take too long.
    pub async fn pass(&self, time: Duration) -> bool {
        let can = self.cloud.is_some() || time <= PATIENCE;
        if can {
            tokio::time::sleep(time).await;
        }
        can
    }

    /// A name of its own.
    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// A queue of its own: its URL.
    pub async fn queue(&self, name: &str, attributes: &[(QueueAttributeName, &str)]) -> String {
        let fifo = name.ends_with(".fifo").then_some((QueueAttributeName::FifoQueue, "true".to_owned()));
        let attributes = attributes.iter().map(|(name, value)| (name.clone(), (*value).to_owned()));
        let attributes: HashMap<_, _> = attributes.chain(fifo).collect();
        let created = self.sqs.create_queue().queue_name(self.name(name)).set_attributes(Some(attributes));
        let url = created.send().await.unwrap().queue_url.unwrap();
        self.created.lock().unwrap().push(url.clone());
        url
    }

    /// A topic of its own: its ARN.
    pub async fn topic(&self, name: &str) -> String {
        let fifo = name.ends_with(".fifo").then_some("true");
        let mut create = self.sns.create_topic().name(self.name(name));
        if let Some(fifo) = fifo {
            create = create.attributes("FifoTopic", fifo).attributes("ContentBasedDeduplication", "true");
        }
        let arn = create.send().await.unwrap().topic_arn.unwrap();
        self.created.lock().unwrap().push(arn.clone());
        arn
    }

    /// A queue that a topic may send to, subscribed to it with attributes: its URL.
    pub async fn subscriber(&self, topic: &str, name: &str, attributes: &[(&str, &str)]) -> String {
        let url = self.queue(name, &[]).await;
        let arn = self.arn(&url).await;
        self.allow(&url, "sns.amazonaws.com", topic).await;
        let mut subscribe = self.sns.subscribe().topic_arn(topic).protocol("sqs").endpoint(arn);
        for (name, value) in attributes {
            subscribe = subscribe.attributes(*name, *value);
        }
        subscribe.send().await.unwrap();
        url
    }

    /// Lets a service send to a queue for one source.
    pub async fn allow(&self, url: &str, service: &str, source: &str) {
        let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": "sqs:SendMessage",
            "Resource": self.arn(url).await,
            "Condition": { "ArnEquals": { "aws:SourceArn": source } },
        }] });
        self.set(url, QueueAttributeName::Policy, &policy.to_string()).await;
    }

    /// Sets one attribute of a queue.
    pub async fn set(&self, url: &str, name: QueueAttributeName, value: &str) {
        self.sqs.set_queue_attributes().queue_url(url).attributes(name, value).send().await.unwrap();
    }

    /// One attribute of a queue.
    pub async fn attribute(&self, url: &str, name: QueueAttributeName) -> Option<String> {
        let get = self.sqs.get_queue_attributes().queue_url(url).attribute_names(name.clone());
        get.send().await.unwrap().attributes.and_then(|mut attributes| attributes.remove(&name))
    }

    pub async fn arn(&self, url: &str) -> String {
        self.attribute(url, QueueAttributeName::QueueArn).await.unwrap()
    }

    /// How many messages are visible, in flight, and delayed.
    pub async fn depth(&self, url: &str) -> [usize; 3] {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let get = self.sqs.get_queue_attributes().queue_url(url).set_attribute_names(Some(names.to_vec()));
        let attributes = get.send().await.unwrap().attributes.unwrap();
        names.map(|name| attributes[&name].parse().unwrap())
    }

    /// Sends a text: its message id.
    pub async fn send(&self, url: &str, body: &str) -> String {
        self.sqs.send_message().queue_url(url).message_body(body).send().await.unwrap().message_id.unwrap()
    }

    /// Receives up to `max` messages with all their attributes, waiting a second for the first.
    pub async fn receive(&self, url: &str, max: i32) -> Vec<Message> {
        let receive =
            self.sqs.receive_message().queue_url(url).max_number_of_messages(max).wait_time_seconds(1);
        let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
        receive.message_attribute_names("All").send().await.unwrap().messages.unwrap_or_default()
    }

    /// Receives one message.
    pub async fn one(&self, url: &str) -> Message {
        let mut messages = self.receive(url, 1).await;
        assert_eq!(messages.len(), 1, "one message in {url}");
        messages.remove(0)
    }

    /// Receives and deletes until nothing comes: the bodies.
    pub async fn drain(&self, url: &str) -> Vec<String> {
        let mut bodies = Vec::new();
        loop {
            let messages = self.receive(url, 10).await;
            if messages.is_empty() {
                return bodies;
            }
            for message in messages {
                self.delete(url, &message).await;
                bodies.push(message.body.unwrap());
            }
        }
    }

    pub async fn delete(&self, url: &str, message: &Message) {
        let handle = message.receipt_handle().unwrap();
        self.sqs.delete_message().queue_url(url).receipt_handle(handle).send().await.unwrap();
    }

    /// Hides a received message for so many seconds from now.
    pub async fn hide(&self, url: &str, message: &Message, seconds: i32) {
        let change = self.sqs.change_message_visibility().queue_url(url).visibility_timeout(seconds);
        change.receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
    }

    async fn clean(&self) {
        let created = std::mem::take(&mut *self.created.lock().unwrap());
        for id in created {
            if id.starts_with("arn:") {
                let _ = self.sns.delete_topic().topic_arn(id).send().await;
            } else {
                let _ = self.sqs.delete_queue().queue_url(id).send().await;
            }
        }
    }
}

fn over_sockets() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

fn clients(http: &SharedHttpClient, endpoint: Option<&str>) -> (aws_sdk_sqs::Client, aws_sdk_sns::Client) {
    let from_env = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let credentials = Credentials::new(
        from_env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        from_env("AWS_SECRET_ACCESS_KEY", "secret"),
        std::env::var("AWS_SESSION_TOKEN").ok(),
        None,
        "test",
    );
    let region = Region::new(from_env("AWS_REGION", "eu-central-1"));
    let mut sqs = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region.clone())
        .credentials_provider(credentials.clone())
        .http_client(http.clone());
    let mut sns = aws_sdk_sns::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region)
        .credentials_provider(credentials)
        .http_client(http.clone());
    if let Some(endpoint) = endpoint {
        sqs = sqs.endpoint_url(endpoint);
        sns = sns.endpoint_url(endpoint);
    }
    (aws_sdk_sqs::Client::from_conf(sqs.build()), aws_sdk_sns::Client::from_conf(sns.build()))
}

/// What an error says: its code, and its message.
#[track_caller]
pub fn refusal<T, E: ProvideErrorMetadata, R>(outcome: Result<T, SdkError<E, R>>) -> (String, String) {
    let Err(error) = outcome else { panic!("should be refused") };
    (error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
}

/// Of an error, the code.
#[track_caller]
pub fn code<T, E: ProvideErrorMetadata, R>(outcome: Result<T, SdkError<E, R>>) -> String {
    refusal(outcome).0
}

/// A system attribute of a received message.
#[track_caller]
pub fn system<'a>(message: &'a Message, name: &MessageSystemAttributeName) -> &'a str {
    message.attributes().and_then(|attributes| attributes.get(name)).map(String::as_str).unwrap_or_default()
}

/// How often a message was received.
#[track_caller]
pub fn receives(message: &Message) -> &str {
    system(message, &MessageSystemAttributeName::ApproximateReceiveCount)
}
