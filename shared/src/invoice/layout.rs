//! Where what goes on a document's pages. Pure, and in whole tenths of a point from the top left of an A4 page.

use super::{
    model::{Document, DocumentKind, PaidBy},
    position::Position,
    ruler::Ruler,
};
use crate::contact::{Address, Contact};

/// The size of a page.
pub(super) const PAGE: (i32, i32) = (5950, 8420);
const LEFT: i32 = 500;
const RIGHT: i32 = 5450;
const TOP: i32 = 600;
/// Above the foot.
const BOTTOM: i32 = 7700;
const FOOT: i32 = 7950;

/// Sizes of letters.
const TITLE: i32 = 200;
const NAME: i32 = 130;
const TEXT: i32 = 85;
const SMALL: i32 = 70;
/// From a line of text to the next.
const STEP: i32 = 120;

/// Columns of numbers: their right edges, and how wide they are.
const COLUMNS: [(&str, i32, i32); 6] = [
    ("Qty", 2350, 300),
    ("Unit price", 3050, 660),
    ("Discount", 3650, 560),
    ("Tax", 4050, 360),
    ("Net", 4750, 660),
    ("Gross", RIGHT, 660),
];
const DESCRIPTION: i32 = 1500;

/// Whom a document is for.
#[derive(Clone, Debug)]
pub enum Buyer {
    /// As the order knows them.
    Known(Box<Contact>),
    /// What was known of them was erased.
    Erased,
}

/// A text on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// Where it begins.
    pub x: i32,
    /// Its baseline.
    pub y: i32,
    /// How large its letters are.
    pub size: i32,
    /// The text.
    pub text: String,
}

/// A page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Its texts.
    pub texts: Vec<Set>,
    /// How far from the top it has lines from margin to margin.
    pub rules: Vec<i32>,
}

/// Sets `document` on pages.
pub fn lay_out(document: &Document, buyer: &Buyer) -> Vec<Page> {
    let mut sheet = Sheet { ruler: Ruler::new(), pages: vec![Page::default()], y: TOP };
    sheet.head(document);
    sheet.buyer(document, buyer);
    sheet.columns();
    for position in &document.content.positions {
        sheet.position(position);
    }
    sheet.sums(document);
    sheet.payments(document);
    sheet.notes(document);
    sheet.feet(document);
    sheet.pages
}

struct Sheet {
    ruler: Ruler,
    pages: Vec<Page>,
    y: i32,
}

