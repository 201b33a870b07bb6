//! What the authorizer found, on its way through the gateway to the function that answers.

use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

use super::{bucket::Policy, take::Taken};
use crate::http::{Code, Problem};

/// Why a request goes no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Too many came.
    Limited {
        /// Which limit it is.
        limit: String,
        /// Seconds until another try makes sense.
        retry_after: u32,
    },
    /// The store used up what it has for this day or month.
    Quota {
        /// Seconds until the next one begins.
        retry_after: u32,
    },
    /// A limit that must hold can't be looked at.
    Unavailable,
    /// The store does not take calls from pages of this origin.
    Origin,
}

/// One bucket, and what became of the wish for a token of it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: &'static str,
    policy: Policy,
    pub(super) taken: Taken,
    ends_in: Option<i64>,
}

/// What the authorizer found.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Why the request goes no further, if it doesn't.
    pub refusal: Option<Refusal>,
    pub(super) lines: Vec<Line>,
}

fn seconds(millis: i64) -> u32 {
    u32::try_from(millis.max(1).saturating_add(999) / 1000).unwrap_or(u32::MAX)
}

impl Line {
    pub(super) fn of(name: &'static str, policy: Policy, taken: Taken, ends_in: Option<i64>) -> Self {
        Self { name, policy, taken, ends_in }
    }

    pub(super) fn is_quota(&self) -> bool {
        self.ends_in.is_some()
    }

    /// Seconds until another token comes, where there is none; else until all are there.
    pub(super) fn reset(&self) -> u32 {
        if let Some(ends) = self.ends_in {
            return u32::try_from(ends).unwrap_or(u32::MAX);
        }
        match self.taken {
            Taken::Limited(wait) => seconds(wait),
            _ => {
                let missing = i64::from(self.policy.burst.saturating_sub(self.remaining()));
                seconds(self.policy.wait_for(missing * self.policy.token()))
            }
        }
    }

    fn remaining(&self) -> u32 {
        match self.taken {
            Taken::Passed(left) => left,
            _ => 0,
        }
    }

    /// As draft-ietf-httpapi-ratelimit-headers writes policies: `"store";q=1000;w=1`.
    fn policy(&self) -> String {
        let (quota, window) = match self.policy.rate {
            0 => (self.policy.burst, self.reset()),
            rate => (rate, self.policy.window),
        };
        format!("\"{}\";q={quota};w={window}", self.name)
    }

    /// As draft-ietf-httpapi-ratelimit-headers writes what is left: `"store";r=50;t=30`.
    fn state(&self) -> String {
        format!("\"{}\";r={};t={}", self.name, self.remaining(), self.reset())
    }
}

impl Verdict {
    /// Adds it to what the authorizer hands to the function.
    pub fn add_to(&self, context: &mut Map<String, Value>) {
        let mut put = |name: &str, value: Value| context.insert(name.to_owned(), value);
        match &self.refusal {
            None => {}
            Some(Refusal::Limited { limit, retry_after }) => {
                put("refused", "limited".into());
                put("limit", limit.clone().into());
                put("retry_after", (*retry_after).into());
            }
            Some(Refusal::Quota { retry_after }) => {
                put("refused", "quota".into());
                put("retry_after", (*retry_after).into());
            }
            Some(Refusal::Unavailable) => drop(put("refused", "unavailable".into())),
            Some(Refusal::Origin) => drop(put("refused", "origin".into())),
        }
        if !self.lines.is_empty() {
            let list = |of: fn(&Line) -> String| self.lines.iter().map(of).collect::<Vec<_>>().join(", ");
            put("rate_limit_policy", list(Line::policy).into());
            put("rate_limit", list(Line::state).into());
        }
    }
}

impl Refusal {
    /// Reads what [`Verdict::add_to`] wrote. Only the gateway can write what this reads.
    pub(crate) fn of_context<'a>(field: impl Fn(&str) -> Option<&'a Value>) -> Option<Self> {
        // The gateway may hand on a number as text.
        let number = |name| match field(name) {
            Some(Value::String(text)) => text.parse().ok(),
            value => value.and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok()),
        };
        let retry_after = number("retry_after").unwrap_or(1);
        Some(match field("refused")?.as_str()? {
            "limited" => {
                let limit = field("limit").and_then(Value::as_str).unwrap_or_default().to_owned();
                Self::Limited { limit, retry_after }
            }
            "quota" => Self::Quota { retry_after },
            "origin" => Self::Origin,
            _ => Self::Unavailable,
        })
    }
}

/// The headers that tell callers of limits, as the authorizer wrote them.
pub(crate) fn headers_of_context<'a>(
    field: impl Fn(&str) -> Option<&'a Value>,
) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    [("ratelimit-policy", "rate_limit_policy"), ("ratelimit", "rate_limit")].into_iter().filter_map(
        move |(header, name)| {
            let value = HeaderValue::from_str(field(name)?.as_str()?).ok()?;
            Some((HeaderName::from_static(header), value))
        },
    )
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Limited { limit, retry_after } => {
                let detail = format!(
                    "Too many requests: the limit \"{limit}\" is reached. Retry-After says when to go on."
                );
                Self::new(Code::RateLimited, detail).retry_after(retry_after)
            }
            Refusal::Quota { retry_after } => {
                let detail = "The store has used up its requests of this period.";
                Self::new(Code::RequestQuotaExceeded, detail).retry_after(retry_after)
            }
            Refusal::Unavailable => {
                Self::new(Code::Busy, "This can't be let through just now. Try again shortly.")
            }
            Refusal::Origin => {
                let detail =
                    "The store does not take calls from pages of this origin. Add it to the store's origins.";
                Self::new(Code::OriginRefused, detail).at("Origin")
            }
        }
    }
}
