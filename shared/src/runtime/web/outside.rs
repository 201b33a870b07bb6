//! The world outside: a client that reaches public addresses only, or what a test puts in its place.

use std::{
    fmt,
    net::{IpAddr, ToSocketAddrs as _},
    sync::{Arc, OnceLock},
};

use aws_smithy_http_client::{
    Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    dns::{DnsFuture, ResolveDns, ResolveDnsError, SharedDnsResolver},
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;

use super::{is_public, target::Rules};
use crate::runtime::Settings;

/// Lets this machine be called where it says `allow`. The template never sets it: it is for development.
const LOOPBACK: &str = "OUTSIDE_LOOPBACK";

/// How what is not AWS is reached.
#[derive(Clone, Debug)]
pub struct Outside {
    pub(super) resolver: SharedDnsResolver,
    pub(super) rules: Rules,
    /// Made at its first use: most functions never call anybody outside.
    pub(super) connector: Arc<OnceLock<SharedHttpConnector>>,
}

impl Outside {
    /// The public internet, and this machine where the settings say so.
    pub fn of(settings: &Settings) -> Self {
        Self::internet(settings.get(LOOPBACK) == Some("allow"))
    }

    /// The public internet. `loopback` lets this machine be called too, for development.
    pub fn internet(loopback: bool) -> Self {
        Self::resolved_by(SharedDnsResolver::new(System), loopback)
    }

    /// The public internet, where `resolver` tells the addresses of names.
    pub fn resolved_by(resolver: SharedDnsResolver, loopback: bool) -> Self {
        Self { resolver, rules: Rules { loopback, ports: vec![443, 8443] }, connector: Arc::default() }
    }

    /// A world in which `answer` answers everything. For tests: nothing leaves the process.
    pub fn from_fn(
        answer: impl Fn(http::Request<Vec<u8>>) -> http::Response<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let world = Self::internet(false);
        let _ = world.connector.set(SharedHttpConnector::new(Scripted(Arc::new(answer))));
        world
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(super) fn connector(&self) -> &SharedHttpConnector {
        self.connector.get_or_init(|| {
            let guarded = Guarded { inner: self.resolver.clone(), loopback: self.rules.loopback };
            let builder = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring));
            SharedHttpConnector::new(builder.build_with_resolver(guarded))
        })
    }
}

/// A resolver in front of the connector. What it answers is what is connected to: there is no second look-up whose
/// answer could be another one.
#[derive(Clone, Debug)]
struct Guarded {
    inner: SharedDnsResolver,
    loopback: bool,
}

impl ResolveDns for Guarded {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let addresses = self.inner.resolve_dns(name).await?;
            let local = self.loopback && name == "localhost";
            let allowed = |address: &IpAddr| is_public(*address) || (local && address.is_loopback());
            // A name that also leads inside is not to be trusted with the addresses that don't.
            if addresses.is_empty() || !addresses.iter().all(allowed) {
                return Err(ResolveDnsError::new(NotPublic));
            }
            Ok(addresses)
        })
    }
}

/// A name leads to an address that is not public.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not public")]
pub(super) struct NotPublic;

/// The resolver of the operating system.
#[derive(Debug)]
struct System;

impl ResolveDns for System {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        let name = name.to_owned();
        DnsFuture::new(async move {
            let found = tokio::task::spawn_blocking(move || (name.as_str(), 0).to_socket_addrs()).await;
            let addresses = found.map_err(ResolveDnsError::new)?.map_err(ResolveDnsError::new)?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }
}

type Answer = dyn Fn(http::Request<Vec<u8>>) -> http::Response<Vec<u8>> + Send + Sync;

#[derive(Clone)]
struct Scripted(Arc<Answer>);

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}

impl HttpConnector for Scripted {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = || {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let request = request.map(|body| body.bytes().unwrap_or_default().to_vec());
            let response = (self.0)(request).map(SdkBody::from);
            HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
        };
        HttpConnectorFuture::ready(answer())
    }
}
