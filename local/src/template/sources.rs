//! What feeds a function beside requests: queues, table streams and schedules.

use serde::Deserialize;
use serde_json::Value;

use super::{
    error::{Result, TemplateError},
    typed::{self, Flag, Ignored, Integer},
    when::When,
};

/// An event-source mapping from an SQS queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueSource {
    /// The event's name in the template.
    pub name: String,
    /// The queue's ARN.
    pub queue: String,
    /// The most messages of one invocation.
    pub batch_size: u32,
    /// Seconds to wait for a batch to fill.
    pub window: u32,
    /// Whether the function tells which messages failed.
    pub partial: bool,
    /// Patterns; a message that matches none is dropped. Empty lets all through.
    pub filters: Vec<Value>,
    /// How many batches may be in work at once.
    pub concurrency: Option<u32>,
}

/// An event-source mapping from a table's stream.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamSource {
    /// The event's name in the template.
    pub name: String,
    /// The stream's ARN.
    pub stream: String,
    /// Whether it starts at the oldest record kept (`TRIM_HORIZON`), or only sees new ones (`LATEST`).
    pub from_oldest: bool,
    /// The most records of one invocation.
    pub batch_size: u32,
    /// Seconds to wait for a batch to fill.
    pub window: u32,
    /// Whether the function tells which record failed first.
    pub partial: bool,
    /// Patterns; a record that matches none is passed over. Empty lets all through.
    pub filters: Vec<Value>,
    /// Whether a failed batch is halved.
    pub bisect: bool,
    /// How often a failed batch is tried again; none: until its records expire.
    pub retries: Option<u32>,
    /// Seconds after which a record is given up.
    pub max_age: Option<u64>,
    /// Where a batch that was given up is kept.
    pub on_failure: Option<Destination>,
    /// Whether the destination's type is given: then the transform lets the function's role write there.
    pub on_failure_granted: bool,
    /// How many batches of one shard may be in work at once, each with its own items.
    pub parallelization: u32,
}

/// Where the record of a failed invocation goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// An S3 bucket, by ARN: keeps the whole batch.
    Bucket(String),
    /// An SQS queue, by ARN: keeps where the batch is.
    Queue(String),
    /// An SNS topic, by ARN: tells where the batch is.
    Topic(String),
}

