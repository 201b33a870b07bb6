//! When a schedule fires: `rate(5 minutes)` or `cron(0 8 ? * MON-FRI *)`, in UTC.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

/// The moments of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Every so many seconds, counted from the market's opening.
    Every(i64),
    /// At the minutes that a cron expression names.
    Cron(Box<Cron>),
}

/// The six fields of a cron expression, as the values that each allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: BTreeSet<i16>,
    hours: BTreeSet<i16>,
    days: Days,
    months: BTreeSet<i16>,
    years: BTreeSet<i16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    OfMonth(BTreeSet<i16>),
    LastOfMonth,
    /// 1 is Sunday, 7 is Saturday.
    OfWeek(BTreeSet<i16>),
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl When {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let inside = |name: &str| text.strip_prefix(name)?.trim().strip_prefix('(')?.strip_suffix(')');
        if let Some(rate) = inside("rate") {
            return Self::rate(rate).ok_or_else(|| format!("{text:?} isn't like rate(5 minutes)"));
        }
        if let Some(cron) = inside("cron") {
            return Cron::parse(cron).map(|cron| Self::Cron(Box::new(cron)));
        }
        Err(format!("{text:?} is neither rate(…) nor cron(…)"))
    }

    fn rate(text: &str) -> Option<Self> {
        let (count, unit) = text.trim().split_once(' ')?;
        let unit = match unit.trim() {
            "minute" | "minutes" => 60,
            "hour" | "hours" => 3600,
            "day" | "days" => 86_400,
            _ => return None,
        };
        count.parse::<i64>().ok().filter(|count| *count > 0)?.checked_mul(unit).map(Self::Every)
    }

    /// The first moment after `after`; none where the expression names no later one.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Every(seconds) => after.checked_add(SignedDuration::from_secs(*seconds)).ok(),
            Self::Cron(cron) => cron.next(after),
        }
    }
}

impl Cron {
    fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, day, month, weekday, year] = fields.as_slice() else {
            return Err(format!("cron({text}) doesn't have six fields"));
        };
        let days = match (*day, *weekday) {
            ("L", "?") => Days::LastOfMonth,
            (day, "?") => Days::OfMonth(values(day, 1, 31, &[])?),
            ("?", weekday) => Days::OfWeek(values(weekday, 1, 7, &WEEKDAYS)?),
            _ => return Err(format!("cron({text}) needs ? for the day of the month or the day of the week")),
        };
        Ok(Self {
            minutes: values(minutes, 0, 59, &[])?,
            hours: values(hours, 0, 23, &[])?,
            days,
            months: values(month, 1, 12, &MONTHS)?,
            years: values(year, 1970, 2199, &[])?,
        })
    }

    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let start = after.to_zoned(TimeZone::UTC).datetime();
        let mut date = start.date();
        let last_year = *self.years.last()?;
        while date.year() <= last_year {
            if self.on(date) {
                for hour in &self.hours {
                    for minute in &self.minutes {
                        let at = date.at(i8::try_from(*hour).ok()?, i8::try_from(*minute).ok()?, 0, 0);
                        if at > start {
                            return at.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
                        }
                    }
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn on(&self, date: civil::Date) -> bool {
        self.years.contains(&date.year())
            && self.months.contains(&i16::from(date.month()))
            && match &self.days {
                Days::OfMonth(days) => days.contains(&i16::from(date.day())),
                Days::LastOfMonth => date.day() == date.days_in_month(),
                Days::OfWeek(days) => days.contains(&i16::from(date.weekday().to_sunday_one_offset())),
            }
    }
}

/// The values that one field allows: `*`, `5`, `1-5`, `MON,WED`, `0/15`.
fn values(field: &str, low: i16, high: i16, names: &[&str]) -> Result<BTreeSet<i16>, String> {
    let wrong = || format!("{field:?} isn't a list of values from {low} to {high} (local knows * , - and /)");
    let one = |text: &str| -> Option<i16> {
        match names.iter().position(|name| name.eq_ignore_ascii_case(text)) {
            Some(index) => i16::try_from(index).ok().map(|index| index + low),
            None => text.parse().ok().filter(|value| (low..=high).contains(value)),
        }
    };
    let mut found = BTreeSet::new();
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => {
                (range, Some(step.parse::<i16>().ok().filter(|step| *step > 0).ok_or_else(wrong)?))
            }
            None => (part, None),
        };
        let (first, last) = match (range, range.split_once('-')) {
            ("*", _) => (low, high),
            (_, Some((first, last))) => (one(first).ok_or_else(wrong)?, one(last).ok_or_else(wrong)?),
            (single, None) => {
                let value = one(single).ok_or_else(wrong)?;
                (value, if step.is_some() { high } else { value })
            }
        };
        let step = usize::try_from(step.unwrap_or(1)).map_err(|_| wrong())?;
        found.extend((first..=last).step_by(step));
    }
    if found.is_empty() { Err(wrong()) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(expression: &str, after: &str) -> String {
        let after: Timestamp = after.parse().unwrap();
        When::parse(expression).unwrap().next(after).map_or("never".to_owned(), |at| at.to_string())
    }

    #[test]
    fn a_rate_counts_from_the_last_time() {
        assert_eq!(next("rate(1 minute)", "2026-03-01T10:00:30Z"), "2026-03-01T10:01:30Z");
        assert_eq!(next("rate(2 days)", "2026-03-01T10:00:30Z"), "2026-03-03T10:00:30Z");
        assert_eq!(next("rate(45205373 days)", "2026-03-01T10:00:30Z"), "never");
    }

    #[test]
    fn cron_finds_the_next_minute_in_utc() {
        assert_eq!(next("cron(0/15 * * * ? *)", "2026-03-01T10:00:00Z"), "2026-03-01T10:15:00Z");
        assert_eq!(next("cron(0 8 ? * MON-FRI *)", "2026-11-20T08:00:00Z"), "2026-11-23T08:00:00Z");
        assert_eq!(next("cron(30 2 L * ? *)", "2028-02-01T00:00:00Z"), "2028-02-29T02:30:00Z");
        assert_eq!(next("cron(0 0 1 JAN ? 2030)", "2026-01-01T00:00:00Z"), "2030-01-01T00:00:00Z");
        assert_eq!(next("cron(0 0 1 1 ? 2020)", "2026-01-01T00:00:00Z"), "never");
    }

    #[test]
    fn what_is_not_an_expression_is_refused() {
        for wrong in [
            "rate(0 minutes)",
            "rate(5)",
            "cron(* * * *)",
            "cron(0 0 1 * 1 *)",
            "cron(61 * * * ? *)",
            "at(x)",
        ] {
            assert!(When::parse(wrong).is_err(), "{wrong}");
        }
    }
}
