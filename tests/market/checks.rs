//! What has to hold of any template of Souk. Each check names the resource at fault and the setting; the tests in
//! `wiring` hold the real template to them, those in `mutations` show that nothing can be taken out of it unnoticed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use serde_json::{Value, json};
use souk::{http::Access, limit::policy::class_of, link::Purpose, runtime::Kind};
use souk_local::{
    functions,
    template::{Destination, FunctionSpec, Queue, Stack},
};

/// Says what is wrong, line by line, or that nothing is.
pub type Check = fn(&Stack) -> Result<(), String>;

/// All of them.
pub const CHECKS: [Check; 8] =
    [deployed, routes, authorizers, sources, queues, senders, streams, subscriptions];

/// All faults of a template, whichever check finds them.
pub fn all(stack: &Stack) -> Result<(), String> {
    let faults: Vec<_> = CHECKS.iter().filter_map(|check| check(stack).err()).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// The faults that one check finds.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn require(&mut self, holds: bool, fault: impl Display) {
        if !holds {
            self.0.push(fault.to_string());
        }
    }

    fn verdict(self) -> Result<(), String> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0.join("\n")) }
    }
}

/// Every function of the code is deployed, and nothing else.
pub fn deployed(stack: &Stack) -> Result<(), String> {
    let mut faults = Faults::default();
    let code: BTreeSet<_> = functions().iter().map(|function| function.name().to_owned()).collect();
    let deployed: BTreeSet<_> = stack.functions.values().map(|function| function.binary.clone()).collect();
    for name in code.difference(&deployed) {
        faults.require(false, format!("no function is built from {name}"));
    }
    for name in deployed.difference(&code) {
        faults.require(false, format!("a function is built from {name}, which is no code of ours"));
    }
    faults.verdict()
}

/// Every route of the code is in the template, with its function and its authorizer, and the other way round.
pub fn routes(stack: &Stack) -> Result<(), String> {
    let mut faults = Faults::default();
    let mut code = BTreeMap::new();
    for function in functions() {
        for route in function.routes().into_iter().flat_map(souk::http::Routes::iter) {
            // Also where everybody may call: the authorizer takes the limits of what guesses at secrets.
            let authorized = matches!(route.access(), Access::Scope(_)) || class_of(&route.key()).is_some();
            code.insert(route.key(), (function.name().to_owned(), authorized));
        }
    }
    let mut wired = BTreeMap::new();
    for route in stack.api.iter().flat_map(|api| &api.routes) {
        let binary = stack.functions[&route.function].binary.clone();
        wired.insert(route.key.clone(), (binary, route.authorizer.is_some()));
    }
    for (key, (function, authorized)) in &code {
        match wired.get(key) {
            None => faults.require(false, format!("{key}: no function is routed to; {function} answers it")),
            Some((other, _)) if other != function => {
                faults.require(false, format!("{key}: routed to {other}; {function} answers it"));
            }
            Some((_, asked)) => {
                let (is, ought) =
                    (if *asked { "is" } else { "isn't" }, if *authorized { "ought" } else { "ought not" });
                faults.require(
                    asked == authorized,
                    format!("{key}: the authorizer {is} asked; it {ought} to be"),
                );
            }
        }
    }
    for key in wired.keys() {
        faults.require(code.contains_key(key), format!("{key}: routed, and no function answers it"));
    }
    faults.verdict()
}

/// The API may ask its authorizer, and asks about every request.
pub fn authorizers(stack: &Stack) -> Result<(), String> {
    let mut faults = Faults::default();
    let Some(api) = &stack.api else { return Err("there is no HTTP API".to_owned()) };
    for (name, authorizer) in &api.authorizers {
        let what = format!("{}, authorizer {name}", api.id);
        faults.require(
            authorizer.invocable,
            format!("{what}: the API may not invoke it (EnableFunctionDefaultPermissions)"),
        );
        faults.require(
            authorizer.identity.is_empty(),
            format!("{what}: with an identity source the gateway answers by itself"),
        );
        faults.require(
            authorizer.ttl == 0,
            format!("{what}: its answers are kept, so a key that was revoked goes on working"),
        );
    }
    faults.verdict()
}

