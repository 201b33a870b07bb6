//! One call, from its request to its answer: whose it is for, whether the caller may, what goes wrong, what it
//! does, what it cost.

use std::{sync::atomic::Ordering, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header::CONTENT_TYPE};
use jiff::SignedDuration;
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    Access, AwsError, Broken, CallInfo, CallRecord, Caller, Capacity, Cloud, Delivery, Fault, Faults, Guard,
    Instead, Outcome, Refusal, Units, dynamodb,
    iam::{Ask, Decision},
    route::{Route, Service, route},
    sts, wire,
};

/// AWS refuses a request that was signed longer ago.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
const SIGNATURES_HOLD: SignedDuration = SignedDuration::from_mins(5);

/// What a service answered, and the capacity that it took.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    pub(crate) read_units: Units,
    pub(crate) write_units: Units,
    pub(crate) capacity: Vec<Capacity>,
}

impl From<Bytes> for Answer {
    fn from(body: Bytes) -> Self {
        Self { body, ..Self::default() }
    }
}

/// A request that its service has understood.
enum Work {
    DynamoDb(Box<dynamodb::Request>),
    Sqs(Value),
    Sns(Vec<(String, String)>),
    Ses(Value),
    Secrets(Value),
    Kms(Value),
    Identity,
}

struct Prepared {
    work: Work,
    asks: Vec<Ask>,
    service: Service,
}

impl Cloud {
    /// Answers one request as AWS would: finds the service, checks the caller's policy, runs it. Refusals are
    /// answers too; only an injected fault breaks the connection.
    pub async fn call(&self, caller: &Caller, request: Request<Bytes>) -> Result<Response<Bytes>, Broken> {
        self.call_guarded(caller, caller.guard.as_deref(), request).await
    }

