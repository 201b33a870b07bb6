//! A function's routes: what each needs, takes and answers. Requests are dispatched by this table, and the OpenAPI
//! description is made from it.

use std::{collections::HashMap, convert::Infallible, sync::Arc};

use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use lambda_http::{
    Adapter, Body, LambdaEvent, Request, RequestExt as _, Response, Service as _,
    request::{LambdaRequest, RequestContext},
    service_fn,
};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

#[cfg(feature = "description")]
use super::describe::{Described, described};
use super::{Access, Call, Code, Idempotency, Keys, Problem, Reply, body, compress, safety};
use crate::{
    audit::{Action, Network},
    limit::{Address, Refusal, headers_of_context},
    principal::{Denial, Principal, Scope, Who},
    runtime::{App, Function, Invocation, InvocationError, Kind, Outcome, telemetry, to_json},
    tenant::Tenant,
};

/// A route, before it has its handler.
#[derive(Clone, Debug)]
pub struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
    #[cfg_attr(not(feature = "description"), expect(dead_code, reason = "only the description says it"))]
    pub(super) summary: &'static str,
    pub(super) access: Access,
    pub(super) keys: Keys,
    #[cfg_attr(not(feature = "description"), expect(dead_code, reason = "only the description says it"))]
    pub(super) answers: &'static [u16],
    pub(super) form: bool,
    pub(super) raw: bool,
    pub(super) audited: Option<Action>,
}

macro_rules! methods {
    ($($name:ident = $method:ident, $keys:ident;)*) => {$(
        #[doc = concat!("A ", stringify!($method), " route, open to everybody until it says which scope it needs.")]
        pub fn $name(path: &'static str, summary: &'static str) -> Route {
            let (method, access, keys) = (Method::$method, Access::Public, Keys::$keys);
            let (answers, form, raw, audited) = (&[200], false, false, None);
            Route { method, path, summary, access, keys, answers, form, raw, audited }
        }
    )*};
}

methods! {
    get = GET, Ignored;
    post = POST, Optional;
    patch = PATCH, Optional;
    delete = DELETE, Ignored;
}

impl Route {
    /// The scope that a caller needs.
    #[must_use]
    pub fn needs(self, scope: Scope) -> Self {
        Self { access: Access::Scope(scope), ..self }
    }

    /// Whether it asks for an `Idempotency-Key`.
    #[must_use]
    pub fn idempotency(self, keys: Keys) -> Self {
        Self { keys, ..self }
    }

    /// The statuses it answers with when all is well.
    #[must_use]
    pub fn answers(self, statuses: &'static [u16]) -> Self {
        Self { answers: statuses, ..self }
    }

    /// Takes its body as a form (`application/x-www-form-urlencoded`), as pages and OAuth clients send it.
    #[must_use]
    pub fn form(self) -> Self {
        Self { form: true, ..self }
    }

    /// What the audit log is told when it changes something: whatever its handler commits.
    #[must_use]
    pub fn audited(self, action: Action) -> Self {
        Self { audited: Some(action), ..self }
    }

    /// What the audit log is told, if anything.
    pub fn audit(&self) -> Option<Action> {
        self.audited
    }

    /// Leaves body and query to the handler, which finds them in the call as they came: where another standard than ours
    /// says how what is wrong with them is answered. The types given only describe them.
    #[must_use]
    pub fn raw(self) -> Self {
        Self { raw: true, ..self }
    }

    /// As API Gateway names it: `GET /v1/products/{id}`.
    pub fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn is(&self, key: &str) -> bool {
        key.split_once(' ').is_some_and(|(method, path)| self.method == method && self.path == path)
    }

    /// Who may call it.
    pub fn access(&self) -> Access {
        self.access
    }

    /// Whether it asks for an `Idempotency-Key`.
    pub fn keys(&self) -> Keys {
        self.keys
    }
}

type Handle = dyn Fn(App, Incoming) -> BoxFuture<'static, Result<Response<Body>, Problem>> + Send + Sync;

/// A request before its body and query are parsed.
pub(super) struct Incoming {
    call: Call<(), ()>,
    method: Method,
}

struct Entry {
    route: Arc<Route>,
    handle: Arc<Handle>,
    #[cfg(feature = "description")]
    described: Described,
}

/// The routes of one function.
#[derive(Default)]
pub struct Routes(Vec<Entry>);

