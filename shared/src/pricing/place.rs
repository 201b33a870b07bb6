//! Places, as tables of taxes and of shipping name them. People write a state as they like (`California`, `ca`, `US-CA`)
//! and a postal code with blanks or without; what is compared here is one spelling of each.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Destination;
use crate::contact::Country;

crate::text_type! {
    /// A state, province or region: its code or its name. Kept as [`region_of`] spells it.
    Region, example "CA", length 1..=60, check crate::text::printable
}

crate::text_type! {
    /// How a postal code begins: capitals and digits, without blanks and hyphens.
    PostalPrefix, example "101", length 1..=10, pattern "^[A-Z0-9]+$", check |text| {
        if text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
            Ok(())
        } else {
            Err("must consist of capitals and digits".to_owned())
        }
    }
}

/// A place, as far as a table narrows it down: a country, or some of its regions, or the postal codes that begin alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(from = "Written")]
pub struct Place {
    /// The country.
    pub country: Country,
    /// The state, province or region; all of the country where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// How postal codes there begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_prefix: Option<PostalPrefix>,
}

/// A place as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    country: Country,
    #[serde(default)]
    region: Option<Region>,
    #[serde(default)]
    postal_prefix: Option<PostalPrefix>,
}

impl From<Written> for Place {
    fn from(Written { country, region, postal_prefix }: Written) -> Self {
        let region = region.map(|region| Region(region_of(&country, region.as_str())));
        Self { country, region, postal_prefix }
    }
}

/// How closely a place says where something is: first by the length of its postal prefix, then by whether it names a
/// region. The greater is the closer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closeness {
    postal: usize,
    region: bool,
}

impl Place {
    /// How closely this place holds `spot`; nothing where it doesn't.
    pub fn holds(&self, spot: &Spot) -> Option<Closeness> {
        let region =
            self.region.as_ref().is_none_or(|region| spot.region.as_deref() == Some(region.as_str()));
        let prefix = self.postal_prefix.as_ref().map_or("", PostalPrefix::as_str);
        let held = self.country == spot.country && region && spot.postal_code.starts_with(prefix);
        held.then_some(Closeness { postal: prefix.len(), region: self.region.is_some() })
    }
}

/// A destination in the one spelling that places are compared in.
#[derive(Clone, PartialEq, Eq)]
pub struct Spot {
    /// The country.
    pub country: Country,
    /// The region.
    pub region: Option<String>,
    /// The postal code, without blanks and hyphens; empty where unknown.
    pub postal_code: String,
}

// Where somebody lives is nobody's business.
impl std::fmt::Debug for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spot({})", self.country)
    }
}

impl Destination {
    /// In the one spelling that places are compared in.
    pub fn spot(&self) -> Spot {
        let region = self.region.as_ref().map(|region| region_of(&self.country, region.as_str()));
        let code = self.postal_code.as_ref().map_or("", |code| code.as_str());
        let postal_code = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase());
        Spot { country: self.country.clone(), region, postal_code: postal_code.collect() }
    }
}

impl Destination {
    /// As much of it as may be kept in the open: the country, and the region where it is a state of the US or a province
    /// of Canada. Whatever else somebody typed there is theirs.
    #[must_use]
    pub fn in_the_open(&self) -> Self {
        let known = |code: &String| codes_of(&self.country).iter().any(|(known, _)| known == code);
        let region = self.spot().region.filter(known).and_then(|code| code.parse().ok());
        Self { country: self.country.clone(), region, postal_code: None }
    }
}

fn codes_of(country: &Country) -> &'static [(&'static str, &'static str)] {
    match country.as_str() {
        "US" => US,
        "CA" => CANADA,
        _ => &[],
    }
}

/// The one spelling of a region: capitals, single blanks, without the country's code before it, and its code where it is
/// a state of the US or a province of Canada.
pub fn region_of(country: &Country, text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c == '.').filter(|word| !word.is_empty()) {
        let blank = if plain.is_empty() { "" } else { " " };
        let _ = write!(plain, "{blank}{}", word.to_uppercase());
    }
    let plain = plain.strip_prefix(&format!("{country}-")).unwrap_or(&plain);
    let code = codes_of(country).iter().find(|(_, name)| *name == plain).map_or(plain, |(code, _)| *code);
    code.to_owned()
}

