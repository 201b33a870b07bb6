//! Percent encoding, as paths and forms use it.

/// Decodes `%XX`; what isn't an escape stays as it is, and what isn't UTF-8 is replaced.
pub(crate) fn percent_decode(text: &str) -> String {
    decode(text, false)
}

/// Decodes a value of a query: like a path's, and `+` is a space.
pub(crate) fn form_decode(text: &str) -> String {
    decode(text, true)
}

fn decode(text: &str, plus: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        bytes.push(match first {
            b'%' => match escape(tail) {
                Some(byte) => {
                    rest = &tail[2..];
                    byte
                }
                None => b'%',
            },
            b'+' if plus => b' ',
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn escape(tail: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
    if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        u8::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}

/// Encodes everything but the unreserved characters of RFC 3986.
pub(crate) fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_and_broken_ones_kept() {
        assert_eq!(percent_decode("a%20b+c%2Fd"), "a b+c/d");
        assert_eq!(form_decode("a%20b+c"), "a b c");
        assert_eq!(percent_decode("100%,%2,%zz,%+1,%C3%A9"), "100%,%2,%zz,%+1,é");
        assert_eq!(percent_decode(&percent_encode("né & co/100%")), "né & co/100%");
    }
}
