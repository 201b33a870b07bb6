//! What a story cost: AWS calls by kind, with their capacity.

use std::collections::BTreeMap;

use souk_cloud::{CallRecord, Units};

use crate::console::Paint;

/// Calls, counted.
#[derive(Debug, Default)]
pub(super) struct Bill {
    lines: BTreeMap<(String, String), Line>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Line {
    calls: u64,
    read: Units,
    write: Units,
}

impl Bill {
    pub(super) fn add(&mut self, call: &CallRecord) {
        let line = self.lines.entry((call.service.to_owned(), call.operation.clone())).or_default();
        line.calls += 1;
        line.read += call.read_units;
        line.write += call.write_units;
    }

    /// A table, and its sum.
    pub(super) fn table(&self, paint: Paint) -> String {
        let mut total = Line::default();
        let mut rows = vec![paint.dim(&row("AWS calls", "calls", "read units", "write units"))];
        for ((service, operation), line) in &self.lines {
            total.calls += line.calls;
            total.read += line.read;
            total.write += line.write;
            rows.push(line.row(&format!("{service}:{operation}")));
        }
        rows.push(paint.bold(&total.row("all")));
        rows.join("\n")
    }
}

impl Line {
    fn row(self, name: &str) -> String {
        let units = |units: Units| if units.halves() == 0 { "·".to_owned() } else { units.to_string() };
        row(name, &self.calls.to_string(), &units(self.read), &units(self.write))
    }
}

fn row(name: &str, calls: &str, read: &str, write: &str) -> String {
    format!("  {name:<34}{calls:>8}{read:>12}{write:>13}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use souk_cloud::Outcome;

    use super::*;

    #[test]
    fn calls_are_summed_by_kind() {
        let mut bill = Bill::default();
        for (operation, read, write) in [("GetItem", 1, 0), ("PutItem", 0, 2), ("GetItem", 1, 0)] {
            bill.add(&CallRecord {
                caller: "carts".to_owned(),
                service: "dynamodb",
                operation: operation.to_owned(),
                asks: Vec::new(),
                resources: Vec::new(),
                keys: Vec::new(),
                outcome: Outcome::Done,
                lacking: None,
                read_units: Units::whole(read),
                write_units: Units::whole(write),
                request_bytes: 0,
                response_bytes: 0,
                duration: Duration::ZERO,
            });
        }
        assert_eq!(
            bill.table(Paint::plain()),
            "  AWS calls                            calls  read units  write units\n  \
               dynamodb:GetItem                         2           2            ·\n  \
               dynamodb:PutItem                         1           ·            2\n  \
               all                                      3           2            2"
        );
    }
}