impl Routes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a route with its handler, whose types say what the route takes and answers.
    #[must_use]
    pub fn on<B, Q, R, F, Fut>(mut self, route: Route, handler: F) -> Self
    where
        B: DeserializeOwned + ToSchema + Send + 'static,
        Q: DeserializeOwned + IntoParams + Send + 'static,
        R: Serialize + ToSchema + Send + 'static,
        F: Fn(App, Call<B, Q>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Reply<R>, Problem>> + Send + 'static,
    {
        let route = Arc::new(route);
        let of_route = Arc::clone(&route);
        let handle = move |app: App, incoming: Incoming| -> BoxFuture<'static, _> {
            let (route, handler) = (Arc::clone(&of_route), handler.clone());
            Box::pin(async move { answer(&route, app, incoming, handler).await })
        };
        self.0.push(Entry {
            route,
            handle: Arc::new(handle),
            #[cfg(feature = "description")]
            described: described::<B, Q, R>,
        });
        self
    }

    /// The function that serves them.
    pub fn function(self, name: &'static str) -> Function {
        let routes = Arc::new(self);
        let of_function = Arc::clone(&routes);
        let serve = move |app: App, invocation| -> BoxFuture<'static, _> {
            let routes = Arc::clone(&routes);
            Box::pin(async move { serve(name, &routes, app, invocation).await })
        };
        Function::raw(name, Kind::Http, serve).with_routes(of_function)
    }

    /// Each route, with how it is described.
    #[cfg(feature = "description")]
    pub(super) fn entries(&self) -> impl Iterator<Item = (&Route, Described)> {
        self.0.iter().map(|entry| (&*entry.route, entry.described))
    }

    /// Each route.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter().map(|entry| &*entry.route)
    }

    async fn dispatch(&self, app: App, mut request: Request) -> Answered {
        let mut answered = Answered {
            route: String::new(),
            tenant: None,
            who: None,
            request_id: String::new(),
            response: Response::new(Body::Empty),
            problem: None,
            limits: Vec::new(),
        };
        let asked = Arc::new(std::mem::take(request.headers_mut()));
        let outcome = self.find(app, &request, &asked, &mut answered).await;
        let mut response = outcome.unwrap_or_else(|problem| {
            let response = problem.clone().into_response(&answered.request_id);
            answered.problem = Some(problem);
            response
        });
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&answered.request_id) {
            headers.insert("request-id", value);
        }
        headers.extend(std::mem::take(&mut answered.limits));
        safety::add(headers);
        answered.response = compress::compress(&asked, response);
        answered
    }

    async fn find(
        &self,
        app: App,
        request: &Request,
        headers: &Arc<HeaderMap>,
        answered: &mut Answered,
    ) -> Result<Response<Body>, Problem> {
        let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() else {
            return Err(Problem::internal("the event is not an HTTP API's, payload format 2.0"));
        };
        answered.request_id = context.request_id.clone().unwrap_or_default();
        answered.route = context.route_key.clone().unwrap_or_default();
        let fields = context.authorizer.as_ref().map(|authorizer| &authorizer.fields);
        let field = |name: &str| fields.and_then(|fields| fields.get(name));
        answered.limits = headers_of_context(field).collect();
        // Before anything of the request is looked at, so that a refusal has no effect.
        if let Some(refusal) = Refusal::of_context(field) {
            return Err(refusal.into());
        }
        let entry = self.0.iter().find(|entry| entry.route.is(&answered.route));
        let entry = entry.ok_or_else(Problem::not_found)?;
        let incoming = incoming(&entry.route, request, headers, context)?;
        answered.tenant = incoming.call.principal.as_ref().map(Principal::tenant);
        answered.who = incoming.call.principal.as_ref().map(Principal::who);
        (entry.handle)(app, incoming).await
    }
}

type GatewayContext = lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;

