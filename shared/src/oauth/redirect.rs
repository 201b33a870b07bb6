//! Where people are sent back to.

use url::{Host, Url};

crate::text_type! {
    /// An address that an integration is reached at: https, or http on the loopback interface (RFC 8252, section 7.3),
    /// written the way browsers write it, so that no two texts mean one address.
    RedirectUri, example "https://app.example.com/callback", length 1..=512, check |text| parse(text).map(drop)
}

impl RedirectUri {
    /// Whether `given` is this address. Of a loopback address the port does not matter: a program on a laptop takes the
    /// one that is free.
    pub fn matches(&self, given: &str) -> bool {
        if self.as_str() == given {
            return true;
        }
        let (Ok(own), Ok(given)) = (parse(self.as_str()), parse(given)) else {
            return false;
        };
        own.scheme() == "http" && without_port(own) == without_port(given)
    }
}

fn without_port(mut url: Url) -> Url {
    // Refused for addresses without a host only, which none is.
    let _ = url.set_port(None);
    url
}

/// The address, if people may be sent there.
fn parse(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "must be a URL".to_owned())?;
    if url.fragment().is_some() {
        return Err("must not have a fragment".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not have a user or a password".to_owned());
    }
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.octets() == [127, 0, 0, 1],
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) => false,
        None => return Err("must have a host".to_owned()),
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        _ => return Err("must begin with https://, or with http://127.0.0.1 or http://[::1]".to_owned()),
    }
    if url.as_str() != text {
        return Err(format!("must be written as {url}"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_are_safe_to_send_people_to() {
        for good in [
            "https://app.example.com/callback",
            "https://app.example.com/callback?from=souk",
            "https://app.example.com:8443/",
            "http://127.0.0.1/cb",
            "http://127.0.0.1:9000/cb",
            "http://[::1]:9000/cb",
        ] {
            assert!(good.parse::<RedirectUri>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "/callback",
            "//app.example.com/",
            "http://app.example.com/",
            "http://localhost/cb",
            "http://127.0.0.2/cb",
            "http://127.0.0.1.example.com/",
            "http://2130706433/cb",
            "http://127.1/cb",
            "https://app.example.com/cb#",
            "https://app.example.com/cb#part",
            "https://ada@app.example.com/",
            "https://ada:pw@app.example.com/",
            "https://app.example.com",
            "https://APP.example.com/",
            "https://app.example.com/a/../b",
            "https://app.example.com/\u{0}",
            "https:\\\\app.example.com/",
            " https://app.example.com/",
            "https://app.example.com/\n",
            "https://app.example.com/*",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "com.example.app:/cb",
        ] {
            // A star is a path like any other: it stands for itself.
            let expected = bad == "https://app.example.com/*";
            assert_eq!(bad.parse::<RedirectUri>().is_ok(), expected, "{bad:?}");
        }
    }

    #[test]
    fn compared_exactly_but_for_the_port_of_the_loopback() {
        let matches = |own: &str, given: &str| own.parse::<RedirectUri>().unwrap().matches(given);
        assert!(matches("https://a.example/cb", "https://a.example/cb"));
        assert!(matches("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"));
        assert!(matches("http://[::1]:1/cb", "http://[::1]:51004/cb"));
        for given in [
            "https://a.example/cb/",
            "https://a.example/cb?x=1",
            "https://a.example/cb/..",
            "https://a.example:444/cb",
            "https://a.example/CB",
            "https://a.example.evil.example/cb",
            "https://evil.example/cb",
            "http://a.example/cb",
            "",
        ] {
            assert!(!matches("https://a.example/cb", given), "{given}");
        }
        for given in [
            "http://127.0.0.1:1/cb2",
            "http://[::1]:1/cb",
            "http://localhost:1/cb",
            "http://127.0.0.1:1/x/../cb",
            "http://127.0.0.1:1@evil.example/cb",
            "https://127.0.0.1:1/cb",
        ] {
            assert!(!matches("http://127.0.0.1/cb", given), "{given}");
        }
        assert!(!matches("https://127.0.0.1/cb", "https://127.0.0.1:9/cb"), "https has its port");
    }
}
