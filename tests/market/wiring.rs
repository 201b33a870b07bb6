//! The template, the code and the sample events say the same.

use std::collections::{BTreeMap, BTreeSet};

use souk::{
    http::{Access, Routes},
    runtime::Kind,
};
use souk_local::{
    functions,
    template::{Stack, TemplateOptions, load},
};
use souk_tests::template;

fn stack() -> Stack {
    load(&template(), &TemplateOptions::default()).unwrap()
}

#[test]
fn every_function_is_in_the_template_and_has_sample_events() {
    let stack = stack();
    let code: BTreeSet<_> = functions().iter().map(|function| function.name().to_owned()).collect();
    let deployed: BTreeSet<_> = stack.functions.values().map(|function| function.binary.clone()).collect();
    assert_eq!(code, deployed, "code on the left, template.yaml on the right");
    for name in code {
        let folder = format!("{}/../events/{name}", env!("CARGO_MANIFEST_DIR"));
        let events = std::fs::read_dir(&folder).unwrap_or_else(|_| panic!("there is no {folder}")).count();
        assert!(events > 0, "{folder} is empty");
    }
}

#[test]
fn every_route_of_the_code_is_in_the_template_and_the_other_way_round() {
    let stack = stack();
    let mut code = BTreeMap::new();
    for function in functions() {
        for route in function.routes().into_iter().flat_map(Routes::iter) {
            let authorized = matches!(route.access(), Access::Scope(_));
            code.insert(route.key(), (function.name().to_owned(), authorized));
        }
    }
    let mut wired = BTreeMap::new();
    for route in stack.api.iter().flat_map(|api| &api.routes) {
        let binary = stack.functions[&route.function].binary.clone();
        wired.insert(route.key.clone(), (binary, route.authorizer.is_some()));
    }
    for (key, route) in &code {
        assert_eq!(wired.get(key), Some(route), "{key}: (function, whether the authorizer is asked)");
    }
    for key in wired.keys() {
        assert!(code.contains_key(key), "template.yaml routes {key}, which no function answers");
    }
}

#[test]
fn every_function_is_fed_by_what_it_is_made_for() {
    let stack = stack();
    for function in functions() {
        let spec = stack.function(function.name()).unwrap();
        let fed = (!spec.queues.is_empty(), !spec.streams.is_empty(), !spec.schedules.is_empty());
        let expected = match function.kind() {
            Kind::Queue => (true, false, false),
            Kind::Stream => (false, true, false),
            Kind::Schedule => (false, false, true),
            Kind::Http | Kind::Authorizer | Kind::Direct => (false, false, false),
        };
        assert_eq!(fed, expected, "{}: (queues, streams, schedules)", function.name());
    }
}

#[test]
fn queues_keep_what_fails_and_hide_what_is_worked_on() {
    let stack = stack();
    let number = |queue: &souk_local::template::Queue, name: &str, default: u64| -> u64 {
        queue.attributes.get(name).map_or(default, |value| value.parse().unwrap())
    };
    const FOUR_DAYS: u64 = 345_600;
    for spec in stack.functions.values() {
        for source in &spec.queues {
            let queue = stack.queue_by_arn(&source.queue).unwrap();
            let name = &queue.name;
            assert!(
                source.partial,
                "{name}: one bad message must not hold up its batch (ReportBatchItemFailures)"
            );
            assert!(
                queue.visibility >= 6 * spec.timeout,
                "{name}: hidden for less than 6 timeouts of {}",
                spec.id
            );
            let dead =
                queue.dead_letters.as_ref().unwrap_or_else(|| panic!("{name} has no dead-letter queue"));
            let dead = stack.queue_by_arn(dead).unwrap();
            let (kept, kept_dead) = (
                number(queue, "MessageRetentionPeriod", FOUR_DAYS),
                number(dead, "MessageRetentionPeriod", FOUR_DAYS),
            );
            assert!(kept_dead > kept, "{}: keeps messages no longer than {name} does", dead.name);
            let redrive: serde_json::Value =
                serde_json::from_str(&queue.attributes["RedrivePolicy"]).unwrap();
            let limit = redrive["maxReceiveCount"]
                .as_u64()
                .or_else(|| redrive["maxReceiveCount"].as_str()?.parse().ok());
            assert!(limit >= Some(5), "{name}: gives up after {limit:?} tries");
            for queue in [queue, dead] {
                assert_eq!(
                    queue.attributes.get("SqsManagedSseEnabled").map(String::as_str),
                    Some("true"),
                    "{}",
                    queue.name
                );
            }
        }
    }
}

