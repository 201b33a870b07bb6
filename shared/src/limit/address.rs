//! Where a request comes from: the source address that the gateway saw. Never a header, which anybody can write.

use std::{fmt, net::IpAddr};

use ring::hmac;

use crate::runtime::{App, StartError};

use crate::text::hex;

/// A source address, as limits tell callers apart: IPv4 as it is, IPv6 by its /64, which one household has.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address(String);

impl Address {
    /// The address that the gateway tells as `sourceIp`.
    pub fn of_gateway(text: &str) -> Self {
        Self(match text.parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(IpAddr::V4(address)) => address.to_string(),
            Ok(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            // The gateway always tells one; what is none is one caller.
            Err(_) => "unknown".to_owned(),
        })
    }

    /// Whether it is the machine itself. AWS's gateway never tells that; a market on a laptop has nobody else, who may
    /// play as many people as they like.
    pub fn is_this_machine(&self) -> bool {
        self.0.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || self.0 == "0:0:0:0::/64"
    }

    /// A name for it that can't be turned back: a hash under a key of the deployment. An address is a personal datum,
    /// and there are few enough of them to try them all against a hash without a key.
    ///
    /// # Errors
    /// [`StartError`] where the root secret can't be read.
    pub async fn opaque(&self, app: &App) -> Result<String, StartError> {
        let tag = hmac::sign(&app.derived_key("address").await?, self.0.as_bytes());
        Ok(hex(&tag.as_ref()[..16]))
    }
}

/// Redacted.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_has_one_name() {
        let name = |text| Address::of_gateway(text).0;
        assert_eq!(name("203.0.113.9"), "203.0.113.9");
        assert_eq!(name("::ffff:203.0.113.9"), "203.0.113.9");
        assert_eq!(name("2001:db8:0:7::1"), name("2001:0DB8::7:ffff:ffff:ffff:ffff"));
        assert_ne!(name("2001:db8:0:7::1"), name("2001:db8:0:8::1"));
        assert_eq!(name("203.0.113.9, 10.0.0.1"), "unknown");
        assert_eq!(format!("{:?}", Address::of_gateway("203.0.113.9")), "Address");
    }
}
