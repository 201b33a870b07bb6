//! Pages as HTML: no script, one style, whose hash the policy names.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::digest::{SHA256, digest};

use crate::http::{Nothing, Reply};

const STYLE: &str = include_str!("page.css");

/// A page. All of it is HTML already.
pub(super) struct Page {
    pub title: String,
    pub body: String,
    /// Where it leads by itself.
    pub onward: Option<String>,
}

impl Page {
    pub(super) fn reply(self) -> Reply<Nothing> {
        let Self { title, body, onward } = self;
        let onward =
            onward.map(|address| format!("<meta http-equiv=\"refresh\" content=\"0; url={address}\">\n"));
        let onward = onward.unwrap_or_default();
        let page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{onward}\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
        );
        let hash = BASE64_STANDARD.encode(digest(&SHA256, STYLE.as_bytes()).as_ref());
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        );
        Reply::bytes("text/html; charset=utf-8", page)
            .header("content-security-policy", policy)
            .header("cross-origin-opener-policy", "same-origin")
            .header("referrer-policy", "no-referrer")
            .header("x-frame-options", "DENY")
    }
}

/// `text`, so that it is nothing but text in an element or a quoted attribute.
pub(super) fn text(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(letter),
        }
    }
    html
}

/// Fields of a form that nobody sees.
pub(super) fn hidden(fields: &[(&str, &str)]) -> String {
    let field = |(name, value): &(&str, &str)| {
        format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">\n", text(value))
    };
    fields.iter().map(field).collect()
}