#[test]
fn streams_give_up_on_a_bad_record_and_keep_it() {
    let stack = stack();
    for spec in stack.functions.values() {
        for source in &spec.streams {
            let what = format!("{}, event {}", spec.id, source.name);
            assert!(source.bisect, "{what}: BisectBatchOnFunctionError");
            assert!(source.partial, "{what}: ReportBatchItemFailures");
            assert!(source.from_oldest, "{what}: nothing may be missed (TRIM_HORIZON)");
            assert!(
                source.retries.is_some_and(|retries| (1..=100).contains(&retries)),
                "{what}: MaximumRetryAttempts"
            );
            assert!(source.max_age.is_some(), "{what}: MaximumRecordAgeInSeconds");
            let keeps = matches!(source.on_failure, Some(souk_local::template::Destination::Bucket(_)));
            assert!(keeps, "{what}: only a bucket keeps the whole record");
        }
    }
    let read: BTreeSet<_> =
        stack.functions.values().flat_map(|spec| &spec.streams).map(|one| one.stream.clone()).collect();
    assert_eq!(read.len(), 2, "both tables' streams are relayed");
}

/// What each queue is to hear of, by the events that its function acts on.
#[test]
fn every_queue_hears_of_what_its_function_acts_on() {
    let stack = stack();
    let expected = [
        (
            "advance-orders",
            vec![
                "order.placed",
                "order.review_approved",
                "order.review_rejected",
                "order.cancel_requested",
                "order.capture_requested",
                "order.fulfillment_created",
            ],
        ),
        ("send-notifications", vec!["order.confirmed", "order.canceled", "order.fulfillment_created"]),
    ];
    for spec in stack.functions.values().filter(|spec| !spec.queues.is_empty()) {
        let queue = &spec.queues[0].queue;
        let subscription = stack.subscriptions.values().find(|subscription| subscription.endpoint == *queue);
        let subscription =
            subscription.unwrap_or_else(|| panic!("nothing is subscribed for {}", spec.binary));
        assert_eq!(
            subscription.attributes.get("RawMessageDelivery").map(String::as_str),
            Some("true"),
            "{}",
            spec.binary
        );
        let filter: serde_json::Value =
            serde_json::from_str(&subscription.attributes["FilterPolicy"]).unwrap();
        match expected.iter().find(|(binary, _)| *binary == spec.binary) {
            Some((_, types)) => {
                let heard: BTreeSet<_> =
                    filter["type"].as_array().unwrap().iter().map(|t| t.as_str().unwrap()).collect();
                assert_eq!(heard, types.iter().copied().collect(), "{}", spec.binary);
            }
            None => assert_eq!(filter["type"], serde_json::json!([{"prefix": "order."}]), "{}", spec.binary),
        }
    }
}

#[test]
fn what_holds_facts_is_kept_and_encrypted() {
    let text = template();
    for (needed, why) in [
        ("DeletionProtectionEnabled: true", "a stack's end must not be the end of its orders"),
        ("PointInTimeRecoveryEnabled: true", "a mistake can be undone"),
        ("SSEEnabled: true", "encrypted at rest"),
    ] {
        let tables = text.matches("Type: AWS::DynamoDB::Table").count();
        assert_eq!(tables, 2);
        assert!(text.matches(needed).count() >= tables, "{needed}: {why}");
    }
    assert!(text.contains("Tracing: Active"), "requests can be followed through X-Ray");
}
