//! When somebody looks at an order that nothing moves: read off from what has happened to it, as its next step is.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    edit::{Edit, EditStatus},
    model::Order,
    next::{Step, next_step},
    refund::Refund,
};

/// How long messages have to move an order before the sweeper looks after it.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// How long who placed an order has to carry it through its payment, which they break off sooner.
const PATIENCE_WITH_CARRIERS: SignedDuration = SignedDuration::from_secs(30);

/// The longest time between two looks at an order that ought to move. Who puts the next one off may have a clock that is
/// ten minutes ahead, and all has to settle within 15.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(4);

/// How long a provider may leave it open whether it has the money.
pub(super) const PAYMENT_DEADLINE: SignedDuration = SignedDuration::from_mins(30);

/// How long a shopper may take to pay for an edit: staff edit, and the shopper has to hear of it first.
pub(super) const ACTION_DEADLINE: SignedDuration = SignedDuration::from_hours(24);

/// How long a person may take to decide.
pub(super) const REVIEW_DEADLINE: SignedDuration = SignedDuration::from_hours(72);

/// How long to leave a provider that has not decided yet, before it is asked again.
const PROVIDER_PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// How long to leave a shopper who must do something, where the provider does not say that they have.
const ACTION_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// The longest time between two looks at an edit that its shopper is to pay for.
const LONGEST_ACTION_PAUSE: SignedDuration = SignedDuration::from_hours(3);

/// The longest time between two looks at a refund that is on its way. The provider notifies of what it knows sooner.
const LONGEST_REFUND_PAUSE: SignedDuration = SignedDuration::from_hours(6);

/// When to look at an order that has something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// The first time.
    pub(super) at: Timestamp,
    /// And ever again, while nothing moves it.
    pub(super) pace: Pace,
}

/// How often to look at an order that nothing moves: the longer it has waited, the less often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pace {
    /// Since when it waits. Where that is yet to come, the shortest pause is right until then.
    since: Timestamp,
    /// A pause is this part of how long it has waited.
    part: i32,
    /// The shortest pause, in seconds.
    shortest: i64,
    /// The longest, in seconds.
    longest: i64,
}

impl Pace {
    fn new(since: Timestamp, part: i32, shortest: SignedDuration, longest: SignedDuration) -> Self {
        Self { since, part, shortest: shortest.as_secs(), longest: longest.as_secs() }
    }

    /// The next look after one at `now`.
    pub(super) fn after(self, now: Timestamp) -> Timestamp {
        let waited = now.duration_since(self.since).as_secs();
        let pause = (waited / i64::from(self.part.max(1))).min(self.longest).max(self.shortest);
        now + SignedDuration::from_secs(pause)
    }

    /// No slower than either.
    fn or(self, other: Self) -> Self {
        Self {
            since: self.since.max(other.since),
            part: self.part.max(other.part),
            shortest: self.shortest.min(other.shortest),
            longest: self.longest.min(other.longest),
        }
    }
}

/// When to look at `order`; never, where there is nothing to do until somebody asks for something.
pub(super) fn due(order: &Order) -> Option<Due> {
    let moved = order.timeline.last().map_or(order.placed_at, |last| last.at);
    let ordinary = Pace::new(moved, 1, PATIENCE, LONGEST_PAUSE);
    let pace = match next_step(order) {
        // Whoever decides on a refund that failed makes something happen to the order.
        Step::Done | Step::AwaitRefund => return None,
        Step::AwaitReview => {
            let at = order.placed_at + REVIEW_DEADLINE;
            return Some(Due { at, pace: Pace::new(at, 1, PATIENCE, LONGEST_PAUSE) });
        }
        Step::Authorize => {
            let pause = if order.action.is_some() { ACTION_PAUSE } else { PROVIDER_PAUSE };
            Pace::new(order.payable_since + PAYMENT_DEADLINE, 1, pause, LONGEST_PAUSE)
        }
        Step::Edit => {
            let edit = order.pending_edit().map_or(ordinary, |edit| of_edit(edit, ordinary));
            of_refunds(order).map_or(edit, |refunds| edit.or(refunds))
        }
        Step::Refund => of_refunds(order).unwrap_or(ordinary),
        Step::Reserve
        | Step::Capture
        | Step::Ship(_)
        | Step::Restock(_)
        | Step::AbandonEdit
        | Step::AdjustStock
        | Step::RefundRest
        | Step::ReturnMoney
        | Step::Release => ordinary,
    };
    let carried = order.placed.carried && moved == order.placed_at;
    Some(Due { at: moved + if carried { PATIENCE_WITH_CARRIERS } else { PATIENCE }, pace })
}

/// Until its payment is overdue, a provider is asked again soon, and a shopper the less often the longer they take.
fn of_edit(edit: &Edit, ordinary: Pace) -> Pace {
    match (&edit.status, &edit.action) {
        (EditStatus::Abandoned(_), _) => ordinary,
        (_, Some(_)) => Pace::new(edit.requested_at, 8, ACTION_PAUSE, LONGEST_ACTION_PAUSE),
        (_, None) => Pace::new(edit.requested_at + PAYMENT_DEADLINE, 1, PROVIDER_PAUSE, LONGEST_PAUSE),
    }
}

/// A provider takes days over some.
fn of_refunds(order: &Order) -> Option<Pace> {
    let under_way = order.refunds.iter().filter(|refund: &&Refund| refund.next_share().is_some());
    let newest = under_way.map(|refund| refund.requested_at).max()?;
    Some(Pace::new(newest, 4, PROVIDER_PAUSE, LONGEST_REFUND_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn looks(pace: Pace, first: i64, count: usize) -> Vec<i64> {
        let mut looks = vec![first];
        while looks.len() < count {
            looks.push(pace.after(at(looks[looks.len() - 1])).as_second());
        }
        looks
    }

    #[test]
    fn what_ought_to_move_is_looked_at_ever_less_often() {
        let pace = Pace::new(at(0), 1, PATIENCE, LONGEST_PAUSE);
        assert_eq!(looks(pace, 60, 7), [60, 120, 240, 480, 720, 960, 1200]);
        // A sweep that comes late, or a clock that jumped back.
        assert_eq!(pace.after(at(90)), at(180));
        assert_eq!(pace.after(at(-500)), at(-440));
    }

    #[test]
    fn a_provider_is_asked_soon_until_it_is_overdue() {
        let pace = Pace::new(at(300), 1, PROVIDER_PAUSE, LONGEST_PAUSE);
        assert_eq!(looks(pace, 240, 8), [240, 270, 300, 330, 360, 420, 540, 780]);
    }

    #[test]
    fn a_refund_is_asked_about_for_days_and_no_more_than_every_six_hours() {
        let (pace, hour) = (Pace::new(at(0), 4, PROVIDER_PAUSE, LONGEST_REFUND_PAUSE), 3600);
        assert_eq!(pace.after(at(60)), at(90));
        assert_eq!(pace.after(at(8 * hour)), at(10 * hour));
        assert_eq!(pace.after(at(100 * hour)), at(106 * hour));
    }

    #[test]
    fn who_waits_for_two_things_is_looked_at_for_both() {
        let shopper = Pace::new(at(0), 8, ACTION_PAUSE, LONGEST_ACTION_PAUSE);
        let refund = Pace::new(at(100), 4, PROVIDER_PAUSE, LONGEST_REFUND_PAUSE);
        for now in [0, 100, 500, 5_000, 50_000, 500_000].map(at) {
            assert!(shopper.or(refund).after(now) <= shopper.after(now).min(refund.after(now)), "{now}");
        }
    }
}
