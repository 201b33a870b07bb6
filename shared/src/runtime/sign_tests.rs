//! Signatures, beside those of the SDK.

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

/// Keeps what it is sent, and refuses it: for its signature, where a date is given.
#[derive(Clone, Debug, Default)]
struct Keeping {
    sent: Arc<Mutex<Vec<HttpRequest>>>,
    date: Option<String>,
}

impl Keeping {
    fn sent(&self) -> Vec<HttpRequest> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }
}

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
        self.sent.lock().unwrap().push(request);
        let refusal = r#"{"__type":"com.amazon.coral.service#InvalidSignatureException"}"#;
        let body = if self.date.is_some() { SdkBody::from(refusal) } else { SdkBody::empty() };
        let mut answer = HttpResponse::new(400.try_into().unwrap(), body);
        if let Some(date) = &self.date {
            answer.headers_mut().insert("date", date.clone());
        }
        HttpConnectorFuture::ready(Ok(answer))
    }
}

fn app(kept: &Keeping, clock: Clock) -> App {
    let settings = Settings::from_environment();
    let transport = Transport {
        http_client: SharedHttpClient::new(kept.clone()),
        credentials: Some(app_credentials()),
        region: "eu-central-1".to_owned(),
        endpoint: None,
        outside: Outside::of(&settings),
    };
    App::new(settings, transport, clock, Entropy::system())
}

#[tokio::test]
async fn the_sdk_tries_again_what_was_refused_for_a_clock_that_is_off() {
    let ahead = (Timestamp::now() + SignedDuration::from_mins(30)).to_zoned(TimeZone::UTC);
    let date = ahead.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let kept = Keeping { date: Some(date), ..Keeping::default() };
    let _ = app(&kept, Clock::system()).dynamodb().list_tables().send().await;
    let dates: Vec<_> = kept.sent().iter().map(|request| ours(request).0).collect();
    // The header has no fractions of a second.
    let about = (ahead - SignedDuration::from_mins(1)).strftime("%Y%m%dT%H%M%SZ").to_string();
    assert!(dates.len() > 1 && dates[0] < about, "{dates:?}");
    assert!(dates[1..].iter().all(|date| *date >= about), "{dates:?}, {about}");
}

#[tokio::test]
async fn what_each_service_is_asked_has_the_form_and_is_signed() {
    let (kept, now) = (Keeping::default(), "2026-11-30T12:00:00Z".parse::<Timestamp>().unwrap());
    let app = app(&kept, Clock::from_fn(move || now));
    let _ = app.dynamodb().list_tables().send().await;
    let queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/queue";
    let _ = app.sqs().send_message().queue_url(queue).message_body("hello").send().await;
    let topic = "arn:aws:sns:eu-central-1:123456789012:topic";
    let _ = app.sns().publish().topic_arn(topic).message("hello").send().await;
    let _ = app.secrets().get_secret_value().secret_id("id").send().await;
    let _ = app.kms().get_public_key().key_id("id").send().await;
    let all = kept.sent();
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
