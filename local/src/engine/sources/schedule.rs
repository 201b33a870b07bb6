//! Runs a function by its schedule.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{json, value::RawValue};

use crate::{
    engine::{happening::Cause, ids, market::Engine},
    template::{FunctionSpec, Schedule},
};

/// Waits between the tries of a failed asynchronous invocation: one minute, then two.
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>
const RETRY_WAITS: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];

/// Starts a schedule: a rate counts from now.
pub(super) fn start(engine: &Arc<Engine>, function: &FunctionSpec, schedule: &Schedule) {
    let (engine, function, schedule) = (Arc::clone(engine), function.clone(), schedule.clone());
    let tasks = Arc::clone(&engine.tasks);
    tasks.spawn(async move {
        let mut last = engine.clock.now();
        while let Some(next) = schedule.when.next(last) {
            let wait = next.duration_since(engine.clock.now());
            tokio::select! {
                () = engine.closed() => return,
                () = tokio::time::sleep(Duration::try_from(wait).unwrap_or_default()) => {}
            }
            // A machine that slept wakes to one run, not to all it missed.
            last = if schedule.when.next(next).is_some_and(|after| after < engine.clock.now()) {
                engine.clock.now()
            } else {
                next
            };
            fire(&engine, &function, &schedule, next);
        }
    });
}

/// Invokes the function as the Scheduler does: without waiting, and again where it fails.
fn fire(engine: &Arc<Engine>, function: &FunctionSpec, schedule: &Schedule, at: Timestamp) {
    let event = event(engine, schedule, at);
    let under_way = engine.activity.begin();
    let (engine, id, retries) = (Arc::clone(engine), function.id.clone(), function.async_retries);
    let cause = Cause::Schedule(schedule.name.clone());
    let tasks = Arc::clone(&engine.tasks);
    tasks.spawn(async move {
        let Ok(event) = RawValue::from_string(event) else { return };
        let retries = usize::try_from(retries).unwrap_or(0).min(RETRY_WAITS.len());
        let mut waits = RETRY_WAITS.iter().take(retries);
        while engine.runner.run(&id, event.clone(), cause.clone()).await.is_err() {
            let Some(wait) = waits.next() else { break };
            tokio::time::sleep(*wait).await;
        }
        drop(under_way);
    });
}

/// What the Scheduler sends: the template's input, or an event of its own.
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>
fn event(engine: &Engine, schedule: &Schedule, at: Timestamp) -> String {
    let place = &engine.stack.place;
    let arn =
        format!("arn:aws:scheduler:{}:{}:schedule/default/{}", place.region, place.account, schedule.name);
    let id = ids::uuid(&engine.entropy);
    let time = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    match &schedule.input {
        Some(input) => [
            ("<aws.scheduler.schedule-arn>", arn.as_str()),
            ("<aws.scheduler.scheduled-time>", &time),
            ("<aws.scheduler.execution-id>", &id),
            ("<aws.scheduler.attempt-number>", "1"),
        ]
        .into_iter()
        .fold(input.clone(), |input, (name, value)| input.replace(name, value)),
        None => json!({
            "version": "0",
            "id": id,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": place.account,
            "time": time,
            "region": place.region,
            "resources": [arn],
            "detail": "{}",
        })
        .to_string(),
    }
}
