//! Calls of one environment wait a moment for each other's connection before they open another one.
//!
//! HTTP/1.1 carries one call at a time. Where several are made at once, each would open a connection of its own, whose
//! handshake costs a small function more time than an answer of DynamoDB takes.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::{RuntimeComponents, RuntimeComponentsBuilder},
    },
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use http_body_util::BodyExt as _;
use tokio::{sync::Semaphore, task::yield_now, time::timeout};

/// How long a call waits for a connection that others use. Reads of DynamoDB are answered sooner; what takes longer, such
/// as a payment provider or a transaction, holds nobody up for more than this.
const PATIENCE: Duration = Duration::from_millis(6);

/// The connections that there are to each host, as permits.
type Connections = Arc<Mutex<HashMap<String, Arc<Semaphore>>>>;

/// A client whose calls wait for each other.
#[derive(Clone)]
pub(super) struct Patient {
    client: SharedHttpClient,
    connections: Connections,
    patience: Duration,
}

impl Patient {
    /// `client`, with patience.
    pub(super) fn new(client: SharedHttpClient) -> Self {
        Self::waiting(client, PATIENCE)
    }

    fn waiting(client: SharedHttpClient, patience: Duration) -> Self {
        Self { client, connections: Arc::default(), patience }
    }
}

impl HttpClient for Patient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        let (connections, patience) = (Arc::clone(&self.connections), self.patience);
        SharedHttpConnector::new(Waiting { connector, connections, patience })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        HttpClient::validate_base_client_config(&self.client, components, config)
    }
}

impl fmt::Debug for Patient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Patient({:?})", self.client)
    }
}

#[derive(Debug)]
struct Waiting {
    connector: SharedHttpConnector,
    connections: Connections,
    patience: Duration,
}

impl Waiting {
    fn to(&self, request: &HttpRequest) -> Arc<Semaphore> {
        let host = request.uri().split('/').nth(2).unwrap_or_default();
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        match connections.get(host) {
            Some(free) => Arc::clone(free),
            // The first one is not there yet, but whoever comes first opens it.
            None => Arc::clone(connections.entry(host.to_owned()).or_insert(Arc::new(Semaphore::new(1)))),
        }
    }
}

impl HttpConnector for Waiting {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (connector, connections) = (self.connector.clone(), self.to(&request));
        let patience = self.patience;
        HttpConnectorFuture::new(async move {
            // A semaphore that nobody closes gives a permit, or time is over.
            let used = timeout(patience, Arc::clone(&connections).acquire_owned()).await;
            let answer = match connector.call(request).await {
                Ok(answer) => whole(answer).await,
                Err(error) => Err(error),
            };
            // The connection is given back by a task of its own, which has to run before the next call asks for it.
            for _ in 0..3 {
                yield_now().await;
            }
            match used {
                Ok(permit) => drop(permit),
                // It opened a connection of its own, which is there from now on.
                Err(_) => connections.add_permits(1),
            }
            answer
        })
    }
}

/// The answer with all of its body: before that is read, its connection carries nothing else.
async fn whole(answer: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.into_body().collect().await.map_err(ConnectorError::io)?.to_bytes();
    let mut whole = HttpResponse::new(status, SdkBody::from(body));
    *whole.headers_mut() = headers;
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_sdk_dynamodb::{
        Client, Config,
        config::{BehaviorVersion, Credentials, Region},
    };
    use aws_smithy_http_client::Builder;
    use futures::future::join_all;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
        time::sleep,
    };

    use super::*;

    const PLENTY: Duration = Duration::from_secs(30);

    /// How many connections there are after four calls at once, each of which is answered after `pause`.
    async fn connections(patience: Duration, pause: Duration) -> usize {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let opened = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&opened);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    let mut request = [0; 8192];
                    while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                        sleep(pause).await;
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"TableNames\":[]}";
                        stream.write_all(answer).await.unwrap();
                    }
                });
            }
        });
        let client = SharedHttpClient::new(Patient::waiting(Builder::new().build_http(), patience));
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
            .endpoint_url(endpoint)
            .http_client(client);
        let client = Client::from_conf(config.build());
        for answer in join_all((0..4).map(|_| client.list_tables().send())).await {
            assert!(answer.is_ok());
        }
        opened.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn calls_at_once_share_a_connection_that_answers_soon() {
        assert_eq!(connections(PLENTY, Duration::ZERO).await, 1);
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_that() {
        assert_eq!(connections(Duration::ZERO, Duration::from_millis(200)).await, 4);
    }
}
