//! Many inputs, unguided: what was kept, cut, spliced and sprinkled. libFuzzer looks at two million counters after each
//! input; without that a small parser takes a hundred times as many.

use std::{
    fs,
    panic::catch_unwind,
    path::Path,
    time::{Duration, Instant},
};

use fastrand::Rng;

use crate::Target;

/// The longest input.
const MOST: usize = 8192;

/// Feeds a target so many inputs made of those in a folder, for so long at most. How many it took.
///
/// # Errors
/// The input that it did not take.
pub fn feed(target: &Target, folder: &Path, count: u64, limit: Duration) -> Result<u64, Vec<u8>> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let kept: Vec<Vec<u8>> = files.filter_map(|file| fs::read(file.path()).ok()).collect();
    let (mut rng, began) = (Rng::with_seed(1), Instant::now());
    for number in 0..count {
        if number % 64 == 0 && began.elapsed() > limit {
            return Ok(number);
        }
        let input = made_of(&kept, &mut rng);
        if catch_unwind(|| (target.feed)(&input)).is_err() {
            return Err(input);
        }
    }
    Ok(count)
}

fn made_of(kept: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let one = |rng: &mut Rng| kept.get(rng.usize(..kept.len().max(1))).cloned().unwrap_or_default();
    let mut input = one(rng);
    for _ in 0..=rng.u32(..6) {
        let at = rng.usize(..=input.len());
        let until = (at + rng.usize(..=16)).min(input.len());
        match rng.u32(..8) {
            0 if at < input.len() => input[at] ^= 1 << rng.u32(..8),
            1 if at < input.len() => input[at] = b"\"{}[]:,.0-9eE+ \\\n\0\xff"[rng.usize(..19)],
            2 => input.insert(at, rng.u8(..)),
            3 => drop(input.drain(at..until)),
            4 => {
                let again = input[at..until].to_vec();
                input.splice(at..at, again);
            }
            5 => {
                let other = one(rng);
                let from = rng.usize(..=other.len());
                let to = (from + rng.usize(..=64)).min(other.len());
                input.splice(at..until, other[from..to].iter().copied());
            }
            6 => input.truncate(at),
            _ => input.splice(at..at, rng.i64(..).to_string().bytes()).for_each(drop),
        }
    }
    input.truncate(MOST);
    input
}
