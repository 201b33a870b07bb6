//! An address on the loopback interface at which one process is answered.

use std::{error::Error, future::Future};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::AbortHandle};

/// An address that answers for as long as this lives. Connections that are open by then go on to their end.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// `host:port`.
    pub(super) address: String,
    listening: AbortHandle,
}

impl Endpoint {
    /// Answers with `answer` on a free port. A failure breaks the connection.
    ///
    /// # Errors
    /// Where no port can be listened on.
    pub(super) async fn open<A, F, E>(answer: A) -> std::io::Result<Self>
    where
        A: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response<Bytes>, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let answer = answer.clone();
                let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                    let answer = answer.clone();
                    async move {
                        let (parts, body) = request.into_parts();
                        let body = body.collect().await?.to_bytes();
                        let answered = answer(Request::from_parts(parts, body)).await.map_err(Into::into)?;
                        Ok::<_, Box<dyn Error + Send + Sync>>(answered.map(Full::new))
                    }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Ok(Self { address, listening: listening.abort_handle() })
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.listening.abort();
    }
}
