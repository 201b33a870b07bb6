//! Each function may do exactly what it does. One story uses everything; what is denied on the way, and what is never
//! used, is named.

use std::{
    collections::BTreeSet,
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicBool, Ordering},
    sync::{Arc, Mutex},
};

use futures::FutureExt;
use serde_json::json;
use souk_cloud::{AwsError, CallInfo, CallRecord, Fault, Faults, Observer};
use souk_tests::{TestMarket, template, until};
use tokio::sync::Notify;

use crate::api_keys;

/// SES fails while the switch is on: then the mail's mark is taken back.
struct NoMail(AtomicBool);

impl Faults for NoMail {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        let fails = call.service == "ses" && self.0.load(Ordering::Relaxed);
        fails.then(|| Fault::Refuse(AwsError::new("TooManyRequestsException", "slow down").into()))
    }
}

/// Writes down every permission that somebody lacked.
#[derive(Default)]
struct Denials {
    heard: Mutex<BTreeSet<String>>,
    first: Notify,
}

impl Observer for Denials {
    fn called(&self, record: &CallRecord) {
        if let Some(lacking) = &record.lacking {
            let denial = format!("{} may not {} on {}", record.caller, lacking.action, lacking.resource);
            self.heard.lock().unwrap().insert(denial);
            self.first.notify_one();
        }
    }
}

impl Denials {
    fn list(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().cloned().collect()
    }
}

/// What is denied first where everything is done on `template`; nothing where nothing is.
pub async fn first_denial(template: String) -> Vec<String> {
    let denials = Arc::new(Denials::default());
    let story = async {
        let faults = Arc::new(NoMail(AtomicBool::new(false)));
        let market = open(template, &faults, &denials).await;
        everything(&market, &faults).await;
    };
    tokio::select! {
        biased;
        () = denials.first.notified() => {}
        // Who is denied something may break off before it is looked at.
        _ = AssertUnwindSafe(story).catch_unwind() => {}
    }
    denials.list()
}

async fn open(template: String, faults: &Arc<NoMail>, denials: &Arc<Denials>) -> TestMarket {
    TestMarket::open(|options| {
        options.template = template;
        options.faults = Some(faults.clone());
        options.observer = Some(denials.clone());
    })
    .await
}

/// Everything that Souk does, once.
async fn everything(market: &TestMarket, mail_fails: &NoMail) {
    let (shopper, staff) = (market.shopper(), market.staff());
    let product = staff.sell("MUG", 1250, 20).await;
    let change = json!({
        "tags": ["tea"],
        "variants": [{"sku": "MUG", "price": {"amount": 1250, "currency": "EUR"}}, {"sku": "CUP", "price": {"amount": 1, "currency": "EUR"}}],
    });
    staff.0.patch(&product, change).await.expect(200);
    let back =
        json!({"tags": [], "variants": [{"sku": "MUG", "price": {"amount": 1250, "currency": "EUR"}}]});
    staff.0.patch(&product, back).await.expect(200);
    shopper.0.get("/v1/products?tag=tea").await.expect(200);
    staff.sell("PLATE", 100, 0).await;
    let page = shopper.0.get("/v1/products?limit=1").await.expect(200);
    shopper.0.get(&format!("/v1/products?limit=1&cursor={}", page.text_at("/next_cursor"))).await.expect(200);
    shopper.0.get(&product).await.expect(200);
    staff.receive("MUG", "berlin", -1).await.expect(201);

    let cart = shopper.cart("MUG", 1).await;
    shopper.0.get(&cart).await.expect(200);
    shopper.0.patch(&format!("{cart}/lines/MUG"), json!({"quantity": 2})).await.expect(200);
    let declined = shopper.check_out(&cart, "pm_card_chargeDeclined").await.expect(202);
    until(&shopper.0, declined.header("location"), |order| order["status"] == "canceled").await;
    shopper.0.get(&cart).await.expect(200);
    mail_fails.0.store(true, Ordering::Relaxed);
    let paid = shopper.check_out(&cart, "pm_card_visa").await.expect(202).header("location").to_owned();
    until(&shopper.0, &paid, |order| order["payment"]["status"] == "captured").await;
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    mail_fails.0.store(false, Ordering::Relaxed);
    staff.0.post(&format!("{paid}/fulfillments"), json!({})).await.expect(201);
    let review = shopper.buy("MUG", 1, "pm_card_riskLevelElevated").await;
    market.market.settled().await;
    staff.0.post(&format!("{review}/reject"), json!({})).await.expect(202);
    let late = shopper.buy("MUG", 1, "pm_souk_late").await;
    until(&shopper.0, &late, |order| order["status"] == "confirmed").await;
    // A guest's cart that a customer checks out: its contact moves under a key that is made then.
    let cart = shopper.cart("MUG", 1).await;
    let id = cart.trim_start_matches("/v1/carts/");
    let pay = json!({"payment_method": "pm_card_visa"});
    let customer = market.customer(7);
    customer.call("POST /v1/carts/{id}/checkout", id, pay).await.expect(202);
    market.market.settled().await;
    staff.0.get(&format!("/v1/orders?customer={}", customer.id)).await.expect(200);
    staff.0.get("/v1/orders?limit=1&status=confirmed").await.expect(200);
    staff.0.get("/v1/orders?customer=ada@example.com").await.expect(200);
    let page = staff.0.get("/v1/orders?limit=1").await.expect(200);
    staff.0.get(&format!("/v1/orders?limit=1&cursor={}", page.text_at("/next_cursor"))).await.expect(200);
    market.notify_payment(&late).await.expect(200);
    staff.0.delete(&product).await.expect(204);
    api_keys::everything(market).await;
    crate::staff::everything(market).await;
    market.market.settled().await;
}

#[tokio::test(start_paused = true)]
async fn every_permission_is_granted_and_none_too_much() {
    let (faults, denials) = (Arc::new(NoMail(AtomicBool::new(false))), Arc::new(Denials::default()));
    let market = open(template(), &faults, &denials).await;
    let story = AssertUnwindSafe(everything(&market, &faults)).catch_unwind().await;
    let denied = denials.list();
    assert!(denied.is_empty(), "template.yaml grants too little:\n{}", denied.join("\n"));
    if let Err(panic) = story {
        std::panic::resume_unwind(panic);
    }
    let unused: Vec<_> = market
        .market
        .unused_grants()
        .into_iter()
        // A sender may be verified as an address or as its domain. Here it is the address or the domain, never both.
        .filter(|(_, grant)| grant.action != "ses:SendEmail")
        .map(|(function, grant)| format!("{function} never needs {} on {}", grant.action, grant.resource))
        .collect();
    assert!(unused.is_empty(), "template.yaml grants too much:\n{}", unused.join("\n"));
    for dead in market.market.stack().queues.values().filter(|queue| queue.name.contains("dead")) {
        assert_eq!(market.market.cloud().sqs.depth(&dead.arn).visible, 0, "{}", dead.name);
    }
}