impl Sheet {
    fn page(&mut self) -> &mut Page {
        if self.pages.is_empty() {
            self.pages.push(Page::default());
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    fn left(&mut self, x: i32, y: i32, size: i32, text: &str) {
        self.page().texts.push(Set { x, y, size, text: text.to_owned() });
    }

    /// Ends at `x`; smaller where it is wider than `width`.
    fn right(&mut self, x: i32, y: i32, size: i32, width: i32, text: &str) {
        let wide = self.ruler.width(text, size);
        let size = if wide > width { size * width / wide } else { size };
        let wide = self.ruler.width(text, size);
        self.left(x - wide, y, size, text);
    }

    /// Makes sure that `height` more fits on the page. Whether it took a new one.
    fn room(&mut self, height: i32) -> bool {
        let full = self.y + height > BOTTOM;
        if full {
            self.pages.push(Page::default());
            self.y = TOP;
        }
        full
    }

    /// A paragraph.
    fn paragraph(&mut self, size: i32, width: i32, text: &str) {
        for line in self.ruler.lines(text, size, width) {
            self.room(STEP);
            let y = self.y;
            self.left(LEFT, y, size, &line);
            self.y += STEP;
        }
    }

    fn head(&mut self, document: &Document) {
        let half = (RIGHT - LEFT) / 2;
        let mut facts = vec![
            format!("Issued {}", date(document.issued_at)),
            format!("Order {}", document.order_number),
            format!("Ordered {}", date(document.ordered_at)),
        ];
        if let Some(invoice) = document.invoice {
            facts.push(match document.content.kind {
                DocumentKind::Invoice => format!("Adds to invoice {invoice}"),
                DocumentKind::CreditNote => format!("Takes from invoice {invoice}"),
            });
        }
        self.right(RIGHT, TOP, TITLE, half, &document.title());
        for (fact, y) in facts.iter().zip((TOP + 200..).step_by(120)) {
            self.right(RIGHT, y, TEXT, half, fact);
        }
        for line in self.ruler.lines(document.seller.name.as_str(), NAME, half - 100) {
            let y = self.y;
            self.left(LEFT, y, NAME, &line);
            self.y += 170;
        }
        if let Some(country) = &document.seller.country {
            self.paragraph(TEXT, half, country.as_str());
        }
        if let Some(vat_id) = &document.seller.vat_id {
            self.paragraph(TEXT, half, &format!("VAT id {vat_id}"));
        }
        let y = self.y + 100;
        self.y = y.max(TOP + 200 + 120 * i32::try_from(facts.len()).unwrap_or(0));
    }

    fn buyer(&mut self, document: &Document, buyer: &Buyer) {
        self.y += 100;
        let to = match document.content.kind {
            DocumentKind::Invoice => "Bill to",
            DocumentKind::CreditNote => "Credit to",
        };
        self.paragraph(SMALL, RIGHT - LEFT, to);
        let lines = match buyer {
            Buyer::Known(contact) => buyer_lines(contact),
            Buyer::Erased => vec!["(erased)".to_owned()],
        };
        for line in lines {
            self.paragraph(TEXT, RIGHT - LEFT, &line);
        }
        self.y += 200;
    }

    /// The names of the columns.
    fn columns(&mut self) {
        let y = self.y;
        self.left(LEFT, y, SMALL, "Description");
        for (name, x, width) in COLUMNS {
            self.right(x, y, SMALL, width, name);
        }
        self.page().rules.push(y + 50);
        self.y += 170;
    }

    fn position(&mut self, position: &Position) {
        let lines = self.ruler.lines(&position.name, TEXT, DESCRIPTION);
        let sku = position.sku.as_ref().map(|sku| self.ruler.lines(sku.as_str(), SMALL, DESCRIPTION));
        let sku = sku.unwrap_or_default();
        let height = STEP * i32::try_from(lines.len() + sku.len()).unwrap_or(1);
        if self.room(height) {
            self.columns();
        }
        let y = self.y;
        let rates: Vec<_> = position.sum.taxes.iter().map(|tax| format!("{} %", tax.rate)).collect();
        let total = position.sum.total().unwrap_or(position.sum.net);
        let cells = [
            position.quantity.to_string(),
            position.unit_price.map(|price| price.to_string()).unwrap_or_default(),
            if position.discount.is_zero() { String::new() } else { position.discount.to_string() },
            rates.join(" + "),
            position.sum.net.to_string(),
            total.to_string(),
        ];
        for ((_, x, width), cell) in COLUMNS.into_iter().zip(cells) {
            self.right(x, y, TEXT, width, &cell);
        }
        for (lines, size) in [(lines, TEXT), (sku, SMALL)] {
            for line in lines {
                let y = self.y;
                self.left(LEFT, y, size, &line);
                self.y += STEP;
            }
        }
        self.y += 50;
    }

    /// A sum, at the right.
    fn sum(&mut self, size: i32, name: &str, amount: &str) {
        self.room(STEP);
        let y = self.y;
        self.right(4250, y, size, 3700, name);
        self.right(RIGHT, y, size, 1150, amount);
        self.y += size * 3 / 2;
    }

    fn sums(&mut self, document: &Document) {
        let content = &document.content;
        self.room(STEP * 4);
        let y = self.y - 60;
        self.page().rules.push(y);
        self.y += 80;
        self.sum(TEXT, "Net", &content.sum.net.to_string());
        for tax in &content.sum.taxes {
            let name = format!("{} {} % on {}", tax.name, tax.rate, tax.taxable);
            self.sum(TEXT, &name, &tax.amount.to_string());
        }
        self.y += 40;
        self.sum(NAME, "Total", &content.total.to_string());
        self.y += 80;
    }

    fn payments(&mut self, document: &Document) {
        let content = &document.content;
        let mut left = Some(content.total);
        for payment in &content.payments {
            let by = match payment.by {
                PaidBy::Provider { provider } => format!("by {provider}"),
                PaidBy::GiftCard => "by gift card".to_owned(),
                PaidBy::StoreCredit => "by store credit".to_owned(),
                PaidBy::Outside => "directly".to_owned(),
                PaidBy::Exchange => "in exchange".to_owned(),
            };
            let done = match content.kind {
                DocumentKind::Invoice => "Paid",
                DocumentKind::CreditNote => "Returned",
            };
            self.sum(TEXT, &format!("{done} {by}"), &payment.amount.to_string());
            left = left.and_then(|left| left.minus(payment.amount).ok());
        }
        if content.kind == DocumentKind::Invoice
            && let Some(left) = left.filter(|left| left.amount() > 0)
        {
            self.sum(TEXT, "Not paid yet", &left.to_string());
        }
        self.y += 150;
    }

    fn notes(&mut self, document: &Document) {
        if document.content.reverse_charge {
            let note = "Reverse charge: the recipient of the supply is liable for the VAT (Article 196 of Directive 2006/112/EC).";
            self.paragraph(TEXT, RIGHT - LEFT, note);
        }
        let prices = if document.content.prices_include_tax { "with" } else { "without" };
        self.paragraph(SMALL, RIGHT - LEFT, &format!("Unit prices and discounts are {prices} tax."));
        self.paragraph(
            SMALL,
            RIGHT - LEFT,
            &format!("For {} of {}.", document.content.happened, document.content.at),
        );
    }

    /// What every page ends with.
    fn feet(&mut self, document: &Document) {
        let count = self.pages.len();
        for place in 0..count {
            let text = format!("{} · page {} of {count}", document.title(), place + 1);
            let x = RIGHT - self.ruler.width(&text, SMALL);
            let foot = Set { x, y: FOOT, size: SMALL, text };
            self.pages[place].texts.push(foot);
        }
    }
}

fn date(at: jiff::Timestamp) -> String {
    format!("{:.10}", at.to_string())
}

/// Whom a document is for, as an address is written.
fn buyer_lines(contact: &Contact) -> Vec<String> {
    let Address { name, company, line1, line2, city, postal_code, state, country, phone: _ } =
        contact.billing_address.as_ref().unwrap_or(&contact.shipping_address);
    let town: Vec<_> = [postal_code.as_ref().map(ToString::to_string), Some(city.to_string())]
        .into_iter()
        .flatten()
        .collect();
    let lines = [company.as_ref(), name.as_ref(), Some(line1), line2.as_ref()];
    let lines = lines.into_iter().flatten().map(ToString::to_string);
    let lines = lines.chain([town.join(" ")]).chain(state.as_ref().map(ToString::to_string));
    let vat_id = contact.vat_id.as_ref().map(|vat_id| format!("VAT id {vat_id}"));
    lines.chain([country.to_string()]).chain(vat_id).collect()
}

#[cfg(test)]
mod tests;
