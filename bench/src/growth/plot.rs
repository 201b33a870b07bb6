//! The figures as a picture: what is stored along the bottom and how long a route takes along the side, both by powers
//! of ten. A line that is level is a route whose cost does not grow.

#![expect(clippy::float_arithmetic, reason = "pixels are no money")]

use std::fmt::Write as _;

use super::measure::{Point, Times};

/// The picture's size, in pixels.
const SIZE: (f64, f64) = (860.0, 460.0);
/// Where the lines are: left, right, top and bottom. What is right of them names them.
const FRAME: (f64, f64, f64, f64) = (60.0, 600.0, 40.0, 410.0);
/// How far apart the names are.
const NAMES: f64 = 20.0;
const COLOURS: [&str; 8] =
    ["#1b6ca8", "#c8553d", "#2e7d32", "#8e44ad", "#b8860b", "#00838f", "#ad1457", "#4e5d6c"];

/// How long the routes take by p50, over what `of` tells of each point.
pub(super) fn svg(title: &str, points: &[Point], of: impl Fn(&Point) -> u64) -> String {
    let at: Vec<_> = points.iter().map(|point| log(u128::from(of(point)))).collect();
    let lines = lines(points);
    let figures = || lines.iter().flat_map(|(_, times)| times.iter().copied());
    let across = Scale::of(at.iter().copied(), FRAME.0, FRAME.1);
    let up = Scale::of(figures(), FRAME.3, FRAME.2);
    let mut picture = String::new();
    // Writing to a string does not fail.
    let _ = draw(&mut picture, title, (&at, &across), (&lines, &up));
    picture
}

fn draw(
    picture: &mut String,
    title: &str,
    (at, across): (&[f64], &Scale),
    (lines, up): (&[(&str, Vec<f64>)], &Scale),
) -> std::fmt::Result {
    let (width, height) = SIZE;
    let (left, right, top, bottom) = FRAME;
    writeln!(
        picture,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">"#
    )?;
    writeln!(picture, r#"<rect width="{width}" height="{height}" fill="white"/>"#)?;
    writeln!(picture, r#"<text x="{left}" y="24" font-size="15">{title}</text>"#)?;
    for power in across.powers() {
        let x = across.place(power);
        writeln!(picture, r##"<path d="M{x:.1} {top}V{bottom}" stroke="#ddd"/>"##)?;
        let y = bottom + 20.0;
        writeln!(
            picture,
            r#"<text x="{x:.1}" y="{y}" text-anchor="middle">{:.0}</text>"#,
            10_f64.powf(power)
        )?;
    }
    for power in up.powers() {
        let y = up.place(power);
        writeln!(picture, r##"<path d="M{left} {y:.1}H{right}" stroke="#ddd"/>"##)?;
        // Figures are in microseconds, people read milliseconds.
        let (x, y) = (left - 6.0, y + 4.0);
        writeln!(
            picture,
            r#"<text x="{x}" y="{y:.1}" text-anchor="end">{} ms</text>"#,
            10_f64.powf(power - 3.0)
        )?;
    }
    let mut name_at = top;
    for ((name, times), colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let points =
            at.iter().zip(times).map(|(&x, &y)| format!("{:.1},{:.1}", across.place(x), up.place(y)));
        let points = points.collect::<Vec<_>>().join(" ");
        writeln!(picture, r#"<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>"#)?;
        let (x, y) = (right + 12.0, name_at + 4.0);
        writeln!(picture, r#"<text x="{x}" y="{y}" fill="{colour}">{name}</text>"#)?;
        name_at += NAMES;
    }
    writeln!(picture, "</svg>")
}

/// A line for each route: the logarithms of its p50, the slowest at the last point first.
fn lines(points: &[Point]) -> Vec<(&str, Vec<f64>)> {
    let of = |point: &'_ Point| point.sales.routes.iter().chain(&point.staff).map(p50).collect::<Vec<_>>();
    let columns: Vec<_> = points.iter().map(of).collect();
    let names = points.first().into_iter().flat_map(|point| point.sales.routes.iter().chain(&point.staff));
    let line = |(place, times): (usize, &'_ Times)| {
        (times.route, columns.iter().filter_map(|column| column.get(place).copied()).collect::<Vec<_>>())
    };
    let mut lines: Vec<_> = names.enumerate().map(line).collect();
    let last = |line: &(&str, Vec<f64>)| line.1.last().copied().unwrap_or(0.0);
    lines.sort_by(|one, other| last(other).total_cmp(&last(one)));
    lines
}

fn p50(times: &Times) -> f64 {
    log(times.p50_micros)
}

/// The power of ten that a count is.
fn log(count: u128) -> f64 {
    f64::from(u32::try_from(count.max(1)).unwrap_or(u32::MAX)).log10()
}

/// From powers of ten to pixels.
struct Scale {
    from: f64,
    to: f64,
    first: f64,
    last: f64,
}

impl Scale {
    fn of(figures: impl Iterator<Item = f64>, first: f64, last: f64) -> Self {
        let (from, to) = figures.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), figure| {
            (low.min(figure), high.max(figure))
        });
        let from = from.floor();
        Self { from, to: to.ceil().max(from + 1.0), first, last }
    }

    fn place(&self, power: f64) -> f64 {
        self.first + (power - self.from) / (self.to - self.from) * (self.last - self.first)
    }

    /// The powers of ten on it.
    fn powers(&self) -> impl Iterator<Item = f64> {
        std::iter::successors(Some(self.from), |power| Some(power + 1.0))
            .take_while(|power| *power <= self.to)
    }
}