    /// As [`Self::call`], where `guard` looks at it first.
    pub(crate) async fn call_guarded(
        &self,
        caller: &Caller,
        guard: Option<&dyn Guard>,
        mut request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Broken> {
        let id = self.request_id();
        let Route { service, operation } = match route(&request) {
            Ok(route) => route,
            Err(error) => return Ok(wire::refusal(protocol(&request), &id, &error.into())),
        };
        let started = Instant::now();
        let faults = self.faults.as_deref().filter(|_| !caller.unseen);
        let instead = faults
            .and_then(|faults| faults.request(&caller.name, service.name(), &operation, request.body()));
        let (mut of_other, mut said) = (None, None);
        match instead {
            None => {}
            Some(Instead::Ask { body, answer }) => {
                *request.body_mut() = body;
                of_other = Some(answer);
            }
            Some(Instead::Answer(body)) => said = Some(body),
        }
        let mut info = CallInfo {
            caller: caller.name.clone(),
            service: service.name(),
            operation,
            asks: Vec::new(),
            resources: Vec::new(),
            keys: Vec::new(),
            request_bytes: request.body().len(),
        };
        let mut lacking = None;
        let ran = match self.prepare(service, &mut info, &request) {
            Ok(_) if said.is_some() => Ok(Ok(said.unwrap_or_default().into())),
            Ok(prepared) => self.attempt(caller, (guard, faults), prepared, &id, &info, &mut lacking).await,
            Err(refusal) => Ok(Err(refusal)),
        };
        let delivery = match &ran {
            Ok(_) => faults.map_or_else(Delivery::default, |faults| faults.after(&info)),
            Err(_) => Delivery::Deliver,
        };
        let (response, outcome, units) = match ran {
            Ok(Ok(answer)) => {
                let units = (answer.read_units, answer.write_units, answer.capacity);
                let body =
                    of_other.map_or_else(|| answer.body.clone(), |of_other| of_other(answer.body.clone()));
                let body = faults.and_then(|faults| faults.answer(&info, &body)).unwrap_or(body);
                (Ok(wire::answer(service, &id, body)), Outcome::Done, units)
            }
            Ok(Err(refusal)) => {
                let (read, write) = dynamodb::cost_of_refusal(&info, &refusal);
                let outcome = Outcome::Refused(refusal.error.code.clone());
                (Ok(wire::refusal(service, &id, &refusal)), outcome, (read, write, Vec::new()))
            }
            Err(broken) => (Err(broken), Outcome::Disconnected, Default::default()),
        };
        let (response, outcome) = match delivery {
            Delivery::Deliver | Delivery::Delay(_) => (response, outcome),
            Delivery::Lose | Delivery::Silence => (Err(Broken::AnswerLost), Outcome::AnswerLost),
        };
        if !caller.unseen {
            let length = response.as_ref().map_or(0, |response| response.body().len());
            self.observe(info, outcome, lacking, units, length, started.elapsed());
        }
        match delivery {
            Delivery::Deliver | Delivery::Lose => {}
            Delivery::Delay(time) => tokio::time::sleep(time).await,
            Delivery::Silence => std::future::pending::<()>().await,
        }
        response
    }

    /// The call itself. The outer error is a connection that failed before the service heard of it.
    async fn attempt(
        &self,
        caller: &Caller,
        (guard, faults): (Option<&dyn Guard>, Option<&dyn Faults>),
        Prepared { work, asks, service }: Prepared,
        id: &str,
        info: &CallInfo,
        lacking: &mut Option<Ask>,
    ) -> Result<Result<Answer, Refusal>, Broken> {
        if let Some(Err(why)) = guard.map(|guard| guard.admit(info)) {
            return Ok(Err(access_denied(service, why).into()));
        }
        if let Err(error) = self.authorize(caller, service, &asks, lacking) {
            return Ok(Err(error.into()));
        }
        match faults.and_then(|faults| faults.before(info)) {
            None if self.gives_way => tokio::task::yield_now().await,
            None => {}
            Some(Fault::Refuse(refusal)) => return Ok(Err(refusal)),
            Some(Fault::Disconnect) => return Err(Broken::Disconnected),
            Some(Fault::Delay(time)) => tokio::time::sleep(time).await,
            Some(Fault::Late(time)) => {
                self.run_late(time, work, caller, service, info, id);
                return Err(Broken::AnswerLost);
            }
        }
        Ok(self.run(work, caller, service, info, id).await)
    }

    /// Runs a call after `time`, when its caller doesn't wait for it any more.
    fn run_late(
        &self,
        time: Duration,
        work: Work,
        caller: &Caller,
        service: Service,
        info: &CallInfo,
        id: &str,
    ) {
        let (me, caller, info, id) = (self.me.clone(), caller.clone(), info.clone(), id.to_owned());
        let signed = self.place.now();
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            // A cloud that is gone does nothing late.
            let Some(cloud) = me.upgrade() else { return };
            // Nor does one whose clock was moved on meanwhile, by more than it takes signatures for.
            if cloud.place.now().duration_since(signed) > SIGNATURES_HOLD {
                return;
            }
            let started = Instant::now();
            let ran = cloud.run(work, &caller, service, &info, &id).await;
            let units = ran.map(|answer| (answer.read_units, answer.write_units, answer.capacity));
            cloud.observe(info, Outcome::AnswerLost, None, units.unwrap_or_default(), 0, started.elapsed());
        });
    }

    /// Tells the observer of a call that has ended.
    fn observe(
        &self,
        info: CallInfo,
        outcome: Outcome,
        lacking: Option<Ask>,
        (read_units, write_units, capacity): (Units, Units, Vec<Capacity>),
        response_bytes: usize,
        duration: Duration,
    ) {
        let Some(observer) = &self.observer else { return };
        observer.called(&CallRecord {
            caller: info.caller,
            service: info.service,
            operation: info.operation,
            asks: info.asks,
            resources: info.resources,
            keys: info.keys,
            outcome,
            lacking,
            read_units,
            write_units,
            capacity,
            request_bytes: info.request_bytes,
            response_bytes,
            duration,
        });
    }

    fn prepare(
        &self,
        service: Service,
        info: &mut CallInfo,
        request: &Request<Bytes>,
    ) -> Result<Prepared, Refusal> {
        let operation = &info.operation;
        let one = |work, (action, resource): (String, String)| (work, vec![Ask::new(action, resource)]);
        let mut keys = Vec::new();
        let (work, asks) = match service {
            Service::DynamoDb | Service::DynamoDbStreams => {
                let parsed = self.dynamodb.parse(operation, request.body())?;
                let (asks, named) = self.dynamodb.needs(&parsed);
                keys = named;
                (Work::DynamoDb(Box::new(parsed)), asks)
            }
            Service::Sqs => {
                let input = json(request.body())?;
                let needs = self.sqs.needs(operation, &input);
                one(Work::Sqs(input), needs)
            }
            Service::Sns => {
                let form = form_urlencoded::parse(request.body()).into_owned().collect::<Vec<_>>();
                let needs = self.sns.needs(operation, &form);
                one(Work::Sns(form), needs)
            }
            Service::Sts => one(Work::Identity, (format!("sts:{operation}"), "*".to_owned())),
            Service::Ses => {
                let input = json(request.body())?;
                let needs = self.ses.needs(&input);
                one(Work::Ses(input), needs)
            }
            Service::Secrets => {
                let input = json(request.body())?;
                let needs = self.secrets.needs(operation, &input);
                one(Work::Secrets(input), needs)
            }
            Service::Kms => {
                let input = json(request.body())?;
                let ask = self.kms.needs(operation, &input)?;
                (Work::Kms(input), vec![ask])
            }
        };
        info.asks.clone_from(&asks);
        info.resources = asks.iter().map(|ask| ask.resource.clone()).collect();
        info.keys = keys;
        Ok(Prepared { work, asks, service })
    }

    /// Whether the caller may all of it; else `lacking` is the first that it may not.
    fn authorize(
        &self,
        caller: &Caller,
        service: Service,
        asks: &[Ask],
        lacking: &mut Option<Ask>,
    ) -> Result<(), AwsError> {
        let Access::Policy(policy) = &caller.access else { return Ok(()) };
        // STS answers GetCallerIdentity to everyone, whatever their policy says.
        if service == Service::Sts {
            return Ok(());
        }
        for ask in asks {
            if let Decision::Denied { why } = policy.decide(ask) {
                *lacking = Some(ask.clone());
                return Err(denied(service, &caller.arn(&self.place), ask, &why));
            }
        }
        Ok(())
    }

    async fn run(
        &self,
        work: Work,
        caller: &Caller,
        service: Service,
        info: &CallInfo,
        id: &str,
    ) -> Result<Answer, Refusal> {
        let operation = info.operation.as_str();
        match work {
            Work::DynamoDb(request) => self.dynamodb.run(*request, &info.keys).await,
            Work::Sqs(input) => {
                let output = self.sqs.call(operation, input).await?;
                Ok(Bytes::from(output.to_string()).into())
            }
            Work::Sns(form) => {
                let inner = self.sns.call(operation, &form).await?;
                Ok(wire::query_body(service, operation, id, &inner).into())
            }
            Work::Ses(input) => Ok(Bytes::from(self.ses.send(&input)?.to_string()).into()),
            Work::Secrets(input) => Ok(Bytes::from(self.secrets.call(operation, &input)?.to_string()).into()),
            Work::Kms(input) => Ok(Bytes::from(self.kms.call(operation, &input)?.to_string()).into()),
            Work::Identity => {
                let inner = sts::call(operation, caller, &self.place)?;
                Ok(wire::query_body(service, operation, id, &inner).into())
            }
        }
    }

    /// Unique in this process, and the same from run to run, as a simulation wants.
    fn request_id(&self) -> String {
        format!("00000000-0000-4000-8000-{:012x}", self.requests.fetch_add(1, Ordering::Relaxed))
    }
}

