//! One account in one region.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Weak, atomic::AtomicU64},
};

use crate::{Faults, Kms, Objects, Observer, Place, Secrets, Ses, Sns, Sqs, dynamodb::DynamoDb};

/// How a cloud is opened.
#[derive(Clone)]
pub struct CloudOptions {
    /// What ARNs say, and the clock.
    pub place: Place,
    /// The folder that keeps everything, so that it survives SIGKILL. Without it all is in memory.
    pub data: Option<PathBuf>,
    /// Told of every call.
    pub observer: Option<Arc<dyn Observer>>,
    /// Makes calls go wrong.
    pub faults: Option<Arc<dyn Faults>>,
    /// Enforces DynamoDB's 1,000 write and 3,000 read units a second on each partition key.
    pub partition_limits: bool,
    /// Lets others go on before each call, as they do while one is under way to AWS. Else a function that makes many is
    /// not interrupted by them.
    pub gives_way: bool,
}

impl CloudOptions {
    /// A cloud in memory, where nothing goes wrong.
    pub fn new(place: Place) -> Self {
        Self { place, data: None, observer: None, faults: None, partition_limits: false, gives_way: false }
    }
}

/// The emulated services of one account and region, and IAM in front of them.
pub struct Cloud {
    /// What ARNs say, and the clock.
    pub place: Place,
    /// DynamoDB and its streams.
    pub dynamodb: DynamoDb,
    /// SQS.
    pub sqs: Sqs,
    /// SNS.
    pub sns: Sns,
    /// SES.
    pub ses: Ses,
    /// Secrets Manager.
    pub secrets: Secrets,
    /// KMS.
    pub kms: Kms,
    /// S3 buckets, as far as services write to them.
    pub objects: Objects,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) faults: Option<Arc<dyn Faults>>,
    pub(crate) gives_way: bool,
    pub(crate) requests: AtomicU64,
    /// Itself, for calls that go on without their caller.
    pub(crate) me: Weak<Self>,
}

/// A cloud that can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// Its folder, or a file in it.
    #[error("the emulated cloud's files in {path}: {source}")]
    Files {
        /// What could not be read or written.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its database.
    #[error("the emulated DynamoDB: {0}")]
    Database(String),
    /// Its queues or topics.
    #[error("the emulated queues and topics: {0}")]
    Queues(String),
    /// A file holds what this version can't read.
    #[error("{path} can't be read: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl CloudError {
    pub(crate) fn files(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Files { path, source }
    }
}

impl Cloud {
    /// Opens a cloud: empty, or as the folder kept it.
    pub fn open(options: CloudOptions) -> Result<Arc<Self>, CloudError> {
        let CloudOptions { place, data, observer, faults, partition_limits, gives_way } = options;
        let data = data.as_deref();
        if let Some(folder) = data {
            std::fs::create_dir_all(folder).map_err(CloudError::files(folder))?;
        }
        let dynamodb = DynamoDb::open(place.clone(), data)?;
        dynamodb.limit_partitions(partition_limits);
        let sqs = Sqs::open(place.clone(), data).map_err(|error| CloudError::Queues(error.to_string()))?;
        let sns = Sns::open(place.clone(), sqs.clone(), data)
            .map_err(|error| CloudError::Queues(error.to_string()))?;
        let ses = Ses::open(place.clone(), data)?;
        let secrets = Secrets::open(place.clone(), data)?;
        let kms = Kms::open(place.clone(), data)?;
        let objects = Objects::open(data)?;
        Ok(Arc::new_cyclic(|me| Self {
            place,
            dynamodb,
            sqs,
            sns,
            ses,
            secrets,
            kms,
            objects,
            observer,
            faults,
            gives_way,
            requests: AtomicU64::new(1),
            me: me.clone(),
        }))
    }
}
