//! The shopper confirms, the provider says so three times, the saga is retried twice and the checkout is sent again, all
//! at the same moment: one order, one capture and one entry in the ledger, whoever comes first and whatever answer is
//! lost.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures::future::{BoxFuture, FutureExt as _, join_all};
use http::Method;
use serde_json::{Value, json};
use souk::{id::OrderId, order::Nudge};
use souk_cloud::{CallInfo, Delivery, Fault, Faults};
use souk_tests::{Dice, FakeStripe, Jitter, TestMarket, Trouble, until};

/// Orders of each market.
const ROUNDS: usize = 20;

/// Every call takes a while, and of the saga's writes at the sandbox and of the ledger's, the answers of as many are lost
/// as are to be.
struct Crowd {
    jitter: Jitter,
    sandbox: AtomicU32,
    ledger: AtomicU32,
}

impl Faults for Crowd {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        self.jitter.before(call)
    }

    fn after(&self, call: &CallInfo) -> Delivery {
        let writes = call
            .asks
            .iter()
            .any(|ask| ask.action.ends_with(":PutItem") || ask.action.ends_with(":UpdateItem"));
        let about = |part: &str| call.keys.iter().any(|(_, key)| key.contains(part));
        let left = match call.caller.as_str() {
            "advance-orders" if writes && about("/sandbox/") => &self.sandbox,
            "follow-orders" | "post-ledger" if writes && about("/ledger") => &self.ledger,
            _ => return Delivery::Deliver,
        };
        match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => Delivery::Lose,
            Err(_) => Delivery::Deliver,
        }
    }
}

struct Scene {
    market: TestMarket,
    crowd: Arc<Crowd>,
    stripe: Option<FakeStripe>,
    dice: Dice,
    /// Who came first so far.
    first: BTreeSet<&'static str>,
}

impl Scene {
    async fn open(seed: u64, stripe: Option<FakeStripe>) -> Self {
        let crowd =
            Crowd { jitter: Jitter::seeded(seed), sandbox: AtomicU32::new(0), ledger: AtomicU32::new(0) };
        let crowd = Arc::new(crowd);
        let market = TestMarket::open(|options| {
            options.faults = Some(crowd.clone());
            options.delivery = souk_local::engine::Delivery::unreliable(3, seed);
            options.outside = stripe.as_ref().map(FakeStripe::outside);
        })
        .await;
        market.staff().sell("MUG", 1250, 1000).await;
        if stripe.is_some() {
            FakeStripe::connect(&market, None).await;
        }
        Self { market, crowd, stripe, dice: Dice::of(seed), first: BTreeSet::new() }
    }

    /// The answers of so many of the next operations at the provider are lost.
    fn lose(&self, answers: u32) {
        match &self.stripe {
            Some(stripe) => stripe.trouble(Trouble::LosesAnswers(answers)),
            None => self.crowd.sandbox.store(answers, Ordering::SeqCst),
        }
    }

    /// The shopper's bank has asked them, and they say yes.
    async fn confirm(&self, secret: &str) {
        if let Some(stripe) = &self.stripe {
            stripe.authenticate(secret, true);
            return;
        }
        let said = json!({"type": "payment.confirm", "client_secret": secret, "outcome": "succeed"});
        self.market.send_notice(&said.to_string(), "").await.expect(200);
    }

    /// The provider says that something about the payment changed.
    async fn notify(&self, order: &str) {
        let Some(stripe) = &self.stripe else {
            self.market.notify_payment(order).await.expect(200);
            return;
        };
        let id = order.trim_start_matches("/v1/orders/");
        let intents = stripe.intents();
        let intent = intents.iter().find(|intent| intent["metadata"]["souk_order"] == id).unwrap();
        let kind = "payment_intent.amount_capturable_updated";
        crate::stripe::say(&self.market, kind, intent, "whsec_1").await.expect(200);
    }

    /// A message of the saga's comes again. It may fail, and comes again then.
    async fn retry(&self, order: OrderId) {
        let body = serde_json::to_string(&Nudge::overdue(self.market.tenant(), order)).unwrap();
        let record = json!({
            "messageId": "again", "receiptHandle": "again", "body": body, "attributes": {}, "messageAttributes": {},
            "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:x",
            "awsRegion": "eu-central-1",
        });
        self.market.invoke("advance-orders", json!({"Records": [record]})).await.unwrap();
    }

