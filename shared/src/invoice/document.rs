//! The document (PDF): laid out here, written by krilla (docs/decisions/invoices.md).

use std::sync::OnceLock;

use krilla::{
    Document,
    geom::Point,
    metadata::Metadata,
    page::PageSettings,
    text::{Font, TextDirection},
};

use super::{
    model::{Invoice, InvoiceKind},
    view::printed,
};
use crate::{
    contact::{Address, Contact},
    money::Money,
};

/// DejaVu Sans: Latin, Greek, Cyrillic, Arabic, Hebrew, Armenian and Georgian letters.
const FONT: &[u8] = include_bytes!("../../assets/fonts/DejaVuSans.ttf");

/// A4, in points.
const PAGE: (u16, u16) = (595, 842);
/// Where text begins and ends.
const LEFT: u16 = 50;
const RIGHT: u16 = 545;
const TOP: u16 = 60;
const BOTTOM: u16 = 780;
/// The right edges of the columns of numbers.
const QUANTITY: u16 = 345;
const PRICE: u16 = 445;
/// Characters that a line has room for.
const NAME: usize = 46;
const WIDE: usize = 84;

/// Why a document can't be written.
#[derive(Debug, thiserror::Error)]
pub enum Unwritten {
    /// The font can't be read.
    #[error("the font can't be read")]
    Font,
    /// The size of a page is none.
    #[error("the size of a page is none")]
    Page,
    /// krilla can't write it.
    #[error("the document can't be written: {0}")]
    Document(String),
}

/// A text and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Text {
    x: u16,
    y: u16,
    size: u16,
    text: String,
}

/// Pages that are being laid out.
#[derive(Debug)]
struct Layout {
    pages: Vec<Vec<Text>>,
    y: u16,
}

impl Layout {
    fn new() -> Self {
        Self { pages: vec![Vec::new()], y: TOP }
    }

