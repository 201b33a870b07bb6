//! One definition of a function, driven everywhere by the exact JSON that AWS sends.

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;
use lambda_runtime::Context;
use serde::Serialize;
use serde_json::value::RawValue;

use super::App;
use crate::http::Routes;

/// What invokes a function, and so which JSON it is sent and must answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// API Gateway's HTTP API, payload format 2.0.
    Http,
    /// An SQS event source with partial batch responses.
    Queue,
    /// A DynamoDB stream with partial batch responses.
    Stream,
    /// EventBridge Scheduler.
    Schedule,
    /// API Gateway's request authorizer, payload format 2.0, simple responses.
    Authorizer,
    /// A caller who invokes it by name.
    Direct,
}

/// One event for a function, as AWS would hand it over.
#[derive(Debug)]
pub struct Invocation {
    /// The event's JSON.
    pub event: Box<RawValue>,
    /// Request id, deadline and the rest of what the Lambda Runtime API tells beside the event.
    pub context: Context,
}

/// What an invocation ends with: the JSON to answer, or a failure of the whole invocation.
pub type Outcome = Result<Box<RawValue>, InvocationError>;

/// A failed invocation. What it says goes into the function's log and to a direct caller.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct InvocationError {
    /// A stable name of the kind of failure.
    pub kind: &'static str,
    /// What happened, free of personal data and secrets.
    pub message: String,
}

impl InvocationError {
    /// A failure of this kind.
    pub fn new(kind: &'static str, message: impl fmt::Display) -> Self {
        Self { kind, message: message.to_string() }
    }

    /// The event is not what this kind of function is sent. serde_json's own text may quote it, so only the place is
    /// told.
    pub(crate) fn unreadable_event(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        Self::new("UnreadableEvent", format!("the event can't be read (line {line}, column {column})"))
    }
}

/// An answer as JSON.
pub(crate) fn to_json<T: Serialize>(answer: &T) -> Outcome {
    serde_json::value::to_raw_value(answer).map_err(|error| InvocationError::new("UnwritableAnswer", error))
}

impl From<InvocationError> for lambda_runtime::Diagnostic {
    fn from(error: InvocationError) -> Self {
        Self { error_type: error.kind.to_owned(), error_message: error.message }
    }
}

type Serve = dyn Fn(App, Invocation) -> BoxFuture<'static, Outcome> + Send + Sync;

/// A function of the market: a name, what invokes it, and its handler.
#[derive(Clone)]
pub struct Function {
    name: &'static str,
    kind: Kind,
    serve: Arc<Serve>,
    routes: Option<Arc<Routes>>,
}

impl Function {
    /// A function from its bare handler, which reads the event and writes the answer itself.
    ///
    /// The builders beside each kind (`http::Routes`, `runtime::queue`, …) do that part for you.
    pub fn raw(
        name: &'static str,
        kind: Kind,
        serve: impl Fn(App, Invocation) -> BoxFuture<'static, Outcome> + Send + Sync + 'static,
    ) -> Self {
        Self { name, kind, serve: Arc::new(serve), routes: None }
    }

    pub(crate) fn with_routes(self, routes: Arc<Routes>) -> Self {
        Self { routes: Some(routes), ..self }
    }

    /// The routes that it answers, where it is an HTTP function.
    pub fn routes(&self) -> Option<&Routes> {
        self.routes.as_deref()
    }

    /// The name of its folder, package, binary and sample events.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What invokes it.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Runs it on one event.
    ///
    /// # Errors
    /// [`InvocationError`] where the invocation as a whole failed; Lambda then retries or reports it as
    /// the event source's settings say.
    pub async fn invoke(&self, app: App, invocation: Invocation) -> Outcome {
        (self.serve)(app, invocation).await
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} function {}", self.kind, self.name)
    }
}