/// A schedule of EventBridge Scheduler.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// When it fires.
    pub when: When,
    /// What it sends; nothing sends what the Scheduler sends by itself.
    pub input: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SqsEvent {
    queue: String,
    batch_size: Option<Integer>,
    maximum_batching_window_in_seconds: Option<Integer>,
    function_response_types: Option<Vec<String>>,
    filter_criteria: Option<FilterCriteria>,
    scaling_config: Option<Scaling>,
    enabled: Option<Flag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Scaling {
    maximum_concurrency: Option<Integer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterCriteria {
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    pattern: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct StreamEvent {
    stream: String,
    starting_position: String,
    batch_size: Option<Integer>,
    maximum_batching_window_in_seconds: Option<Integer>,
    function_response_types: Option<Vec<String>>,
    filter_criteria: Option<FilterCriteria>,
    bisect_batch_on_function_error: Option<Flag>,
    maximum_retry_attempts: Option<Integer>,
    maximum_record_age_in_seconds: Option<Integer>,
    destination_config: Option<DestinationConfig>,
    parallelization_factor: Option<Integer>,
    enabled: Option<Flag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DestinationConfig {
    on_failure: OnFailure,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OnFailure {
    destination: String,
    #[serde(rename = "Type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ScheduleEvent {
    schedule_expression: String,
    schedule_expression_timezone: Option<String>,
    input: Option<String>,
    name: Option<String>,
    state: Option<String>,
    #[serde(rename = "Description")]
    _description: Option<Ignored>,
    #[serde(rename = "FlexibleTimeWindow")]
    _window: Option<Ignored>,
    #[serde(rename = "RetryPolicy")]
    _retry: Option<Ignored>,
    #[serde(rename = "DeadLetterConfig")]
    _dead_letters: Option<Ignored>,
    #[serde(rename = "RoleArn")]
    _role: Option<Ignored>,
    #[serde(rename = "PermissionsBoundary")]
    _boundary: Option<Ignored>,
    #[serde(rename = "GroupName")]
    _group: Option<Ignored>,
    #[serde(rename = "OmitName")]
    _omit: Option<Ignored>,
    #[serde(rename = "KmsKeyArn")]
    _key: Option<Ignored>,
}

pub(super) fn queue_source(properties: Value, path: &str, name: &str) -> Result<Option<QueueSource>> {
    let event: SqsEvent = typed::parse(properties, path)?;
    if event.enabled.is_some_and(|enabled| !enabled.0) {
        return Ok(None);
    }
    let source = QueueSource {
        name: name.to_owned(),
        queue: event.queue,
        batch_size: bounded(event.batch_size, 10, 1, 10_000, &format!("{path}.BatchSize"))?,
        window: window(event.maximum_batching_window_in_seconds, path)?,
        partial: partial(event.function_response_types, path)?,
        filters: filters(event.filter_criteria, path)?,
        concurrency: match event.scaling_config.and_then(|scaling| scaling.maximum_concurrency) {
            None => None,
            some => Some(bounded(some, 2, 2, 1000, &format!("{path}.ScalingConfig.MaximumConcurrency"))?),
        },
    };
    if source.batch_size > 10 && source.window == 0 {
        let reason = "is over 10, so MaximumBatchingWindowInSeconds must be at least 1";
        return Err(TemplateError::new(format!("{path}.BatchSize"), reason));
    }
    Ok(Some(source))
}

pub(super) fn stream_source(properties: Value, path: &str, name: &str) -> Result<Option<StreamSource>> {
    let event: StreamEvent = typed::parse(properties, path)?;
    if event.enabled.is_some_and(|enabled| !enabled.0) {
        return Ok(None);
    }
    // -1 stands for "without end" in both limits.
    let limit = |value: Option<Integer>| value.filter(|value| value.0 >= 0);
    Ok(Some(StreamSource {
        name: name.to_owned(),
        stream: event.stream,
        from_oldest: match event.starting_position.as_str() {
            "TRIM_HORIZON" => true,
            "LATEST" => false,
            other => {
                let reason = format!("{other:?} is neither TRIM_HORIZON nor LATEST");
                return Err(TemplateError::new(format!("{path}.StartingPosition"), reason));
            }
        },
        batch_size: bounded(event.batch_size, 100, 1, 10_000, &format!("{path}.BatchSize"))?,
        window: window(event.maximum_batching_window_in_seconds, path)?,
        partial: partial(event.function_response_types, path)?,
        filters: filters(event.filter_criteria, path)?,
        bisect: event.bisect_batch_on_function_error.is_some_and(|bisect| bisect.0),
        retries: match limit(event.maximum_retry_attempts) {
            None => None,
            some => Some(bounded(some, 0, 0, 10_000, &format!("{path}.MaximumRetryAttempts"))?),
        },
        max_age: limit(event.maximum_record_age_in_seconds).map(Integer::count),
        on_failure_granted: event
            .destination_config
            .as_ref()
            .is_some_and(|config| config.on_failure.kind.is_some()),
        on_failure: match event.destination_config {
            None => None,
            Some(config) => Some(destination(
                &config.on_failure.destination,
                &format!("{path}.DestinationConfig.OnFailure"),
            )?),
        },
        parallelization: bounded(
            event.parallelization_factor,
            1,
            1,
            10,
            &format!("{path}.ParallelizationFactor"),
        )?,
    }))
}

pub(super) fn schedule(properties: Value, path: &str, name: String) -> Result<Option<Schedule>> {
    let event: ScheduleEvent = typed::parse(properties, path)?;
    if event.state.as_deref() == Some("DISABLED") {
        return Ok(None);
    }
    if event.schedule_expression_timezone.as_deref().is_some_and(|zone| zone != "UTC") {
        return Err(TemplateError::new(
            format!("{path}.ScheduleExpressionTimezone"),
            "local schedules in UTC only",
        ));
    }
    let when = When::parse(&event.schedule_expression)
        .map_err(|reason| TemplateError::new(format!("{path}.ScheduleExpression"), reason))?;
    Ok(Some(Schedule { name: event.name.unwrap_or(name), when, input: event.input }))
}

fn bounded(value: Option<Integer>, default: u32, low: u32, high: u32, path: &str) -> Result<u32> {
    let Some(value) = value else { return Ok(default) };
    u32::try_from(value.0)
        .ok()
        .filter(|value| (low..=high).contains(value))
        .ok_or_else(|| TemplateError::new(path, format!("{} isn't between {low} and {high}", value.0)))
}

fn window(value: Option<Integer>, path: &str) -> Result<u32> {
    bounded(value, 0, 0, 300, &format!("{path}.MaximumBatchingWindowInSeconds"))
}

fn partial(types: Option<Vec<String>>, path: &str) -> Result<bool> {
    match types.unwrap_or_default().as_slice() {
        [] => Ok(false),
        [one] if one == "ReportBatchItemFailures" => Ok(true),
        _ => Err(TemplateError::new(
            format!("{path}.FunctionResponseTypes"),
            "knows ReportBatchItemFailures only",
        )),
    }
}

fn filters(criteria: Option<FilterCriteria>, path: &str) -> Result<Vec<Value>> {
    let filters = criteria.map(|criteria| criteria.filters).unwrap_or_default();
    filters
        .into_iter()
        .enumerate()
        .map(|(index, filter)| {
            serde_json::from_str(&filter.pattern).map_err(|error| {
                let path = format!("{path}.FilterCriteria.Filters[{index}].Pattern");
                TemplateError::new(path, format!("isn't JSON: {error}"))
            })
        })
        .collect()
}

fn destination(arn: &str, path: &str) -> Result<Destination> {
    match arn.split(':').nth(2) {
        Some("s3") => Ok(Destination::Bucket(arn.to_owned())),
        Some("sqs") => Ok(Destination::Queue(arn.to_owned())),
        Some("sns") => Ok(Destination::Topic(arn.to_owned())),
        _ => Err(TemplateError::new(path, format!("local can't keep failed records in {arn}"))),
    }
}
