//! Each function may do exactly what it does. One story uses everything; what is denied on the way, and what is never
//! used, is named.

use std::{
    collections::BTreeSet,
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicBool, Ordering},
    sync::{Arc, Mutex},
};

use futures::FutureExt;
use serde_json::{Value, json};
use souk_cloud::{AwsError, CallInfo, CallRecord, Fault, Faults, Observer, iam::Ask};
use souk_local::template::{TemplateOptions, load};
use souk_tests::{Browser, FakeStripe, Integration, Member, PASSWORD, TestMarket, template, until};

use crate::api_keys;
use crate::{forge, issuers};

/// SES fails while the first switch is on: then the mail's mark is taken back. What follows orders can't read them while
/// the second one is: then the queues have it.
#[derive(Default)]
struct Troubles {
    mail: AtomicBool,
    follower: AtomicBool,
    lost: Mutex<Option<String>>,
}

impl Faults for Troubles {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        if call.service == "ses" && self.mail.load(Ordering::Relaxed) {
            return Some(Fault::Refuse(AwsError::new("TooManyRequestsException", "slow down").into()));
        }
        let (of_follower, reads) = (call.caller == "follow-orders", call.service == "dynamodb");
        let of_lost = |lost: &String| call.keys.iter().any(|(_, key)| key.ends_with(lost));
        let lost = self.lost.lock().unwrap();
        let lost = lost.as_ref().is_some_and(|lost| call.service == "sqs" || reads && of_lost(lost));
        let fails = of_follower && (lost || reads && self.follower.load(Ordering::Relaxed));
        fails.then(|| Fault::Refuse(AwsError::new("ValidationException", "not today").into()))
    }
}

/// Writes down every permission that somebody lacked.
#[derive(Default)]
struct Denials {
    heard: Mutex<BTreeSet<String>>,
}

impl Observer for Denials {
    fn called(&self, record: &CallRecord) {
        if let Some(lacking) = &record.lacking {
            let keys: BTreeSet<_> = record.keys.iter().map(|(_, key)| key).collect();
            let denial =
                format!("{} may not {} on {} ({keys:?})", record.caller, lacking.action, lacking.resource);
            self.heard.lock().unwrap().insert(denial);
        }
    }
}

impl Denials {
    fn list(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().cloned().collect()
    }
}

/// Writes down every permission that was needed, and by whom.
#[derive(Default)]
struct Asked(Mutex<Vec<(String, Ask)>>);

impl Observer for Asked {
    fn called(&self, record: &CallRecord) {
        let mut asked = self.0.lock().unwrap();
        for ask in &record.asks {
            let one = (record.caller.clone(), ask.clone());
            if !asked.contains(&one) {
                asked.push(one);
            }
        }
    }
}

/// What functions ask of AWS while everything is done, of secrets under the names that a template alone gives them.
pub async fn everything_asked() -> Vec<(String, Ask)> {
    let (faults, asked) = (Arc::new(Troubles::default()), Arc::new(Asked::default()));
    let (market, stripe) = open(template(), &faults, asked.clone()).await;
    everything(&market, &stripe, &faults).await;
    let (opened, written) =
        (market.market.stack(), load(&template(), &TemplateOptions::default()).unwrap().secrets);
    let by_functions = |caller: &String| opened.functions.values().any(|spec| spec.binary == *caller);
    let mut asked = std::mem::take(&mut *asked.0.lock().unwrap());
    asked.retain(|(caller, _)| by_functions(caller));
    for (_, ask) in &mut asked {
        if let Some((id, _)) = opened.secrets.iter().find(|(_, secret)| secret.arn == ask.resource) {
            ask.resource.clone_from(&written[id].arn);
        }
    }
    asked
}

