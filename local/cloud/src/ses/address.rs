//! Email addresses.

/// The address in `Name <user@host>` or `user@host`, if it is one.
pub(super) fn address(text: &str) -> Option<&str> {
    let address = match text.trim().strip_suffix('>') {
        Some(rest) => rest.rsplit_once('<')?.1,
        None => text.trim(),
    };
    let (user, domain) = address.rsplit_once('@')?;
    let plain = |text: &str| !text.is_empty() && !text.contains([' ', '<', '>', ',', ';', '\r', '\n', '@']);
    (plain(user) && plain(domain) && address.is_ascii() && address.len() <= 320).then_some(address)
}

/// The domain of an address.
pub(super) fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_and_without_a_name() {
        for (text, found) in [
            ("a@b.example", Some("a@b.example")),
            (" Market <shop@b.example>", Some("shop@b.example")),
            ("\"Doe, Jane\" <jane+x@b.example>", Some("jane+x@b.example")),
            ("b.example", None),
            ("@b.example", None),
            ("a@", None),
            ("a@b.example, c@d.example", None),
            ("a@b.example\r\nBcc: c@d.example", None),
            ("", None),
        ] {
            assert_eq!(address(text), found, "{text:?}");
        }
    }
}
