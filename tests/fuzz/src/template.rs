//! What the local market reads.

use jiff::Timestamp;
use souk_local::template::{TemplateOptions, When, load};

/// A template.
pub fn template(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = load(text, &TemplateOptions::default());
    }
}

/// A schedule's expression, and when it is next.
pub fn schedules(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(when) = When::parse(text) {
        let after = Timestamp::constant(1_772_355_600, 0);
        assert!(when.next(after).is_none_or(|next| next > after), "{text}");
    }
}