async fn open(
    template: String,
    faults: &Arc<Troubles>,
    observer: Arc<dyn Observer>,
) -> (TestMarket, FakeStripe) {
    let stripe = FakeStripe::default();
    let market = TestMarket::open(|options| {
        options.template = template;
        // Late payments are left to the sweeper, which would have nothing to do otherwise.
        options.webhooks = false;
        options.faults = Some(faults.clone());
        options.observer = Some(observer);
        options.outside = Some(issuers::world().outside_with(&stripe));
    })
    .await;
    (market, stripe)
}

/// Everything that Souk does, once.
async fn everything(market: &TestMarket, stripe: &FakeStripe, troubles: &Troubles) {
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

    // While no rule asks for more, an order takes its stock as it is placed, and who waits has it paid at once.
    staff.sell("LAMP", 100, 3).await;
    let lamp = shopper.buy("LAMP", 1, "pm_card_visa").await;
    until(&shopper.0, &lamp, |order| order["status"] == "confirmed").await;
    for method in ["pm_card_visa", "pm_card_threeDSecure2Required"] {
        let cart = shopper.cart("LAMP", 1).await;
        shopper.check_out_and_wait(&cart, method, 20).await.expect(202);
    }

    let trusted = json!({"signal": "earlier_orders", "at_least": 1, "score": -1});
    let risky = json!({"signal": "provider_elevated", "score": 60});
    let often = json!({"signal": "orders_per_email", "above": 90, "hours": 1, "score": 1});
    staff.0.patch("/v1/store", json!({"risk": {"rules": [trusted, risky, often]}})).await.expect(200);

    shopper.0.post("/v1/carts", json!({})).await.expect(201);
    let cart = shopper.cart("MUG", 1).await;
    shopper.0.get(&cart).await.expect(200);
    shopper.0.patch(&format!("{cart}/lines/MUG"), json!({"quantity": 2})).await.expect(200);
    let declined = shopper.check_out(&cart, "pm_card_chargeDeclined").await.expect(202);
    until(&shopper.0, declined.header("location"), |order| order["status"] == "canceled").await;
    shopper.0.get(&cart).await.expect(200);
    troubles.mail.store(true, Ordering::Relaxed);
    let paid = shopper.check_out(&cart, "pm_card_visa").await.expect(202).header("location").to_owned();
    until(&shopper.0, &paid, |order| order["payment"]["status"] == "captured").await;
    tokio::time::sleep(std::time::Duration::from_secs(8)).await;
    troubles.mail.store(false, Ordering::Relaxed);
    left_to_queues(market, troubles).await;
    told_again(market, troubles).await;
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
    let waiting = shopper.buy("MUG", 1, "pm_card_threeDSecure2Required").await;
    market.market.settled().await;
    crate::authentication::confirm(market, &waiting, "succeed").await.expect(200);
    crate::refunds::everything(market).await;
    crate::drafts::everything(market).await;
    crate::buckets::everything(market).await;
    staff.0.delete(&product).await.expect(204);
    settings(market).await;
    crate::promotions::everything(market).await;
    crate::accounts::everything(market).await;
    crate::price_lists::everything(market).await;
    crate::shipping::everything(market).await;
    crate::priced::send_nowhere(market).await;
    crate::tax_rates::everything(market).await;
    api_keys::everything(market).await;
    crate::staff::everything(market).await;
    market.market.settled().await;
    crate::oauth::everything(market).await;
    custom_roles(market).await;
    market.market.settled().await;
    read_the_audit_log(market).await;
    crate::gift_cards::everything(market).await;
    crate::privacy::everything(market).await;
    market.market.settled().await;
    crate::ledger::everything(market).await;
    crate::invoices::everything(market).await;
    crate::priced::everything(market).await;
    // It tells what it keeps of a payment after the money was taken.
    stripe.keep_fees_to_itself();
    pay_through_stripe(market).await;
    crate::stripe::out_of_order_for_a_while(market, stripe).await;
    stripe.tell_fees();
    // So long that what is booked as of then is late.
    market.leap(jiff::SignedDuration::from_hours(3));
    market.invoke("reconcile", json!({})).await.unwrap();
    crate::saved_methods::everything(market).await;
}

