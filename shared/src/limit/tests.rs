//! Many environments on one bucket, over long times, by clocks that disagree.

use proptest::prelude::*;

use super::{
    bucket::{Bucket, Plan, Policy, SKEW, plan, probe},
    lease::{HOUSE, LEASE, Lease, Spent},
    policy::Class,
};

/// One environment: what it holds, and how far its clock is off.
#[derive(Clone, Copy, Debug, Default)]
struct Environment {
    lease: Lease,
    skew: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Count {
    passed: i64,
    refused: i64,
    writes: i64,
}

/// As `take` does it, with a table that answers at once. `lost` answers come too late to be of use.
fn request(
    environment: &mut Environment,
    table: &mut Option<Bucket>,
    policy: Policy,
    now: i64,
    count: &mut Count,
) {
    let now = now + environment.skew;
    let lease = &mut environment.lease;
    let block = match lease.spend(policy, now) {
        Spent::Yes => return count.passed += 1,
        Spent::Refused(_) | Spent::Unreached => return count.refused += 1,
        Spent::Ask(block) => block,
    };
    let (mut known, mut seen) = (lease.known(), None);
    for _ in 0..5 {
        let step = match plan(policy, known, now, block) {
            Plan::Try(step) => step,
            Plan::Wait(_) if seen.is_none() && lease.may_be_wrong(policy, now) => probe(policy, now),
            Plan::Wait(wait) => {
                lease.refused(policy, wait, seen, now);
                return count.refused += 1;
            }
        };
        count.writes += 1;
        if let Some(bucket) = step.apply(*table) {
            *table = Some(bucket);
            if lease.granted(policy, step.granted, bucket, now) {
                return count.passed += 1;
            }
            (known, seen) = (*table, *table);
            continue;
        }
        (known, seen) = (*table, *table);
    }
    lease.refused(policy, 0, seen, now);
    count.refused += 1;
}

/// A little generator of its own: proptest gives the seed, and shrinks it.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// What so many environments give at the most before they take any.
fn on_the_house(policy: Policy, environments: usize) -> i64 {
    i64::from(policy.on_the_house()) * i64::try_from(environments).unwrap()
}

/// `offered` percent of the rate, spread over environments at random, for `seconds`.
fn run(policy: Policy, skews: &[i64], offered: i64, seconds: i64, mut seed: u64) -> Count {
    let mut environments: Vec<_> =
        skews.iter().map(|&skew| Environment { skew, ..Environment::default() }).collect();
    let (mut table, mut count) = (None, Count::default());
    let requests = i64::from(policy.rate) * seconds * offered / 100 / i64::from(policy.window);
    for n in 0..requests {
        let now = 1_700_000_000_000 + seconds * 1000 * n / requests;
        let which = usize::try_from(random(&mut seed) % environments.len() as u64).unwrap();
        request(&mut environments[which], &mut table, policy, now, &mut count);
    }
    count
}

fn allowed(policy: Policy, seconds: i64) -> i64 {
    i64::from(policy.rate) * seconds / i64::from(policy.window) + i64::from(policy.burst)
}

fn policies() -> impl Strategy<Value = Policy> {
    prop_oneof![
        Just(Policy::per_second(100, 200)),
        Just(Policy::per_second(7, 3)),
        Just(Policy::per_second(40, 400)),
        Just(Policy::per_minute(90, 30)),
        (1_u32..50, 1_u32..100).prop_map(|(rate, burst)| Policy::per_second(rate, burst)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn with_one_time_the_limit_is_exceeded_by_what_is_on_the_house_at_the_most(
        policy in policies(), environments in 1_usize..40, offered in 90_i64..400, seed in 1_u64..,
    ) {
        let count = run(policy, &vec![0; environments], offered, 120, seed);
        let most = allowed(policy, 120) + on_the_house(policy, environments);
        prop_assert!(count.passed <= most, "{count:?}");
    }

    #[test]
    fn with_clocks_that_disagree_it_is_exceeded_by_less_than_a_twentieth(
        policy in policies(), skews in prop::collection::vec(-3_000_i64..=3_000, 1..40),
        offered in 90_i64..400, seed in 1_u64..,
    ) {
        let count = run(policy, &skews, offered, 600, seed);
        let most = allowed(policy, 600) * 105 / 100 + on_the_house(policy, skews.len());
        prop_assert!(count.passed <= most, "{count:?}");
    }

    #[test]
    fn of_a_steady_load_at_the_limit_four_fifths_pass(
        rate in 20_u32..200, times in 1_u32..5, skews in prop::collection::vec(-3_000_i64..=3_000, 1..20),
        offered in 100_i64..250, seed in 1_u64..,
    ) {
        let policy = Policy::per_second(rate, rate * times);
        let count = run(policy, &skews, offered, 300, seed);
        prop_assert!(count.passed * 100 >= i64::from(rate) * 300 * 80, "{count:?}");
    }

    #[test]
    fn a_clock_that_jumps_takes_no_more_than_a_burst_and_starves_nobody(
        jump in prop_oneof![-100_000_000_i64..-SKEW, SKEW + 1..100_000_000_i64], seed in 1_u64..,
    ) {
        let policy = Policy::per_second(50, 100);
        let (mut table, mut count, mut seed) = (None, Count::default(), seed);
        let mut environments = [Environment::default(); 8];
        let mut last = Count::default();
        for n in 0..40_000_i64 {
            // For one request in the middle, one clock is wrong.
            let wrong = n == 20_000;
            environments[0].skew = if wrong { jump } else { 0 };
            if wrong {
                last = count;
            }
            let which = if wrong { 0 } else { usize::try_from(random(&mut seed) % 8).unwrap() };
            request(&mut environments[which], &mut table, policy, 1_700_000_000_000 + n * 10, &mut count);
        }
        prop_assert!(count.passed <= allowed(policy, 400) + 100 + 5, "{count:?}");
        let after = count.passed - last.passed;
        prop_assert!(after * 100 >= 50 * 199 * 80, "{after} of {}", 50 * 199);
    }

    #[test]
    fn the_arithmetic_never_overflows(
        rate in any::<u32>(), burst in any::<u32>(), window in 1_u32..100_000,
        mark in any::<i64>(), seen in any::<i64>(), now in 0_i64..4_000_000_000_000, wanted in any::<u32>(),
    ) {
        let policy = Policy { rate: rate % 1_000_001, burst: burst % 100_000_001, window };
        let bucket = Bucket { mark: mark / 4, seen: seen / 4_000_000_000 };
        if let Plan::Try(step) = plan(policy, Some(bucket), now, wanted) {
            let _ = step.apply(Some(bucket));
        }
    }
}

#[test]
fn a_steady_load_costs_few_writes() {
    let count = run(Policy::per_second(1_000, 2_000), &[0; 10], 80, 60, 7);
    assert_eq!(count.refused, 0, "{count:?}");
    assert!(count.writes * 20 < count.passed, "{count:?}");
}

#[test]
fn who_comes_seldom_costs_no_writes_and_whoever_comes_often_pays_for_the_first_too() {
    let policy = Policy::per_second(50, 200);
    let (mut environment, mut table, mut count) = (Environment::default(), None, Count::default());
    for n in 0..20 {
        request(&mut environment, &mut table, policy, 1_700_000_000_000 + n * 12_000, &mut count);
    }
    assert_eq!(count, Count { passed: 20, refused: 0, writes: 0 });
    let now = 1_700_000_000_000 + HOUSE * 20;
    let mut count = Count::default();
    for _ in 0..1_000 {
        request(&mut environment, &mut table, policy, now, &mut count);
    }
    assert_eq!(count.passed, 200, "what was on the house is taken off the burst");
    assert!(count.writes > 0);
}

#[test]
fn what_is_scarce_is_not_on_the_house() {
    for class in Class::ALL {
        assert_eq!(class.policy().on_the_house(), 0, "{class:?}");
    }
    assert_eq!(Policy::in_all(1_000_000).on_the_house(), 0);
}

#[test]
fn a_flood_costs_few_writes() {
    let count = run(Policy::per_second(100, 200), &[0; 10], 10_000, 20, 7);
    // Ten environments at a hundred times the limit: each asks about ten times a second.
    assert!(count.writes < 20 * 10 * 12, "{count:?}");
    assert!(count.writes * 50 < count.refused, "{count:?}");
}

#[test]
fn what_is_not_spent_in_time_is_lost() {
    let policy = Policy::per_second(100, 60);
    let (mut lease, mut table) = (Lease::default(), None);
    let Spent::Ask(block) = lease.spend(policy, 1_000_000) else { panic!("nothing is held") };
    let Plan::Try(step) = plan(policy, None, 1_000_000, block.max(10)) else { panic!("the bucket is full") };
    table = step.apply(table);
    assert!(lease.granted(policy, step.granted, table.unwrap(), 1_000_000));
    assert_eq!(lease.spend(policy, 1_000_000 + LEASE - 1), Spent::Yes);
    assert!(matches!(lease.spend(policy, 1_000_000 + LEASE), Spent::Ask(_)));
}

#[test]
fn a_period_gives_what_it_has_and_no_more() {
    let policy = Policy::in_all(500);
    let (mut environments, mut table, mut count) = ([Environment::default(); 5], None, Count::default());
    for n in 0..5_000_i64 {
        let which = usize::try_from(n % 5).unwrap();
        request(&mut environments[which], &mut table, policy, 1_700_000_000_000 + n, &mut count);
    }
    assert!((450..=500).contains(&count.passed), "{count:?}");
}

#[test]
fn a_small_limit_is_not_wasted_on_many_environments() {
    let policy = Policy::per_minute(10, 10);
    let (mut environments, mut table, mut count) = ([Environment::default(); 10], None, Count::default());
    for environment in &mut environments {
        request(environment, &mut table, policy, 1_700_000_000_000, &mut count);
    }
    assert_eq!(count, Count { passed: 10, refused: 0, writes: count.writes });
    request(&mut environments[0], &mut table, policy, 1_700_000_000_001, &mut count);
    assert_eq!(count.refused, 1);
}
