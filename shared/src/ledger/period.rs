//! Months, by which balances are kept and told.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Deserialize;
use utoipa::IntoParams;

use super::entry::Entry;

crate::text_type! {
    /// A month, in UTC.
    Period, example "2026-03", length 7..=7, pattern "^[0-9]{4}-(0[1-9]|1[0-2])$", check |text| {
        let (year, month) = (text.get(..4).unwrap_or_default(), text.get(5..).unwrap_or_default());
        let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        let month: u8 = month.parse().ok().filter(|_| digits(month)).unwrap_or(0);
        if digits(year) && text.get(4..5) == Some("-") && (1..=12).contains(&month) {
            Ok(())
        } else {
            Err("must be a month such as 2026-03".to_owned())
        }
    }
}

impl Period {
    /// The month of a time.
    pub fn of(at: Timestamp) -> Option<Self> {
        format!("{:.7}", at.to_string()).parse().ok()
    }

    /// The month of an entry.
    pub(super) fn of_entry(entry: &Entry) -> Option<Self> {
        Self::of(entry.at)
    }

    /// Its first moment.
    pub fn first(&self) -> Option<Timestamp> {
        moment(format!("{self}-01").parse().ok()?)
    }

    /// The first moment of the month after it; none after the last month that times can tell.
    pub fn end(&self) -> Option<Timestamp> {
        let first: Date = format!("{self}-01").parse().ok()?;
        moment(first.last_of_month().tomorrow().ok()?)
    }
}

fn moment(date: Date) -> Option<Timestamp> {
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Which months.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Periods {
    /// Only from this month on.
    #[param(value_type = Option<String>, example = "2026-03")]
    pub from: Option<Period>,
    /// Only up to this month, which counts.
    #[param(value_type = Option<String>, example = "2026-03")]
    pub to: Option<Period>,
}

impl Periods {
    /// One month.
    pub fn only(period: Period) -> Self {
        Self { from: Some(period.clone()), to: Some(period) }
    }

    /// All months up to this one.
    pub fn until(period: Period) -> Self {
        Self { from: None, to: Some(period) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::keys;

    #[test]
    fn a_period_is_a_month() {
        for right in ["2026-01", "2026-12"] {
            assert!(right.parse::<Period>().is_ok(), "{right}");
        }
        for wrong in ["2026-00", "2026-13", "2026-1", "2026/01", "20 6-01", "2026-+1", "２026-1"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_month_ends_where_the_next_one_begins() {
        let month = |text: &str| text.parse::<Period>().unwrap();
        assert_eq!(month("2026-12").end(), month("2027-01").first());
        assert_eq!(month("2028-02").first().unwrap().to_string(), "2028-02-01T00:00:00Z");
        assert_eq!(month("2028-02").end().unwrap().to_string(), "2028-03-01T00:00:00Z");
        assert_eq!(month("9999-12").end(), None);
    }

    /// An entry's month is where its place is: a time is cut off at its milliseconds, and not rounded.
    #[test]
    fn the_last_moment_of_a_month_stands_in_it() {
        let last: Timestamp = "2026-03-31T23:59:59.999999999Z".parse().unwrap();
        let (month, place) = (Period::of(last).unwrap(), keys::ledger_time(last));
        assert_eq!(place, "2026-03-31T23:59:59.999Z");
        assert!(place < keys::ledger_time(month.end().unwrap()));
    }
}
