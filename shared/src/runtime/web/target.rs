//! Which URLs may be called at all, before anything is resolved.

use std::net::IpAddr;

use url::{Host, Url};

use super::{WebError, is_public};

/// The longest URL that is looked at.
const MOST_BYTES: usize = 2048;

/// What may be called beside names and addresses of the public internet.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// Whether this machine may be called, by `http` too and on any port.
    pub loopback: bool,
    /// The ports of the web. Another one is a service that is not meant to be called by strangers.
    pub ports: Vec<u16>,
}

/// Endings of names that no public name has.
const INSIDE: [&str; 7] = ["localhost", "local", "internal", "intranet", "lan", "home", "arpa"];

/// The URL in `text`, if it may be called.
pub(super) fn target(text: &str, rules: &Rules) -> Result<Url, WebError> {
    // A parser drops or turns some of these; who compares the text with what is called must see the same.
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    if text.len() > MOST_BYTES || text.contains(odd) {
        return Err(WebError::Url("it is too long, or has white space or backslashes in it"));
    }
    let url = Url::parse(text).map_err(|_| WebError::Url("it is not a URL"))?;
    if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
        return Err(WebError::Url("it must not hold a user or a password"));
    }
    if url.fragment().is_some() {
        return Err(WebError::Url("it must not have a fragment"));
    }
    let host = url.host().ok_or(WebError::Url("it names no host"))?;
    if rules.loopback && is_loopback(&host) && matches!(url.scheme(), "http" | "https") {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return Err(WebError::Url("it must begin with https://"));
    }
    if !rules.ports.contains(&url.port().unwrap_or(443)) {
        return Err(WebError::Url("its port is not one of the web's, which are 443 and 8443"));
    }
    let public = match host {
        Host::Ipv4(address) => is_public(IpAddr::V4(address)),
        Host::Ipv6(address) => is_public(IpAddr::V6(address)),
        Host::Domain(name) => is_public_name(name),
    };
    if public { Ok(url) } else { Err(WebError::NotPublic) }
}

/// What stands between the two slashes and the path.
fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Whether `host` is this machine, as a developer calls it.
fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => *name == "localhost",
    }
}

/// Whether `name` can be a name of the public internet. What it resolves to is checked apart.
fn is_public_name(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    name.contains('.') && !last.is_empty() && !INSIDE.contains(&last)
}
