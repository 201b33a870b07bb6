//! Which buckets an order takes from, and how what comes and goes is divided over them. Nothing here reads or writes.

use crate::id::OrderId;

/// A SKU has at most so many buckets: 16,000 reservations a second, which is more than a store's own lists and ledger
/// bear. Whoever must know all that there is reads all of them, and one transaction of at most 100 writes deals anew.
pub(super) const MOST_BUCKETS: u32 = 32;

/// All of `items` buckets, in the order in which `order` tries them: each order begins elsewhere, and those that begin at
/// the same one go on elsewhere, so that an empty one does not send all its orders to one neighbour. Those beyond `open`
/// come last.
pub(super) fn ranked(order: OrderId, open: u32, items: u32) -> Vec<u32> {
    let mut buckets: Vec<u32> = (0..items).collect();
    buckets.sort_by_key(|&bucket| (bucket >= open, score(order, bucket)));
    buckets
}

/// A number without a pattern. An id's lower half is a hash or random already; this draws the buckets of one id apart
/// (the finalizer of `SplitMix64`, <https://doi.org/10.1145/2714064.2660195>).
fn score(order: OrderId, bucket: u32) -> u64 {
    // The lower half is what is wanted.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the upper half is the time, which orders of a sale share"
    )]
    let low = order.bits() as u64;
    let mut mixed = low ^ (u64::from(bucket) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// As many of `all` as each of `open` buckets gets where they are dealt evenly: the first ones get one more.
pub(super) fn dealt(all: u64, open: u32) -> Vec<u64> {
    let (each, rest) = (all / u64::from(open.max(1)), all % u64::from(open.max(1)));
    (0..u64::from(open.max(1))).map(|bucket| each + u64::from(bucket < rest)).collect()
}

/// What each bucket gains where `more` come to what they have: the emptiest of the `open` ones are filled first. Nothing
/// goes from one to another.
pub(super) fn filled(have: &[u64], open: u32, more: u64) -> Vec<u64> {
    let open = (open as usize).clamp(1, have.len().max(1));
    let mut by_count: Vec<usize> = (0..open.min(have.len())).collect();
    by_count.sort_by_key(|&bucket| have[bucket]);
    // As few of the emptiest as reach one level with what comes, and the level that they reach.
    let (mut sum, mut many) = (more, 0);
    for &bucket in &by_count {
        if many > 0 && sum < have[bucket].saturating_mul(many) {
            break;
        }
        sum = sum.saturating_add(have[bucket]);
        many += 1;
    }
    let mut gains = vec![0; have.len()];
    let levels = dealt(sum, u32::try_from(many).unwrap_or(1));
    for (&bucket, level) in by_count.iter().zip(levels) {
        gains[bucket] = level.saturating_sub(have[bucket]);
    }
    gains
}

/// What each bucket loses where `less`, which is no more than they have, go: those beyond `open` first, then the fullest.
pub(super) fn drained(have: &[u64], open: u32, mut less: u64) -> Vec<u64> {
    let mut losses = vec![0; have.len()];
    for bucket in open as usize..have.len() {
        losses[bucket] = have[bucket].min(less);
        less -= losses[bucket];
    }
    let mut by_count: Vec<usize> = (0..have.len().min(open as usize)).collect();
    by_count.sort_by_key(|&bucket| std::cmp::Reverse(have[bucket]));
    // As few of the fullest as come down to one level, and the level that they come down to.
    let (mut sum, mut many) = (0_u64, 0_u64);
    for &bucket in &by_count {
        if many > 0 && sum >= have[bucket].saturating_mul(many).saturating_add(less) {
            break;
        }
        sum = sum.saturating_add(have[bucket]);
        many += 1;
    }
    let levels = dealt(sum.saturating_sub(less), u32::try_from(many).unwrap_or(1));
    for (&bucket, level) in by_count.iter().zip(levels) {
        losses[bucket] = have[bucket].saturating_sub(level);
    }
    losses
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn orders_begin_and_go_on_evenly() {
        let (mut first, mut second) = ([0_u32; 8], [[0_u32; 8]; 8]);
        for number in 0..16_000_u32 {
            let order = OrderId::derived(Timestamp::UNIX_EPOCH, &[&number.to_be_bytes()]);
            let ranked = ranked(order, 8, 8);
            first[ranked[0] as usize] += 1;
            second[ranked[0] as usize][ranked[1] as usize] += 1;
        }
        assert!(first.iter().all(|count| (1_800..=2_200).contains(count)), "{first:?}");
        for (bucket, next) in second.iter().enumerate() {
            let others = next.iter().enumerate().filter(|(other, _)| *other != bucket);
            assert!(others.map(|(_, count)| count).all(|count| (200..=380).contains(count)), "{next:?}");
        }
    }

    #[test]
    fn buckets_that_close_come_last() {
        let order = OrderId::derived(Timestamp::UNIX_EPOCH, &[b"1"]);
        let ranked = ranked(order, 3, 5);
        assert!(
            ranked[..3].iter().all(|bucket| *bucket < 3) && ranked[3..].iter().all(|bucket| *bucket >= 3)
        );
        assert_eq!(super::ranked(order, 1, 1), [0]);
    }

    fn spread(counts: &[u64]) -> u64 {
        counts.iter().max().unwrap() - counts.iter().min().unwrap()
    }

    proptest! {
        #[test]
        fn what_comes_comes_whole_and_evens_out(
            have in prop::collection::vec(0_u64..50, 1..9), open in 1_u32..9, more in 0_u64..400,
        ) {
            let gains = filled(&have, open, more);
            prop_assert_eq!(gains.iter().sum::<u64>(), more);
            let open = (open as usize).min(have.len());
            prop_assert!(gains[open..].iter().all(|gain| *gain == 0));
            let after: Vec<u64> = have.iter().zip(&gains).map(|(have, gain)| have + gain).collect();
            prop_assert!(spread(&after[..open]) <= spread(&have[..open]).max(1));
        }

        #[test]
        fn what_goes_goes_whole_and_no_bucket_goes_below_nothing(
            have in prop::collection::vec(0_u64..50, 1..9), open in 1_u32..9, part in 0_u64..=100,
        ) {
            let less = have.iter().sum::<u64>() * part / 100;
            let losses = drained(&have, open, less);
            prop_assert_eq!(losses.iter().sum::<u64>(), less);
            prop_assert!(losses.iter().zip(&have).all(|(loss, have)| loss <= have));
            let open = (open as usize).min(have.len());
            let after: Vec<u64> = have.iter().zip(&losses).map(|(have, loss)| have - loss).collect();
            prop_assert!(spread(&after[..open]) <= spread(&have[..open]).max(1));
        }

        #[test]
        fn dealing_is_even(all in 0_u64..1_000_000, open in 1_u32..=MOST_BUCKETS) {
            let dealt = dealt(all, open);
            prop_assert_eq!(dealt.iter().sum::<u64>(), all);
            prop_assert!(dealt.len() == open as usize && spread(&dealt) <= 1);
        }
    }
}
