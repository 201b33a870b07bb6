//! API Gateway's HTTP API: from a request to a function, and back.

mod access_log;
mod answer;
mod authorizer;
mod cors;
mod encoding;
mod event;
mod route;
mod throttle;

use std::{net::IpAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json, value::RawValue};
use tokio::time::Instant;

use self::{
    access_log::Outcome,
    answer::message,
    authorizer::{Cache, Verdict},
    event::Incoming,
    route::{Matched, Routes},
    throttle::Buckets,
};
use super::{
    happening::{Cause, Happening, RequestRecord},
    ids,
    market::Engine,
    runner::{Failure, PAYLOAD_LIMIT},
};
use crate::template::{HttpApi, Stack};

pub(crate) use answer::message as refusal;
pub(crate) use encoding::percent_encode;

/// The largest request that an HTTP API takes.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
pub(crate) const REQUEST_LIMIT: usize = 10 * 1024 * 1024;

/// Where a request comes from: an extension of the request. Without it, from this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

/// The gateway of one market.
#[derive(Debug)]
pub(crate) struct Gateway {
    api: Option<HttpApi>,
    routes: Routes,
    buckets: Buckets,
    cache: Cache,
}

impl Gateway {
    pub(crate) fn new(stack: &Stack) -> Self {
        let routes = stack.api.as_ref().map_or(&[][..], |api| &api.routes);
        Self {
            api: stack.api.clone(),
            routes: Routes::new(routes),
            buckets: Buckets::default(),
            cache: Cache::default(),
        }
    }
}

impl Engine {
    /// Answers a request, and tells that it did.
    pub(crate) async fn gateway_answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let _under_way = self.activity.begin();
        let started = Instant::now();
        let at = self.clock.now();
        let request_id = ids::gateway(&self.entropy);
        let trace = ids::trace(&self.entropy, at);
        let method = request.method().clone();
        let preflight = method == Method::OPTIONS;
        let incoming = Incoming::read(request, request_id.clone(), &trace, at);
        let api = self.gateway.api.as_ref();
        let mut outcome = Outcome::default();

        let matched = self.gateway.routes.find(&method, &incoming.path);
        let own_answer = preflight && matched.is_none();
        let mut response = match (api, matched) {
            (Some(api), Some(matched)) => self.route(api, &matched, &incoming, &mut outcome).await,
            (Some(HttpApi { cors: Some(cors), .. }), None) if preflight => {
                cors::preflight(cors, incoming.origin.as_deref())
            }
            _ => refuse(&mut outcome, StatusCode::NOT_FOUND, "Not Found"),
        };
        let headers = response.headers_mut();
        if let Some(cors) = api.and_then(|api| api.cors.as_ref()).filter(|_| !own_answer) {
            cors::share(cors, incoming.origin.as_deref(), headers);
        }
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            headers.insert(HeaderName::from_static("apigw-requestid"), id);
        }
        if let Ok(date) = HeaderValue::from_str(&at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()) {
            headers.insert(header::DATE, date);
        }

        outcome.status = response.status().as_u16();
        outcome.bytes = response.body().len();
        outcome.latency = started.elapsed();
        let format = api.and_then(|api| api.access_log.as_deref());
        self.tell(Happening::Request(RequestRecord {
            access_log: format.map(|format| access_log::line(format, &incoming, &outcome)),
            request_id,
            method: incoming.method,
            path: incoming.raw_path,
            route: outcome.route,
            function: outcome.function,
            status: outcome.status,
            bytes: outcome.bytes,
            duration: outcome.latency,
        }));
        response
    }

    async fn route(
        &self,
        api: &HttpApi,
        matched: &Matched<'_>,
        incoming: &Incoming,
        outcome: &mut Outcome,
    ) -> Response<Bytes> {
        let route = matched.route;
        outcome.route = Some(route.key.clone());
        outcome.function = Some(route.function.clone());
        let throttle = api.route_throttles.get(&route.key).unwrap_or(&api.throttle);
        if !self.gateway.buckets.take(&route.key, throttle) {
            return refuse(outcome, StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
        }
        // Who waits for what others do would hold a turn for nothing.
        let waits = incoming.headers.get("prefer").is_some_and(|prefer| prefer.contains("wait"));
        let _turn = if waits { None } else { self.runner.turns.of_request().await };
        let account = &self.stack.place.account;
        let mut event = incoming.event(api, account, &route.key, &matched.parameters);
        if let Some(name) = &route.authorizer
            && let Some(authorizer) = api.authorizers.get(name)
        {
            match authorizer::ask(self, &self.gateway.cache, name, authorizer, incoming, &event).await {
                Verdict::Allowed(context) => {
                    if let Some(Value::Object(request)) = event.get_mut("requestContext") {
                        request.insert("authorizer".to_owned(), json!({ "lambda": context }));
                    }
                    outcome.authorizer = context;
                }
                Verdict::Refused(status, message, why) => {
                    outcome.authorizer_error = why;
                    return refuse(outcome, status, message);
                }
            }
        }
        incoming.add_body(&mut event);
        let event = Value::Object(event).to_string();
        if event.len() > PAYLOAD_LIMIT {
            return refuse(outcome, StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        }
        // A JSON value always can be written.
        let Ok(event) = RawValue::from_string(event) else {
            return refuse(outcome, StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
        };
        let began = Instant::now();
        let run = self.runner.run(&route.function, event, Cause::Request(route.key.clone()));
        let limit = Duration::from_millis(route.timeout_ms);
        let answered = tokio::time::timeout(limit, run).await;
        outcome.integration = Some(began.elapsed());
        let (status, said, why) = match answered {
            Ok(Ok(answer)) => match answer::response(&answer) {
                Some(response) => return response,
                None => {
                    let why = "the function's answer isn't a response".to_owned();
                    (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error", why)
                }
            },
            Ok(Err(failure @ (Failure::Throttled | Failure::Closed))) => {
                (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable", failure.to_string())
            }
            Ok(Err(failure)) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error", failure.to_string())
            }
            // The function goes on, as on Lambda; only nobody waits for it any more.
            Err(_) => {
                let why = "the integration's time was up".to_owned();
                (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable", why)
            }
        };
        outcome.integration_error = Some(why);
        refuse(outcome, status, said)
    }
}

/// An answer of the gateway itself.
fn refuse(outcome: &mut Outcome, status: StatusCode, said: &str) -> Response<Bytes> {
    outcome.message = Some(said.to_owned());
    message(status, said)
}