/// Who is calling, and may they? Before anything of the request is parsed.
fn incoming(
    route: &Route,
    request: &Request,
    headers: &Arc<HeaderMap>,
    context: &GatewayContext,
) -> Result<Incoming, Problem> {
    let principal = match route.access {
        Access::Public => None,
        Access::Scope(scope) => {
            let fields = context.authorizer.as_ref().map(|authorizer| &authorizer.fields);
            let principal = Principal::of_context(|name| fields.and_then(|fields| fields.get(name)));
            let principal = principal.map_err(|denial| match denial {
                Denial::Missing => Problem::new(
                    Code::Unauthenticated,
                    "Send an API key or an access token: `Authorization: Bearer …`.",
                ),
                Denial::Unknown => {
                    let detail = "This API key or access token is not known, has expired or was revoked.";
                    Problem::new(Code::InvalidKey, detail)
                }
            })?;
            if !principal.may(scope) {
                return Err(Problem::missing_scope(scope));
            }
            Some(principal)
        }
    };
    let path_parameters: HashMap<String, String> =
        request.path_parameters().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let query = request.query_string_parameters();
    let query = query.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let call = Call {
        request_id: context.request_id.clone().unwrap_or_default(),
        headers: Arc::clone(headers),
        cookies: cookies(headers),
        domain: context.domain_name.clone().unwrap_or_default(),
        body: (),
        raw_body: request.body().to_vec(),
        query: (),
        raw_query: query,
        address: Address::of_gateway(context.http.source_ip.as_deref().unwrap_or_default()),
        route: route.path,
        path: request.raw_http_path().to_owned(),
        from: context.http.source_ip.as_deref().and_then(Network::of_text),
        audited: route.audited,
        path_parameters,
        principal,
        idempotency: None,
    };
    Ok(Incoming { call, method: route.method.clone() })
}

/// The cookies of a request, which the gateway takes apart and `lambda_http` puts together again.
fn cookies(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all("cookie").into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).map(|cookie| cookie.trim().to_owned()).collect()
}

async fn answer<B, Q, R, F, Fut>(
    route: &Route,
    app: App,
    incoming: Incoming,
    handler: F,
) -> Result<Response<Body>, Problem>
where
    B: DeserializeOwned,
    Q: DeserializeOwned,
    R: Serialize,
    F: Fn(App, Call<B, Q>) -> Fut,
    Fut: Future<Output = Result<Reply<R>, Problem>>,
{
    let Incoming { call, method } = incoming;
    let query = if route.raw { Vec::new() } else { call.raw_query.clone() };
    let query = body::parse_query(query)?;
    let parsed = if route.raw {
        body::parse_body(&HeaderMap::new(), &[])?
    } else if route.form {
        body::parse_form(&call.headers, &call.raw_body)?
    } else {
        body::parse_body(&call.headers, &call.raw_body)?
    };
    let idempotency = match (&call.principal, route.keys) {
        (None, _) | (_, Keys::Ignored) => None,
        (Some(principal), keys) => {
            let of = (method.as_str(), call.path.as_str(), call.raw_body.as_slice());
            Idempotency::of_request(&call.headers, principal, of, keys == Keys::Kept)?
        }
    };
    if idempotency.is_none() && route.keys.are_required() {
        let detail = "This request moves money or stock: send an Idempotency-Key, new for each new request.";
        return Err(Problem::new(Code::IdempotencyKeyMissing, detail).at("Idempotency-Key"));
    }
    let earlier = match &idempotency {
        Some(idempotency) if !route.keys.are_followed() => idempotency.earlier(&app).await?,
        _ => None,
    };
    let request = Arc::clone(&call.headers);
    let reply = match earlier {
        Some(reply) => reply,
        None => handler(app, call.parsed(parsed, query, idempotency)).await?,
    };
    reply.into_response(&request, method == Method::GET)
}

async fn serve(name: &'static str, routes: &Arc<Routes>, app: App, invocation: Invocation) -> Outcome {
    let Invocation { event, context } = invocation;
    let request: LambdaRequest =
        serde_json::from_str(event.get()).map_err(|error| InvocationError::unreadable_event(&error))?;
    let handler = service_fn(|request: Request| async {
        let started = app.now();
        let answered = routes.dispatch(app.clone(), request).await;
        telemetry::answered(&app, name, &answered, started);
        Ok::<_, Infallible>(answered.response)
    });
    let Ok(answer) = Adapter::from(handler).call(LambdaEvent::new(request, context)).await;
    to_json(&answer)
}

/// A request's answer, and what the log line says of it.
pub(crate) struct Answered {
    /// The route, as API Gateway names it.
    pub(crate) route: String,
    /// Whose data it could touch.
    pub(crate) tenant: Option<Tenant>,
    /// Who called.
    pub(crate) who: Option<Who>,
    /// The gateway's name of the request.
    pub(crate) request_id: String,
    /// What the caller gets.
    pub(crate) response: Response<Body>,
    /// What went wrong, if anything did.
    pub(crate) problem: Option<Problem>,
    /// What the caller is told of limits.
    limits: Vec<(HeaderName, HeaderValue)>,
}