    /// One order, about which everybody speaks at once.
    async fn round(&mut self) {
        let shopper = self.market.shopper();
        let cart = shopper.cart("MUG", 1).await;
        let pay = json!({"payment_method": "pm_card_threeDSecure2Required"});
        let key = [("idempotency-key", cart.as_str())];
        let path = format!("{cart}/checkout");
        let check_out = || shopper.0.send(Method::POST, &path, Some(pay.clone()), &key);
        // The first answers to the authorization, to the capture, to the entry.
        let [authorization, capture, entry] = [(); 3].map(|()| u32::try_from(self.dice.below(2)).unwrap());
        self.lose(authorization);
        let placed = check_out().await.expect(202);
        let order = placed.header("location").to_owned();
        let waiting = until(&shopper.0, &order, |order| !order["payment"]["action"].is_null()).await;
        let secret = waiting.text_at("/payment/action/client_secret").to_owned();
        let id: OrderId = waiting.text_at("/id").parse().unwrap();
        self.lose(capture);
        self.crowd.ledger.store(entry, Ordering::SeqCst);
        let names = ["shopper", "provider", "provider", "provider", "saga", "saga", "checkout"];
        let pauses = names.map(|_| self.dice.below(40));
        let scene = &*self;
        let says = |who: usize| -> BoxFuture<'_, ()> {
            match names[who] {
                "shopper" => scene.confirm(&secret).boxed(),
                "provider" => scene.notify(&order).boxed(),
                "saga" => scene.retry(id).boxed(),
                _ => {
                    async { assert_eq!(check_out().await.expect(202).text_at("/id"), id.to_string()) }.boxed()
                }
            }
        };
        join_all((0..names.len()).map(|who| async move {
            tokio::time::sleep(Duration::from_millis(pauses[who])).await;
            says(who).await;
        }))
        .await;
        until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
        let first = (0..names.len()).min_by_key(|who| pauses[*who]).unwrap();
        self.first.insert(names[first]);
        self.market.market.settled().await;
        let entries = self.market.staff().0.get(&format!("/v1/ledger/entries?order={id}")).await.expect(200);
        let kinds: Vec<_> =
            entries.json["data"].as_array().unwrap().iter().map(|entry| &entry["type"]).collect();
        assert_eq!(kinds, ["order.payment_captured"], "{pauses:?}: {}", entries.text);
        let shown = shopper.0.get(&order).await;
        let captured = |entry: &&Value| entry["type"] == "order.payment_captured";
        let story = shown.json["timeline"].as_array().unwrap();
        assert_eq!(story.iter().filter(captured).count(), 1, "{pauses:?}: {}", shown.text);
    }

    /// As many orders, captures and entries as carts, over all rounds.
    async fn counts(&self) {
        let rounds = i64::try_from(ROUNDS).unwrap();
        let captures = match &self.stripe {
            Some(stripe) => {
                assert_eq!(stripe.intents().len(), ROUNDS);
                i64::from(stripe.captures())
            }
            None => {
                let payments = self.market.payments().await;
                assert_eq!(payments.len(), ROUNDS);
                payments.iter().map(|payment| payment["captures"].as_i64().unwrap()).sum()
            }
        };
        assert_eq!(captures, rounds);
        let staff = self.market.staff().0;
        let orders = staff.get("/v1/orders?limit=100").await.expect(200);
        assert_eq!(orders.json["data"].as_array().unwrap().len(), ROUNDS, "one order of each cart");
        let trial = staff.get("/v1/ledger/trial-balance").await.expect(200);
        let of = |account: &str| {
            let rows = trial.json["data"].as_array().unwrap();
            let row = rows.iter().find(|row| row["account"] == account);
            row.map_or(0, |row| row["debit"].as_i64().unwrap() - row["credit"].as_i64().unwrap())
        };
        assert_eq!((of("sales"), of("provider_clearing") + of("fees")), (-rounds * 1250, rounds * 1250));
        assert_eq!(self.first.len(), 4, "everybody came first once: {:?}", self.first);
    }
}

#[tokio::test(start_paused = true)]
async fn everybody_speaks_of_a_payment_at_the_sandbox_at_once() {
    for seed in 1..3 {
        let mut scene = Scene::open(seed, None).await;
        for _ in 0..ROUNDS {
            scene.round().await;
        }
        scene.counts().await;
    }
}

#[tokio::test(start_paused = true)]
async fn everybody_speaks_of_a_payment_at_stripe_at_once() {
    for seed in 3..5 {
        let mut scene = Scene::open(seed, Some(FakeStripe::default())).await;
        for _ in 0..ROUNDS {
            scene.round().await;
        }
        scene.counts().await;
    }
}
