//! VAT ids of the European Union: the form that each member state publishes, with its check digit where that is simple.
//! Whether an id is in use only the member states know (VIES); nobody is asked here.
//!
//! The forms are those of the European Commission's page on VIES.

use crate::{contact::Country, pricing::VatId};

/// A member state, as VAT ids begin: `EL` for Greece, and `XI` for Northern Ireland, where goods are treated alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member(&'static str);

impl Member {
    /// The two capitals.
    pub const fn prefix(self) -> &'static str {
        self.0
    }
}

const MEMBERS: [&str; 28] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "XI",
];

/// The member state whose VAT is owed for goods in `country`, by its ISO code. Northern Ireland's postal codes begin with
/// `BT`; Monaco counts as France.
pub fn member_of(country: &Country, postal_code: &str) -> Option<Member> {
    let prefix = match country.as_str() {
        "GR" => "EL",
        "MC" => "FR",
        "GB" if postal_code.starts_with("BT") => "XI",
        "GB" | "EL" | "XI" => return None,
        code => code,
    };
    MEMBERS.iter().find(|member| **member == prefix).map(|member| Member(member))
}

/// The member state that `id` is of, where it has the form of one of that state's.
///
/// # Errors
/// What is wrong, for people.
pub fn checked(id: &VatId) -> Result<Member, String> {
    let (prefix, number) = id.as_str().split_at_checked(2).unwrap_or_default();
    let member = MEMBERS
        .iter()
        .find(|member| **member == prefix)
        .map(|member| Member(member))
        .ok_or_else(|| "must begin with the prefix of a member state of the European Union".to_owned())?;
    if has_form(prefix, number) && check_digits(prefix, number) {
        Ok(member)
    } else {
        Err(format!("must have the form of a VAT id of {prefix}"))
    }
}

/// The forms: `9` stands for a digit, `A` for a letter, `X` for either, anything else for itself.
fn has_form(prefix: &str, number: &str) -> bool {
    let forms: &[&str] = match prefix {
        "AT" => &["U99999999"],
        "BE" => &["0999999999", "1999999999"],
        "BG" => &["999999999", "9999999999"],
        "CY" => &["99999999A"],
        "CZ" => &["99999999", "999999999", "9999999999"],
        "DE" | "EE" | "EL" | "PT" => &["999999999"],
        "DK" | "FI" | "HU" | "LU" | "MT" | "SI" => &["99999999"],
        "ES" => &["A9999999A", "A99999999", "99999999A"],
        "FR" => &["XX999999999"],
        "HR" | "IT" | "LV" => &["99999999999"],
        "IE" => &["9999999A", "9999999AA", "9X99999A", "9+99999A", "9*99999A"],
        "LT" => &["999999999", "999999999999"],
        "NL" => &["999999999B99"],
        "PL" | "SK" => &["9999999999"],
        "RO" => &["99", "999", "9999", "99999", "999999", "9999999", "99999999", "999999999", "9999999999"],
        "SE" => &["999999999901"],
        "XI" => &["999999999", "999999999999", "GD999", "HA999"],
        _ => &[],
    };
    let fits = |form: &&str| {
        let same = |(want, is): (u8, u8)| match want {
            b'9' => is.is_ascii_digit(),
            b'A' => is.is_ascii_uppercase(),
            b'X' => is.is_ascii_digit() || is.is_ascii_uppercase(),
            other => is == other,
        };
        form.len() == number.len() && form.bytes().zip(number.bytes()).all(same)
    };
    forms.iter().any(fits)
}

