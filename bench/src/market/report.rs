//! The figures as a table, beside what other backends did.

use serde::Serialize;

use super::phases::{Flash, Load, Twins};

/// What a market did.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Whether it kept what it did in a folder.
    pub(super) kept: bool,
    pub(super) ready_ms: u128,
    pub(super) eight: Load,
    pub(super) crowd: Load,
    pub(super) flash: Flash,
    pub(super) twins: Twins,
    pub(super) peak_memory_kib: u64,
}

impl Report {
    /// The promise that it broke.
    pub(super) fn broken(&self) -> Option<String> {
        let Self { flash, twins, .. } = self;
        let units = usize::try_from(flash.units).unwrap_or(usize::MAX);
        let carts = u64::try_from(twins.carts).unwrap_or(u64::MAX);
        if (flash.sold, flash.confirmed, flash.answers_of_500) != (flash.units, units, 0) {
            return Some(format!("it sold {units} units like this: {flash:?}"));
        }
        if (twins.orders, twins.payments, twins.sold) != (twins.carts, carts, carts) {
            return Some(format!("it ordered {carts} carts like this: {twins:?}"));
        }
        None
    }
}

/// The same journey on another machine of two cores with the load on it, production mode, on 2026-11-22: what is
/// measured, Medusa 2.21 with Postgres, Vendure 3.7 with Postgres, and what Souk is to reach at least.
const PEERS: [[&str; 4]; 7] = [
    ["orders a second, 8 shoppers", "1.1", "6.6", "≥ 66"],
    ["processor time per order, ms", "1190", "240", "≤ 24"],
    ["complete, p50 / p99 ms, 32 shoppers", "5207 / 7227", "585 / 1102", "≤ 50 / ≤ 150"],
    ["start to ready, s", "5.5", "4.2", "≤ 0.5"],
    ["memory, peak MB", "1188 + 163", "517 + 189 + 168", "≤ 150"],
    ["200 shoppers for 20 units", "20, 23 × 5xx", "200", "20, no 5xx"],
    ["two completions of a cart × 50", "50 orders", "50, 50 orphans", "50, 50 paid"],
];

/// A row for each figure, a column for each market.
pub(super) fn table(reports: &[Report]) -> String {
    let name = |report: &Report| if report.kept { "Souk --data" } else { "Souk in memory" };
    let mut head = vec!["".to_owned(), "Medusa".to_owned(), "Vendure".to_owned(), "must".to_owned()];
    head.extend(reports.iter().map(|report| name(report).to_owned()));
    let mut rows = vec![head];
    let figures: Vec<_> = reports.iter().map(figures).collect();
    for (place, peers) in PEERS.iter().enumerate() {
        let mut row: Vec<_> = peers.iter().map(ToString::to_string).collect();
        row.extend(figures.iter().map(|figures| figures[place].clone()));
        rows.push(row);
    }
    lines(&rows)
}

fn figures(report: &Report) -> [String; 7] {
    let Report { eight, crowd, flash, twins, .. } = report;
    let orders = |load: &Load| u128::try_from(load.orders).unwrap_or(0).max(1);
    [
        tenths(orders(eight) * 10_000 / eight.millis.max(1)),
        tenths(eight.processor_millis * 10 / orders(eight)),
        format!("{} / {}", tenths(crowd.complete_p50_micros / 100), tenths(crowd.complete_p99_micros / 100)),
        format!("{}.{:02}", report.ready_ms / 1000, report.ready_ms % 1000 / 10),
        (report.peak_memory_kib * 1024 / 1_000_000).to_string(),
        format!("{} sold, {} confirmed, {} × 5xx", flash.sold, flash.confirmed, flash.answers_of_500),
        format!("{} orders, {} paid, {} taken", twins.orders, twins.payments, twins.sold),
    ]
}

/// A number of tenths, with a point.
pub(crate) fn tenths(tenths: u128) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Columns as wide as what is in them.
pub(crate) fn lines(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<_> = (0..columns)
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
