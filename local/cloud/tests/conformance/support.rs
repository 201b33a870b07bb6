//! A cloud to ask, and SDK clients to ask it with.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_sdk_dynamodb::{
    config::{BehaviorVersion, Credentials, Region, SharedHttpClient, retry::RetryConfig},
    types::AttributeValue,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use souk_cloud::{CallRecord, Caller, Cloud, CloudOptions, Faults, Observer, Place, iam::Policy};

/// When every test begins.
pub const START: i64 = 1_780_000_000;

/// A place whose clock is tokio's: it stands still under a paused clock, and moves with it.
pub fn place() -> Place {
    let opened = (Timestamp::from_second(START).unwrap(), tokio::time::Instant::now());
    Place {
        account: "000000000000".to_owned(),
        region: "eu-central-1".to_owned(),
        clock: Arc::new(move || opened.0 + opened.1.elapsed()),
    }
}

/// An empty cloud in memory.
pub fn cloud() -> Arc<Cloud> {
    Cloud::open(CloudOptions::new(place())).unwrap()
}

/// An empty cloud in memory where `faults` make calls go wrong.
pub fn faulty(faults: impl Faults + 'static) -> Arc<Cloud> {
    Cloud::open(CloudOptions { faults: Some(Arc::new(faults)), ..CloudOptions::new(place()) }).unwrap()
}

/// Everything that a cloud's observer was told.
#[derive(Clone, Default)]
pub struct Records(Arc<Mutex<Vec<CallRecord>>>);

impl Observer for Records {
    fn called(&self, record: &CallRecord) {
        self.0.lock().unwrap().push(record.clone());
    }
}

impl Records {
    /// An empty cloud in memory whose calls are recorded here.
    pub fn cloud(&self) -> Arc<Cloud> {
        let observer: Arc<dyn Observer> = Arc::new(self.clone());
        Cloud::open(CloudOptions { observer: Some(observer), ..CloudOptions::new(place()) }).unwrap()
    }

    /// The last call.
    pub fn last(&self) -> CallRecord {
        self.0.lock().unwrap().last().cloned().unwrap()
    }
}

/// The owner of the account.
pub fn owner() -> Caller {
    Caller::everything("test")
}

/// A function that may do what one statement allows.
pub fn may(actions: &[&str], resources: &[&str]) -> Caller {
    let policy = json!({"Statement": {"Effect": "Allow", "Action": actions, "Resource": resources}});
    function(&policy)
}

/// A function with a policy.
pub fn function(policy: &Value) -> Caller {
    Caller::with_policy("carts", Arc::new(Policy::parse(policy).unwrap()))
}

/// An SDK client of `$crate_` for a caller, in process, that does not retry.
macro_rules! client {
    ($sdk:ident, $cloud:expr, $caller:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version($sdk::config::BehaviorVersion::latest())
                .region($sdk::config::Region::new("eu-central-1"))
                .credentials_provider($sdk::config::Credentials::new(
                    "AKIDEXAMPLE",
                    "secret",
                    None,
                    None,
                    "test",
                ))
                .retry_config($sdk::config::retry::RetryConfig::disabled())
                .http_client($cloud.http_client($caller))
                .build(),
        )
    };
}
pub(crate) use client;

/// The SDK's DynamoDB client for `caller`, in process, that does not retry.
pub fn dynamodb(cloud: &Arc<Cloud>, caller: Caller) -> aws_sdk_dynamodb::Client {
    client!(aws_sdk_dynamodb, cloud, caller)
}

/// The SDK's DynamoDB client with its default retries.
pub fn retrying(http: SharedHttpClient) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
        .retry_config(RetryConfig::standard())
        .http_client(http)
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

/// A text attribute.
pub fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number attribute.
pub fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// The name of the table of most tests.
pub const TABLE: &str = "market-orders";

/// The ARN of that table.
pub const TABLE_ARN: &str = "arn:aws:dynamodb:eu-central-1:000000000000:table/market-orders";

/// What a template declares of that table: the keys `pk` and `sk`, an index `by-owner`, a stream with `view`, and
/// `expires` as its time to live.
pub fn declared(view: &str) -> Value {
    json!({
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "owner", "AttributeType": "S"},
        ],
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "GlobalSecondaryIndexes": [{
            "IndexName": "by-owner",
            "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }],
        "StreamSpecification": {"StreamViewType": view},
        "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": true},
    })
}

/// Creates that table.
pub fn table(cloud: &Cloud, view: &str) {
    cloud.dynamodb.ensure_table(&declared(view)).unwrap();
}

/// Puts an item with these keys and the attribute `v`.
pub async fn put(client: &aws_sdk_dynamodb::Client, pk: &str, sk: &str, v: i64) {
    client
        .put_item()
        .table_name(TABLE)
        .item("pk", s(pk))
        .item("sk", s(sk))
        .item("v", n(v))
        .send()
        .await
        .unwrap();
}

/// A folder of its own, deleted with this value.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("souk-cloud-{}-{number}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A copy of the folder as it is: what SIGKILL would leave.
    pub fn copy(&self) -> Self {
        let copy = Self::new("copy");
        copy_all(&self.0, &copy.0);
        copy
    }

    /// The cloud that is kept in this folder.
    pub fn cloud(&self) -> Arc<Cloud> {
        Cloud::open(CloudOptions { data: Some(self.0.clone()), ..CloudOptions::new(place()) }).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn copy_all(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_all(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
