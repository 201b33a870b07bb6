//! The figures as tables: a column for each point, and how often the last is the first.

use super::{
    measure::{Point, Sales, Times},
    stores::Beside,
};
use crate::market::report::{lines, tenths};

/// Above this many hundredths, a figure is marked: it grows with what is stored.
const GROWS: u128 = 150;
/// What marks it.
const MARK: &str = " ▲";

/// One table of points that differ in one thing, which `of` tells.
pub(super) fn growth(what: &str, points: &[Point], of: impl Fn(&Point) -> u64) -> String {
    let mut head = vec![what.to_owned()];
    head.extend(points.iter().map(|point| of(point).to_string()));
    head.push("last / first".to_owned());
    let mut rows = vec![head];
    let sales: Vec<_> = points.iter().map(|point| &point.sales).collect();
    rows.extend(of_sales(&sales));
    for place in 0..points.first().map_or(0, |point| point.staff.len()) {
        let times: Vec<_> = points.iter().filter_map(|point| point.staff.get(place)).collect();
        rows.push(of_times(&times));
    }
    let plain = |what: &str, figure: &dyn Fn(&Point) -> Option<u128>| {
        let figures: Vec<_> = points.iter().map(figure).collect();
        let mut row = vec![what.to_owned()];
        row.extend(figures.iter().map(|figure| figure.map_or("-".to_owned(), |figure| figure.to_string())));
        row.push(ratio(&figures.into_iter().flatten().collect::<Vec<_>>()));
        row
    };
    rows.push(plain("start to ready, ms", &|point| Some(point.ready_millis)));
    rows.push(plain("expired items looked for, ms", &|point| point.sweep_millis));
    rows.push(plain("memory, peak MB", &|point| Some(u128::from(point.peak_memory_kib) * 1024 / 1_000_000)));
    let mut row = plain("folder, MB", &|point| Some(u128::from(point.file_bytes) / 1_000_000));
    // It is what grows.
    row.truncate(points.len() + 1);
    row.push(String::new());
    rows.push(row);
    lines(&rows)
}

/// Two ways to sell, one beside the other.
pub(super) fn beside(Beside { names: [hot, spread], sales: [one, many] }: &Beside) -> String {
    let mut rows = vec![vec![String::new(), spread.clone(), hot.clone(), "last / first".to_owned()]];
    rows.extend(of_sales(&[many, one]));
    lines(&rows)
}

fn of_sales(sales: &[&Sales]) -> Vec<Vec<String>> {
    let mut rate = vec!["orders a second".to_owned()];
    rate.extend(sales.iter().map(|sales| tenths(sales.rate())));
    // Fewer are worse: the other way round, so that all ratios read alike.
    rate.push(ratio(&sales.iter().rev().map(|sales| sales.rate()).collect::<Vec<_>>()));
    let mut processor = vec!["processor time per order, ms".to_owned()];
    processor.extend(sales.iter().map(|sales| tenths(sales.processor())));
    processor.push(ratio(&sales.iter().map(|sales| sales.processor()).collect::<Vec<_>>()));
    let mut rows = vec![rate, processor];
    for place in 0..sales.first().map_or(0, |sales| sales.routes.len()) {
        let times: Vec<_> = sales.iter().filter_map(|sales| sales.routes.get(place)).collect();
        rows.push(of_times(&times));
    }
    rows
}

fn of_times(times: &[&Times]) -> Vec<String> {
    let mut row = vec![times.first().map_or("", |times| times.route).to_owned()];
    let figures = |times: &&Times| {
        let waited = format!("{} / {}", tenths(times.p50_micros / 100), tenths(times.p99_micros / 100));
        let used = times.processor_micros.map(|micros| format!(" / {}", tenths(micros / 100)));
        waited + &used.unwrap_or_default()
    };
    row.extend(times.iter().map(figures));
    // Processor time where it is known: it is not what else the machine does.
    let weighed = |times: &&Times| times.processor_micros.unwrap_or(times.p50_micros);
    row.push(ratio(&times.iter().map(weighed).collect::<Vec<_>>()));
    row
}

/// How often the last figure is the first.
fn ratio(figures: &[u128]) -> String {
    let (Some(&first), Some(&last)) = (figures.first(), figures.last()) else { return String::new() };
    if first == 0 {
        return "-".to_owned();
    }
    let hundredths = last * 100 / first;
    let mark = if hundredths > GROWS { MARK } else { "" };
    format!("{}.{:02}{mark}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::ratio;

    #[test]
    fn what_grows_is_marked() {
        assert_eq!(ratio(&[200, 900, 300]), "1.50");
        assert_eq!(ratio(&[200, 302]), "1.51 ▲");
        assert_eq!(ratio(&[0, 1]), "-");
    }
}
