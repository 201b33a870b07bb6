//! Patterns with `*` and `?`.

use std::fmt;

/// A pattern: `*` stands for any run of characters, `?` for any one.
#[derive(Clone, Debug)]
pub(super) struct Wildcard {
    pattern: String,
    ignore_case: bool,
}

impl Wildcard {
    pub(super) fn new(pattern: impl Into<String>) -> Self {
        Self { pattern: pattern.into(), ignore_case: false }
    }

    /// Actions are matched in any case.
    pub(super) fn ignoring_case(pattern: impl Into<String>) -> Self {
        Self { pattern: pattern.into(), ignore_case: true }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        glob(self.pattern.as_bytes(), text.as_bytes(), self.ignore_case)
    }

    /// Matches an ARN part by part: a `*` does not reach past a colon, except in the last part.
    pub(super) fn matches_arn(&self, arn: &str) -> bool {
        let pattern = self.pattern.splitn(6, ':').collect::<Vec<_>>();
        let parts = arn.splitn(6, ':').collect::<Vec<_>>();
        pattern.len() == parts.len()
            && pattern
                .iter()
                .zip(parts)
                .all(|(pattern, part)| glob(pattern.as_bytes(), part.as_bytes(), false))
    }
}

impl fmt::Display for Wildcard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pattern)
    }
}

/// Greedy with one point to return to, so that no pattern costs more than pattern × text.
fn glob(pattern: &[u8], text: &[u8], ignore_case: bool) -> bool {
    let same = |a: u8, b: u8| a == b || (ignore_case && a.eq_ignore_ascii_case(&b));
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(b'?') => {
                // One character, not one byte of it.
                at += 1;
                read += 1;
                while text.get(read).is_some_and(|byte| byte & 0xC0 == 0x80) {
                    read += 1;
                }
            }
            Some(byte) if same(*byte, text[read]) => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((after, from)) = star else { return false };
                star = Some((after, from + 1));
                at = after + 1;
                read = from + 1;
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("*", "anything", true),
            ("dynamodb:*", "dynamodb:GetItem", true),
            ("dynamodb:Get*", "dynamodb:GetItem", true),
            ("dynamodb:Get*", "dynamodb:PutItem", false),
            ("*Item", "dynamodb:BatchGetItem", true),
            ("a*b*c", "axxbyybzzc", true),
            ("a*b*c", "axxbyybzz", false),
            ("gr?y", "gray", true),
            ("gr?y", "gry", false),
            ("caf?", "café", true),
            ("table/souk-state", "table/souk-state/index/due", false),
        ] {
            assert_eq!(Wildcard::new(pattern).matches(text), matches, "{pattern} on {text}");
        }
    }

    #[test]
    fn only_actions_ignore_case() {
        assert!(Wildcard::ignoring_case("DynamoDB:getitem").matches("dynamodb:GetItem"));
        assert!(!Wildcard::new("table/Orders").matches("table/orders"));
    }

    #[test]
    fn an_arn_is_matched_part_by_part() {
        let pattern = Wildcard::new("arn:aws:sns:*:000000000000:orders*");
        assert!(pattern.matches_arn("arn:aws:sns:eu-central-1:000000000000:orders:sub"));
        assert!(!pattern.matches_arn("arn:aws:sns:eu-central-1:111111111111:000000000000:orders"));
    }
}
