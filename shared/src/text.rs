//! Strings that can only hold what they say: parsed once at the edge, trusted inside.

/// Two hexadecimal digits for each of `bytes`, in lower case.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Defines a string type whose values all passed `$check`, a `fn(&str) -> Result<(), String>`.
///
/// It reads and writes as a plain JSON string; a value that fails says `$check`'s reason. The pattern and
/// lengths given are what the OpenAPI description says of it. One that ends with `personal` never shows its text in
/// debug output.
#[macro_export]
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, example $example:literal, length $min:literal..=$max:literal $(, pattern $pattern:literal)?, check $check:expr $(, $private:ident)?) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        $crate::text_type!(@debug $name $($private)?);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let length = text.chars().count();
                if !($min..=$max).contains(&length) {
                    return Err(format!("must have {} to {} characters, has {length}", $min, $max));
                }
                let check: fn(&str) -> Result<(), String> = $check;
                check(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .min_length(Some($min))
                    .max_length(Some($max))
                    $(.pattern(Some($pattern)))?
                    .examples([serde_json::json!($example)])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
    (@debug $name:ident personal) => {
        // Debug output ends up in logs sooner or later.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
    (@debug $name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.0).finish()
            }
        }
    };
}

/// Whether all of `text` is printable: no control characters, nothing that turns a line around.
///
/// # Errors
/// Names the rule, never the character's surroundings.
pub fn printable(text: &str) -> Result<(), String> {
    let turns = |c| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    if text.chars().any(|c| c.is_control() || turns(c)) {
        return Err("must not contain control characters".to_owned());
    }
    if text.trim() != text {
        return Err("must not begin or end with white space".to_owned());
    }
    Ok(())
}

/// As [`printable`], but lines and tabs are welcome: for descriptions and notes.
///
/// # Errors
/// Names the rule.
pub fn prose(text: &str) -> Result<(), String> {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("must not contain control characters other than line breaks and tabs".to_owned());
    }
    Ok(())
}

/// Whether all of `text` is lower-case letters, digits and inner hyphens.
///
/// # Errors
/// Names the rule.
pub fn slug(text: &str) -> Result<(), String> {
    let inner = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if inner && !text.starts_with('-') && !text.ends_with('-') {
        Ok(())
    } else {
        Err("must consist of lower-case letters, digits and inner hyphens".to_owned())
    }
}

/// Tells what is null from what is absent, for fields of a change: `Some(None)` takes away, `None` leaves.
///
/// # Errors
/// Those of the value.
pub fn given<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}
