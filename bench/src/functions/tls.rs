//! TLS in front of the emulated services, with an authority of this run's own.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, SanType,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig, crypto,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use super::{BenchError, root};

/// What Souk's functions trust at AWS.
const ROOTS: &str = "shared/src/runtime/amazon-roots.pem";
/// Where systems keep what they trust, Lambda's first.
const SYSTEM: [&str; 3] =
    ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"];

/// An authority, and files that trust it among others.
pub(super) struct Trust {
    acceptor: TlsAcceptor,
    folder: PathBuf,
    /// How often somebody has connected so far.
    pub(super) connections: Arc<AtomicU64>,
    /// As much as Souk's functions trust on Lambda: Amazon's few roots.
    pub(super) own: PathBuf,
    /// As much as a function trusts there by default: everything the system does.
    pub(super) system: PathBuf,
}

impl Trust {
    /// A new authority.
    pub(super) fn new() -> Result<Self, BenchError> {
        let (authority, acceptor) =
            certificates().map_err(|error| BenchError::Said(format!("no certificate: {error}")))?;
        let folder = std::env::temp_dir().join(format!("souk-bench-trust-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let system = SYSTEM.iter().find(|file| Path::new(file).exists());
        let system = system.ok_or_else(|| "the system has no file of certificates it trusts".to_owned())?;
        let with = |name: &str, roots: &Path| -> Result<PathBuf, BenchError> {
            let file = folder.join(name);
            fs::write(&file, fs::read_to_string(roots)? + "\n" + &authority)?;
            Ok(file)
        };
        Ok(Self {
            own: with("own.pem", &root().join(ROOTS))?,
            system: with("system.pem", Path::new(system))?,
            folder,
            acceptor,
            connections: Arc::default(),
        })
    }

    /// An address that speaks TLS and hands on what it is told to an endpoint that doesn't.
    pub(super) async fn in_front_of(&self, endpoint: &str) -> Result<String, BenchError> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let connections = Arc::clone(&self.connections);
        let (acceptor, behind) = (self.acceptor.clone(), endpoint.trim_start_matches("http://").to_owned());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                let (acceptor, behind) = (acceptor.clone(), behind.clone());
                tokio::spawn(async move {
                    // Errors are the ends of processes that are killed.
                    let _ = stream.set_nodelay(true);
                    let mut front = acceptor.accept(stream).await?;
                    let mut back = TcpStream::connect(behind).await?;
                    back.set_nodelay(true)?;
                    tokio::io::copy_bidirectional(&mut front, &mut back).await
                });
            }
        });
        Ok(format!("https://localhost:{port}"))
    }
}

impl Drop for Trust {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The authority's certificate, and what answers in its name as `localhost`. The chain is as AWS's: P-256 throughout.
fn certificates() -> Result<(String, TlsAcceptor), Box<dyn std::error::Error>> {
    let mut params = named("Souk's measurements");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let mut params = named("localhost");
    params.subject_alt_names = vec![SanType::DnsName("localhost".try_into()?)];
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, &authority)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((authority.pem(), TlsAcceptor::from(Arc::new(config))))
}

/// OpenSSL takes a certificate for its own issuer's where both have the same name.
fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
