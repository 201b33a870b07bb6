//! Where ids come from. Nothing random: the same calls under the same clock give the same ids, so that a
//! simulation can be repeated.

use uuid::Builder;

/// Counts up, starting from the clock so that ids stay unique across restarts.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    last: u64,
}

impl Ids {
    /// The next number: greater than every one before.
    pub fn next(&mut self, now_milliseconds: i64) -> u64 {
        let clock = u64::try_from(now_milliseconds).unwrap_or(0) << 20;
        self.last = clock.max(self.last + 1);
        self.last
    }

    /// Never gives out `seq` or anything before it.
    pub fn skip(&mut self, seq: u64) {
        self.last = self.last.max(seq);
    }
}

/// An id that looks random (a version 4 UUID), one for each number and `salt`.
pub(crate) fn uuid(number: u64, salt: u64) -> String {
    let high = scramble(number ^ salt.rotate_left(32));
    let low = scramble(high ^ salt);
    let bytes = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
    Builder::from_random_bytes(bytes).into_uuid().hyphenated().to_string()
}

/// SplitMix64 (Steele, Lea and Flood 2014): a bijection, so different numbers never collide.
fn scramble(number: u64) -> u64 {
    let mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
