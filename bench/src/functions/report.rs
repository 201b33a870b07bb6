//! The figures as tables and as JSON.

use std::fmt;

use serde::Serialize;

use super::{BenchError, instructions::Instructions, life::Life, musts, peers, subject::Subject};

/// A subject, and what it took.
pub(super) struct Measured {
    pub(super) subject: Subject,
    pub(super) lives: Vec<Life>,
    pub(super) instructions: Option<Instructions>,
    size: Option<u64>,
}

impl Measured {
    /// Nothing is measured yet.
    pub(super) fn new(subject: Subject) -> Result<Self, BenchError> {
        let size = subject.binary.as_ref().map(std::fs::metadata).transpose()?.map(|file| file.len());
        Ok(Self { subject, lives: Vec::new(), instructions: None, size })
    }
}

/// The medians of one subject. Times are nanoseconds, sizes bytes; ratios are millionths, each the median of the
/// ratios of the rounds.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) sample: String,
    pub(super) reads: bool,
    pub(super) own: bool,
    init_wall: u64,
    pub(super) init_wall_to_floor: u64,
    init_processor: u64,
    pub(super) init_processor_to_floor: u64,
    first_wall: u64,
    cold_processor: u64,
    pub(super) cold_processor_to_raw: u64,
    pub(super) cold_processor_to_python: u64,
    warm_processor: u64,
    pub(super) warm_processor_to_python: u64,
    first_calls: u64,
    warm_calls: u64,
    connections: u64,
    pub(super) instructions: Option<Instructions>,
    pub(super) warm_instructions_to_typical: Option<u64>,
    pub(super) peak_memory: u64,
    pub(super) size: Option<u64>,
}

/// All that was measured.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) rows: Vec<Row>,
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn millionths(value: u64, of: u64) -> u64 {
    value * 1_000_000 / of.max(1)
}

impl Report {
    /// The medians, beside those of the peers.
    pub(super) fn of(measured: &[Measured]) -> Result<Self, BenchError> {
        let peer = |name: &str| {
            let found = measured.iter().find(|each| each.subject.name == name);
            found.ok_or_else(|| BenchError::Said(format!("{name} was not measured")))
        };
        let (floor, raw) = (peer(peers::FLOOR)?, peer(peers::RAW)?);
        let (typical, python) = (peer(peers::TYPICAL)?, peer(peers::PYTHON)?);
        let row = |each: &Measured| {
            let of = |figure: fn(&Life) -> u64| median(each.lives.iter().map(figure).collect());
            let to = |peer: &Measured, figure: fn(&Life) -> u64| {
                let rounds = each.lives.iter().zip(&peer.lives);
                median(rounds.map(|(life, other)| millionths(figure(life), figure(other))).collect())
            };
            let warm_of_typical = typical.instructions.map(|instructions| instructions.warm);
            Row {
                name: each.subject.name.clone(),
                sample: each.subject.sample.clone(),
                reads: each.subject.reads,
                own: each.subject.own,
                init_wall: of(|life| life.init_wall),
                init_wall_to_floor: to(floor, |life| life.init_wall),
                init_processor: of(|life| life.init_processor),
                init_processor_to_floor: to(floor, |life| life.init_processor),
                first_wall: of(|life| life.first_wall),
                cold_processor: of(Life::cold_processor),
                cold_processor_to_raw: to(raw, Life::cold_processor),
                cold_processor_to_python: to(python, Life::cold_processor),
                warm_processor: of(|life| life.warm_processor),
                warm_processor_to_python: to(python, |life| life.warm_processor),
                first_calls: of(|life| life.first_calls),
                warm_calls: of(|life| life.warm_calls),
                connections: of(|life| life.connections),
                instructions: each.instructions,
                warm_instructions_to_typical: each
                    .instructions
                    .zip(warm_of_typical)
                    .map(|(own, typical)| millionths(own.warm, typical)),
                peak_memory: of(|life| life.peak_memory),
                size: each.size,
            }
        };
        Ok(Self { rows: measured.iter().map(row).collect() })
    }
}

const HEAD: [&str; 15] = [
    "",
    "event",
    "init ms",
    "CPU ms",
    "first ms",
    "cold CPU ms",
    "warm CPU µs",
    "first calls",
    "warm calls",
    "connections",
    "init kinstr",
    "first kinstr",
    "warm kinstr",
    "peak MiB",
    "binary MiB",
];
const RATIOS: [&str; 7] = [
    "",
    "init / floor",
    "init CPU / floor",
    "cold CPU / raw",
    "cold CPU / python",
    "warm CPU / python",
    "warm instr / typical",
];

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut figures = vec![HEAD.map(str::to_owned).to_vec()];
        figures.extend(self.rows.iter().map(Row::figures));
        let mut ratios = vec![RATIOS.map(str::to_owned).to_vec()];
        ratios.extend(self.rows.iter().map(Row::ratios));
        writeln!(f, "{}\n\n{}\n", lines(&figures), lines(&ratios))?;
        write!(f, "{}", musts::verdicts(self).join("\n"))
    }
}

impl Row {
    fn figures(&self) -> Vec<String> {
        let counted = |figure: fn(&Instructions) -> u64| {
            self.instructions.as_ref().map_or("-".to_owned(), |counted| figure(counted).to_string())
        };
        vec![
            self.name.clone(),
            self.sample.clone(),
            hundredths(self.init_wall / 10_000),
            hundredths(self.init_processor / 10_000),
            hundredths(self.first_wall / 10_000),
            hundredths(self.cold_processor / 10_000),
            (self.warm_processor / 1000).to_string(),
            self.first_calls.to_string(),
            hundredths(self.warm_calls),
            self.connections.to_string(),
            counted(|counted| counted.init),
            counted(|counted| counted.first),
            counted(|counted| counted.warm),
            mebibytes(self.peak_memory),
            self.size.map_or("-".to_owned(), mebibytes),
        ]
    }

    fn ratios(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            times(self.init_wall_to_floor),
            times(self.init_processor_to_floor),
            times(self.cold_processor_to_raw),
            part(self.cold_processor_to_python),
            part(self.warm_processor_to_python),
            self.warm_instructions_to_typical.map_or("-".to_owned(), times),
        ]
    }
}

/// A number of hundredths, with a point.
pub(super) fn hundredths(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Bytes in units of 2^20.
pub(super) fn mebibytes(bytes: u64) -> String {
    hundredths((bytes * 100) >> 20)
}

/// A ratio as a number.
pub(super) fn times(millionths: u64) -> String {
    hundredths(millionths / 10_000)
}

/// A ratio as the part that it is.
pub(super) fn part(millionths: u64) -> String {
    match 10_000_000 / millionths.max(1) {
        tenths if tenths > 10 => format!("1/{}.{}", tenths / 10, tenths % 10),
        _ => times(millionths),
    }
}

/// Columns as wide as what is in them, names to the left and numbers to the right.
fn lines(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
