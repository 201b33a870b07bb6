//! The simulation repeats itself, finds nothing where nothing is wrong, and finds what was planted.

use simulate::{Bounds, Bug, Plan, campaign, run, shrink};

#[test]
fn the_same_seed_is_the_same_run() {
    let hashes: Vec<u64> = [1, 2, 1, 2].iter().map(|seed| run(&Plan::of(*seed), None, false).hash).collect();
    assert_eq!((hashes[0], hashes[1]), (hashes[2], hashes[3]));
    assert_ne!(hashes[0], hashes[1]);
}

#[test]
fn some_seeds_hold() {
    let bounds = Bounds { from: 100, seeds: 5, time: None, first: false, jobs: 1 };
    let tally = campaign(bounds, None, Plan::of, |report| println!("{:?}", report.violations));
    assert!(tally.failed.is_empty(), "seed {}", tally.failed[0].plan.seed);
    assert!(tally.fault_count() > 50, "a calm sea proves nothing: {:?}", tally.faults);
    assert!(tally.orders > 5 && tally.commits > 500);
}

#[test]
fn planted_bugs_are_found_and_what_fails_is_made_small() {
    for name in ["placed-without-stock", "entry-not-written", "relay-first-only"] {
        let bounds = Bounds { from: 0, seeds: 60, time: None, first: true, jobs: 1 };
        let bug = Bug::named(name);
        assert!(bug.is_some(), "there is no bug {name}");
        let tally = campaign(bounds, bug, Plan::of, |_| {});
        let failed = tally.failed.first().unwrap_or_else(|| panic!("{name} was not found"));
        if name == "placed-without-stock" {
            let small = shrink(&failed.plan, bug, &failed.violations[0]);
            assert!(small.shoppers <= 2, "{small}");
            assert!(!run(&small, bug, false).violations.is_empty());
        }
    }
}
