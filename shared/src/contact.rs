//! How a shopper is reached. Personal data: never logged, never published.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    pricing::VatId,
    text::{printable, prose, slug},
};

crate::text_type! {
    /// An email address, as RFC 5321 lets it be delivered: one `@`, a domain with a dot, no white space.
    Email, example "ada@example.com", length 3..=254, check |text| {
        printable(text)?;
        let valid = text.split_once('@').is_some_and(|(local, domain)| {
            let label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-');
            !local.is_empty()
                && local.len() <= 64
                && !local.contains(|c: char| c.is_whitespace() || "()<>,;:\\\"[]".contains(c))
                && domain.contains('.')
                && domain.split('.').all(label)
        });
        if valid { Ok(()) } else { Err("must be an email address".to_owned()) }
    }, personal
}

crate::text_type! {
    /// A country: two capitals of ISO 3166-1.
    Country, example "DE", length 2..=2, pattern "^[A-Z]{2}$", check |text| {
        if text.chars().all(|c| c.is_ascii_uppercase()) {
            Ok(())
        } else {
            Err("must be two capitals of ISO 3166-1, such as DE".to_owned())
        }
    }
}

crate::text_type! {
    /// A line of an address or a name.
    Line, example "12 Analytical Row", length 1..=200, check printable, personal
}

crate::text_type! {
    /// A short line: a postal code or a phone number.
    ShortLine, example "10115", length 1..=40, check printable, personal
}

crate::text_type! {
    /// What somebody notes, in their own words.
    Note, example "Wants it wrapped.", length 1..=1000, check prose, personal
}

crate::text_type! {
    /// A tag of a product.
    Tag, example "coffee", length 1..=40, pattern "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", check slug
}

crate::text_type! {
    /// The id of a location where a store keeps stock.
    LocationId, example "berlin", length 1..=40, pattern "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", check slug
}

/// A postal address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Who lives or works there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Line>,
    /// Their company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<Line>,
    /// Street and number.
    pub line1: Line,
    /// Floor, apartment, and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line2: Option<Line>,
    /// City.
    pub city: Line,
    /// Postal code, where the country has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<ShortLine>,
    /// State, province or region, where the country has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Line>,
    /// Country.
    pub country: Country,
    /// A number for the carrier to call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<ShortLine>,
}

/// What an order knows of its shopper. Kept in one field, `contact`, which never leaves the tables.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Where mails go.
    pub email: Email,
    /// Where parcels go.
    pub shipping_address: Address,
    /// Where the invoice goes, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
    /// The VAT id of the business that bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_id: Option<VatId>,
}

// Debug output ends up in logs sooner or later.
impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contact(…)")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_addresses_that_can_be_delivered_to() {
        for good in ["ada@example.com", "a.b+c@mail.example.co.uk", "ü@exämple.de", "o'hara@example.ie"] {
            assert!(good.parse::<Email>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "a b@example.com",
            "a@b@example.com",
            "a@-x.com",
            "a@x..com",
            "a@x.com\r\nBcc: b@x.com",
            "<a@x.com>",
        ] {
            assert!(bad.parse::<Email>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn debug_output_tells_nothing_personal() {
        let address: Address =
            serde_json::from_str(r#"{"line1":"12 Analytical Row","city":"London","country":"GB"}"#).unwrap();
        let contact = Contact {
            email: "ada@example.com".parse().unwrap(),
            shipping_address: address,
            billing_address: None,
            vat_id: None,
        };
        assert_eq!(format!("{contact:?}"), "Contact(…)");
        assert_eq!(format!("{:?}", contact.email), "Email(…)");
        assert_eq!(format!("{:?}", contact.shipping_address.city), "Line(…)");
    }
}
