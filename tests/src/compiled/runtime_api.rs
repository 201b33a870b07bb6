//! The side of the Lambda Runtime API that AWS keeps: hands events to one function's process and takes
//! its answers. <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use tokio::{
    sync::{Mutex, mpsc},
    time::timeout,
};

use super::endpoint::Endpoint;

/// What the process said to the Runtime API.
#[derive(Debug)]
pub enum Said {
    /// It asks for its next event: it is up, or done with the last one.
    Ready,
    /// The answer to the event with this request id.
    Answered(String, Bytes),
    /// The invocation with this request id failed.
    Failed(String, Bytes),
    /// It could not start.
    InitFailed(Bytes),
}

/// An event on its way to the process.
#[derive(Debug)]
pub struct Event {
    /// The invocation's id.
    pub request_id: String,
    /// Milliseconds of the Unix epoch at which the function's time is up.
    pub deadline_ms: u128,
    /// The function's ARN.
    pub arn: String,
    /// The event's JSON, to the byte.
    pub payload: Bytes,
}

/// One Runtime API, for one process.
pub struct RuntimeApi {
    /// `host:port`, as `AWS_LAMBDA_RUNTIME_API` holds it.
    pub address: String,
    events: mpsc::Sender<Event>,
    said: mpsc::Receiver<Said>,
    _endpoint: Endpoint,
}

struct Shared {
    events: Mutex<mpsc::Receiver<Event>>,
    said: mpsc::Sender<Said>,
}

impl RuntimeApi {
    /// Opens one on a free port of the loopback interface.
    ///
    /// # Errors
    /// Where no port can be listened on.
    pub async fn open() -> std::io::Result<Self> {
        let (events, next) = mpsc::channel(1);
        let (say, said) = mpsc::channel(16);
        let shared = Arc::new(Shared { events: Mutex::new(next), said: say });
        let endpoint = Endpoint::open(move |request| serve(Arc::clone(&shared), request)).await?;
        Ok(Self { address: endpoint.address.clone(), events, said, _endpoint: endpoint })
    }

    /// Hands over an event.
    pub async fn send(&self, event: Event) {
        // The receiver lives as long as the endpoint, which this holds.
        let _ = self.events.send(event).await;
    }

    /// The next thing that the process says, within a limit of time.
    pub async fn hear(&mut self, limit: Duration) -> Option<Said> {
        timeout(limit, self.said.recv()).await.ok().flatten()
    }
}

async fn serve(shared: Arc<Shared>, request: Request<Bytes>) -> Result<Response<Bytes>, Infallible> {
    let (parts, body) = request.into_parts();
    let path: Vec<&str> = parts.uri.path().trim_matches('/').split('/').collect();
    let said = match (&parts.method, path.as_slice()) {
        (&Method::GET, ["2018-06-01", "runtime", "invocation", "next"]) => return Ok(next(&shared).await),
        (&Method::POST, ["2018-06-01", "runtime", "invocation", id, "response"]) => {
            Said::Answered((*id).to_owned(), body)
        }
        (&Method::POST, ["2018-06-01", "runtime", "invocation", id, "error"]) => {
            Said::Failed((*id).to_owned(), body)
        }
        (&Method::POST, ["2018-06-01", "runtime", "init", "error"]) => Said::InitFailed(body),
        _ => return Ok(plain(StatusCode::NOT_FOUND)),
    };
    let _ = shared.said.send(said).await;
    Ok(plain(StatusCode::ACCEPTED))
}

/// Answers once there is an event, however long that takes: between events Lambda freezes the process.
async fn next(shared: &Shared) -> Response<Bytes> {
    let _ = shared.said.send(Said::Ready).await;
    let Some(event) = shared.events.lock().await.recv().await else { return plain(StatusCode::GONE) };
    Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", event.request_id)
        .header("lambda-runtime-deadline-ms", event.deadline_ms.to_string())
        .header("lambda-runtime-invoked-function-arn", event.arn)
        .header(
            "lambda-runtime-trace-id",
            "Root=1-69072aa8-5c1b1e5f3a9d4c7e8b2f6a10;Parent=53995c3f42cd8ad8;Sampled=0",
        )
        .body(event.payload)
        .unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR))
}

fn plain(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}
