//! The loopback endpoint: any client of AWS, over HTTP/1.1.

use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{rt::TokioIo, server::graceful::GracefulShutdown};
use tokio::net::{TcpListener, TcpStream};

use crate::{Broken, Caller, Cloud};

/// More than any emulated service accepts (DynamoDB's 16 MiB), so that the service itself says what is too large.
const BODY_LIMIT: usize = 20 * 1024 * 1024;

/// How long requests may go on after the shutdown.
const GRACE: Duration = Duration::from_secs(1);

impl Cloud {
    /// Answers everyone who connects to `listener`, with the rights of the account's owner, until `shutdown`.
    /// Requests that run have a second to finish.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let caller = Arc::new(Caller::everything("loopback"));
        tokio::pin!(shutdown);
        loop {
            let stream = tokio::select! {
                () = &mut shutdown => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::warn!(%error, "a connection to the emulated cloud failed");
                        // Out of file handles, most likely: some will close.
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                },
            };
            self.connect(stream, &caller, &graceful);
        }
        // A client that waits for a message would hold us up for as long as it waits.
        let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    }

    fn connect(self: &Arc<Self>, stream: TcpStream, caller: &Arc<Caller>, graceful: &GracefulShutdown) {
        // Answers are small and awaited one by one: waiting to fill a segment only adds latency.
        let _ = stream.set_nodelay(true);
        let (cloud, caller) = (Arc::clone(self), Arc::clone(caller));
        let service = service_fn(move |request| {
            let (cloud, caller) = (Arc::clone(&cloud), Arc::clone(&caller));
            async move { cloud.exchange(&caller, request).await }
        });
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the emulated cloud broke");
            }
        });
    }

    /// One request over a socket. An error closes the connection, which is what a lost answer looks like.
    async fn exchange(
        &self,
        caller: &Caller,
        request: http::Request<Incoming>,
    ) -> Result<http::Response<Full<Bytes>>, Broken> {
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, BODY_LIMIT).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Ok(too_large()),
            // The request itself broke off.
            Err(_) => return Err(Broken::Disconnected),
        };
        let answer = self.call(caller, http::Request::from_parts(parts, body)).await?;
        Ok(answer.map(Full::new))
    }
}

fn too_large() -> http::Response<Full<Bytes>> {
    let mut response = http::Response::new(Full::default());
    *response.status_mut() = http::StatusCode::PAYLOAD_TOO_LARGE;
    response
}
