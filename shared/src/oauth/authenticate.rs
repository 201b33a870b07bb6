//! How an integration proves who it is: RFC 6749, section 2.3.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, header::AUTHORIZATION};

use super::{
    client::{self, Client, ClientType},
    fields::Fields,
    refusal::{Failure, Refusal, Why},
};
use crate::runtime::App;

/// The integration that sends this request. A public one only says its name: the code verifier is its proof.
///
/// # Errors
/// `invalid_client` where it is not known or its secret is wrong, all with one text.
pub(super) async fn authenticate(app: &App, headers: &HeaderMap, fields: &Fields) -> Result<Client, Failure> {
    let (id, secret) = credentials(headers, fields)?;
    let wrong = Refusal::new(Why::InvalidClient, "The client is not known, or its secret is wrong.");
    let client = client::find(app, id.parse().map_err(|_| wrong)?).await?.ok_or(wrong)?;
    let proven = match (client.client_type, secret) {
        (ClientType::Confidential, Some(secret)) => client.has_secret(&secret, app.now()),
        (ClientType::Public, None) => true,
        (ClientType::Confidential, None) | (ClientType::Public, Some(_)) => false,
    };
    if proven { Ok(client) } else { Err(wrong.into()) }
}

/// As [`authenticate`], for what only an integration with a secret may ask.
///
/// # Errors
/// `invalid_client`.
pub(super) async fn authenticate_confidential(
    app: &App,
    headers: &HeaderMap,
    fields: &Fields,
) -> Result<Client, Failure> {
    let client = authenticate(app, headers, fields).await?;
    if client.client_type != ClientType::Confidential {
        return Err(Refusal::new(Why::InvalidClient, "This needs a client with a secret.").into());
    }
    Ok(client)
}

/// The client's id, and its secret if it sent one.
fn credentials(headers: &HeaderMap, fields: &Fields) -> Result<(String, Option<String>), Refusal> {
    let (id, secret) = (fields.get("client_id"), fields.get("client_secret"));
    let Some(header) = headers.get(AUTHORIZATION) else {
        let missing = Refusal::new(Why::InvalidClient, "The client does not say who it is.");
        return Ok((id.ok_or(missing)?.to_owned(), secret.map(str::to_owned)));
    };
    let (basic_id, basic_secret) = header.to_str().ok().and_then(basic).ok_or(Refusal::new(
        Why::InvalidClient,
        "The Authorization header is not Basic, or can't be read.",
    ))?;
    if secret.is_some() {
        return Err(Refusal::new(
            Why::InvalidRequest,
            "The client proves itself twice: by header and by form.",
        ));
    }
    if id.is_some_and(|id| id != basic_id) {
        return Err(Refusal::new(Why::InvalidRequest, "Header and form name different clients."));
    }
    Ok((basic_id, Some(basic_secret).filter(|secret| !secret.is_empty())))
}

/// Id and secret of an `Authorization: Basic …` header, each of which was encoded as a form's field before (section
/// 2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let bytes =
        scheme.eq_ignore_ascii_case("basic").then(|| BASE64_STANDARD.decode(encoded.trim()).ok())??;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decoded(id)?, decoded(secret)?))
}

fn decoded(part: &str) -> Option<String> {
    // A lone `&` or `=` would end the field; neither is left by the encoding.
    if part.contains(['&', '=']) {
        return None;
    }
    let field = format!("part={part}");
    url::form_urlencoded::parse(field.as_bytes()).next().map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_are_decoded() {
        let header = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        let read = |text: &str| basic(&header(text));
        let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(read("cli_1:cs_1"), pair("cli_1", "cs_1"));
        assert_eq!(read("a%3Ab:c+d%26%2B"), pair("a:b", "c d&+"));
        assert_eq!(read("a:b:c"), pair("a", "b:c"), "the first colon parts them");
        assert_eq!(read("a:"), pair("a", ""));
        for bad in ["", "a", "a&b:c", "a:b=c"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(basic("Bearer abc"), None);
        assert_eq!(basic("Basic %%%"), None);
    }
}
