//! Whose certificates a function believes when it calls AWS.
//!
//! Amazon's own authorities, which are few and in the binary: reading all that a system trusts costs more than the rest
//! of a first call (docs/decisions/amazon-roots.md). Where they aren't enough, the system's are taken after all.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::HttpRequest,
        result::ConnectorError,
        runtime_components::{RuntimeComponents, RuntimeComponentsBuilder},
    },
};
use aws_smithy_types::config_bag::ConfigBag;

use super::{Settings, patient::Patient};

/// The authorities that AWS's endpoints have their certificates from: <https://www.amazontrust.com/repository/>.
const AMAZON: &[u8] = include_bytes!("amazon-roots.pem");

/// Who sets this says what is to be trusted, and means it.
const GIVEN: &str = "SSL_CERT_FILE";

/// The client of every call to AWS.
pub(super) fn https(settings: &Settings) -> SharedHttpClient {
    SharedHttpClient::new(Patient::new(trusting_as(settings)))
}

fn trusting_as(settings: &Settings) -> SharedHttpClient {
    if settings.get(GIVEN).is_some() {
        return of_system();
    }
    let Ok(amazon) = trusting(AMAZON) else { return of_system() };
    SharedHttpClient::new(AmazonFirst { amazon, system: of_system(), distrusted: Arc::default() })
}

/// Trusts whom the system does, which is looked up at the first use.
fn of_system() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

fn trusting(authorities: &[u8]) -> Result<SharedHttpClient, BoxError> {
    let store = TrustStore::empty().with_pem_certificate(authorities);
    let context = TlsContext::builder().with_trust_store(store).build()?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https())
}

/// Trusts Amazon's authorities until a server's certificate is not from one of them, and whom the system trusts from
/// then on.
#[derive(Clone)]
struct AmazonFirst {
    amazon: SharedHttpClient,
    system: SharedHttpClient,
    distrusted: Arc<AtomicBool>,
}

impl HttpClient for AmazonFirst {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        if self.distrusted.load(Ordering::Relaxed) {
            return self.system.http_connector(settings, components);
        }
        let connector = self.amazon.http_connector(settings, components);
        SharedHttpConnector::new(Watched { connector, distrusted: Arc::clone(&self.distrusted) })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        HttpClient::validate_base_client_config(&self.amazon, components, config)
    }
}

impl fmt::Debug for AmazonFirst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AmazonFirst")
    }
}

/// Notices a certificate of an authority that is not Amazon's.
#[derive(Debug)]
struct Watched {
    connector: SharedHttpConnector,
    distrusted: Arc<AtomicBool>,
}

impl HttpConnector for Watched {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answer, distrusted) = (self.connector.call(request), Arc::clone(&self.distrusted));
        HttpConnectorFuture::new(async move {
            answer.await.map_err(|error| {
                if !is_of_stranger(&error) {
                    return error;
                }
                tracing::warn!(
                    "AWS's certificate is of no authority that the binary knows: asking the system's"
                );
                distrusted.store(true, Ordering::Relaxed);
                // Nothing was sent. The SDK tries again what a connection failed of, and finds the other client.
                ConnectorError::io(error.into())
            })
        })
    }
}

/// Whether the server's certificate is from an authority that is not known.
fn is_of_stranger(error: &(dyn std::error::Error + 'static)) -> bool {
    use rustls::{CertificateError::UnknownIssuer, Error::InvalidCertificate};
    // `source` of an `io::Error` leaves out what it wraps.
    if let Some(wrapped) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        return is_of_stranger(wrapped);
    }
    let of_tls = error.downcast_ref::<rustls::Error>();
    of_tls.is_some_and(|error| *error == InvalidCertificate(UnknownIssuer))
        || error.source().is_some_and(is_of_stranger)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aws_credential_types::Credentials;
    use aws_sdk_dynamodb::{
        Client, Config,
        config::{BehaviorVersion, Region},
    };
    use jiff::{Timestamp, ToSpan, tz::TimeZone};
    use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    use tokio::{io::AsyncWriteExt as _, net::TcpListener};
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// A DynamoDB on this machine, under an authority of its own. Its address, and its authority's certificate.
    async fn aws() -> (String, String) {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(
                    vec![certificate.der().clone()],
                    rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
                )
                .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"TableNames\":[]}";
                stream.write_all(answer).await.unwrap();
            }
        });
        (address, authority.pem())
    }

    async fn lists_tables(endpoint: &str, client: AmazonFirst) -> bool {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
            .endpoint_url(endpoint)
            .http_client(SharedHttpClient::new(client))
            .build();
        Client::from_conf(config).list_tables().send().await.is_ok()
    }

    fn first(amazon: &[u8], system: &[u8]) -> AmazonFirst {
        let (amazon, system) = (trusting(amazon).unwrap(), trusting(system).unwrap());
        AmazonFirst { amazon, system, distrusted: Arc::default() }
    }

    /// The day on which AWS's endpoints have another authority, functions still reach them.
    #[tokio::test]
    async fn a_strange_authority_is_looked_up_in_the_systems() {
        let (endpoint, authority) = aws().await;
        let client = first(AMAZON, authority.as_bytes());
        assert!(lists_tables(&endpoint, client.clone()).await);
        assert!(client.distrusted.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn a_known_authority_is_asked_alone_and_an_unknown_one_never_believed() {
        let (endpoint, authority) = aws().await;
        let client = first(authority.as_bytes(), AMAZON);
        assert!(lists_tables(&endpoint, client.clone()).await);
        assert!(!client.distrusted.load(Ordering::Relaxed));
        assert!(!lists_tables(&endpoint, first(AMAZON, AMAZON)).await);
    }

    #[test]
    fn the_authorities_of_the_binary_count_unless_others_are_given() {
        let with = |variables: &[(&str, &str)]| {
            let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            format!("{:?}", https(&owned.collect::<Settings>()))
        };
        assert!(with(&[]).contains("AmazonFirst"));
        assert!(!with(&[(GIVEN, "/etc/ssl/cert.pem")]).contains("AmazonFirst"));
    }

    /// What <https://www.amazontrust.com/repository/> tells of them, so that nobody slips in another.
    #[test]
    fn the_authorities_are_amazons_and_last() {
        let known = [
            "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
            "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
            "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
            "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
            "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
        ];
        let found: Vec<_> = CertificateDer::pem_slice_iter(AMAZON).map(Result::unwrap).collect();
        let hashes: Vec<_> = found
            .iter()
            .map(|certificate| ring::digest::digest(&ring::digest::SHA256, certificate))
            .map(|hash| crate::text::hex(hash.as_ref()))
            .collect();
        assert_eq!(hashes, known);
        let in_five_years = Timestamp::now().to_zoned(TimeZone::UTC) + 5.years();
        assert!(in_five_years.year() < 2037, "the first of them ends in 2037: take what came after it");
    }
}
