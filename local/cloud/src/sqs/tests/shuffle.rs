//! Any sequence of calls: counts add up, groups keep their order, nothing is lost or comes twice at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::json;

use super::{Hands, queue, send};
use crate::sqs::{Received, Sqs};

/// A small generator (Knuth's MMIX constants): the same seed gives the same run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A queue, what it must hold, and what was received from it.
struct Run {
    hands: Hands,
    sqs: Sqs,
    arn: String,
    fifo: bool,
    /// Bodies that are not deleted, by group; bodies are numbers that rise.
    kept: BTreeMap<u64, BTreeSet<u64>>,
    /// Received and still hidden: until when, and the message.
    held: Vec<(i64, Received)>,
}

impl Run {
    fn new(fifo: bool) -> Self {
        let hands = Hands::new();
        let sqs = Sqs::open(hands.place(), None).unwrap();
        let arn = match fifo {
            true => queue(&sqs, "orders.fifo", &[("FifoQueue", "true")]),
            false => queue(&sqs, "orders", &[]),
        };
        Self { hands, sqs, arn, fifo, kept: BTreeMap::new(), held: Vec::new() }
    }

    fn now(&self) -> i64 {
        self.hands.place().now().as_millisecond()
    }

    async fn send(&mut self, group: u64, number: u64, delay: u64) {
        let mut input =
            json!({ "MessageBody": format!("{group}/{number}"), "MessageGroupId": group.to_string() });
        if self.fifo {
            input["MessageDeduplicationId"] = number.to_string().into();
        } else {
            input["DelaySeconds"] = delay.into();
        }
        send(&self.sqs, &self.arn, input).await;
        self.kept.entry(group).or_default().insert(number);
    }

    async fn receive(&mut self, max: usize) {
        let until = self.now() + 30_000;
        let received = self.sqs.receive(&self.arn, max, Duration::ZERO).await.unwrap();
        assert!(received.len() <= max);
        let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
        for message in received {
            let (group, number) = parts(&message);
            assert!(self.kept[&group].contains(&number), "{} was deleted", message.body);
            let held = |body: &str| self.held.iter().any(|(_, it)| it.body == body);
            assert!(!held(&message.body), "{} is in flight", message.body);
            if self.fifo {
                let before = self.held.iter().filter(|(_, it)| parts(it).0 == group).count();
                assert_eq!(
                    before as u64,
                    seen.get(&group).copied().unwrap_or(0),
                    "group {group} is in flight"
                );
                let rank = self.kept[&group].iter().position(|kept| *kept == number).unwrap() as u64;
                let expected = seen.entry(group).or_default();
                assert_eq!(rank, *expected, "{} came out of turn", message.body);
                *expected += 1;
            }
            self.held.push((until, message));
        }
    }

    fn finish(&mut self, index: usize, delete: bool) {
        let (_, message) = self.held.remove(index);
        if delete {
            self.sqs.delete(&self.arn, &message.receipt_handle).unwrap();
            let (group, number) = parts(&message);
            self.kept.get_mut(&group).unwrap().remove(&number);
        } else {
            self.sqs.change_visibility(&self.arn, &message.receipt_handle, Duration::ZERO).unwrap();
        }
    }

    fn check(&mut self) {
        let now = self.now();
        self.held.retain(|(until, _)| *until > now);
        let depth = self.sqs.depth(&self.arn);
        assert_eq!(depth.in_flight, self.held.len());
        let kept: usize = self.kept.values().map(BTreeSet::len).sum();
        assert_eq!(depth.visible + depth.in_flight + depth.delayed, kept);
    }
}

fn parts(message: &Received) -> (u64, u64) {
    let (group, number) = message.body.split_once('/').unwrap();
    (group.parse().unwrap(), number.parse().unwrap())
}

async fn run(seed: u64, fifo: bool) {
    let (mut dice, mut run) = (Dice(seed), Run::new(fifo));
    for number in 0..400 {
        match dice.roll(10) {
            0..4 => {
                let delay = if dice.roll(4) == 0 { 20 } else { 0 };
                run.send(dice.roll(4), number, delay).await;
            }
            4..7 => run.receive(1 + usize::try_from(dice.roll(5)).unwrap()).await,
            7..9 if !run.held.is_empty() => {
                let index = usize::try_from(dice.roll(run.held.len() as u64)).unwrap();
                run.finish(index, dice.roll(3) > 0);
            }
            _ => run.hands.pass(i64::try_from(dice.roll(20_000)).unwrap()),
        }
        run.check();
    }
    for _ in 0..2000 {
        run.hands.pass(10_000);
        run.check();
        run.receive(10).await;
        while !run.held.is_empty() {
            run.finish(0, true);
        }
    }
    assert!(run.kept.values().all(BTreeSet::is_empty), "everything was received in the end");
    assert_eq!(run.sqs.next_change(), None);
}

#[tokio::test(start_paused = true)]
async fn standard_queues_lose_and_double_nothing() {
    for seed in 0..20 {
        run(seed, false).await;
    }
}

#[tokio::test(start_paused = true)]
async fn fifo_queues_keep_every_group_in_order() {
    for seed in 0..20 {
        run(seed, true).await;
    }
}
