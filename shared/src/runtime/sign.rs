//! Signs calls to AWS, by Signature Version 4 and in the one form that those of most services have: a POST to `/`.
//!
//! The SDK signs any request, and anew each time derives the key of the day from the secret, sorts and encodes a query
//! that is empty, and looks up who signs: half of what a call costs (docs/decisions/calls-are-signed-here.md).

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use aws_credential_types::Credentials;
use aws_runtime::user_agent::UserAgentInterceptor;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        interceptors::{
            Intercept, context::BeforeSerializationInterceptorContextRef, disable_interceptor,
            dyn_dispatch_hint,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::{RuntimeComponents, RuntimeComponentsBuilder},
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use jiff::{SignedDuration, fmt::rfc2822, tz::TimeZone};
use ring::{digest, hmac};

use super::{Clock, Transport};
use crate::text::hex;

/// AWS takes signatures that are five minutes old. From this much on, its clock goes and not the machine's.
const OFF: SignedDuration = SignedDuration::from_mins(4);

/// As whom AWS's logs know what calls.
const AGENT: &str = concat!("souk/", env!("CARGO_PKG_VERSION"));

/// Signs what is sent to a service, and has `transport` carry it.
pub(super) fn signing(
    transport: &Transport,
    credentials: &Credentials,
    service: &'static str,
    clock: &Clock,
) -> SharedHttpClient {
    let signer = Signer {
        credentials: credentials.clone(),
        region: transport.region.clone(),
        service,
        clock: clock.clone(),
        ahead: AtomicI64::new(0),
        key: Mutex::default(),
    };
    SharedHttpClient::new(Signing { client: transport.http_client.clone(), signer: Arc::new(signer) })
}

/// Who signs, and for what.
struct Signer {
    credentials: Credentials,
    region: String,
    /// As AWS calls it in signatures.
    service: &'static str,
    clock: Clock,
    /// By how many seconds AWS's clock is ahead of the machine's, where that is more than signatures bear.
    ahead: AtomicI64,
    /// The day's key, and of which day it is.
    key: Mutex<Option<(String, hmac::Key)>>,
}

impl Signer {
    fn sign(&self, request: &mut HttpRequest) -> Result<(), BoxError> {
        let ahead = SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed));
        let now = self.clock.now().checked_add(ahead)?.to_zoned(TimeZone::UTC);
        let day = format!("{:04}{:02}{:02}", now.year(), now.month(), now.day());
        let time = format!("{day}T{:02}{:02}{:02}Z", now.hour(), now.minute(), now.second());
        let host = host(request)?.to_owned();
        let headers = request.headers_mut();
        headers.try_insert("user-agent", AGENT)?;
        headers.try_insert("x-amz-date", time.clone())?;
        if let Some(token) = self.credentials.session_token() {
            headers.try_insert("x-amz-security-token", token.to_owned())?;
        }
        let (canonical, names) = canonical(request, &host)?;
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(canonical.as_bytes()));
        let signature = hex(hmac::sign(&self.key_of(&day), to_sign.as_bytes()).as_ref());
        let by = self.credentials.access_key_id();
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={by}/{scope}, SignedHeaders={names}, Signature={signature}");
        request.headers_mut().try_insert("authorization", authorization)?;
        Ok(())
    }

    fn key_of(&self, day: &str) -> hmac::Key {
        let mut kept = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, key)) = &*kept
            && of == day
        {
            return key.clone();
        }
        let secret = format!("AWS4{}", self.credentials.secret_access_key());
        let first = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let key = [day, &self.region, self.service, "aws4_request"].iter().fold(first, |key, part| {
            hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref())
        });
        *kept = Some((day.to_owned(), key.clone()));
        key
    }

    /// Learns from a refusal by how much the machine's clock is off, if that is why. The SDK tries again then.
    fn hear(&self, answer: &HttpResponse) {
        if answer.status().is_success() {
            return;
        }
        let told = answer.headers().get("date").and_then(|date| rfc2822::parse(date).ok());
        let Some(told) = told.map(|date| date.timestamp()) else { return };
        let ahead = told.duration_since(self.clock.now());
        let ahead = if ahead.abs() >= OFF { ahead.as_secs() } else { 0 };
        self.ahead.store(ahead, Ordering::Relaxed);
    }
}

/// Where a request goes, as the client that sends it writes that into the header `Host`.
fn host(request: &HttpRequest) -> Result<&str, BoxError> {
    let (scheme, rest) = request.uri().split_once("://").ok_or("the address has no scheme")?;
    let host = match rest.split_once('/') {
        None => rest,
        Some((host, "")) => host,
        Some(_) => return Err("only what is sent to / can be signed".into()),
    };
    if request.method() != "POST" || host.contains(['?', '#', '@']) {
        return Err("only a POST without a query can be signed".into());
    }
    let usual = if scheme == "https" { ":443" } else { ":80" };
    Ok(host.strip_suffix(usual).unwrap_or(host))
}

/// The request as it is signed, and the names of the headers in it: the host, what AWS goes by, and what the body is.
fn canonical(request: &HttpRequest, host: &str) -> Result<(String, String), BoxError> {
    let body = request.body().bytes().ok_or("a body that is not there yet can't be signed")?;
    let mut headers: Vec<(&str, &str)> = request
        .headers()
        .iter()
        .filter(|(name, _)| *name == "content-type" || name.starts_with("x-amz-"))
        .chain([("host", host)])
        .collect();
    headers.sort_by_key(|(name, _)| *name);
    let (mut canonical, mut names) = (String::with_capacity(1024), String::with_capacity(128));
    canonical.push_str("POST\n/\n\n");
    for (name, value) in headers {
        if !names.is_empty() {
            names.push(';');
        }
        names.push_str(name);
        canonical.push_str(name);
        canonical.push(':');
        for (place, word) in value.split_ascii_whitespace().enumerate() {
            if place > 0 {
                canonical.push(' ');
            }
            canonical.push_str(word);
        }
        canonical.push('\n');
    }
    for part in ["\n", &names, "\n", &sha256(body)] {
        canonical.push_str(part);
    }
    Ok((canonical, names))
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Keeps the SDK from describing itself in two headers, which it puts together anew for each call.
#[derive(Debug)]
pub(super) struct Quiet;

#[dyn_dispatch_hint]
impl Intercept for Quiet {
    fn name(&self) -> &'static str {
        "Quiet"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config
            .interceptor_state()
            .store_put(disable_interceptor::<UserAgentInterceptor>("said by the signer"));
        Ok(())
    }
}

/// Never what is signed with.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({} in {})", self.service, self.region)
    }
}

/// A client that signs what it sends.
#[derive(Clone, Debug)]
struct Signing {
    client: SharedHttpClient,
    signer: Arc<Signer>,
}

impl HttpClient for Signing {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        SharedHttpConnector::new(Signed { connector, signer: Arc::clone(&self.signer) })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        HttpClient::validate_base_client_config(&self.client, components, config)
    }
}

#[derive(Debug)]
struct Signed {
    connector: SharedHttpConnector,
    signer: Arc<Signer>,
}

impl HttpConnector for Signed {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        if let Err(error) = self.signer.sign(&mut request) {
            return HttpConnectorFuture::ready(Err(ConnectorError::user(error)));
        }
        let (answer, signer) = (self.connector.call(request), Arc::clone(&self.signer));
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            signer.hear(&answer);
            Ok(answer)
        })
    }
}

#[cfg(test)]
#[path = "sign_tests.rs"]
mod tests;
