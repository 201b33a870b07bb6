//! The in-process connector: real SDK clients, no socket.

use std::{fmt, sync::Arc};

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::Headers,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;

use crate::{Broken, Caller, Cloud, guard};

impl Cloud {
    /// An HTTP client for the SDK's clients that reaches this cloud without a socket. Every call through it is
    /// `caller`'s. The SDK's own retries and timeouts stay as they are: a lost answer is a connector error.
    pub fn http_client(self: &Arc<Self>, caller: Caller) -> SharedHttpClient {
        SharedHttpClient::new(Connector { cloud: Arc::clone(self), caller: Arc::new(caller) })
    }
}

#[derive(Clone)]
struct Connector {
    cloud: Arc<Cloud>,
    caller: Arc<Caller>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("caller", &self.caller).finish_non_exhaustive()
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { cloud, caller } = self.clone();
        // Here and now: the future may be polled by whoever the SDK likes.
        let guard = guard::present_guard().or_else(|| caller.guard.clone());
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let (parts, body) = request.into_parts();
            let body = collect(body).await?;
            let request = http::Request::from_parts(parts, body);
            let answer = cloud.call_guarded(&caller, guard.as_deref(), request).await;
            let (parts, body) = answer.map_err(broken)?.into_parts();
            let mut response = HttpResponse::new(parts.status.into(), SdkBody::from(body));
            *response.headers_mut() = Headers::try_from(parts.headers)
                .map_err(|error| ConnectorError::other(error.into(), None))?;
            Ok(response)
        })
    }
}

/// The body's bytes: as they are where the SDK holds them in memory, which is nearly always.
async fn collect(body: SdkBody) -> Result<Bytes, ConnectorError> {
    match body.bytes() {
        Some(bytes) => Ok(Bytes::copy_from_slice(bytes)),
        None => Ok(body.collect().await.map_err(ConnectorError::user)?.to_bytes()),
    }
}

fn broken(broken: Broken) -> ConnectorError {
    ConnectorError::io(Box::new(broken))
}
