//! The mold of an order or of a product: all items that the market made for one, with what differs between copies
//! left open.

use std::collections::BTreeMap;

use rusqlite::types::Value;

use super::{
    keep::{Kept, Row},
    token::{self, Nth, Token},
};
use crate::market::BenchError;

/// What is the store's as a whole, a chain's next link, or kept for days at the most: not copied.
const NOT_ITS_OWN: [&str; 3] = ["answer", "audit-entry", "limit"];

/// What one order or one product is made of.
#[derive(Debug)]
pub(super) struct Mold {
    tokens: Vec<Token>,
    rows: Vec<Cast>,
    /// How many of the rows are items; the others are what indexes hold of them.
    pub(super) items: usize,
}

/// A row, to be cast.
#[derive(Debug)]
struct Cast {
    insert: String,
    columns: Vec<Column>,
}

#[derive(Debug)]
enum Column {
    Text(Vec<Part>),
    /// The hash of the partition key, by which scans are divided.
    Hash,
    Size(i64),
}

#[derive(Debug)]
enum Part {
    Literal(String),
    /// A place in the mold's tokens.
    Token(usize),
}

impl Mold {
    /// The mold of an order: of what came to be with the order `id`, from its cart to its invoice.
    pub(super) fn of_order(new: &[Row], id: &str) -> Result<Self, BenchError> {
        const OWN: [&str; 4] = ["ord_", "cart_", "evt_", "entry_"];
        let own = |row: &Row| token::ids(&row.all(), &OWN).next().is_some();
        let rows: Vec<_> = new.iter().filter(|row| own(row)).collect();
        let mut names = BTreeMap::new();
        for row in &rows {
            let text = row.all();
            names.extend(token::ids(&text, &OWN).map(|(digits, id)| (digits.to_owned(), Token::Id(id))));
            if let Some(place) = row.place_of_invoice() {
                names.insert(token::number(place), Token::Number);
                names.insert(row.sk().to_owned(), Token::Place);
            }
        }
        let id = id.parse().map_err(|_| BenchError::Market(format!("{id} is no order's id")))?;
        names.insert(souk::id::spoken_number(id), Token::Spoken(id));
        Self::cast(&rows, names)
    }

    /// The mold of a product: of what came to be with the product whose SKU is that of copy 0.
    pub(super) fn of_product(new: &[Row]) -> Result<Self, BenchError> {
        const OWN: [&str; 2] = ["prod_", "mov_"];
        let sku = token::sku(0);
        let named: Vec<_> = new.iter().filter(|row| row.all().contains(&sku)).collect();
        let mut names = BTreeMap::from([(sku, Token::Sku)]);
        for row in &named {
            let text = row.all();
            names.extend(token::ids(&text, &OWN).map(|(digits, id)| (digits.to_owned(), Token::Id(id))));
        }
        // Its mark at a tag names the product, but no SKU.
        let own = |row: &&Row| names.keys().any(|name| row.all().contains(name.as_str()));
        let rows: Vec<_> = new.iter().filter(own).collect();
        Self::cast(&rows, names)
    }

    fn cast(rows: &[&Row], mut names: BTreeMap<String, Token>) -> Result<Self, BenchError> {
        let rows: Vec<_> = rows.iter().filter(|row| !NOT_ITS_OWN.contains(&row.kind())).collect();
        if rows.is_empty() {
            return Err(BenchError::Market("nothing that could be copied came to be".to_owned()));
        }
        for row in &rows {
            let text = row.all();
            names.extend(token::times(&text).map(|(text, token)| (text.to_owned(), token)));
        }
        // A time before its day, which is how it begins.
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let (needles, tokens): (Vec<_>, Vec<_>) = names.into_iter().unzip();
        let cast = |row: &&&Row| {
            let text = |text: &String| Column::Text(parts(text, &needles));
            let mut columns: Vec<_> = row.texts.iter().map(text).collect();
            if let Some(size) = row.size {
                columns.extend([Column::Size(size), Column::Hash]);
            }
            Cast { insert: row.insert(), columns }
        };
        let items = rows.iter().filter(|row| row.size.is_some()).count();
        Ok(Self { tokens, rows: rows.iter().map(cast).collect(), items })
    }

    /// How many bytes one copy takes, without SQLite's.
    pub(super) fn bytes(&self) -> i64 {
        let sizes = self.rows.iter().flat_map(|row| &row.columns);
        sizes.map(|column| if let Column::Size(size) = column { *size } else { 0 }).sum()
    }

    /// Makes one copy.
    pub(super) fn copy(&self, kept: &Kept, nth: Nth) -> Result<(), BenchError> {
        let said: Vec<_> = self.tokens.iter().map(|token| token.of(nth)).collect::<Result<_, _>>()?;
        for row in &self.rows {
            let mut values = Vec::with_capacity(row.columns.len());
            for column in &row.columns {
                values.push(match column {
                    Column::Text(parts) => Value::Text(parts.iter().map(|part| part.said(&said)).collect()),
                    Column::Size(size) => Value::Integer(*size),
                    Column::Hash => Value::Text(match values.first() {
                        Some(Value::Text(key)) => Row::hash_of(key),
                        _ => String::new(),
                    }),
                });
            }
            kept.insert(&row.insert, &values)?;
        }
        Ok(())
    }
}

impl Part {
    fn said<'a>(&'a self, said: &'a [String]) -> &'a str {
        match self {
            Self::Literal(text) => text,
            Self::Token(place) => said.get(*place).map_or("", String::as_str),
        }
    }
}

/// A text, taken apart at what differs; of two that begin at the same place, the one named first.
fn parts(text: &str, needles: &[String]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let found =
            needles.iter().enumerate().filter_map(|(place, needle)| Some((rest.find(needle)?, place)));
        let Some((at, place)) = found.min() else { break };
        if at > 0 {
            parts.push(Part::Literal(rest[..at].to_owned()));
        }
        parts.push(Part::Token(place));
        rest = &rest[at + needles[place].len()..];
    }
    parts.push(Part::Literal(rest.to_owned()));
    parts
}
