//! Card numbers are refused wherever they turn up: Souk never holds one.

use serde_json::Value;

use super::{Code, Problem};

/// Refuses a JSON value that has a card number in any string, number or field name.
pub(super) fn refuse_cards(value: &Value) -> Result<(), Problem> {
    fn search(value: &Value, path: &str) -> Option<String> {
        match value {
            Value::String(text) => holds_card(text).then(|| path.to_owned()),
            Value::Number(number) => holds_card(&number.to_string()).then(|| path.to_owned()),
            Value::Array(items) => {
                items.iter().enumerate().find_map(|(place, item)| search(item, &format!("{path}[{place}]")))
            }
            Value::Object(fields) => fields.iter().find_map(|(name, item)| {
                if holds_card(name) {
                    return Some(format!("{path}.(name)"));
                }
                search(item, &format!("{path}.{name}"))
            }),
            Value::Null | Value::Bool(_) => None,
        }
    }
    match search(value, "") {
        None => Ok(()),
        Some(path) => Err(refusal().at(path.trim_start_matches('.'))),
    }
}

/// Refuses a text that has a card number in it.
pub(super) fn refuse_card(text: &str) -> Result<(), Problem> {
    if holds_card(text) { Err(refusal()) } else { Ok(()) }
}

fn refusal() -> Problem {
    let detail = "This looks like a card number. Send a payment method of the provider instead.";
    Problem::new(Code::CardNumberRefused, detail)
}

/// Whether 13 to 19 digits stand together, but for single spaces or hyphens, and pass the Luhn check
/// (ISO/IEC 7812-1). Part of a longer run of digits is no card number; part of a longer row of groups may be one.
fn holds_card(text: &str) -> bool {
    let mut groups: Vec<Vec<u8>> = Vec::new();
    let mut follows_digit = false;
    for c in text.chars().chain(std::iter::once('.')) {
        if let Some(digit) = c.to_digit(10).and_then(|digit| u8::try_from(digit).ok()) {
            match groups.last_mut() {
                Some(group) if follows_digit => group.push(digit),
                _ => groups.push(vec![digit]),
            }
            follows_digit = true;
        } else if follows_digit && matches!(c, ' ' | '-') {
            follows_digit = false;
        } else {
            if rows(&groups).any(|row| is_card(&row)) {
                return true;
            }
            groups.clear();
            follows_digit = false;
        }
    }
    false
}

/// How networks group card numbers, so that one is found behind a quantity or a year.
const USUAL: [&[usize]; 3] = [&[4, 4, 4, 4], &[4, 6, 5], &[4, 4, 4, 4, 3]];

/// The digits of all groups together, of each group, and of each row of groups as cards have them.
fn rows(groups: &[Vec<u8>]) -> impl Iterator<Item = Vec<u8>> {
    let usual =
        |row: &&[Vec<u8>]| USUAL.iter().any(|lengths| row.iter().map(Vec::len).eq(lengths.iter().copied()));
    let windows = (3..=5).flat_map(|length| groups.windows(length)).filter(usual);
    let singles = groups.iter().map(std::slice::from_ref);
    std::iter::once(groups).chain(singles).chain(windows).map(<[Vec<u8>]>::concat)
}

fn is_card(digits: &[u8]) -> bool {
    let luhn = || {
        let doubled = |digit: u8| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
        let sum: u32 = digits
            .iter()
            .rev()
            .enumerate()
            .map(|(place, &digit)| u32::from(if place % 2 == 1 { doubled(digit) } else { digit }))
            .sum();
        sum.is_multiple_of(10)
    };
    (13..=19).contains(&digits.len()) && digits.iter().any(|&digit| digit != 0) && luhn()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// `digits` and the check digit that makes a card number of them, by the letter of ISO/IEC 7812-1, annex B.
    fn with_check_digit(mut digits: Vec<u8>) -> Vec<u8> {
        let doubled = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
        let weigh =
            |(place, &digit): (usize, &u8)| if place % 2 == 0 { doubled[usize::from(digit)] } else { digit };
        let sum: u8 = digits.iter().rev().enumerate().map(weigh).sum();
        digits.push((10 - sum % 10) % 10);
        digits
    }

    /// The digits as text, with what `separators` say between each two.
    fn written(digits: &[u8], separators: &[&str]) -> String {
        let parts = digits.iter().zip(separators.iter().chain(std::iter::repeat(&"")));
        let text: String = parts.map(|(digit, separator)| format!("{digit}{separator}")).collect();
        text.trim_end_matches([' ', '-']).to_owned()
    }

    fn separators() -> impl Strategy<Value = Vec<&'static str>> {
        prop::collection::vec(prop::sample::select(vec!["", "", "", " ", "-"]), 0..18)
    }

    proptest! {
        #[test]
        fn a_card_number_is_found_in_any_text_and_grouping(
            digits in prop::collection::vec(0_u8..10, 12..=18),
            separators in separators(),
            before in "([^0-9]{0,10}[^0-9 -])?",
            after in "([^0-9 -][^0-9]{0,10})?",
        ) {
            prop_assume!(digits.iter().any(|&digit| digit != 0));
            let card = written(&with_check_digit(digits), &separators);
            let text = format!("{before}{card}{after}");
            prop_assert!(holds_card(&text), "{text:?}");
        }

        #[test]
        fn one_wrong_digit_makes_it_another_number(
            digits in prop::collection::vec(0_u8..10, 12..=18),
            place in any::<prop::sample::Index>(),
            by in 1_u8..10,
        ) {
            let mut digits = with_check_digit(digits);
            let wrong = place.index(digits.len());
            digits[wrong] = (digits[wrong] + by) % 10;
            let text = written(&digits, &[]);
            prop_assert!(!holds_card(&text), "{text:?}");
        }
    }

    #[test]
    fn finds_cards_however_they_are_written() {
        for card in [
            "4242424242424242",
            "4242 4242 4242 4242",
            "card: 5555-5555-5555-4444.",
            "378282246310005",
            "2 4242 4242 4242 4242",
        ] {
            assert!(holds_card(card), "{card}");
        }
    }

    #[test]
    fn leaves_other_numbers_alone() {
        for other in
            ["4242424242424241", "42424242424242424242", "424242424242", "+49 30 1234567", "0000000000000"]
        {
            assert!(!holds_card(other), "{other}");
        }
    }

    #[test]
    fn names_the_field_but_never_the_number() {
        let problem = refuse_cards(&json!({"a": [{"note": "4242424242424242"}]})).unwrap_err();
        assert_eq!(problem.code(), Code::CardNumberRefused);
        assert!(format!("{problem:?}").contains("a[0].note"));
        assert!(!format!("{problem:?}").contains("4242"));
        assert!(refuse_cards(&json!({"n": 4242424242424242_u64})).is_err());
        assert!(refuse_cards(&json!({"4242424242424242": 1})).is_err());
    }
}
