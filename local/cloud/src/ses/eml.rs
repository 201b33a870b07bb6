//! An email as a file that mail programs open (RFC 5322, RFC 2045 to 2047).

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::{fmt::rfc2822, tz::TimeZone};

use super::Email;

const BOUNDARY: &str = "=_the-next-part";

/// The whole message.
pub(super) fn message(email: &Email) -> String {
    if let Some(raw) = &email.raw {
        return raw.clone();
    }
    let mut message = String::new();
    let mut header = |name: &str, value: &str| {
        if !value.is_empty() {
            message.push_str(&format!("{name}: {value}\r\n"));
        }
    };
    let date = rfc2822::to_string(&email.sent.to_zoned(TimeZone::UTC)).unwrap_or_default();
    header("Date", &date);
    header("Message-ID", &format!("<{}@email.invalid>", email.id));
    header("From", &email.from);
    header("To", &email.to.join(", "));
    header("Cc", &email.cc.join(", "));
    header("Reply-To", &email.reply_to.join(", "));
    header("Subject", &encoded(&email.subject));
    for (name, value) in &email.headers {
        header(name, &encoded(value));
    }
    header("MIME-Version", "1.0");
    let parts = [("text/plain", &email.text), ("text/html", &email.html)];
    let parts = parts.into_iter().filter_map(|(kind, body)| Some((kind, body.as_ref()?)));
    header("Content-Type", &format!("multipart/alternative; boundary=\"{BOUNDARY}\""));
    for (kind, body) in parts {
        message.push_str(&format!(
            "\r\n--{BOUNDARY}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        ));
        for line in BASE64_STANDARD.encode(body).as_bytes().chunks(76) {
            message.push_str(&String::from_utf8_lossy(line));
            message.push_str("\r\n");
        }
    }
    message.push_str(&format!("\r\n--{BOUNDARY}--\r\n"));
    message
}

/// A header's text; what is not ASCII, as encoded words of at most 75 characters.
fn encoded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut words = vec![String::new()];
    for letter in text.chars() {
        if words.last().is_some_and(|word| word.len() + letter.len_utf8() > 45) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(letter);
        }
    }
    let words = words.iter().map(|word| format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(word)));
    words.collect::<Vec<_>>().join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_beyond_ascii_is_written_in_encoded_words() {
        assert_eq!(encoded("Your order"), "Your order");
        assert_eq!(encoded("Grüße"), "=?utf-8?B?R3LDvMOfZQ==?=");
        let long = encoded(&"ü".repeat(60));
        assert!(long.split("\r\n ").all(|word| word.len() <= 75), "{long}");
    }
}
