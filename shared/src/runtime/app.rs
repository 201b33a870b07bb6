//! What a handler may touch of the world outside it.

use std::sync::{Arc, OnceLock};

use aws_sdk_dynamodb::{
    config::{BehaviorVersion, Region},
    error::DisplayErrorContext,
};
use jiff::SignedDuration;
use ring::hmac;

use crate::limit::Memory;

use super::{
    Clock, Entropy, Memo, MetricSink, Settings, StartError, TenantMemo, Transport,
    sign::{Quiet, signing},
    web::Outside,
};

/// The root secret's ARN is in this variable.
const ROOT_SECRET: &str = "ROOT_SECRET_ARN";

/// Everything that reaches a handler from outside: time, randomness, configuration and AWS.
///
/// Cheap to clone. One per execution environment; of tenants it holds counts by opaque keys, and for minutes and each
/// apart from the others what [`TenantMemo`] is for.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>, Reads);

/// How reads are made that don't say it themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reads {
    /// Of what was written last: a decision may rest on it.
    Strong,
    /// Of what may be a moment old, for half the price.
    Eventual,
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    transport: Transport,
    clock: Clock,
    entropy: Entropy,
    metrics: MetricSink,
    limits: Memory,
    root_secret: tokio::sync::OnceCell<hmac::Key>,
    memo: Memo,
    tenant_memo: TenantMemo,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    sqs: OnceLock<aws_sdk_sqs::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
    ses: OnceLock<aws_sdk_sesv2::Client>,
    secrets: OnceLock<aws_sdk_secretsmanager::Client>,
    kms: OnceLock<aws_sdk_kms::Client>,
}

/// Builds a service's client on the shared transport at its first use: a function pays, in start-up time
/// and in bytes, only for the services it calls.
///
/// What is asked of a service that is named is signed [here](super::sign), of any other by the SDK.
macro_rules! client {
    ($app:ident, $field:ident, $sdk:ident $(, $service:literal)?) => {
        $app.0.$field.get_or_init(|| {
            let transport = &$app.0.transport;
            let mut config = $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new(transport.region.clone()))
                // Its own count of what may still be retried: where many environments share a process, as nowhere on
                // Lambda, one that fails must not take the retries of the others.
                .retry_partition($sdk::config::retry::RetryPartition::custom(stringify!($field)).build())
                // What notices when a stream stalls goes by the machine's clock, and no stream comes to it: answers are
                // read to their end before.
                .stalled_stream_protection($sdk::config::StalledStreamProtectionConfig::disabled())
                .http_client(transport.http_client.clone());
            let service = None::<&'static str>$(.or(Some($service)))?;
            config = match (&transport.credentials, service) {
                (Some(credentials), Some(service)) => {
                    let client = signing(transport, credentials, service, &$app.0.clock);
                    config.allow_no_auth().interceptor(Quiet).http_client(client)
                }
                (Some(credentials), None) => config.credentials_provider(credentials.clone()),
                (None, _) => config.allow_no_auth(),
            };
            if let Some(endpoint) = &transport.endpoint {
                config = config.endpoint_url(endpoint);
            }
            $sdk::Client::from_conf(config.build())
        })
    };
}

impl App {
    /// An app from its parts, whose metrics go to standard output, where CloudWatch finds them.
    pub fn new(settings: Settings, transport: Transport, clock: Clock, entropy: Entropy) -> Self {
        Self::with_metrics(settings, transport, clock, entropy, MetricSink::stdout())
    }

    /// An app from its parts.
    pub fn with_metrics(
        settings: Settings,
        transport: Transport,
        clock: Clock,
        entropy: Entropy,
        metrics: MetricSink,
    ) -> Self {
        let inner = Inner {
            settings,
            transport,
            clock,
            entropy,
            metrics,
            limits: Memory::default(),
            root_secret: tokio::sync::OnceCell::new(),
            memo: Memo::default(),
            tenant_memo: TenantMemo::default(),
            dynamodb: OnceLock::new(),
            sqs: OnceLock::new(),
            sns: OnceLock::new(),
            ses: OnceLock::new(),
            secrets: OnceLock::new(),
            kms: OnceLock::new(),
        };
        Self(Arc::new(inner), Reads::Strong)
    }

    /// The same app, for what is only shown: it may read what is a moment old, which costs half.
    #[must_use]
    pub fn showing(&self) -> Self {
        Self(Arc::clone(&self.0), Reads::Eventual)
    }

