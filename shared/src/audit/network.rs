//! Where a request came from, told roughly.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, schema::Schema, schema::Type},
};

/// The network that an address belongs to: the first 24 bits of IPv4, the first 48 of IPv6.
///
/// An address is personal data, and a chain can't forget. The network tells an investigator whether it was the office
/// or the other end of the world, and names nobody.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of `address`.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                IpAddr::from([a, b, c, 0])
            }
            IpAddr::V6(v6) => {
                let [a, b, c, ..] = v6.segments();
                IpAddr::from([a, b, c, 0, 0, 0, 0, 0])
            }
        })
    }

    /// The network of an address as the gateway tells it; nothing where it tells none.
    pub fn of_text(address: &str) -> Option<Self> {
        address.parse().ok().map(Self::of)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0, if self.0.is_ipv4() { 24 } else { 48 })
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.split_once('/').and_then(|(address, _)| Self::of_text(address));
        address
            .filter(|network| network.to_string() == text)
            .ok_or("must be a network such as 203.0.113.0/24")
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl PartialSchema for Network {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A network: 24 bits of an IPv4 address, or 48 of an IPv6 address."))
            .examples(["203.0.113.0/24"])
            .into()
    }
}

impl ToSchema for Network {
    fn name() -> std::borrow::Cow<'static, str> {
        "Network".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_what_names_somebody() {
        let told = |address: &str| Network::of_text(address).map(|network| network.to_string());
        assert_eq!(told("203.0.113.24").as_deref(), Some("203.0.113.0/24"));
        assert_eq!(told("::ffff:203.0.113.24").as_deref(), Some("203.0.113.0/24"));
        assert_eq!(told("2001:db8:1:2::3").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(told("nowhere"), None);
        assert!("203.0.113.24/24".parse::<Network>().is_err());
        assert!("2001:db8:1::/48".parse::<Network>().is_ok());
    }
}
