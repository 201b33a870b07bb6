//! The address by which a deployment is known: the issuer of its tokens.

use crate::runtime::Settings;

/// The deployment's own address, such as `https://api.example.com`, without a slash at its end.
///
/// `PUBLIC_URL` says it where the deployment has a domain of its own. Else it is the address that the request was sent
/// to: the gateway answers to its own names only, so `domain`, which it tells, can't be anything else. The `Host` header
/// adds the port, which a market on a laptop needs.
pub fn issuer<'a>(settings: &Settings, domain: &str, header: impl Fn(&str) -> Option<&'a str>) -> String {
    if let Some(url) = settings.get("PUBLIC_URL") {
        return url.trim_end_matches('/').to_owned();
    }
    let host = header("host").filter(|host| host.split(':').next() == Some(domain)).unwrap_or(domain);
    let scheme = header("x-forwarded-proto").filter(|scheme| *scheme == "http").unwrap_or("https");
    format!("{scheme}://{host}")
}
