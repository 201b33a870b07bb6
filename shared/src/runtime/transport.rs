//! How AWS is reached: over TLS from Lambda, inside the process in `local/` and in tests.

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::{Settings, StartError, trust, web::Outside};

/// The connection to AWS that every SDK client of a function shares.
#[derive(Clone, Debug)]
pub struct Transport {
    /// Carries the requests; the only part that differs between Lambda and `local/`.
    pub http_client: SharedHttpClient,
    /// Signs them. Without, they are not signed: within one process nobody would check.
    pub credentials: Option<Credentials>,
    /// The region whose services are called, such as `eu-central-1`.
    pub region: String,
    /// Where the services are, when not at AWS's own addresses.
    pub endpoint: Option<String>,
    /// Reaches what is not AWS.
    pub outside: Outside,
}

impl Transport {
    /// TLS to AWS, as the role whose credentials Lambda puts into the environment.
    ///
    /// There is no `aws-config` provider chain: on Lambda the environment is the only source, and the
    /// chain costs cold-start time.
    ///
    /// # Errors
    /// [`StartError::Missing`] where the region or a credential is absent.
    pub fn from_environment(settings: &Settings) -> Result<Self, StartError> {
        Ok(Self {
            http_client: trust::https(settings),
            credentials: Some(Credentials::new(
                settings.require("AWS_ACCESS_KEY_ID")?,
                settings.require("AWS_SECRET_ACCESS_KEY")?,
                settings.get("AWS_SESSION_TOKEN").map(str::to_owned),
                None,
                "environment",
            )),
            region: settings.require("AWS_REGION")?.to_owned(),
            endpoint: settings.get("AWS_ENDPOINT_URL").map(str::to_owned),
            outside: Outside::of(settings),
        })
    }
}
