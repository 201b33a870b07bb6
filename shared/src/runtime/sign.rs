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
mod tests {
    use std::time::SystemTime;

    use aws_sigv4::{
        http_request::{SignableBody, SignableRequest, SigningSettings, sign},
        sign::v4,
    };
    use aws_smithy_types::body::SdkBody;
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::runtime::{App, Entropy, Settings, web::Outside};

    fn signer(token: Option<&str>, now: Timestamp) -> Signer {
        Signer {
            credentials: Credentials::new("AKIDEXAMPLE", "secret/+key", token.map(Into::into), None, "test"),
            region: "eu-central-1".to_owned(),
            service: "dynamodb",
            clock: Clock::from_fn(move || now),
            ahead: AtomicI64::new(0),
            key: Mutex::default(),
        }
    }

    /// What the SDK would have made of a request that was signed: its date and its authorization.
    fn as_the_sdk(signer: &Signer, signed: &HttpRequest) -> (String, String) {
        let identity = signer.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&signer.region)
            .name(signer.service)
            .time(SystemTime::from(signer.clock.now()))
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let own = ["authorization", "x-amz-date", "x-amz-security-token"];
        let goes = |name: &str| name == "content-type" || name.starts_with("x-amz-");
        let headers = signed.headers().iter().filter(|(name, _)| goes(name) && !own.contains(name));
        let body = SignableBody::Bytes(signed.body().bytes().unwrap());
        let request = SignableRequest::new(signed.method(), signed.uri(), headers, body).unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        let told = |name| instructions.headers().find(|(other, _)| *other == name).unwrap().1.to_owned();
        (told("x-amz-date"), told("authorization"))
    }

    fn ours(signed: &HttpRequest) -> (String, String) {
        let told = |name| signed.headers().get(name).unwrap().to_owned();
        (told("x-amz-date"), told("authorization"))
    }

    fn post(uri: &str, body: impl Into<SdkBody>) -> HttpRequest {
        let mut request = HttpRequest::new(body.into());
        request.set_method("POST").unwrap();
        request.set_uri(uri.to_owned()).unwrap();
        request
    }

    proptest! {
        #[test]
        fn a_signature_is_what_the_sdk_makes_of_the_same_request(
            body in prop::collection::vec(any::<u8>(), 0..300),
            token in prop::option::of("[A-Za-z0-9/+=]{1,400}"),
            target in "[A-Za-z0-9_]{1,20}\\.[A-Za-z]{1,20}",
            agent in "[a-z/0-9.]{0,9}( {1,3}[a-z/0-9.]{1,9}){0,3}",
            host in "(http|https)://[a-z]{1,9}\\.amazonaws\\.com(:80|:443|:4566)?/?",
            seconds in 0..4_000_000_000_i64,
        ) {
            let signer = signer(token.as_deref(), Timestamp::from_second(seconds).unwrap());
            let mut request = post(&host, body);
            let headers = request.headers_mut();
            headers.insert("content-type", "application/x-amz-json-1.0");
            headers.insert("x-amz-target", target);
            headers.insert("x-amz-user-agent", agent);
            headers.insert("amz-sdk-invocation-id", "not signed");
            for _ in 0..2 {
                signer.sign(&mut request).unwrap();
                prop_assert_eq!(ours(&request), as_the_sdk(&signer, &request));
            }
        }
    }

    #[test]
    fn the_days_key_is_no_longer_used_on_the_next_day() {
        let evening: Timestamp = "2026-11-30T23:59:59Z".parse().unwrap();
        let mut signer = signer(None, evening);
        for now in [evening, evening + SignedDuration::from_secs(1), evening] {
            signer.clock = Clock::from_fn(move || now);
            let mut request = post("https://dynamodb.eu-central-1.amazonaws.com/", "{}");
            signer.sign(&mut request).unwrap();
            assert_eq!(ours(&request), as_the_sdk(&signer, &request), "{now}");
        }
    }

    #[test]
    fn what_has_another_form_is_refused() {
        let signer = signer(None, Timestamp::UNIX_EPOCH);
        for uri in ["https://a.b/path", "https://a.b/?x=y", "https://a.b?x=y", "/"] {
            assert!(signer.sign(&mut post(uri, "{}")).is_err(), "{uri}");
        }
        let mut get = post("https://a.b/", "{}");
        get.set_method("GET").unwrap();
        assert!(signer.sign(&mut get).is_err());
    }

    #[test]
    fn a_clock_that_is_off_is_learned_from_a_refusal() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let signer = signer(None, now);
        let answered = |status: u16, date: &str| {
            let mut answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
            answer.headers_mut().insert("date", date.to_owned());
            signer.hear(&answer);
            let mut request = post("https://a.b/", "{}");
            signer.sign(&mut request).unwrap();
            ours(&request).0
        };
        assert_eq!(answered(200, "Mon, 30 Nov 2026 12:30:00 GMT"), "20261130T120000Z");
        assert_eq!(answered(403, "Mon, 30 Nov 2026 12:30:00 GMT"), "20261130T123000Z");
        assert_eq!(answered(403, "Mon, 30 Nov 2026 12:03:00 GMT"), "20261130T120000Z");
        assert_eq!(answered(400, "Mon, 30 Nov 2026 11:30:00 GMT"), "20261130T113000Z");
        assert_eq!(answered(400, "yesterday"), "20261130T113000Z");
    }

    /// Keeps what it is sent, and answers nothing that can be used.
    #[derive(Clone, Debug, Default)]
    struct Keeping(Arc<Mutex<Vec<HttpRequest>>>);

    impl HttpClient for Keeping {
        fn http_connector(
            &self,
            _settings: &HttpConnectorSettings,
            _components: &RuntimeComponents,
        ) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    impl HttpConnector for Keeping {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            self.0.lock().unwrap().push(request);
            HttpConnectorFuture::ready(Ok(HttpResponse::new(400.try_into().unwrap(), SdkBody::empty())))
        }
    }

    #[tokio::test]
    async fn what_each_service_is_asked_has_the_form_and_is_signed() {
        let (kept, now) = (Keeping::default(), "2026-11-30T12:00:00Z".parse::<Timestamp>().unwrap());
        let settings = Settings::from_environment();
        let transport = Transport {
            http_client: SharedHttpClient::new(kept.clone()),
            credentials: Some(app_credentials()),
            region: "eu-central-1".to_owned(),
            endpoint: None,
            outside: Outside::of(&settings),
        };
        let app = App::new(settings, transport, Clock::from_fn(move || now), Entropy::system());
        let _ = app.dynamodb().list_tables().send().await;
        let queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/queue";
        let _ = app.sqs().send_message().queue_url(queue).message_body("hello").send().await;
        let topic = "arn:aws:sns:eu-central-1:123456789012:topic";
        let _ = app.sns().publish().topic_arn(topic).message("hello").send().await;
        let _ = app.secrets().get_secret_value().secret_id("id").send().await;
        let _ = app.kms().get_public_key().key_id("id").send().await;
        let all = std::mem::take(&mut *kept.0.lock().unwrap());
        let hosts: Vec<_> = all.iter().map(|request| host(request).unwrap()).collect();
        let services = ["dynamodb", "sqs", "sns", "secretsmanager", "kms"];
        assert_eq!(hosts, services.map(|service| format!("{service}.eu-central-1.amazonaws.com")));
        for (service, request) in services.into_iter().zip(&all) {
            let (date, authorization) = ours(request);
            assert_eq!(
                (date.as_str(), request.headers().get("x-amz-security-token")),
                ("20261130T120000Z", Some("token"))
            );
            let agents = ["user-agent", "x-amz-user-agent"].map(|name| request.headers().get(name));
            assert_eq!(agents, [Some(AGENT), None]);
            let scope = format!("AK/20261130/eu-central-1/{service}/aws4_request");
            assert!(authorization.contains(&scope), "{authorization}");
            let signer = Signer { credentials: app_credentials(), service, ..signer(None, now) };
            assert_eq!(ours(request), as_the_sdk(&signer, request), "{service}");
        }
    }

    fn app_credentials() -> Credentials {
        Credentials::new("AK", "secret", Some("token".to_owned()), None, "test")
    }
}
