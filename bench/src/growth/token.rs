//! What differs from one copy of an item to the next: its ids, its times, its numbers.

use jiff::{SignedDuration, civil::DateTime};
use souk::id::{OrderId, spoken_number};

use crate::market::BenchError;

/// How far apart the copies are made, in seconds: a million orders are those of a third of a year.
const STEP: i64 = 10;
/// `2026-11-30T16:43:53`: what all times begin with, however many digits follow.
const SECOND: &str = "dddd-dd-ddTdd:dd:dd";
/// How many characters of it are the day.
const DAY: usize = 10;

/// Which copy is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nth {
    /// From one on. The higher, the older: whatever is listed by age stays in the order of the pages.
    pub(super) copy: u64,
    /// In a series that has no gaps.
    pub(super) number: u64,
}

impl Nth {
    fn before(self) -> SignedDuration {
        SignedDuration::from_secs(i64::try_from(self.copy).unwrap_or(0) * STEP)
    }
}

/// A text of the original that is another one in each copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// The 26 digits of an id.
    Id(OrderId),
    /// A time to the second.
    Second(DateTime),
    /// A day, where it stands alone.
    Day(DateTime),
    /// The reference of the order with this id, which people read to each other.
    Spoken(OrderId),
    /// A SKU, and with it the product's name.
    Sku,
    /// The place of an invoice in its series.
    Place,
    /// The number of an invoice, as an attribute.
    Number,
}

impl Token {
    /// What stands for it in a copy.
    pub(super) fn of(&self, nth: Nth) -> Result<String, BenchError> {
        let time = |from: &DateTime, format| {
            let at = from.checked_sub(nth.before()).map_err(|error| BenchError::Market(error.to_string()))?;
            Ok(at.strftime(format).to_string())
        };
        match self {
            Self::Id(id) => Ok(digits(derived(*id, nth))),
            Self::Second(from) => time(from, "%Y-%m-%dT%H:%M:%S"),
            Self::Day(from) => time(from, "%Y-%m-%d"),
            Self::Spoken(id) => Ok(spoken_number(derived(*id, nth))),
            Self::Sku => Ok(sku(nth.copy)),
            Self::Place => Ok(format!("{:012}", nth.number)),
            Self::Number => Ok(number(nth.number)),
        }
    }
}

/// The id of a copy of what has the id `original`: as old as the copy is.
pub(super) fn derived(original: OrderId, nth: Nth) -> OrderId {
    let seed = [b"growth".as_slice(), &original.bits().to_be_bytes(), &nth.copy.to_be_bytes()];
    OrderId::derived(original.time() - nth.before(), &seed)
}

/// The SKU of a copy; the original is the one of copy 0.
pub(super) fn sku(copy: u64) -> String {
    format!("GROWTH-{copy:08}")
}

/// A number as the tables hold it.
pub(super) fn number(number: u64) -> String {
    format!(r#""number":{{"N":"{number}"}}"#)
}

/// An id without its prefix.
pub(super) fn digits(id: OrderId) -> String {
    id.to_string().split_off("ord_".len())
}

/// The ids in a text that begin with one of the prefixes, without them.
pub(super) fn ids<'a>(text: &'a str, prefixes: &'a [&str]) -> impl Iterator<Item = (&'a str, OrderId)> {
    let found =
        prefixes.iter().flat_map(|prefix| text.match_indices(prefix).map(|(at, _)| at + prefix.len()));
    found.filter_map(|at| {
        let digits = text.get(at..at + 26)?;
        Some((digits, format!("ord_{digits}").parse().ok()?))
    })
}

/// The times in a text, each with its second and its day.
pub(super) fn times(text: &str) -> impl Iterator<Item = (&str, Token)> {
    let like = |window: &[u8]| {
        window.iter().zip(SECOND.bytes()).all(|(&byte, sample)| match sample {
            b'd' => byte.is_ascii_digit(),
            other => byte == other,
        })
    };
    let starts = text.as_bytes().windows(SECOND.len()).enumerate().filter(move |(_, window)| like(window));
    starts.filter_map(|(at, _)| text.get(at..at + SECOND.len())).flat_map(|second| {
        let time: Option<DateTime> = second.parse().ok();
        let tokens = time.map(|time| [(second, Token::Second(time)), (&second[..DAY], Token::Day(time))]);
        tokens.into_iter().flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01m8pnettkhejaa0egx9nrj1wa";

    #[test]
    fn a_copy_is_older_and_has_ids_of_its_own() {
        let text = format!("at 2026-11-30T16:43:53.642Z/ord_{ID}");
        let (found, id) = ids(&text, &["ord_"]).next().unwrap();
        assert_eq!(found, ID);
        let nth = |copy| Nth { copy, number: copy };
        let (one, two) = (derived(id, nth(1)), derived(id, nth(2)));
        assert!(two.time() < one.time() && one.time() < id.time());
        let told: Vec<_> =
            times(&text).map(|(text, token)| (text.to_owned(), token.of(nth(360)).unwrap())).collect();
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(
            told,
            [pair("2026-11-30T16:43:53", "2026-11-30T15:43:53"), pair("2026-11-30", "2026-11-30")]
        );
    }
}