/// Every function is fed by what it is made for, and a stream's reader by each table that it reads.
pub fn sources(stack: &Stack) -> Result<(), String> {
    let mut faults = Faults::default();
    for function in functions() {
        let Some(spec) = stack.function(function.name()) else { continue };
        let kind = function.kind();
        for (fed, made_for, what) in [
            (!spec.queues.is_empty(), kind == Kind::Queue, "a queue"),
            (!spec.streams.is_empty(), kind == Kind::Stream, "a table's stream"),
            (!spec.schedules.is_empty(), kind == Kind::Schedule, "a schedule"),
        ] {
            faults.require(fed || !made_for, format!("{}: nothing feeds it from {what}", spec.id));
            faults.require(!fed || made_for, format!("{}: is fed from {what}, and not made for it", spec.id));
        }
    }
    for (binary, end) in [
        ("relay-events", "-events"),
        ("follow-orders", "-events"),
        ("relay-events", "-state"),
        ("record-audit", "-state"),
    ] {
        let Some((id, table)) = stack.tables.iter().find(|(_, table)| table.name.ends_with(end)) else {
            continue;
        };
        let arn = table.stream.as_ref().map(|stream| &stream.arn);
        let read = stack
            .function(binary)
            .is_some_and(|spec| spec.streams.iter().any(|source| Some(&source.stream) == arn));
        faults.require(read, format!("{id}: {binary} doesn't hear of what is committed to it"));
    }
    for (id, table) in stack.tables.iter().filter(|(id, _)| *id == "VaultTable") {
        let untold = table.stream.is_none();
        faults.require(untold, format!("{id}: a stream would keep keys that were destroyed"));
    }
    faults.verdict()
}

/// Queues keep what fails and hide what is worked on, and say so: nothing hangs on a default.
pub fn queues(stack: &Stack) -> Result<(), String> {
    let mut faults = Faults::default();
    for (spec, partial, id, queue) in fed_by_queues(stack) {
        faults.require(
            partial,
            format!("{}: one bad message of {id} holds up its batch (ReportBatchItemFailures)", spec.id),
        );
        let enough =
            queue.attributes.contains_key("VisibilityTimeout") && queue.visibility >= 6 * spec.timeout;
        let hidden = queue.visibility;
        faults.require(
            enough,
            format!("{id}: VisibilityTimeout of {hidden} s is below six timeouts of {}", spec.id),
        );
        let kept = number(queue, "MessageRetentionPeriod");
        faults.require(kept.is_some(), format!("{id}: has no MessageRetentionPeriod"));
        let limit = redrive_limit(queue);
        faults.require(
            limit >= Some(5),
            format!("{id}: gives up after {limit:?} tries (RedrivePolicy, maxReceiveCount)"),
        );
        let dead = queue
            .dead_letters
            .as_ref()
            .and_then(|arn| stack.queues.iter().find(|(_, dead)| dead.arn == *arn));
        faults.require(dead.is_some(), format!("{id}: has no dead-letter queue (RedrivePolicy)"));
        if let Some((dead, letters)) = dead {
            let longer = number(letters, "MessageRetentionPeriod") > kept;
            faults.require(longer, format!("{dead}: MessageRetentionPeriod is no longer than that of {id}"));
        }
    }
    for (id, queue) in &stack.queues {
        let encrypted = queue.attributes.get("SqsManagedSseEnabled").is_some_and(|on| on == "true");
        faults.require(encrypted, format!("{id}: isn't encrypted (SqsManagedSseEnabled)"));
    }
    faults.verdict()
}

/// Only the topic, by SNS, may send to a queue that is subscribed.
pub fn senders(stack: &Stack) -> Result<(), String> {
    let mut faults = Faults::default();
    for subscription in stack.subscriptions.values() {
        let Some((id, queue)) = stack.queues.iter().find(|(_, queue)| queue.arn == subscription.endpoint)
        else {
            continue;
        };
        let policies = stack.queue_policies.iter().filter(|policy| policy.queues.contains(&queue.url));
        let statements: Vec<_> = policies
            .flat_map(|policy| policy.document["Statement"].as_array().into_iter().flatten())
            .collect();
        let expected = [
            ("Effect", json!("Allow")),
            ("Principal", json!({"Service": "sns.amazonaws.com"})),
            ("Action", json!("sqs:SendMessage")),
            ("Resource", json!(queue.arn)),
            ("Condition", json!({"ArnEquals": {"aws:SourceArn": subscription.topic}})),
        ];
        faults
            .require(!statements.is_empty(), format!("{id}: nobody may send to it (AWS::SQS::QueuePolicy)"));
        for statement in statements {
            for (part, value) in &expected {
                let is = &statement[*part];
                faults.require(is == value, format!("{id}: its policy's {part} is {is}, not {value}"));
            }
        }
    }
    faults.verdict()
}