/// A batch that fails after a mail of it was sent.
async fn told_again(market: &TestMarket, troubles: &Troubles) {
    market.market.settled().await;
    let shopper = market.shopper();
    let lost = shopper.buy("MUG", 1, "pm_card_visa").await;
    *troubles.lost.lock().unwrap() = Some(lost.trim_start_matches("/v1/orders/").to_owned());
    let other = shopper.buy("MUG", 1, "pm_card_visa").await;
    for order in [&lost, &other] {
        until(&shopper.0, order, |order| order["payment"]["status"] == "captured").await;
    }
    tokio::time::sleep(std::time::Duration::from_secs(8)).await;
    *troubles.lost.lock().unwrap() = None;
    market.market.settled().await;
}

/// What the follower of orders leaves to others, of a customer's order that is paid and given back.
async fn left_to_queues(market: &TestMarket, troubles: &Troubles) {
    troubles.follower.store(true, Ordering::Relaxed);
    let (shopper, staff, customer) = (market.shopper(), market.staff(), market.customer(8));
    let cart = shopper.cart("MUG", 1).await;
    let pay = json!({"payment_method": "pm_card_visa"});
    let id = cart.trim_start_matches("/v1/carts/");
    let placed = customer.call("POST /v1/carts/{id}/checkout", id, pay).await.expect(202);
    troubles.mail.store(true, Ordering::Relaxed);
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    troubles.mail.store(false, Ordering::Relaxed);
    market.market.settled().await;
    let order = format!("/v1/orders/{}", placed.text_at("/id"));
    staff.0.post(&format!("{order}/refunds"), json!({})).await.expect(201);
    market.market.settled().await;
    troubles.follower.store(false, Ordering::Relaxed);
}

/// A shopper pays through Stripe, and Stripe says so.
async fn pay_through_stripe(market: &TestMarket) {
    market.staff().sell("JUG", 1250, 20).await;
    FakeStripe::connect(market, None).await;
    let shopper = market.shopper();
    let order = shopper.buy("JUG", 1, "pm_card_visa").await;
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    market.staff().0.patch("/v1/store", json!({"risk": {"rules": []}})).await.expect(200);
    let cart = shopper.cart("JUG", 1).await;
    shopper.check_out_and_wait(&cart, "pm_card_visa", 20).await.expect(202);
    let id = order.trim_start_matches("/v1/orders/");
    let told = json!({"metadata": {"souk_payment": id, "souk_store": market.tenant().to_string()}});
    crate::stripe::say(market, "payment_intent.succeeded", &told, "whsec_1").await.expect(200);
    market.market.settled().await;
}

/// Lists, exports, anchors and verifies what the story left in the audit log.
async fn read_the_audit_log(market: &TestMarket) {
    let staff = market.staff();
    let page = staff.0.get("/v1/audit-log?limit=1").await.expect(200);
    staff.0.get(&format!("/v1/audit-log?limit=1&cursor={}", page.text_at("/next_cursor"))).await.expect(200);
    staff.0.get("/v1/audit-log/head").await.expect(200);
    staff.0.get("/v1/audit-log/export").await.expect(200);
    // The second run holds the log against what the first one kept.
    for _ in 0..2 {
        market.invoke("anchor-audit", json!({})).await.unwrap();
    }
    market.invoke("verify-audit", json!({"store": market.store, "mode": "test"})).await.unwrap();
}

