//! Metrics as log lines, in CloudWatch's embedded metric format: nothing to call, nothing to wait for.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::{fmt, sync::Arc};

use serde_json::{Map, Value, json};

use super::App;

/// Takes each metric's line. On Lambda that is standard output; elsewhere whatever wants to see them.
#[derive(Clone)]
pub struct MetricSink(Arc<dyn Fn(&str) + Send + Sync>);

impl MetricSink {
    /// Standard output, from where Lambda takes it to CloudWatch.
    pub fn stdout() -> Self {
        Self::from_fn(|line| println!("{line}"))
    }

    /// Whatever `take` does with each line.
    pub fn from_fn(take: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }
}

impl fmt::Debug for MetricSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetricSink")
    }
}

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
}

/// One measured value.
#[derive(Clone, Debug)]
pub struct Metric {
    name: &'static str,
    unit: Unit,
    value: i64,
    dimensions: Vec<(&'static str, String)>,
}

impl Metric {
    /// `value` of `name`.
    pub fn new(name: &'static str, unit: Unit, value: i64) -> Self {
        Self { name, unit, value, dimensions: Vec::new() }
    }

    /// Splits the metric by `name`. Dimensions cost: only what an operator alarms on, and never a store or a person.
    #[must_use]
    pub fn by(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.dimensions.push((name, value.into()));
        self
    }

    /// Writes it down.
    pub fn emit(self, app: &App) {
        let unit = format!("{:?}", self.unit);
        let names: Vec<&str> = self.dimensions.iter().map(|(name, _)| *name).collect();
        let mut line = Map::from_iter(
            self.dimensions.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())),
        );
        line.insert(self.name.to_owned(), self.value.into());
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": app.now().as_millisecond(),
                "CloudWatchMetrics": [{
                    "Namespace": "Souk",
                    "Dimensions": [names],
                    "Metrics": [{ "Name": self.name, "Unit": unit }],
                }],
            }),
        );
        (app.metrics().0)(&Value::Object(line).to_string());
    }
}
