//! Documents of one line and of fifty, and names from all over Europe.

use jiff::Timestamp;

use super::*;
use crate::{
    id::{EventId, OrderId},
    invoice::{
        model::{Draft, Payment, Seller},
        pdf,
        sum::Sum,
    },
    money::Money,
    payment::ProviderName,
    pricing::Tax,
};

fn euros(amount: i64) -> Money {
    Money::new(amount, "EUR".parse().unwrap())
}

fn position(number: i64) -> Position {
    let net = euros(1000 + number);
    let tax = Tax {
        name: "VAT DE".parse().unwrap(),
        rate: "19".to_owned().try_into().unwrap(),
        taxable: net,
        amount: euros(190),
    };
    Position {
        name: format!("Mug {number}"),
        sku: Some(format!("MUG-{number}").parse().unwrap()),
        quantity: 1,
        unit_price: Some(net),
        discount: euros(0),
        sum: Sum { net, taxes: vec![tax] },
    }
}

fn document(lines: i64) -> Document {
    let positions: Vec<_> = (1..=lines).map(position).collect();
    let sum = Position::total(&positions, "EUR".parse().unwrap()).unwrap();
    let total = sum.total().unwrap();
    let by = PaidBy::Provider { provider: ProviderName::Stripe };
    Document {
        number: 7,
        issued_at: Timestamp::UNIX_EPOCH,
        seller: Seller {
            name: "Kaffeerösterei Łódź".parse().unwrap(),
            country: Some("DE".parse().unwrap()),
            vat_id: Some("DE136695976".parse().unwrap()),
        },
        order: OrderId::from_bits(1),
        order_number: "K7Q2M-9F4ZT".to_owned(),
        ordered_at: Timestamp::UNIX_EPOCH,
        invoice: None,
        content: Draft {
            kind: DocumentKind::Invoice,
            event: EventId::from_bits(1),
            happened: "order.payment_captured".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            positions,
            sum,
            total,
            payments: vec![Payment { by, amount: total }],
            prices_include_tax: false,
            reverse_charge: false,
        },
    }
}

fn buyer(name: &str) -> Buyer {
    let address =
        serde_json::json!({"name": name, "line1": "Οδός Ερμού 1", "city": "Αθήνα", "country": "GR"});
    let contact = Contact {
        email: "ada@example.com".parse().unwrap(),
        shipping_address: serde_json::from_value(address).unwrap(),
        billing_address: None,
        vat_id: Some("EL094259216".parse().unwrap()),
    };
    Buyer::Known(Box::new(contact))
}

fn texts(pages: &[Page]) -> Vec<&str> {
    pages.iter().flat_map(|page| &page.texts).map(|set| set.text.as_str()).collect()
}

fn count(pdf: &[u8], text: &str) -> usize {
    pdf.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
}

#[test]
fn one_line_is_one_page() {
    let pages = lay_out(&document(1), &buyer("Ada Lovelace"));
    let texts = texts(&pages);
    assert_eq!(pages.len(), 1);
    for text in [
        "Invoice 7",
        "Issued 1970-01-01",
        "Kaffeerösterei Łódź",
        "VAT id DE136695976",
        "Ada Lovelace",
        "Αθήνα",
        "GR",
        "VAT id EL094259216",
        "Mug 1",
        "19 %",
        "10.01 EUR",
        "11.91 EUR",
        "VAT DE 19 % on 10.01 EUR",
        "1.90 EUR",
        "Paid by stripe",
        "Invoice 7 · page 1 of 1",
    ] {
        assert!(texts.contains(&text), "{text}: {texts:?}");
    }
    assert!(
        !texts.iter().any(|text| text.contains("Reverse charge") || text.contains("Not paid")),
        "{texts:?}"
    );
}

#[test]
fn fifty_lines_go_over_pages_and_none_is_lost_or_outside() {
    let pages = lay_out(&document(50), &buyer("Ada Lovelace"));
    assert_eq!(pages.len(), 3);
    let all = texts(&pages);
    for number in 1..=50 {
        assert_eq!(all.iter().filter(|text| **text == format!("Mug {number}")).count(), 1);
    }
    assert_eq!(all.iter().filter(|text| **text == "Description").count(), 3, "each page names its columns");
    let ruler = Ruler::new();
    for set in pages.iter().flat_map(|page| &page.texts) {
        assert!(set.x >= LEFT && set.x + ruler.width(&set.text, set.size) <= RIGHT + 10, "{set:?}");
        assert!((TOP..=FOOT).contains(&set.y), "{set:?}");
    }
    assert!((20..25).contains(&lay_out(&document(500), &Buyer::Erased).len()));
}

#[test]
fn amounts_of_any_size_stay_in_their_columns() {
    let mut document = document(1);
    let huge = Money::new(i64::MAX / 2, "KWD".parse().unwrap());
    document.content.positions[0].unit_price = Some(huge);
    document.content.positions[0].sum.net = huge;
    document.content.positions[0].name = "Donaudampfschifffahrtsgesellschaftskapitän".repeat(4);
    let pages = lay_out(&document, &Buyer::Erased);
    let ruler = Ruler::new();
    let (_, right, width) = COLUMNS[1];
    let set = pages[0].texts.iter().find(|set| set.text == huge.to_string()).unwrap();
    assert!(set.x >= right - width && set.x + ruler.width(&set.text, set.size) <= right, "{set:?}");
    let named = pages[0].texts.iter().filter(|set| set.text.contains("schiff"));
    assert!(
        named.clone().count() > 1 && named.clone().all(|set| ruler.width(&set.text, set.size) <= DESCRIPTION)
    );
}

#[test]
fn who_was_erased_is_not_named_and_a_credit_note_says_of_what() {
    let mut document = document(1);
    document.content.kind = DocumentKind::CreditNote;
    document.content.reverse_charge = true;
    document.invoice = Some(3);
    let pages = lay_out(&document, &Buyer::Erased);
    let texts = texts(&pages);
    for text in ["(erased)", "Credit note 7", "Takes from invoice 3", "Returned by stripe"] {
        assert!(texts.contains(&text), "{text}: {texts:?}");
    }
    assert!(texts.iter().any(|text| text.starts_with("Reverse charge")));
}

#[test]
fn a_pdf_has_as_many_pages_and_only_the_letters_it_needs() {
    for (lines, pages) in [(1, 1), (50, 3)] {
        let document = document(lines);
        let pdf = pdf::render(&document.title(), &lay_out(&document, &buyer("Софья Ковалевская"))).unwrap();
        assert!(pdf.starts_with(b"%PDF-1.7"));
        assert_eq!(count(&pdf, "/Type/Page") - count(&pdf, "/Type/Pages"), pages, "{lines} lines");
        assert!(pdf.len() < 60_000, "{} bytes: all of the font is within", pdf.len());
        assert_eq!(
            pdf,
            pdf::render(&document.title(), &lay_out(&document, &buyer("Софья Ковалевская"))).unwrap()
        );
        if let Ok(folder) = std::env::var("SHOW_INVOICES") {
            std::fs::write(format!("{folder}/invoice-{lines}.pdf"), &pdf).unwrap();
        }
    }
}
