//! Verifies an export of an audit log, without a network.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
    process::ExitCode,
};

use souk::audit::{Digest, Verifier, verify_lines};

use super::error::CliError;

/// Prints what was found, and fails where the log is not what it was.
pub(super) fn verify(file: &Path, head: Option<Digest>) -> Result<ExitCode, CliError> {
    let unreadable = |source| CliError::Unreadable { path: file.to_owned(), source };
    let lines: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(file).map_err(unreadable)?))
    };
    let (text, whole) = found(lines, head).map_err(unreadable)?;
    println!("{text}");
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is to be said of the export in `lines`, and whether it is whole.
fn found(lines: impl BufRead, head: Option<Digest>) -> io::Result<(String, bool)> {
    let mut met = None;
    let mut place = 0_u64;
    let outcome = verify_lines(lines, Verifier::new(None), |hash| {
        place += 1;
        if head == Some(*hash) {
            met = Some(place);
        }
    })?;
    Ok(match (outcome, head, met) {
        (Err(broken), ..) => (format!("broken at {broken}"), false),
        (Ok(report), Some(head), None) => {
            let text = format!(
                "cut or rewritten: {} entries follow each other, and none of them has the hash {head}",
                report.entries
            );
            (text, false)
        }
        (Ok(report), _, met) => {
            let entries = if report.entries == 1 {
                "1 entry".to_owned()
            } else {
                format!("{} entries", report.entries)
            };
            let known =
                met.map(|place| format!("\nthe known hash is that of entry {place}")).unwrap_or_default();
            (
                format!("whole: {entries}, each follows the one before\nhead: {}{known}", report.head.hash),
                true,
            )
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(lines: &str, head: Option<Digest>) -> (String, bool) {
        found(lines.as_bytes(), head).unwrap()
    }

    #[test]
    fn an_empty_export_is_whole_and_nonsense_is_not() {
        assert!(said("", None).1);
        let (text, whole) = said("{}\n", None);
        assert_eq!(
            (text.as_str(), whole),
            ("broken at entry 1: it can't be read as an entry of the audit log", false)
        );
        assert!(!said(&json!([1]).to_string(), None).1);
    }

    #[test]
    fn a_hash_that_is_not_there_is_missed() {
        let (text, whole) = said("", Some(Digest::of(b"x")));
        assert!(!whole && text.starts_with("cut or rewritten: 0 entries"), "{text}");
    }
}