/// A condition on the keys holds where there are no keys, so what is granted has to name some, always.
#[test]
fn every_statement_about_a_table_says_which_keys() {
    let keyed =
        ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"];
    let stack = load(&template(), &TemplateOptions::default()).unwrap();
    let mut counted = 0;
    for (id, function) in &stack.functions {
        for statement in &function.statements {
            let actions = match &statement["Action"] {
                Value::Array(actions) => actions.clone(),
                one => vec![one.clone()],
            };
            let of_items = |action: &&str| {
                !["GetRecords", "GetShardIterator", "DescribeStream", "ListStreams"].contains(action)
            };
            let actions: Vec<_> = actions
                .iter()
                .filter_map(|action| action.as_str().unwrap().strip_prefix("dynamodb:"))
                .filter(of_items)
                .collect();
            if actions.is_empty() {
                continue;
            }
            counted += 1;
            let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
            let keys = keys.as_array().unwrap_or_else(|| panic!("{id} grants all keys: {statement}"));
            assert!(!keys.is_empty() && !keys.contains(&json!("*")), "{id} grants all keys: {statement}");
            for action in actions {
                assert!(keyed.contains(&action), "{id} grants {action}, which needs no key");
            }
        }
    }
    assert!(counted > 15, "only {counted} statements");
}

/// The store's settings, and whose identities it trusts.
async fn settings(market: &TestMarket) {
    let staff = market.staff().0;
    let store = staff.get("/v1/store").await.expect(200);
    let once = [("idempotency-key", "settings")];
    let same = json!({"name": store.json["name"]});
    staff.send(http::Method::PATCH, "/v1/store", Some(same), &once).await.expect(200);
    staff.post("/v1/identity-providers", issuers::customers()).await.expect(201);
    let second = forge::with(&issuers::customers(), "audiences", json!(["second"]));
    let path = staff.post("/v1/identity-providers", second).await.expect(201).header("location").to_owned();
    let page = staff.get("/v1/identity-providers?limit=1").await.expect(200);
    let next = format!("/v1/identity-providers?limit=1&cursor={}", page.text_at("/next_cursor"));
    staff.get(&next).await.expect(200);
    staff.get(&path).await.expect(200);
    staff.patch(&path, json!({"name": "Second"})).await.expect(200);
    staff.delete(&path).await.expect(204);
    // Old enough for the issuer to be asked again.
    market.leap(jiff::SignedDuration::from_secs(3700));
    let claims = issuers::claims(market, "storefront");
    let token = forge::token(&issuers::header(), &claims, &forge::Key::rsa(0));
    staff.with_key(Some(&token)).get("/v1/products").await.expect(200);
}

/// Somebody with a role that the store made comes in by every door.
async fn custom_roles(market: &TestMarket) {
    let staff = market.staff().0;
    let role = json!({"name": "Porter", "scopes": ["orders:read"]});
    let role = staff.post("/v1/roles", role).await.expect(201);
    let clerk = Member::joined(market, &staff, "porter@example.com", role.text_at("/id")).await;
    let tokens = clerk.try_log_in(PASSWORD, None).await.expect(201);
    let refresh = json!({"refresh_token": tokens.text_at("/refresh_token")});
    staff.with_key(None).post("/v1/sessions/refresh", refresh).await.expect(200);
    let forgotten = json!({"email": clerk.email});
    market.shopper().0.post("/v1/staff/password-resets", forgotten).await.expect(202);
    market.market.settled().await;
    let client = Integration::register(market, &["orders:read"]).await;
    Browser::new(&staff).agree(&client.request(&[]), &clerk.email).await;
    let own = client.ask("/oauth/token", &[("grant_type", "client_credentials")]).await.expect(200);
    let token = own.text_at("/access_token");
    staff.with_key(Some(token)).get("/v1/orders").await.expect(200);
    client.ask("/oauth/revoke", &[("token", token)]).await.expect(200);
    let mapped = json!({"claim": "groups", "values": {"clerks": role.text_at("/id")}});
    let provider =
        forge::with(&forge::with(&issuers::staff(), "roles", mapped), "audiences", json!(["clerks"]));
    staff.post("/v1/identity-providers", provider).await.expect(201);
}

#[tokio::test(start_paused = true)]
async fn every_permission_is_granted_and_none_too_much() {
    let (faults, denials) = (Arc::new(Troubles::default()), Arc::new(Denials::default()));
    let (market, stripe) = open(template(), &faults, denials.clone()).await;
    let story = AssertUnwindSafe(everything(&market, &stripe, &faults)).catch_unwind().await;
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
