//! The payment provider's side of the world: where the sandbox decides on a payment late, it notifies the store as
//! providers do, by a signed request that comes in through the gateway.
//!
//! On AWS nothing stands here (docs/decisions/the-sandbox-notifies-here-only.md).

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, header::CONTENT_TYPE};
use jiff::Timestamp;
use souk::{
    payment::{PaymentKey, SANDBOX, SANDBOX_SIGNATURE, Sandbox},
    store::keys,
    tenant::Tenant,
};
use souk_cloud::{CallRecord, Caller, Observer, Outcome};

use super::{
    happening::{Happening, WebhookRecord},
    market::Engine,
};

/// The function that notifications are for. A template without it has no payments.
const RECEIVER: &str = "payment-events";

/// Waits before a notification is sent again that was not taken, in seconds: an hour altogether. A provider would go on
/// for days, but whoever waits in front of a screen has long seen the sweeper find the outcome.
const WAITS: [u64; 6] = [5, 30, 120, 300, 900, 2400];

/// Sends the notifications of one market's payments.
#[derive(Debug, Default)]
pub(crate) struct Webhooks {
    /// Known once the engine is open, which needs its observers first.
    engine: OnceLock<Weak<Engine>>,
    /// The payments of which it still has to notify.
    waiting: Mutex<BTreeSet<PaymentKey>>,
}

/// A notification that is to be sent.
struct Waiting(Arc<Engine>, PaymentKey);

impl Webhooks {
    /// Begins to notify, where there is somebody to be notified.
    pub(crate) fn start(engine: &Arc<Engine>) {
        let mut functions = engine.runner.functions.values();
        if let Some(receiver) = functions.find(|function| function.spec.binary == RECEIVER) {
            let app = engine.operator(receiver.environment.app().settings().clone(), Caller::unseen(SANDBOX));
            let _ = engine.sandbox.set(app);
            let _ = engine.webhooks.engine.set(Arc::downgrade(engine));
        }
    }

    /// How many notifications are still to be sent.
    pub(crate) fn waiting(&self) -> usize {
        self.payments().len()
    }

    fn payments(&self) -> MutexGuard<'_, BTreeSet<PaymentKey>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Webhooks {
    /// A payment was written: perhaps one that is decided later.
    fn called(&self, record: &CallRecord) {
        let written = matches!(record.operation.as_str(), "PutItem" | "TransactWriteItems")
            && matches!(record.outcome, Outcome::Done | Outcome::AnswerLost);
        if !written {
            return;
        }
        let Some(engine) = self.engine.get().and_then(Weak::upgrade) else { return };
        let Some(app) = engine.sandbox.get() else { return };
        let written = record.keys.iter().filter_map(|(_, key)| keys::payment_of_sandbox(key));
        for (tenant, key) in written {
            // The lists of payments by day lie beside them.
            let Ok(payment) = key.parse::<PaymentKey>() else { continue };
            let sandbox = Sandbox::new(app.clone(), tenant);
            let (under_way, notifying) = (engine.activity.begin(), Arc::clone(&engine));
            engine.tasks.spawn(async move {
                let mut next = sandbox.changes_at(payment).await.ok().flatten();
                let waiting = next.and_then(|_| Waiting::new(&notifying, payment));
                drop(under_way);
                // Nothing is written when time alone changes a payment, so what comes after is looked for here.
                while let (Some(at), Some(_)) = (next, &waiting) {
                    notify(&notifying, &sandbox, tenant, payment, at).await;
                    next = sandbox.changes_at(payment).await.ok().flatten();
                }
            });
        }
    }
}

/// Notifies the store once `decided` has come, again and again until it is taken or there is no point any more.
async fn notify(engine: &Engine, sandbox: &Sandbox, tenant: Tenant, payment: PaymentKey, decided: Timestamp) {
    // The clock and tokio's may differ by less than a timer's precision.
    while let Ok(wait) = Duration::try_from(decided.duration_since(engine.clock.now()))
        && !wait.is_zero()
    {
        tokio::time::sleep(wait).await;
    }
    for attempt in 1.. {
        // Signed anew each time: a signature doesn't last.
        let Ok(notice) = sandbox.notice(payment).await else { return };
        let request = Request::post(format!("/v1/payment-events/{SANDBOX}/{}", tenant.store()))
            .header(CONTENT_TYPE, "application/json")
            .header(SANDBOX_SIGNATURE, notice.signature)
            .body(Bytes::from(notice.body));
        let Ok(request) = request else { return };
        let status = engine.gateway_answer(request).await.status();
        engine.tell(Happening::Webhook(WebhookRecord {
            provider: SANDBOX,
            store: tenant.store().to_string(),
            payment: payment.to_string(),
            attempt,
            status: status.as_u16(),
        }));
        let Some(wait) = WAITS.get(attempt - 1).filter(|_| !status.is_success()) else { return };
        tokio::time::sleep(Duration::from_secs(*wait)).await;
    }
}

impl Waiting {
    /// Nothing, where the payment's notification waits already: a write that is made twice is one decision.
    fn new(engine: &Arc<Engine>, payment: PaymentKey) -> Option<Self> {
        engine.webhooks.payments().insert(payment).then(|| Self(Arc::clone(engine), payment))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.webhooks.payments().remove(&self.1);
        self.0.activity.beat();
    }
}