/// Whether the check digits are right, where the state's rule is a simple one; of the other ones the form is enough.
fn check_digits(prefix: &str, number: &str) -> bool {
    let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
    let last = digits.last().copied().unwrap_or(0);
    let before = digits.get(..digits.len().saturating_sub(1)).unwrap_or_default();
    match prefix {
        "AT" => (10 - (luhn(&digits[..6]) + digits[6] + 4) % 10) % 10 == last,
        "BE" => 97 - value(&digits[..8]) % 97 == value(&digits[8..]),
        "DE" | "HR" => mod_11_10(before) == last,
        "DK" => weighted(&digits, &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11),
        "EE" => (10 - weighted(before, &[3, 7, 1, 3, 7, 1, 3, 7]) % 10) % 10 == last,
        "EL" => weighted(before, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == last,
        "FI" => weighted(&digits, &[7, 9, 10, 5, 8, 4, 2, 1]).is_multiple_of(11),
        // The key of most ids is two digits; those with letters are checked by another rule, and here by their form.
        "FR" if digits.len() == 11 => value(&digits[..2]) == (value(&digits[2..]) * 100 + 12) % 97,
        "HU" => (10 - weighted(before, &[9, 7, 3, 1, 9, 7, 3]) % 10) % 10 == last,
        "IT" => (10 - luhn(before) % 10) % 10 == last,
        "LU" => value(&digits[..6]) % 89 == value(&digits[6..]),
        "MT" => u64::from(37 - weighted(&digits[..6], &[3, 4, 6, 7, 8, 9]) % 37) == value(&digits[6..]),
        "PL" => weighted(before, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == last,
        "PT" => (11 - weighted(before, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10 == last,
        "SE" => (10 - luhn(&digits[..9]) % 10) % 10 == digits[9],
        "SI" => {
            let rest = 11 - weighted(before, &[8, 7, 6, 5, 4, 3, 2]) % 11;
            rest % 11 % 10 == last && rest != 11
        }
        "SK" => value(&digits).is_multiple_of(11),
        _ => true,
    }
}

/// The digits as a number.
fn value(digits: &[u32]) -> u64 {
    digits.iter().fold(0, |number, digit| number * 10 + u64::from(*digit))
}

fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// The sum of Luhn's rule over the digits before the check digit: every second one doubled, from the last one on.
fn luhn(before: &[u32]) -> u32 {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    before
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| if place % 2 == 0 { doubled(digit) } else { digit })
        .sum()
}

/// The check digit of ISO/IEC 7064, MOD 11,10.
fn mod_11_10(before: &[u32]) -> u32 {
    let product = before.iter().fold(10, |product, digit| {
        let sum = (product + digit) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str) -> Result<Member, String> {
        checked(&id.parse().unwrap())
    }

    #[test]
    fn ids_of_every_member_state() {
        for id in [
            "ATU13585627",
            "BE0428759497",
            "BG175074752",
            "CY10259033P",
            "CZ25123891",
            "DE136695976",
            "DK13585628",
            "EE100931558",
            "EL094259216",
            "ESX5253868R",
            "ESA13585625",
            "ES54362315K",
            "FI20774740",
            "FR40303265045",
            "FRK7399859412",
            "HR33392005961",
            "HU12892312",
            "IE6433435F",
            "IE6433435OA",
            "IE8D79739I",
            "IT00743110157",
            "LT119511515",
            "LT100001919017",
            "LU15027442",
            "LV40003521600",
            "MT11679112",
            "NL004495445B01",
            "PL8567346215",
            "PT501964843",
            "RO18547290",
            "SE556188840401",
            "SI50223054",
            "SK2022749619",
            "XI980780684",
            "XIGD001",
        ] {
            assert_eq!(check(id).map(Member::prefix), Ok(&id[..2]), "{id}");
        }
        let seen: std::collections::BTreeSet<&str> = MEMBERS.into_iter().collect();
        assert_eq!(seen.len(), 28);
    }

    #[test]
    fn a_wrong_digit_is_seen_where_there_is_a_check() {
        for id in [
            "ATU13585627",
            "BE0428759497",
            "DE136695976",
            "DK13585628",
            "EE100931558",
            "EL094259216",
            "FI20774740",
            "FR40303265045",
            "HR33392005961",
            "HU12892312",
            "IT00743110157",
            "LU15027442",
            "PL8567346215",
            "PT501964843",
            "SE556188840401",
            "SI50223054",
            "SK2022749619",
        ] {
            let (mut seen, mut tried) = (0, 0);
            for place in 2..id.len() {
                let Some(digit) = id[place..=place].parse::<u32>().ok() else { continue };
                let other = format!("{}{}{}", &id[..place], (digit + 1) % 10, &id[place + 1..]);
                tried += 1;
                seen += u32::from(check(&other).is_err());
            }
            assert_eq!(seen, tried, "{id}");
        }
    }

    #[test]
    fn what_is_no_id_of_the_union() {
        for id in [
            "GB980780684",
            "CHE116281710",
            "GR094259216",
            "US123456789",
            "DE12345678",
            "DE1366959760",
            "DEA36695976",
            "ATX13585627",
            "FR4030326504",
            "NL004495445A01",
            "NL00449544501",
            "SE556188840402",
            "EU123456789",
            "CY1025903P3",
            "XIAB123",
            "IE64334355",
        ] {
            assert!(check(id).is_err(), "{id}");
        }
    }

    #[test]
    fn whose_vat_is_owed_where() {
        let of =
            |country: &str, postal: &str| member_of(&country.parse().unwrap(), postal).map(Member::prefix);
        assert_eq!(of("DE", ""), Some("DE"));
        assert_eq!(of("GR", ""), Some("EL"));
        assert_eq!(of("MC", "98000"), Some("FR"));
        assert_eq!(of("GB", "BT11AA"), Some("XI"));
        for (country, postal) in
            [("GB", "SW1A1AA"), ("US", ""), ("CH", ""), ("NO", ""), ("EL", ""), ("XI", "")]
        {
            assert_eq!(of(country, postal), None, "{country}");
        }
    }
}
