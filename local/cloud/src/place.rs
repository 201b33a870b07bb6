//! Where the emulated services are: what their ARNs say.

use std::sync::Arc;

use jiff::Timestamp;

/// Tells the time to every service.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The account and region of an emulated cloud, and its clock.
#[derive(Clone)]
pub struct Place {
    /// Twelve digits.
    pub account: String,
    /// Such as `eu-central-1`.
    pub region: String,
    /// The clock.
    pub clock: Clock,
}

impl Place {
    /// The ARN of `resource` in `service`, such as `arn:aws:sqs:eu-central-1:000000000000:orders`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }
}
