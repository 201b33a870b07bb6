//! The gateway over TCP.

use std::{convert::Infallible, future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, sync::watch};

use super::{
    gateway::{PeerAddress, REQUEST_LIMIT, refusal},
    market::Market,
};

/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

impl Market {
    /// Answers the listener's requests until `shutdown` ends; then takes no more connections, and returns once
    /// the requests under way are answered.
    ///
    /// # Errors
    /// The listener's own.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> std::io::Result<()> {
        let stop = Arc::new(watch::Sender::new(false));
        let (alive, mut all_gone) = tokio::sync::mpsc::channel::<Infallible>(1);
        tokio::pin!(shutdown);
        loop {
            let (stream, peer) = tokio::select! {
                () = &mut shutdown => break,
                accepted = listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    // Too many open files, a client gone already: the next one may do better.
                    Err(error) => {
                        tracing::warn!(%error, "a connection can't be accepted");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
            };
            let market = self.clone();
            let mut stopped = stop.subscribe();
            let alive = alive.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let market = market.clone();
                    async move { Ok::<_, Infallible>(answer(&market, request, PeerAddress(peer.ip())).await) }
                });
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD_TIMEOUT)
                    .serve_connection(TokioIo::new(stream), service);
                tokio::pin!(connection);
                // A client that goes away is no error of ours.
                tokio::select! {
                    _ = &mut connection => {}
                    () = async { stopped.wait_for(|stopped| *stopped).await.map(drop).unwrap_or_default() } => {
                        connection.as_mut().graceful_shutdown();
                        let _ = connection.await;
                    }
                }
                drop(alive);
            });
        }
        drop(listener);
        stop.send_replace(true);
        drop(alive);
        let _ = all_gone.recv().await;
        Ok(())
    }
}

async fn answer(market: &Market, request: Request<Incoming>, peer: PeerAddress) -> Response<Full<Bytes>> {
    let (mut parts, body) = request.into_parts();
    // A length that is told beforehand is refused before anything is sent.
    let told = hyper::body::Body::size_hint(&body).lower();
    let limit = u64::try_from(REQUEST_LIMIT).unwrap_or(u64::MAX);
    let collected = if told > limit { None } else { Limited::new(body, REQUEST_LIMIT).collect().await.ok() };
    let Some(body) = collected else {
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large").map(Full::new);
    };
    parts.extensions.insert(peer);
    market.request(Request::from_parts(parts, body.to_bytes())).await.map(Full::new)
}