    /// The same app, for what a decision rests on whoever asks: it reads what was written last.
    #[must_use]
    pub(crate) fn deciding(&self) -> Self {
        Self(Arc::clone(&self.0), Reads::Strong)
    }

    /// Whether reads that don't say it themselves are strong.
    pub(crate) fn reads_strongly(&self) -> bool {
        self.1 == Reads::Strong
    }

    /// The app of a function on Lambda.
    ///
    /// # Errors
    /// [`StartError`] naming the variable that is missing.
    pub fn from_environment() -> Result<Self, StartError> {
        let settings = Settings::from_environment();
        let transport = Transport::from_environment(&settings)?;
        Ok(Self::new(settings, transport, Clock::system(), Entropy::system()))
    }

    /// The function's configuration.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The present moment.
    pub fn now(&self) -> jiff::Timestamp {
        self.0.clock.now()
    }

    /// The source of randomness.
    pub fn entropy(&self) -> &Entropy {
        &self.0.entropy
    }

    /// Where metrics go.
    pub fn metrics(&self) -> &MetricSink {
        &self.0.metrics
    }

    /// What this environment remembers of the deployment.
    pub fn memo(&self) -> &Memo {
        &self.0.memo
    }

    /// What this environment remembers of tenants, each apart from the others.
    pub fn tenant_memo(&self) -> &TenantMemo {
        &self.0.tenant_memo
    }

    /// The world that is not AWS.
    pub fn outside(&self) -> &Outside {
        &self.0.transport.outside
    }

    /// What this environment holds of the buckets of tokens.
    pub fn limits(&self) -> &Memory {
        &self.0.limits
    }

    /// The key for `purpose`, derived from the deployment's root secret, which is read once per environment.
    ///
    /// # Errors
    /// Says why the secret can't be had.
    pub async fn derived_key(&self, purpose: &str) -> Result<hmac::Key, StartError> {
        let root = self.0.root_secret.get_or_try_init(|| self.read_root_secret()).await?;
        Ok(hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(root, purpose.as_bytes()).as_ref()))
    }

    async fn read_root_secret(&self) -> Result<hmac::Key, StartError> {
        let secret = self.read_secret(ROOT_SECRET).await?;
        if secret.len() < 32 {
            let reason = "the secret has fewer than 32 characters".to_owned();
            return Err(StartError::Invalid { name: ROOT_SECRET.to_owned(), reason });
        }
        Ok(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
    }

    /// The secret whose ARN is in the variable `setting`, read again when what is remembered is older than `most_age`.
    ///
    /// # Errors
    /// Says why the secret can't be had.
    pub async fn secret(&self, setting: &str, most_age: SignedDuration) -> Result<Arc<String>, StartError> {
        let name = format!("secret {setting}");
        if let Some(secret) = self.memo().get(&name, self.now(), most_age) {
            return Ok(secret);
        }
        Ok(self.memo().put(&name, self.now(), self.read_secret(setting).await?))
    }

    async fn read_secret(&self, setting: &str) -> Result<String, StartError> {
        let arn = self.settings().require(setting)?;
        let answer = self.secrets().get_secret_value().secret_id(arn).send().await;
        let invalid = |reason: String| StartError::Invalid { name: setting.to_owned(), reason };
        let answer = answer.map_err(|error| invalid(DisplayErrorContext(error).to_string()))?;
        answer.secret_string.ok_or_else(|| invalid("the secret holds no text".to_owned()))
    }

    /// DynamoDB.
    pub fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        client!(self, dynamodb, aws_sdk_dynamodb, "dynamodb")
    }

    /// SQS.
    pub fn sqs(&self) -> &aws_sdk_sqs::Client {
        client!(self, sqs, aws_sdk_sqs, "sqs")
    }

    /// SNS.
    pub fn sns(&self) -> &aws_sdk_sns::Client {
        client!(self, sns, aws_sdk_sns, "sns")
    }

    /// SES.
    pub fn ses(&self) -> &aws_sdk_sesv2::Client {
        client!(self, ses, aws_sdk_sesv2)
    }

    /// Secrets Manager.
    pub fn secrets(&self) -> &aws_sdk_secretsmanager::Client {
        client!(self, secrets, aws_sdk_secretsmanager, "secretsmanager")
    }

    /// KMS.
    pub fn kms(&self) -> &aws_sdk_kms::Client {
        client!(self, kms, aws_sdk_kms, "kms")
    }
}