/// A service with the wire protocol of a request that is for none.
fn protocol(request: &Request<Bytes>) -> Service {
    let kind = request.headers().get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    match kind {
        Some(kind) if kind.starts_with(b"application/x-www-form-urlencoded") => Service::Sts,
        _ => Service::DynamoDb,
    }
}

fn denied(service: Service, caller: &str, ask: &Ask, why: &str) -> AwsError {
    let (action, resource) = (&ask.action, &ask.resource);
    let message =
        format!("User: {caller} is not authorized to perform: {action} on resource: {resource} {why}");
    access_denied(service, message)
}

fn access_denied(service: Service, message: String) -> AwsError {
    let (code, status) = match service {
        Service::Sns | Service::Sts => ("AuthorizationError", StatusCode::FORBIDDEN),
        Service::Sqs | Service::Ses => ("AccessDeniedException", StatusCode::FORBIDDEN),
        Service::DynamoDb | Service::DynamoDbStreams | Service::Secrets | Service::Kms => {
            ("AccessDeniedException", StatusCode::BAD_REQUEST)
        }
    };
    AwsError::new(code, message).with_status(status)
}

pub(crate) fn json(body: &[u8]) -> Result<Value, AwsError> {
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(AwsError::new("SerializationException", "The request's body is not a JSON object.")),
    }
}