/// A stream's reader gives up on a bad record, alone and after a while, and keeps it.
pub fn streams(stack: &Stack) -> Result<(), String> {
    let mut faults = Faults::default();
    for spec in stack.functions.values() {
        for source in &spec.streams {
            let what = format!("{}, event {}", spec.id, source.name);
            let mut require =
                |holds: bool, setting: &str| faults.require(holds, format!("{what}: {setting}"));
            require(source.bisect, "a bad record takes its batch along (BisectBatchOnFunctionError)");
            require(source.partial, "what succeeded is done again (ReportBatchItemFailures)");
            require(source.from_oldest, "misses what was committed before it (StartingPosition)");
            let bounded = source.retries.is_some_and(|retries| (1..=100).contains(&retries));
            require(bounded, "tries for ever, or not at all (MaximumRetryAttempts)");
            require(
                source.max_age.is_some(),
                "tries for as long as the stream remembers (MaximumRecordAgeInSeconds)",
            );
            let keeps = matches!(source.on_failure, Some(Destination::Bucket(_)));
            require(keeps, "only a bucket keeps the whole record (DestinationConfig)");
            require(source.on_failure_granted, "the function may not write there (OnFailure, Type)");
            let facts = stack.table_by_stream(&source.stream).is_some_and(|table| table.ttl.is_none());
            let heard: &[(&str, &str)] = match (spec.binary.as_str(), facts) {
                ("follow-orders", _) => &[("NewImage", "\"order\"")],
                ("record-audit", _) => &[("NewImage", "\"audit\"")],
                (_, true) => &[("NewImage", "\"order\""), ("NewImage", "\"balance_change\"")],
                // A deletion has an old image only.
                (_, false) => &[("NewImage", "\"product\""), ("OldImage", "\"product\"")],
            };
            let filters = |(image, kind): &(&str, &str)| {
                let patterns = source.filters.iter().map(ToString::to_string);
                patterns.into_iter().any(|pattern| pattern.contains(image) && pattern.contains(kind))
            };
            let filtered = heard.iter().all(filters);
            require(filtered, "wakes for what it has nothing to do with (FilterCriteria)");
        }
    }
    faults.verdict()
}

/// Functions that only do what follow-orders could not.
const FALLBACKS: [&str; 2] = ["project-orders", "issue-invoices"];

/// Every queue hears of what its function acts on, and of nothing else.
pub fn subscriptions(stack: &Stack) -> Result<(), String> {
    let mut faults = Faults::default();
    let links = Purpose::ALL.into_iter().map(Purpose::event);
    let mailed: Vec<_> = links.collect();
    let booked = ["gift_card.", "store_credit."].map(|prefix| json!({ "prefix": prefix }));
    let expected = BTreeMap::from([
        (
            "advance-orders",
            json!([
                "order.placed",
                "order.review_approved",
                "order.review_rejected",
                "order.cancel_requested",
                "order.capture_requested",
                "order.fulfillment_created",
                "order.refund_requested",
                "order.return_received",
                "order.edit_requested",
            ]),
        ),
        ("post-ledger", json!(booked)),
        ("send-notifications", json!(mailed)),
    ]);
    for (spec, _, queue_id, queue) in fed_by_queues(stack) {
        let subscription =
            stack.subscriptions.iter().find(|(_, subscription)| subscription.endpoint == queue.arn);
        // What happened to orders comes by the stream, and only what failed there by these.
        let fed_by_failures = FALLBACKS.contains(&spec.binary.as_str());
        if subscription.is_none() && fed_by_failures {
            continue;
        }
        let Some((id, subscription)) = subscription else {
            faults.require(false, format!("{queue_id}: no subscription brings {} its events", spec.binary));
            continue;
        };
        let attribute = |name: &str| subscription.attributes.get(name).map(String::as_str);
        faults.require(
            attribute("RawMessageDelivery") == Some("true"),
            format!("{id}: RawMessageDelivery isn't true"),
        );
        let by_attributes = attribute("FilterPolicyScope") == Some("MessageAttributes");
        faults.require(by_attributes, format!("{id}: FilterPolicyScope isn't MessageAttributes"));
        let filter: Value =
            attribute("FilterPolicy").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let (heard, nothing) = (&filter["type"], json!([]));
        let ought = expected.get(spec.binary.as_str()).unwrap_or(&nothing);
        faults.require(
            heard == ought,
            format!("{id}: FilterPolicy lets {heard} through, and {} acts on {ought}", spec.binary),
        );
    }
    faults.verdict()
}

/// Each function with a queue that feeds it, whether its mapping takes partial answers, and the queue's logical id.
fn fed_by_queues(stack: &Stack) -> impl Iterator<Item = (&FunctionSpec, bool, &String, &Queue)> {
    stack.functions.values().flat_map(move |spec| {
        spec.queues.iter().filter_map(move |source| {
            let (id, queue) = stack.queues.iter().find(|(_, queue)| queue.arn == source.queue)?;
            Some((spec, source.partial, id, queue))
        })
    })
}

fn number(queue: &Queue, attribute: &str) -> Option<u64> {
    queue.attributes.get(attribute)?.parse().ok()
}

fn redrive_limit(queue: &Queue) -> Option<u64> {
    let policy: Value = serde_json::from_str(queue.attributes.get("RedrivePolicy")?).ok()?;
    let limit = &policy["maxReceiveCount"];
    limit.as_u64().or_else(|| limit.as_str()?.parse().ok())
}
