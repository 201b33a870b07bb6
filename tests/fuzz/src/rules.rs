//! What AWS's services are told: rules and calls.

use std::{cell::RefCell, sync::Arc};

use http::Request;
use jiff::Timestamp;
use serde_json::Value;
use souk_cloud::{
    Caller, Cloud, CloudOptions, Place,
    iam::{Ask, Policy},
    pattern::{Dialect, Pattern},
};
use tokio::runtime::Runtime;

/// A list of a pattern and what it may match.
pub fn patterns(bytes: &[u8]) {
    let Ok(Value::Array(values)) = serde_json::from_slice::<Value>(bytes) else { return };
    let Some((pattern, data)) = values.split_first() else { return };
    for dialect in [Dialect::Events, Dialect::FilterPolicy] {
        if let Ok(pattern) = Pattern::parse_as(pattern, dialect) {
            data.iter().for_each(|data| _ = pattern.matches(data));
        }
    }
}

/// A list of a policy and what is asked of it: an action, a resource, leading keys.
pub fn policies(bytes: &[u8]) {
    let Ok(Value::Array(values)) = serde_json::from_slice::<Value>(bytes) else { return };
    let Some((document, asked)) = values.split_first() else { return };
    let Ok(policy) = Policy::parse(document) else { return };
    for asked in asked {
        let text = |place: usize| asked[place].as_str().unwrap_or_default().to_owned();
        let ask = Ask::new(text(0), text(1)).with("dynamodb:LeadingKeys", vec![text(2), text(3)]);
        let _ = policy.decide(&ask);
    }
    let _ = (policy.grants().len(), policy.unused().len());
}

/// After so many calls the services begin anew.
const CALLS: u32 = 2_000;

struct Services {
    runtime: Runtime,
    cloud: Arc<Cloud>,
    left: u32,
}

impl Services {
    fn new() -> Self {
        let now = Timestamp::constant(1_772_355_600, 0);
        let place = Place {
            account: "000000000000".into(),
            region: "eu-central-1".into(),
            clock: Arc::new(move || now),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        Self { runtime: runtime.unwrap(), cloud: Cloud::open(CloudOptions::new(place)).unwrap(), left: CALLS }
    }
}

/// A call: its target, or `form`, and its body.
pub fn aws(bytes: &[u8]) {
    thread_local! {
        static SERVICES: RefCell<Option<Services>> = const { RefCell::new(None) };
    }
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    let (target, body) = (&bytes[..end], bytes.get(end + 1..).unwrap_or_default().to_vec());
    let request = match target {
        b"form" => {
            Request::post("http://localhost/").header("content-type", "application/x-www-form-urlencoded")
        }
        b"mail" => Request::post("http://localhost/v2/email/outbound-emails")
            .header("content-type", "application/json"),
        target => Request::post("http://localhost/")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target),
    };
    let Ok(request) = request.body(body.into()) else { return };
    SERVICES.with_borrow_mut(|services| {
        if services.as_ref().is_none_or(|services| services.left == 0) {
            *services = Some(Services::new());
        }
        let services = services.as_mut().expect("they were opened");
        services.left -= 1;
        let caller = Caller::everything("fuzz");
        let _ = services.runtime.block_on(services.cloud.call(&caller, request));
    });
}