    /// Goes down, to the next page where this one is full.
    fn down(&mut self, by: u16) {
        self.y += by;
        if self.y > BOTTOM {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
    }

    fn put(&mut self, x: u16, size: u16, text: impl Into<String>) {
        let text = Text { x, y: self.y, size, text: text.into() };
        if let Some(page) = self.pages.last_mut() {
            page.push(text);
        }
    }

    fn line(&mut self, size: u16, text: &str) {
        self.put(LEFT, size, cut(text, WIDE));
        self.down(size + size / 2);
    }

    /// Puts a number so that it ends at `right`.
    fn number(&mut self, right: u16, text: String) {
        let width = text.chars().map(advance).sum::<u32>() * 9 / 2048;
        self.put(right.saturating_sub(u16::try_from(width).unwrap_or(0)), 9, text);
    }
}

/// How wide the characters of numbers are in the font, in 2048ths of its size.
fn advance(c: char) -> u32 {
    match c {
        '.' | ' ' => 651,
        '-' => 739,
        '%' => 1946,
        _ => 1303,
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// An amount without its currency, which the document names once.
fn amount(money: Money) -> String {
    money.to_string().split(' ').next().unwrap_or_default().to_owned()
}

fn address(address: &Address) -> Vec<String> {
    let text = |line: Option<String>| line.filter(|line| !line.is_empty());
    let town = [address.postal_code.as_ref().map(ToString::to_string), Some(address.city.to_string())];
    let lines = [
        text(address.name.as_ref().map(ToString::to_string)),
        text(address.company.as_ref().map(ToString::to_string)),
        text(Some(address.line1.to_string())),
        text(address.line2.as_ref().map(ToString::to_string)),
        text(Some(town.into_iter().flatten().collect::<Vec<_>>().join(" "))),
        text(address.state.as_ref().map(ToString::to_string)),
        text(Some(address.country.to_string())),
    ];
    lines.into_iter().flatten().collect()
}

fn lay_out(invoice: &Invoice, buyer: Option<&Contact>) -> Vec<Vec<Text>> {
    let mut layout = Layout::new();
    layout.line(11, invoice.seller.name.as_str());
    for line in &invoice.seller.address {
        layout.line(9, line.as_str());
    }
    if let Some(tax_id) = &invoice.seller.tax_id {
        layout.line(9, &format!("Tax id: {tax_id}"));
    }
    layout.down(24);
    match buyer {
        Some(contact) => {
            let to = contact.billing_address.as_ref().unwrap_or(&contact.shipping_address);
            address(to).iter().for_each(|line| layout.line(9, line));
        }
        None => layout.line(9, "What was known of the buyer was erased."),
    }
    layout.down(24);
    let title = match invoice.kind {
        InvoiceKind::Invoice => "Invoice",
        InvoiceKind::CreditNote => "Credit note",
    };
    layout.line(16, &format!("{title} {}", printed(invoice.number.unwrap_or_default())));
    let date: String = invoice.at.to_string().chars().take(10).collect();
    let currency = invoice.amount.currency();
    layout.line(9, &format!("Date: {date}     Order: {}     Amounts in {currency}", invoice.order_number));
    layout.down(12);
    match invoice.kind {
        InvoiceKind::Invoice => sold(&mut layout, invoice),
        InvoiceKind::CreditNote => sum(&mut layout, "Given back", invoice.amount),
    }
    let included = invoice.totals.tax_included.is_some() || invoice.kind == InvoiceKind::CreditNote;
    if included && !invoice.tax.is_zero() {
        sum(&mut layout, "Of that, tax", invoice.tax);
    }
    for tax in &invoice.taxes {
        sum(&mut layout, &format!("{} {} % on {}", tax.name, tax.rate, amount(tax.taxable)), tax.amount);
    }
    layout.pages
}

fn sold(layout: &mut Layout, invoice: &Invoice) {
    for line in &invoice.lines {
        layout.put(LEFT, 9, cut(line.name.as_str(), NAME));
        layout.number(QUANTITY, line.quantity.to_string());
        layout.number(PRICE, amount(line.unit_price));
        layout.number(RIGHT, amount(line.total));
        layout.down(14);
    }
    layout.down(8);
    let totals = &invoice.totals;
    sum(layout, "Goods", totals.subtotal);
    for (name, amount) in [("Discount", totals.discount.negated().ok()), ("Shipping", Some(totals.shipping))]
    {
        if let Some(amount) = amount.filter(|amount| !amount.is_zero()) {
            sum(layout, name, amount);
        }
    }
    if !totals.tax.is_zero() {
        sum(layout, "Tax", totals.tax);
    }
    sum(layout, "Total", totals.total);
}

fn sum(layout: &mut Layout, name: &str, money: Money) {
    layout.put(LEFT, 9, cut(name, WIDE - 20));
    layout.number(RIGHT, amount(money));
    layout.down(14);
}

fn font() -> Result<Font, Unwritten> {
    static READ: OnceLock<Option<Font>> = OnceLock::new();
    READ.get_or_init(|| Font::new(FONT.to_vec().into(), 0)).clone().ok_or(Unwritten::Font)
}

/// Writes the document. `buyer` is who it is for, if that is still known.
///
/// # Errors
/// [`Unwritten`].
pub fn write(invoice: &Invoice, buyer: Option<&Contact>) -> Result<Vec<u8>, Unwritten> {
    let font = font()?;
    let mut document = Document::new();
    let number = printed(invoice.number.unwrap_or_default());
    document.set_metadata(Metadata::new().title(number).creator("Souk".to_owned()));
    for texts in lay_out(invoice, buyer) {
        let size = PageSettings::from_wh(f32::from(PAGE.0), f32::from(PAGE.1)).ok_or(Unwritten::Page)?;
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        for text in texts {
            let point = Point::from_xy(f32::from(text.x), f32::from(text.y));
            let size = f32::from(text.size);
            surface.draw_text(point, font.clone(), size, &text.text, false, TextDirection::Auto);
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| Unwritten::Document(format!("{error:?}")))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::{
        id::{InvoiceId, OrderId},
        identity::Seller,
        invoice::InvoiceLine,
        totals::Totals,
    };

    fn euros(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    fn invoice(lines: usize) -> Invoice {
        let line = InvoiceLine {
            name: "Ĉapelo de Ğülşen, Ωμέγα, Кофе".parse().unwrap(),
            quantity: 2,
            unit_price: euros(1250),
            total: euros(2500),
        };
        Invoice {
            id: InvoiceId::from_bits(1),
            number: Some(42),
            kind: InvoiceKind::Invoice,
            order: OrderId::from_bits(1),
            order_number: "K7Q2M-9F4ZT".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            seller: Seller {
                name: "Kiosk".parse().unwrap(),
                address: vec!["1 Market Square".parse().unwrap()],
                tax_id: None,
            },
            lines: vec![line; lines],
            totals: Totals::of_lines(euros(2500)),
            taxes: Vec::new(),
            amount: euros(2500),
            tax: euros(0),
        }
    }

    fn buyer() -> Contact {
        let address = json!({ "name": "Ada Lovelace", "line1": "12 Row", "city": "London", "country": "GB" });
        serde_json::from_value(json!({ "email": "ada@example.com", "shipping_address": address })).unwrap()
    }

    fn texts(invoice: &Invoice, buyer: Option<&Contact>) -> Vec<String> {
        lay_out(invoice, buyer).into_iter().flatten().map(|text| text.text).collect()
    }

    #[test]
    fn says_who_sold_what_to_whom() {
        let shown = texts(&invoice(1), Some(&buyer()));
        for expected in
            ["Kiosk", "1 Market Square", "Ada Lovelace", "Invoice 000042", "12.50", "25.00", "Total"]
        {
            assert!(shown.iter().any(|text| text == expected), "{expected} is not in {shown:?}");
        }
        let erased = texts(&invoice(1), None);
        assert!(erased.iter().any(|text| text.contains("erased")));
    }

    #[test]
    fn nothing_is_below_or_beside_the_page() {
        let pages = lay_out(&invoice(200), Some(&buyer()));
        assert!(pages.len() > 3);
        for text in pages.iter().flatten() {
            assert!(text.x >= LEFT && text.x < RIGHT && text.y >= TOP && text.y <= BOTTOM, "{text:?}");
        }
    }

    #[test]
    fn is_a_small_pdf_with_any_letters() {
        let pdf = write(&invoice(100), Some(&buyer())).unwrap();
        assert!(pdf.starts_with(b"%PDF-") && pdf.len() < 60_000, "{} bytes", pdf.len());
        if let Ok(path) = std::env::var("INVOICE_SAMPLE") {
            std::fs::write(path, pdf).unwrap();
        }
    }
}
