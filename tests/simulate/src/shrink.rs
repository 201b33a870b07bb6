//! From a run that failed to a smaller one that fails the same way.

use crate::{Bug, Plan, run};

/// How many smaller runs are tried.
const TRIES: u32 = 60;

/// What was wrong, without what differs from run to run.
fn what(violation: &str) -> &str {
    violation.split(':').next().unwrap_or_default()
}

/// The smallest plan that was found which fails as `plan` does, whose first violation is `violation`.
pub fn shrink(plan: &Plan, bug: Option<&'static Bug>, violation: &str) -> Plan {
    let (mut best, mut tries) = (plan.clone(), 0);
    let fails =
        |plan: &Plan| run(plan, bug, false).violations.iter().any(|other| what(other) == what(violation));
    loop {
        let smaller = smaller(&best).into_iter().find(|plan| {
            tries += 1;
            tries <= TRIES && fails(plan)
        });
        match smaller {
            Some(plan) => best = plan,
            None => return best,
        }
    }
}

/// What is a step smaller, the largest steps first.
fn smaller(plan: &Plan) -> Vec<Plan> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Plan)| {
        let mut other = plan.clone();
        change(&mut other);
        if other != *plan {
            all.push(other);
        }
    };
    with(&|plan| plan.shoppers = plan.shoppers.div_ceil(2));
    with(&|plan| plan.chores /= 2);
    for &kind in plan.chances.keys() {
        with(&|plan| _ = plan.chances.remove(&kind));
    }
    with(&|plan| plan.shoppers = plan.shoppers.saturating_sub(1).max(1));
    with(&|plan| plan.chores = plan.chores.saturating_sub(1));
    with(&|plan| plan.skus = 1);
    with(&|plan| plan.buckets = 1);
    all
}