/// ISO 3166-2 of the United States: the states and the District of Columbia.
const US: &[(&str, &str)] = &[
    ("AL", "ALABAMA"),
    ("AK", "ALASKA"),
    ("AZ", "ARIZONA"),
    ("AR", "ARKANSAS"),
    ("CA", "CALIFORNIA"),
    ("CO", "COLORADO"),
    ("CT", "CONNECTICUT"),
    ("DE", "DELAWARE"),
    ("DC", "DISTRICT OF COLUMBIA"),
    ("FL", "FLORIDA"),
    ("GA", "GEORGIA"),
    ("HI", "HAWAII"),
    ("ID", "IDAHO"),
    ("IL", "ILLINOIS"),
    ("IN", "INDIANA"),
    ("IA", "IOWA"),
    ("KS", "KANSAS"),
    ("KY", "KENTUCKY"),
    ("LA", "LOUISIANA"),
    ("ME", "MAINE"),
    ("MD", "MARYLAND"),
    ("MA", "MASSACHUSETTS"),
    ("MI", "MICHIGAN"),
    ("MN", "MINNESOTA"),
    ("MS", "MISSISSIPPI"),
    ("MO", "MISSOURI"),
    ("MT", "MONTANA"),
    ("NE", "NEBRASKA"),
    ("NV", "NEVADA"),
    ("NH", "NEW HAMPSHIRE"),
    ("NJ", "NEW JERSEY"),
    ("NM", "NEW MEXICO"),
    ("NY", "NEW YORK"),
    ("NC", "NORTH CAROLINA"),
    ("ND", "NORTH DAKOTA"),
    ("OH", "OHIO"),
    ("OK", "OKLAHOMA"),
    ("OR", "OREGON"),
    ("PA", "PENNSYLVANIA"),
    ("RI", "RHODE ISLAND"),
    ("SC", "SOUTH CAROLINA"),
    ("SD", "SOUTH DAKOTA"),
    ("TN", "TENNESSEE"),
    ("TX", "TEXAS"),
    ("UT", "UTAH"),
    ("VT", "VERMONT"),
    ("VA", "VIRGINIA"),
    ("WA", "WASHINGTON"),
    ("WV", "WEST VIRGINIA"),
    ("WI", "WISCONSIN"),
    ("WY", "WYOMING"),
];

/// ISO 3166-2 of Canada.
const CANADA: &[(&str, &str)] = &[
    ("AB", "ALBERTA"),
    ("BC", "BRITISH COLUMBIA"),
    ("MB", "MANITOBA"),
    ("NB", "NEW BRUNSWICK"),
    ("NL", "NEWFOUNDLAND AND LABRADOR"),
    ("NS", "NOVA SCOTIA"),
    ("NT", "NORTHWEST TERRITORIES"),
    ("NU", "NUNAVUT"),
    ("ON", "ONTARIO"),
    ("PE", "PRINCE EDWARD ISLAND"),
    ("QC", "QUEBEC"),
    ("QC", "QUÉBEC"),
    ("SK", "SASKATCHEWAN"),
    ("YT", "YUKON"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(country: &str, region: &str, postal: &str) -> Spot {
        let destination = Destination {
            country: country.parse().unwrap(),
            region: (!region.is_empty()).then(|| region.parse().unwrap()),
            postal_code: (!postal.is_empty()).then(|| postal.parse().unwrap()),
        };
        destination.spot()
    }

    fn place(json: &str) -> Place {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn one_spelling_of_a_region() {
        for text in ["California", "CALIFORNIA", "ca", "CA", "US-CA", "us-ca"] {
            assert_eq!(spot("US", text, "").region.as_deref(), Some("CA"), "{text}");
        }
        assert_eq!(spot("US", "new  york", "").region.as_deref(), Some("NY"));
        assert_eq!(spot("US", "N.Y.", "").region.as_deref(), Some("N Y"));
        assert_eq!(spot("CA", "Québec", "").region.as_deref(), Some("QC"));
        assert_eq!(spot("ES", "Illes Balears", "").region.as_deref(), Some("ILLES BALEARS"));
    }

    #[test]
    fn what_is_kept_in_the_open() {
        let open = |country: &str, region: &str| {
            let destination = Destination {
                country: country.parse().unwrap(),
                region: Some(region.parse().unwrap()),
                postal_code: Some("10115".parse().unwrap()),
            };
            destination.in_the_open()
        };
        assert_eq!(open("US", "new york").region, Some("NY".parse().unwrap()));
        assert_eq!(open("US", "c/o Ada Lovelace").region, None);
        assert_eq!(open("DE", "Berlin").region, None);
        assert_eq!(open("US", "NY").postal_code, None);
    }

    #[test]
    fn the_closer_place() {
        let here = spot("US", "New York", "10115-1234");
        assert_eq!(here.postal_code, "101151234");
        let places = [
            place(r#"{"country":"US"}"#),
            place(r#"{"country":"US","region":"new york"}"#),
            place(r#"{"country":"US","postal_prefix":"10"}"#),
            place(r#"{"country":"US","region":"NY","postal_prefix":"10"}"#),
            place(r#"{"country":"US","postal_prefix":"101"}"#),
        ];
        let close: Vec<_> = places.iter().map(|place| place.holds(&here).unwrap()).collect();
        assert!(close.is_sorted() && close.windows(2).all(|two| two[0] != two[1]), "{close:?}");
        for elsewhere in [r#"{"country":"CA"}"#, r#"{"country":"US","region":"NJ"}"#] {
            assert_eq!(place(elsewhere).holds(&here), None);
        }
        assert_eq!(place(r#"{"country":"US","postal_prefix":"1"}"#).holds(&spot("US", "NY", "")), None);
    }

    #[test]
    fn what_is_no_region_and_no_prefix() {
        assert!("C\u{7}A".parse::<Region>().is_err());
        assert!("sw1".parse::<PostalPrefix>().is_err());
        assert!("SW 1".parse::<PostalPrefix>().is_err());
        assert_eq!(format!("{:?}", spot("US", "NY", "10115")), "Spot(US)");
    }
}
