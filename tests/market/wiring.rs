//! The template, the code and the sample events say the same.

use souk_local::{
    functions,
    template::{Stack, TemplateOptions, load},
};
use souk_tests::template;

use crate::checks::{self, Check};

fn stack() -> Stack {
    load(&template(), &TemplateOptions::default()).unwrap()
}

#[track_caller]
fn holds(check: Check) {
    if let Err(faults) = check(&stack()) {
        panic!("template.yaml:\n{faults}");
    }
}

#[test]
fn every_function_is_in_the_template() {
    holds(checks::deployed);
}

#[test]
fn every_function_has_sample_events() {
    for function in functions() {
        let folder = format!("{}/../events/{}", env!("CARGO_MANIFEST_DIR"), function.name());
        let events = std::fs::read_dir(&folder).unwrap_or_else(|_| panic!("there is no {folder}")).count();
        assert!(events > 0, "{folder} is empty");
    }
}

#[test]
fn every_route_of_the_code_is_in_the_template_and_the_other_way_round() {
    holds(checks::routes);
}

#[test]
fn the_authorizer_is_asked_about_every_request() {
    holds(checks::authorizers);
}

#[test]
fn every_function_is_fed_by_what_it_is_made_for() {
    holds(checks::sources);
}

#[test]
fn queues_keep_what_fails_and_hide_what_is_worked_on() {
    holds(checks::queues);
}

#[test]
fn only_the_topic_may_send_to_its_queues() {
    holds(checks::senders);
}

#[test]
fn streams_give_up_on_a_bad_record_and_keep_it() {
    holds(checks::streams);
}

#[test]
fn every_queue_hears_of_what_its_function_acts_on() {
    holds(checks::subscriptions);
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
        assert_eq!(tables, 4);
        assert!(text.matches(needed).count() >= tables, "{needed}: {why}");
    }
    let short = text.matches("RecoveryPeriodInDays: 1 }").count();
    assert_eq!(short, 1, "a key that was destroyed is out of the vault's backups after a day");
    assert!(text.contains("Tracing: Active"), "requests can be followed through X-Ray");
}
