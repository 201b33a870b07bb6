//! An export: one entry a line. Read without a network.

use std::io::{self, BufRead};

use serde_json::Value;

use super::{Broken, Digest, Entry, Report, Verifier};

/// Follows the chain in an export. `Err` within says where it breaks.
///
/// Each line has to say exactly what its entry says: a field of its own, which no hash covers, is found too.
///
/// # Errors
/// The outer one, where the lines can't be read at all.
pub fn verify_lines(
    lines: impl BufRead,
    mut verifier: Verifier,
    mut each: impl FnMut(&Digest),
) -> io::Result<Result<Report, Broken>> {
    for line in lines.lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let Some(entry) = parse(&line) else {
            return Ok(Err(verifier.unreadable()));
        };
        if let Err(broken) = verifier.next(&entry) {
            return Ok(Err(broken));
        }
        each(&entry.hash);
    }
    Ok(verifier.finish())
}

fn parse(line: &str) -> Option<Entry> {
    let value: Value = serde_json::from_str(line).ok()?;
    let entry: Entry = serde_json::from_value(value.clone()).ok()?;
    (serde_json::to_value(&entry).ok()? == value).then_some(entry)
}
