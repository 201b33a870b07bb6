//! Parameters as OAuth sends them: unknown ones are ignored, empty ones are absent, none may come twice.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use http::HeaderMap;

use super::refusal::{Refusal, Why};

/// A form may have so many bytes. The longest that means anything has a tenth of them.
const MOST_BYTES: usize = 16 * 1024;

/// The parameters of a request. Some are secret, so they have no debug output.
#[derive(Clone, Default)]
pub(super) struct Fields {
    values: BTreeMap<String, String>,
    repeated: BTreeSet<String>,
}

impl Fields {
    pub(super) fn of_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut fields = Self::default();
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            match fields.values.entry(name) {
                Entry::Vacant(place) => {
                    place.insert(value);
                }
                Entry::Occupied(first) => {
                    fields.repeated.insert(first.key().clone());
                }
            }
        }
        fields
    }

    /// The fields of a form.
    pub(super) fn of_form(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        let declared = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = declared.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let why = "Send a form, with Content-Type: application/x-www-form-urlencoded.";
            return Err(Refusal::new(Why::InvalidRequest, why));
        }
        if body.len() > MOST_BYTES {
            return Err(Refusal::new(Why::InvalidRequest, "The form is too large."));
        }
        Ok(Self::of_text(body))
    }

    /// The fields of a form's text.
    pub(super) fn of_text(text: &[u8]) -> Self {
        Self::of_pairs(url::form_urlencoded::parse(text).into_owned())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Whether `name` came twice.
    pub(super) fn repeats(&self, name: &str) -> bool {
        self.repeated.contains(name)
    }

    /// Refuses parameters that came twice.
    pub(super) fn once_each(self) -> Result<Self, Refusal> {
        if self.repeated.is_empty() {
            return Ok(self);
        }
        Err(Refusal::new(Why::InvalidRequest, "A parameter is given twice."))
    }

    /// The parameter `name`, which must be there.
    pub(super) fn require(&self, name: &str, missing: &'static str) -> Result<&str, Refusal> {
        self.get(name).ok_or(Refusal::new(Why::InvalidRequest, missing))
    }
}
