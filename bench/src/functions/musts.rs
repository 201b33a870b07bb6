//! What every function has to reach, and which don't.

use super::report::{Report, Row, mebibytes, part, times};

/// A figure, the most that it may be, and how it is written.
struct Must {
    what: &'static str,
    most: u64,
    figure: fn(&Row) -> Option<u64>,
    text: fn(u64) -> String,
}

fn size(bytes: u64) -> String {
    format!("{} MiB", mebibytes(bytes))
}

/// A figure of warm calls, which is one of reads only.
fn of_read(row: &Row, figure: Option<u64>) -> Option<u64> {
    figure.filter(|_| row.reads)
}

const MUSTS: [Must; 8] = [
    Must {
        what: "init, wall, to the floor",
        most: 2_000_000,
        figure: |row| Some(row.init_wall_to_floor),
        text: times,
    },
    Must {
        what: "init, CPU, to the floor",
        most: 2_000_000,
        figure: |row| Some(row.init_processor_to_floor),
        text: times,
    },
    Must {
        what: "init + first call, CPU, to raw",
        most: 2_000_000,
        figure: |row| Some(row.cold_processor_to_raw),
        text: times,
    },
    Must {
        what: "init + first call, CPU, to Python",
        most: 1_000_000 / 60,
        figure: |row| Some(row.cold_processor_to_python),
        text: part,
    },
    Must {
        what: "warm read, CPU, to Python",
        most: 250_000,
        figure: |row| of_read(row, Some(row.warm_processor_to_python)),
        text: part,
    },
    Must {
        what: "warm read, instructions, to typical",
        most: 850_000,
        figure: |row| of_read(row, row.warm_instructions_to_typical),
        text: times,
    },
    Must { what: "peak memory", most: 9 << 20, figure: |row| Some(row.peak_memory), text: size },
    Must { what: "binary", most: 7 << 20, figure: |row| row.size, text: size },
];

/// A line for each: whether all functions reach it, and which don't.
pub(super) fn verdicts(report: &Report) -> Vec<String> {
    MUSTS.iter().map(|must| verdict(must, report)).collect()
}

fn verdict(must: &Must, report: &Report) -> String {
    let own = report.rows.iter().filter(|row| row.own);
    let figures: Vec<_> = own.filter_map(|row| Some((row, (must.figure)(row)?))).collect();
    let most = (must.text)(must.most);
    let missed: Vec<_> = figures.iter().filter(|(_, figure)| *figure > must.most).collect();
    let worst = figures.iter().map(|(_, figure)| *figure).max().map_or("-".to_owned(), must.text);
    let head = format!("{:<36} at most {most:<8}", must.what);
    if missed.is_empty() {
        return format!("{head} met by all {}, worst {worst}", figures.len());
    }
    let names: Vec<_> =
        missed.iter().map(|(row, figure)| format!("{} {}", row.name, (must.text)(*figure))).collect();
    format!("{head} missed by {} of {}: {}", missed.len(), figures.len(), names.join(", "))
}
