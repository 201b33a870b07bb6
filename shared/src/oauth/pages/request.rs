//! What an integration asks for by sending somebody to the pages: RFC 6749, section 4.1.1.

use std::collections::BTreeSet;

use url::Url;

use crate::{
    http::Problem,
    oauth::{
        client::{self, Client, GrantType},
        fields::Fields,
        pkce,
        refusal::{Refusal, Why},
        scopes,
    },
    principal::Scope,
    runtime::App,
    store::StoreError,
};

/// A longer state is no state.
const MOST_STATE: usize = 2048;

/// A request that can be agreed to.
pub(super) struct Request {
    pub client: Client,
    pub back: Back,
    pub scopes: BTreeSet<Scope>,
    pub challenge: String,
    /// The request as a form's text, from which it can be read again.
    pub text: String,
}

/// The way back to an integration, which it may be sent: its address is one that was registered.
pub(super) struct Back {
    redirect_uri: String,
    state: Option<String>,
    issuer: String,
}

/// Why a request can't be agreed to.
pub(super) enum Unfit {
    /// Who asks, or where to send the answer, can't be trusted: told to the person, and to nobody else.
    Shown(&'static str),
    /// Told to the integration, at this address.
    Told(String),
    Problem(Problem),
}

impl From<StoreError> for Unfit {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

/// Reads a request, of which `issuer` is asked.
pub(super) async fn read(app: &App, issuer: String, fields: &Fields) -> Result<Request, Unfit> {
    let client = match fields.get("client_id").map(str::parse) {
        Some(Ok(id)) if !fields.repeats("client_id") => client::find(app, id).await?,
        _ => None,
    };
    let client = client.ok_or(Unfit::Shown("The application that sent you here is not known."))?;
    let redirect_uri = fields.get("redirect_uri").filter(|_| !fields.repeats("redirect_uri"));
    let redirect_uri = redirect_uri.filter(|uri| client.may_redirect_to(uri));
    let unknown = "The application that sent you here wants you back at an address that it did not register.";
    let redirect_uri = redirect_uri.ok_or(Unfit::Shown(unknown))?.to_owned();
    let state = fields.get("state").map(str::to_owned);
    if fields.repeats("state") || state.as_ref().is_some_and(|state| state.len() > MOST_STATE) {
        return Err(Unfit::Shown("The application that sent you here sent too much of a state."));
    }
    let back = Back { redirect_uri, state, issuer };
    match checked(&client, fields) {
        Ok((scopes, challenge)) => {
            let text = text(fields);
            Ok(Request { client, back, scopes, challenge, text })
        }
        Err(refusal) => Err(Unfit::Told(back.with_refusal(refusal))),
    }
}

/// The parameters that a request is made of.
const PARAMETERS: [&str; 7] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

fn checked(client: &Client, fields: &Fields) -> Result<(BTreeSet<Scope>, String), Refusal> {
    let invalid = |description| Refusal::new(Why::InvalidRequest, description);
    if PARAMETERS.iter().any(|name| fields.repeats(name)) {
        return Err(invalid("A parameter is given twice."));
    }
    if fields.get("request").or(fields.get("request_uri")).is_some() {
        return Err(Refusal::new(Why::RequestNotSupported, "Send each parameter by itself."));
    }
    if fields.require("response_type", "The response_type is missing.")? != "code" {
        return Err(Refusal::new(Why::UnsupportedResponseType, "The response_type can only be code."));
    }
    if !client.uses(GrantType::AuthorizationCode) {
        return Err(Refusal::new(Why::UnauthorizedClient, "The client was not registered for this."));
    }
    let challenge = fields.require("code_challenge", "A code_challenge is required.")?;
    if fields.get("code_challenge_method") != Some("S256") {
        return Err(invalid("The code_challenge_method must be S256."));
    }
    if !pkce::is_challenge(challenge) {
        return Err(invalid("The code_challenge is no SHA-256 in base64url."));
    }
    Ok((scopes::requested(fields.get("scope"), &client.scopes)?, challenge.to_owned()))
}

fn text(fields: &Fields) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in PARAMETERS.iter().filter_map(|name| Some((name, fields.get(name)?))) {
        text.append_pair(name, value);
    }
    text.finish()
}

impl Back {
    /// Where people are sent, as the integration wrote it.
    pub(super) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The host that people are sent to, for people.
    pub(super) fn host(&self) -> String {
        let host = Url::parse(&self.redirect_uri).ok().and_then(|url| url.host_str().map(str::to_owned));
        host.unwrap_or_default()
    }

    pub(super) fn with_code(&self, code: &str) -> String {
        self.with(&[("code", code)])
    }

    pub(super) fn with_refusal(&self, refusal: Refusal) -> String {
        self.with(&[("error", refusal.why.as_str()), ("error_description", refusal.description)])
    }

    /// With who answers (RFC 9207), so that an integration of several servers can't be made to mix them up.
    fn with(&self, answer: &[(&str, &str)]) -> String {
        // Only addresses that parse were registered.
        let Ok(mut url) = Url::parse(&self.redirect_uri) else { return String::new() };
        let state = self.state.as_deref().map(|state| ("state", state));
        let more = state.into_iter().chain([("iss", self.issuer.as_str())]);
        url.query_pairs_mut().extend_pairs(answer.iter().copied().chain(more));
        url.into()
    }
}
