//! Entries for other programs: CSV for spreadsheets, NDJSON for the rest.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    entry::{Entry, Line},
    list::ListEntries,
};
use crate::{
    http::{Call, List, Problem, Reply},
    money::Money,
};

/// How entries are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A line of an entry is a row (RFC 4180).
    Csv,
    /// An entry is a line of JSON.
    Ndjson,
}

impl Format {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// What a caller asks for: in the query, else by `Accept`.
    pub(super) fn of_call<B, Q>(asked: Option<Self>, call: &Call<B, Q>) -> Option<Self> {
        asked.or_else(|| {
            let accept = call.headers.get("accept")?.to_str().ok()?;
            let wants = |media: &str| accept.split([',', ';']).any(|one| one.trim() == media);
            [Self::Csv, Self::Ndjson].into_iter().find(|format| wants(format.media_type()))
        })
    }
}

/// An export, with where the next part is.
pub(super) fn reply(
    format: Format,
    list: &List<Entry>,
    ask: &ListEntries,
) -> Result<Reply<List<Entry>>, Problem> {
    let text = match format {
        Format::Csv => csv(&list.data),
        Format::Ndjson => ndjson(&list.data)?,
    };
    let name = format!("attachment; filename=\"ledger.{}\"", format.name());
    let reply = Reply::bytes(format.media_type(), text).header("content-disposition", name);
    Ok(match &list.next_cursor {
        Some(cursor) => reply.header("link", format!("<{}>; rel=\"next\"", next(format, cursor, ask))),
        None => reply,
    })
}

fn next(format: Format, cursor: &str, ask: &ListEntries) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("format", format.name());
    let told = [
        ("order", ask.order.map(|order| order.to_string())),
        ("account", ask.account.map(|account| account.to_string())),
        ("from", ask.from.map(|from| from.to_string())),
        ("to", ask.to.map(|to| to.to_string())),
    ];
    for (name, value) in told {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    query.append_pair("cursor", cursor);
    format!("/v1/ledger/entries?{}", query.finish())
}

fn ndjson(entries: &[Entry]) -> Result<String, Problem> {
    let mut text = String::new();
    for entry in entries {
        text.push_str(&serde_json::to_string(entry).map_err(Problem::internal)?);
        text.push('\n');
    }
    Ok(text)
}

/// A row for each line of each entry, below a row of names.
fn csv(entries: &[Entry]) -> String {
    let mut text =
        row(&["entry", "at", "event", "type", "subject", "order", "account", "side", "amount", "currency"]);
    for entry in entries {
        for line in entry.lines.iter() {
            text.push_str(&of_line(entry, line));
        }
    }
    text
}

fn of_line(entry: &Entry, line: &Line) -> String {
    row(&[
        &entry.id.to_string(),
        &entry.at.to_string(),
        &entry.event.to_string(),
        &entry.kind,
        &entry.subject,
        &entry.order.map(|order| order.to_string()).unwrap_or_default(),
        line.account.as_str(),
        line.side.as_str(),
        &number(line.amount),
        line.amount.currency().code(),
    ])
}

/// An amount in major units, without its currency.
fn number(amount: Money) -> String {
    amount.to_string().split(' ').next().unwrap_or_default().to_owned()
}

fn row(cells: &[&str]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell. What a spreadsheet would run as a formula is made text by an apostrophe (guards.md, 31).
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let cell = format!("{}{cell}", if formula { "'" } else { "" });
    if cell.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The cells of a row, as RFC 4180 reads them.
    fn read(row: &str) -> Vec<String> {
        let (mut cells, mut cell, mut inside) = (Vec::new(), String::new(), false);
        let mut chars = row.strip_suffix("\r\n").unwrap().chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if inside && chars.peek() == Some(&'"') => cell.extend(chars.next()),
                '"' => inside = !inside,
                ',' if !inside => cells.push(std::mem::take(&mut cell)),
                c => cell.push(c),
            }
        }
        cells.push(cell);
        cells
    }

    proptest! {
        #[test]
        fn no_cell_is_a_formula_and_none_is_lost(cells in prop::collection::vec("[=+@\t\r\n,\"a-c1-]{0,8}|.{0,8}", 1..6)) {
            let texts: Vec<&str> = cells.iter().map(String::as_str).collect();
            let back = read(&row(&texts));
            prop_assert_eq!(back.len(), cells.len());
            for (cell, back) in cells.iter().zip(&back) {
                prop_assert!(!back.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{}", back);
                let same = back == cell || back.strip_prefix('\'') == Some(cell.as_str());
                prop_assert!(same, "{:?} became {:?}", cell, back);
            }
        }
    }

    #[test]
    fn amounts_are_in_major_units() {
        let of = |amount, code: &str| number(Money::new(amount, code.parse().unwrap()));
        assert_eq!(
            (of(1299, "EUR"), of(5, "JPY"), of(5, "KWD")),
            ("12.99".into(), "5".into(), "0.005".into())
        );
    }
}
