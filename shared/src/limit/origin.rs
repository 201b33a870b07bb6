//! Origins: where a web page that calls the API comes from.

use url::Url;

crate::text_type! {
    /// The origin of web pages, as browsers send it: scheme, host and, where it is not the usual one, port.
    Origin, example "https://shop.example.com", length 8..=300, pattern "^https?://[^/]+$", check |text| {
        let parsed = Url::parse(text).map_err(|_| "must be an origin, such as https://shop.example.com".to_owned())?;
        let local = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if !(parsed.scheme() == "https" || (parsed.scheme() == "http" && local)) {
            return Err("must begin with https://, or with http:// on this machine".to_owned());
        }
        if text.contains('*') {
            return Err("must be one origin, not a pattern".to_owned());
        }
        if parsed.origin().ascii_serialization() != text {
            return Err("must be an origin only, in lower case: no path, no user, no usual port".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_browser_sends() {
        for good in ["https://shop.example.com", "https://shop.example.com:8443", "http://localhost:5173"] {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in [
            "http://shop.example.com",
            "https://shop.example.com/",
            "https://shop.example.com:443",
            "https://Shop.example.com",
            "https://a@shop.example.com",
            "https://*.example.com",
            "https://shop.example.com?a",
            "null",
            "chrome-extension://abcdef",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }
}
