//! What staff do is in the audit log, once, whatever happens on the way.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use futures::future::join_all;
use serde_json::{Value, json};
use souk::{
    audit::{Verifier, verify_lines},
    http::Access,
    principal::Scope,
};
use souk_cloud::{AwsError, CallInfo, Fault, Faults};
use souk_local::functions;
use souk_tests::{Api, TestMarket};

/// All entries of whoever asks, oldest first: what an export holds.
pub async fn export(api: &Api) -> Vec<Value> {
    let export = api.get("/v1/audit-log/export").await.expect(200);
    assert_eq!(export.header("content-type"), "application/x-ndjson");
    assert_eq!(export.header("cache-control"), "no-store");
    assert_eq!(export.header("content-disposition"), "attachment; filename=\"audit-log.ndjson\"");
    export.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Whether entries follow each other, as the command line says it.
pub fn verified(entries: &[Value]) -> Result<u64, String> {
    let lines: Vec<_> = entries.iter().map(Value::to_string).collect();
    let found = verify_lines(lines.join("\n").as_bytes(), Verifier::new(None), |_| {}).unwrap();
    found.map(|report| report.entries).map_err(|broken| broken.to_string())
}

/// A store in which staff did one thing after the other: seven entries, that it was opened among them.
pub async fn busy_store() -> TestMarket {
    let market = TestMarket::with_mugs(5).await;
    let staff = market.staff();
    for stock in 1..5 {
        staff.receive("MUG", "berlin", stock).await.expect(201);
    }
    market.market.settled().await;
    market
}

/// What shoppers do for themselves is told by the orders' own events.
const OF_SHOPPERS: [Scope; 5] =
    [Scope::CartsWrite, Scope::CheckoutWrite, Scope::AccountsWrite, Scope::AccountOwn, Scope::OrdersReadOwn];

#[test]
fn every_route_that_changes_what_is_the_stores_is_audited() {
    let functions = functions();
    let routes: Vec<_> =
        functions.iter().flat_map(|function| function.routes()).flat_map(souk::http::Routes::iter).collect();
    let mut audited = 0;
    for route in routes {
        let changes = !route.key().starts_with("GET ");
        let staff = matches!(route.access(), Access::Scope(scope) if !OF_SHOPPERS.contains(&scope));
        assert!(
            !(changes && staff) || route.audit().is_some(),
            "{} leaves nothing in the audit log",
            route.key()
        );
        assert!(changes || route.audit().is_none(), "{} changes nothing", route.key());
        audited += usize::from(route.audit().is_some());
    }
    assert!(audited >= 9, "{audited}");
}

#[tokio::test(start_paused = true)]
async fn what_staff_do_is_told_with_who_what_where_and_why() {
    let market = TestMarket::with_mugs(9).await;
    let (staff, shopper) = (market.staff(), market.shopper());
    let plate = staff.sell("PLATE", 900, 0).await;
    let changed = staff.0.patch(&plate, json!({"name": "A plate"})).await.expect(200);
    staff.0.delete(&plate).await.expect(204);
    let order = shopper.buy("MUG", 1, "pm_card_visa").await;
    market.market.settled().await;
    let sent = staff.0.post(&format!("{order}/fulfillments"), json!({})).await.expect(201);
    let regretted = shopper.buy("MUG", 1, "pm_card_visa").await;
    market.market.settled().await;
    staff.0.post(&format!("{regretted}/cancel"), json!({})).await.expect(202);
    market.market.settled().await;

    let entries = export(&staff.0).await;
    let told: Vec<_> = entries.iter().map(|entry| (text(entry, "action"), text(entry, "resource"))).collect();
    let mug = &entries[1]["resource"].as_str().unwrap();
    assert_eq!(
        told,
        [
            ("store.provisioned", market.store.as_str()),
            ("product.created", mug),
            ("stock.moved", "/v1/stock/MUG"),
            ("product.created", &plate),
            ("product.updated", &plate),
            ("product.archived", &plate),
            ("order.fulfilled", &order),
            ("order.cancel_requested", &regretted),
        ]
    );
    assert_eq!(text(&entries[0], "actor"), "operator");
    let key = text(&entries[1], "actor");
    assert!(key.starts_with("key_"), "{key}");
    for (place, entry) in entries.iter().enumerate() {
        assert_eq!(entry["seq"], place + 1);
        assert_eq!((text(entry, "store"), text(entry, "mode")), (market.store.as_str(), "test"));
        assert!(place == 0 || text(entry, "actor") == key);
        assert!(place == 0 || text(entry, "from").ends_with(".0/24"), "{entry}");
    }
    assert_eq!(text(&entries[4], "request_id"), changed.header("request-id"));
    assert_eq!(text(&entries[6], "request_id"), sent.header("request-id"));
    assert_eq!(entries[4]["before"], entries[3]["after"], "what was changed is what had been put");
    assert_eq!(entries[5]["before"], entries[4]["after"]);
    assert!(entries[3]["before"].is_null() && entries[2]["after"].is_string());
    assert_eq!(verified(&entries), Ok(8));
    assert!(market.state_items("audit").await.is_empty(), "every note has its entry");
    let head = staff.0.get("/v1/audit-log/head").await.expect(200);
    assert_eq!((&head.json["seq"], &head.json["hash"]), (&json!(8), &entries[7]["hash"]));
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_or_repeated_is_not_told_again() {
    let market = TestMarket::with_mugs(5).await;
    let staff = market.staff();
    let movement = json!({"location": "berlin", "change": 3, "reason": "received"});
    let send = async || {
        let key = [("idempotency-key", "once")];
        staff.0.send(http::Method::POST, "/v1/stock/MUG/movements", Some(movement.clone()), &key).await
    };
    let (first, second) = (send().await.expect(201), send().await.expect(201));
    assert_eq!(first.text, second.text);
    staff.receive("MUG", "berlin", -100).await.expect(409);
    market.shopper().0.post("/v1/products", json!({})).await.expect(403);
    let taken =
        json!({"name": "Again", "variants": [{"sku": "MUG", "price": {"amount": 1, "currency": "EUR"}}]});
    assert_eq!(staff.0.post("/v1/products", taken).await.expect(409).text_at("/param"), "variants[0].sku");
    market.market.settled().await;
    let actions: Vec<_> =
        export(&staff.0).await.iter().map(|entry| text(entry, "action").to_owned()).collect();
    assert_eq!(actions, ["store.provisioned", "product.created", "stock.moved", "stock.moved"]);
}

#[tokio::test(start_paused = true)]
async fn entries_are_listed_newest_first_and_filtered() {
    let market = busy_store().await;
    let staff = market.staff();
    let count = async |query: &str| {
        let list = staff.0.get(&format!("/v1/audit-log?limit=100&{query}")).await.expect(200);
        assert_eq!(list.json["has_more"], false);
        list.json["data"].as_array().unwrap().len()
    };
    assert_eq!(count("").await, 7);
    assert_eq!(count("action=stock.moved").await, 5);
    assert_eq!(count("actor=operator").await, 1);
    assert_eq!(count("resource=/v1/stock/MUG&action=product.created").await, 0);
    assert_eq!(count("to=2026-03-01T09:00:00Z").await, 0);
    assert_eq!(count("from=2026-03-01T09:00:00Z&action=stock.moved").await, 5);
    for wrong in ["action=nothing", "actor=me", "from=yesterday", "colour=red", "limit=0"] {
        staff.0.get(&format!("/v1/audit-log?{wrong}")).await.expect(400);
    }
    let (mut path, mut places) = ("/v1/audit-log?limit=2&action=stock.moved".to_owned(), Vec::new());
    loop {
        let page = staff.0.get(&path).await.expect(200);
        places
            .extend(page.json["data"].as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()));
        let Some(cursor) = page.json["next_cursor"].as_str() else { break };
        path = format!("/v1/audit-log?limit=2&action=stock.moved&cursor={cursor}");
    }
    assert_eq!(places, [7, 6, 5, 4, 3]);
    staff.0.get("/v1/audit-log/export?after=x").await.expect(400);
    let rest = staff.0.get("/v1/audit-log/export?after=5").await.expect(200);
    assert_eq!(rest.text.lines().count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stores_log_is_its_own() {
    let market = busy_store().await;
    let (other, pk, sk) = market.another_store().await;
    market.market.settled().await;
    for api in [&sk, &market.staff().0.with_key(Some(&market.live_sk))] {
        let entries = export(api).await;
        assert_eq!(entries.len(), 1, "{entries:?}");
        assert_eq!(api.get("/v1/audit-log").await.expect(200).json["data"], json!(entries));
    }
    assert_eq!(text(&export(&sk).await[0], "store"), other);
    for path in ["/v1/audit-log", "/v1/audit-log/export", "/v1/audit-log/head"] {
        assert_eq!(pk.get(path).await.expect(403).text_at("/scope"), "audit:read");
    }
}

/// Records come often and out of order, as they do after a crash, and to many workers at once.
#[tokio::test(start_paused = true)]
async fn records_that_come_often_and_shuffled_make_one_entry_each() {
    let faults = NoRecording::new();
    let market = TestMarket::open(|options| options.faults = Some(faults.clone())).await;
    let staff = market.staff();
    staff.sell("MUG", 1250, 1).await;
    for _ in 0..8 {
        staff.receive("MUG", "berlin", 1).await.expect(201);
    }
    // The stream's own deliveries fail, so the notes are still there.
    let notes = market.raw_items("-state", "audit").await;
    assert_eq!(notes.len(), 12, "two modes opened, a product and nine movements");
    faults.0.store(false, Ordering::Relaxed);
    let record = |place: usize| {
        json!({
            "eventID": format!("{place:032}"), "eventName": "INSERT", "eventVersion": "1.1",
            "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1",
            "eventSourceARN": "arn:aws:dynamodb:eu-central-1:000000000000:table/souk-state/stream/x",
            "dynamodb": {
                "ApproximateCreationDateTime": 1.0, "Keys": {}, "NewImage": notes[place],
                "SequenceNumber": format!("{place:021}"), "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
        })
    };
    let deliveries = (0..24_usize).map(|round| {
        // Each worker has some of them, one twice: others have the same ones, or want the same places for other ones.
        let records: Vec<_> = [0, 5, 10, 5].iter().map(|place| record((place + round) % 12)).collect();
        market.invoke("record-audit", json!({"Records": records}))
    });
    for answer in join_all(deliveries).await {
        assert_eq!(answer.unwrap(), json!({"batchItemFailures": []}));
    }
    market.market.settled().await;
    let entries = export(&staff.0).await;
    assert_eq!(verified(&entries), Ok(11));
    let mut ids: Vec<_> = entries.iter().map(|entry| text(entry, "id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 11, "each note has one entry");
    assert!(market.state_items("audit").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_forty_do_at_once_is_told_once_each() {
    let market = TestMarket::crowded(0).await;
    let staff = market.staff();
    let moves = (0..40).map(|n| {
        let staff = staff.clone();
        async move {
            let key = format!("move-{n}");
            let movement = json!({"location": "berlin", "change": 1, "reason": "received"});
            let headers = [("idempotency-key", key.as_str())];
            let sent = staff.0.send(http::Method::POST, "/v1/stock/MUG/movements", Some(movement), &headers);
            sent.await.status == 201
        }
    });
    let moved = join_all(moves).await.into_iter().filter(|moved| *moved).count();
    market.market.settled().await;
    let entries = export(&staff.0).await;
    assert_eq!(verified(&entries), Ok(2 + moved as u64));
    assert_eq!(staff.stock("MUG").await.0, moved as u64, "what happened is what is told");
    assert!(market.state_items("audit").await.is_empty());
}

/// `record-audit` can't write while the switch is on, so that its stream gives up. Afterwards each of its calls takes
/// another while, so that its workers get into each other's way.
struct NoRecording(AtomicBool, AtomicU64);

impl NoRecording {
    fn new() -> Arc<Self> {
        Arc::new(Self(AtomicBool::new(true), AtomicU64::new(0)))
    }
}

impl Faults for NoRecording {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        if call.caller != "record-audit" {
            return None;
        }
        let turn = self.1.fetch_add(1, Ordering::Relaxed);
        Some(if self.0.load(Ordering::Relaxed) {
            Fault::Refuse(AwsError::new("InternalServerError", "down").into())
        } else {
            Fault::Delay(std::time::Duration::from_millis(turn * 7 % 31))
        })
    }
}

/// Everything that the stream tells of a note is lost; the sweeper sees to it.
#[tokio::test(start_paused = true)]
async fn a_note_survives_the_loss_of_its_stream_record() {
    let faults = NoRecording::new();
    let market = TestMarket::open(|options| {
        options.faults = Some(faults.clone());
        options.schedules = false;
    })
    .await;
    market.staff().sell("MUG", 1250, 3).await;
    // Until Lambda gave up on the records.
    market.market.settled().await;
    faults.0.store(false, Ordering::Relaxed);
    market.market.settled().await;
    assert_eq!(market.state_items("audit").await.len(), 4);
    assert!(export(&market.staff().0).await.is_empty());
    tokio::time::sleep(std::time::Duration::from_secs(6 * 60)).await;
    market.invoke("sweep", json!({})).await.unwrap();
    market.market.settled().await;
    assert!(market.state_items("audit").await.is_empty());
    assert_eq!(verified(&export(&market.staff().0).await), Ok(3));
}

/// Chained entries lie in a table whose stream is published. They are not.
#[tokio::test(start_paused = true)]
async fn entries_are_published_nowhere() {
    let market = TestMarket::open(|_| {}).await;
    market.market.hear_topics().unwrap();
    market.staff().sell("MUG", 1250, 5).await;
    market.market.settled().await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let entries = export(&market.staff().0).await;
    assert_eq!(entries.len(), 3);
    let told = format!(
        "{:?}",
        market
            .happenings()
            .iter()
            .filter(|one| matches!(one, souk_local::engine::Happening::Published { .. }))
            .collect::<Vec<_>>()
    );
    assert!(told.contains("product.created"));
    for entry in &entries {
        assert!(!told.contains(text(entry, "id")) && !told.contains(text(entry, "hash")));
    }
}

fn text<'a>(entry: &'a Value, field: &str) -> &'a str {
    entry[field].as_str().unwrap_or_default()
}
