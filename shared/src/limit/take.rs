//! Taking a token: from what this environment holds, or else a block from the bucket in the table.

use std::time::Duration;

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};

use super::{
    bucket::{Bucket, Move, Plan, Policy, Step, plan, probe},
    lease::{Lease, Spent},
};
use crate::{
    runtime::App,
    store::{Item, Key, StoreError},
};

/// How often a take is planned anew when others took meanwhile. Each time it is known what they left.
const TRIES: u32 = 5;
/// How long a request waits for the table at the most, before it is taken to be out of reach.
const PATIENCE: Duration = Duration::from_secs(1);
/// An idle bucket is full, so that nothing is lost with its item. This long after it is full, it may go.
const KEPT: i64 = 3_600_000;

/// What became of the wish for one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is taken. About so many are left.
    Passed(u32),
    /// There is none for so many milliseconds.
    Limited(i64),
    /// The table can't be reached.
    Unreached,
}

/// Takes one token of the bucket at `key`.
pub async fn take(app: &App, key: &Key, policy: Policy, now: i64) -> Taken {
    let held = app.limits().lease(key, now);
    let mut lease = held.lock().await;
    match lease.spend(policy, now) {
        Spent::Yes => Taken::Passed(lease.remaining(policy, now)),
        Spent::Refused(wait) => Taken::Limited(wait),
        Spent::Unreached => Taken::Unreached,
        Spent::Ask(block) => {
            match tokio::time::timeout(PATIENCE, ask(app, key, policy, now, block, &mut lease)).await {
                Ok(Ok(taken)) => taken,
                // Who takes so fast that the table holds the bucket back is over any limit.
                Ok(Err(StoreError::Busy(_))) => Taken::Limited(lease.refused(policy, 1_000, None, now)),
                Ok(Err(error)) => unreached(&mut lease, now, &error.to_string()),
                Err(_) => unreached(&mut lease, now, "no answer in time"),
            }
        }
    }
}

fn unreached(lease: &mut Lease, now: i64, reason: &str) -> Taken {
    tracing::warn!(reason, "a limit could not be looked at");
    lease.unreached(now);
    Taken::Unreached
}

async fn ask(
    app: &App,
    key: &Key,
    policy: Policy,
    now: i64,
    block: u32,
    lease: &mut Lease,
) -> Result<Taken, StoreError> {
    // What was seen of it at another time, and what is seen now.
    let (mut known, mut seen) = (lease.known(), None);
    for _ in 0..TRIES {
        let step = match plan(policy, known, now, block) {
            Plan::Try(step) => step,
            Plan::Wait(_) if seen.is_none() && lease.may_be_wrong(policy, now) => probe(policy, now),
            Plan::Wait(wait) => return Ok(Taken::Limited(lease.refused(policy, wait, seen, now))),
        };
        match change(app, key, policy, step).await? {
            Ok(bucket) => {
                if lease.granted(policy, step.granted, bucket, now) {
                    return Ok(Taken::Passed(lease.remaining(policy, now)));
                }
                // All of it went for what was owed.
                (known, seen) = (Some(bucket), Some(bucket));
            }
            Err(stored) => (known, seen) = (stored, stored),
        }
    }
    // Others were faster each time: so little is left that it is as good as nothing.
    Ok(Taken::Limited(lease.refused(policy, 0, seen, now)))
}

/// Makes the change if its condition holds: what is stored then; else what is stored instead.
async fn change(
    app: &App,
    key: &Key,
    policy: Policy,
    step: Move,
) -> Result<Result<Bucket, Option<Bucket>>, StoreError> {
    let number = |number: i64| AttributeValue::N(number.to_string());
    let full = policy.wait_for(i64::from(policy.burst) * policy.token()).min(40 * 86_400_000);
    let expires = step.seen.saturating_add(full).saturating_add(KEPT) / 1000;
    let mut call = app
        .dynamodb()
        .update_item()
        .table_name(key.table().name(app.settings())?)
        .set_key(Some(key.item()))
        .expression_attribute_names("#kind", "kind")
        .expression_attribute_values(":kind", AttributeValue::S("limit".to_owned()))
        .expression_attribute_values(":seen", number(step.seen))
        .expression_attribute_values(":expires", number(expires))
        .return_values(ReturnValue::AllNew)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let (condition, mark) = match step.step {
        Step::Start { present, mark } => {
            call = call.expression_attribute_values(":present", number(present));
            call = call.expression_attribute_values(":mark", number(mark));
            ("attribute_not_exists(mark) OR mark < :present", ":mark")
        }
        Step::Add { least, most, cost } => {
            call = call.expression_attribute_values(":least", number(least));
            call = call.expression_attribute_values(":most", number(most));
            call = call.expression_attribute_values(":cost", number(cost));
            ("mark BETWEEN :least AND :most", "mark + :cost")
        }
        Step::Mend { was, mark } => {
            call = call.expression_attribute_values(":was", number(was));
            call = call.expression_attribute_values(":mark", number(mark));
            ("mark = :was", ":mark")
        }
    };
    let update = format!("SET mark = {mark}, seen = :seen, expires = :expires, #kind = :kind");
    match call.update_expression(update).condition_expression(condition).send().await {
        Ok(answer) => {
            let item = answer.attributes.unwrap_or_default();
            Ok(Ok(read(item)?))
        }
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                Ok(Err(refused.item.clone().map(read).transpose()?))
            }
            _ => Err(StoreError::of_call(&error)),
        },
    }
}

fn read(item: Item) -> Result<Bucket, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| StoreError::unreadable("limit", &error))
}
