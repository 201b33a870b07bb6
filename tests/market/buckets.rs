//! Stock in buckets: a SKU that many want at once is spread over items of its own, and nobody notices.

use std::{collections::BTreeSet, sync::Arc};

use futures::future::{join, join_all};
use http::Method;
use serde_json::{Value, json};
use souk_local::engine::Happening;
use souk_tests::{Answer, Jitter, Staff, TestMarket, until};

/// Spreads the mugs over so many buckets.
async fn spread(staff: &Staff, buckets: u32) -> Answer {
    let key = format!("spread-{:032x}", rand::random::<u128>());
    spread_with(staff, buckets, &[("idempotency-key", &key)]).await
}

async fn spread_with(staff: &Staff, buckets: u32, headers: &[(&str, &str)]) -> Answer {
    staff.0.send(Method::PATCH, "/v1/stock/MUG", Some(json!({"buckets": buckets})), headers).await
}

/// What each bucket holds in Berlin, from the first on: available and reserved.
async fn levels(market: &TestMarket) -> Vec<(u64, u64)> {
    let mut items = market.state_items("stock").await;
    let number =
        |item: &Value| item["pk"].as_str().unwrap().rsplit('/').next().unwrap().parse().unwrap_or(0_u32);
    items.sort_by_key(number);
    let of = |item: &Value, name: &str| item["locations"]["berlin"][name].as_u64().unwrap_or(0);
    items.iter().map(|item| (of(item, "available"), of(item, "reserved"))).collect()
}

/// The buckets that orders took from as they were placed or got their stock.
async fn buckets_of_orders(market: &TestMarket) -> BTreeSet<u64> {
    let commits = market.items("-events", "order").await;
    let events = commits.iter().flat_map(|commit| commit["events"].as_array().unwrap());
    let reserved = events.filter(|event| event["type"] == "order.stock_reserved");
    let parts = reserved.flat_map(|event| event["data"]["allocations"].as_array().unwrap());
    parts.map(|part| part["bucket"].as_u64().unwrap_or(0)).collect()
}

/// Where calls take their time and partitions have their limits.
async fn hot(stock: u64) -> TestMarket {
    let market = TestMarket::open(|options| {
        options.faults = Some(Arc::new(Jitter::default()));
        options.partition_limits = true;
    })
    .await;
    market.staff().sell("MUG", 1250, stock).await;
    market
}

/// A SKU is spread, bought, sent, brought back and gathered: what that takes of permissions.
pub async fn everything(market: &TestMarket) {
    let (staff, shopper) = (market.staff(), market.shopper());
    staff.sell("PEN", 300, 5).await;
    let spread = async |buckets: u32| {
        let key = format!("pens-{buckets}");
        let headers = [("idempotency-key", key.as_str())];
        let body = Some(json!({"buckets": buckets}));
        staff.0.send(Method::PATCH, "/v1/stock/PEN", body, &headers).await.expect(200);
    };
    spread(3).await;
    staff.receive("PEN", "berlin", 1).await.expect(201);
    let order = shopper.buy("PEN", 1, "pm_card_visa").await;
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    staff.0.post(&format!("{order}/fulfillments"), json!({})).await.expect(201);
    market.market.settled().await;
    let wanted = json!({"lines": [{"sku": "PEN", "quantity": 1, "reason": "unwanted"}]});
    let back = staff.0.post(&format!("{order}/returns"), wanted).await.expect(201);
    let line = json!({"sku": "PEN", "quantity": 1, "restock": true, "location": "berlin"});
    let received = format!("{order}/returns/{}/receive", back.text_at("/id"));
    staff.0.post(&received, json!({"lines": [line], "refund": false})).await;
    market.market.settled().await;
    assert_eq!(staff.stock("PEN").await, (6, 0, 6));
    spread(1).await;
    market.market.settled().await;
}

#[tokio::test(start_paused = true)]
async fn goods_come_back_to_buckets() {
    everything(&TestMarket::with_mugs(1).await).await;
}

#[tokio::test(start_paused = true)]
async fn two_hundred_shoppers_race_for_twenty_units_in_four_buckets() {
    let market = hot(20).await;
    spread(&market.staff(), 4).await.expect(200);
    assert_eq!(levels(&market).await, [(5, 0); 4]);
    let shoppers = (0..200).map(|_| async {
        let shopper = market.shopper();
        let cart = shopper.cart("MUG", 1).await;
        let answer = shopper.check_out(&cart, "pm_card_visa").await;
        match answer.status.as_u16() {
            202 => {
                let order = answer.header("location").to_owned();
                let settled =
                    |order: &Value| order["payment"]["status"] == "captured" || order["status"] == "canceled";
                until(&shopper.0, &order, settled).await.text_at("/status").to_owned()
            }
            409 => answer.code().to_owned(),
            _ => panic!("{}", answer.text),
        }
    });
    let ends = join_all(shoppers).await;
    market.market.settled().await;
    let count = |end: &str| ends.iter().filter(|one| *one == end).count();
    assert_eq!((count("confirmed"), count("out_of_stock") + count("canceled")), (20, 180));
    assert_eq!(market.staff().stock("MUG").await, (20, 20, 0));
    assert_eq!(levels(&market).await, [(0, 5); 4]);
    assert_eq!(buckets_of_orders(&market).await, [0, 1, 2, 3].into());
    assert!(market.state_items("work").await.is_empty(), "no order is stuck");
}

#[tokio::test(start_paused = true)]
async fn the_last_unit_is_sold_from_whichever_bucket_it_lies_in() {
    let market = TestMarket::with_mugs(0).await;
    let staff = market.staff();
    spread(&staff, 4).await.expect(200);
    for round in 1..=8 {
        // It comes to the first of the empty ones, which is the own one of one order in four.
        staff.receive("MUG", "berlin", 1).await.expect(201);
        assert_eq!(levels(&market).await[0].0, 1);
        market.shopper().buy("MUG", 1, "pm_card_visa").await;
        market.market.settled().await;
        assert_eq!(staff.stock("MUG").await, (round, round, 0));
    }
    let cart = market.shopper().cart("MUG", 1).await;
    assert_eq!(market.shopper().check_out(&cart, "pm_card_visa").await.expect(409).code(), "out_of_stock");
}

#[tokio::test(start_paused = true)]
async fn one_order_takes_from_several_buckets_and_gives_back_to_each() {
    let market = TestMarket::with_mugs(8).await;
    let (staff, shopper) = (market.staff(), market.shopper());
    spread(&staff, 4).await.expect(200);
    let order = shopper.buy("MUG", 7, "pm_card_visa").await;
    market.market.settled().await;
    assert_eq!(levels(&market).await.iter().map(|level| level.1).sum::<u64>(), 7);
    staff.0.post(&format!("{order}/cancel"), json!({})).await.expect(202);
    until(&shopper.0, &order, |order| order["status"] == "canceled").await;
    assert_eq!(levels(&market).await, [(2, 0); 4]);
    let order = shopper.buy("MUG", 8, "pm_card_visa").await;
    market.market.settled().await;
    staff.0.post(&format!("{order}/fulfillments"), json!({})).await.expect(201);
    market.market.settled().await;
    assert_eq!(levels(&market).await, [(0, 0); 4]);
    assert_eq!(staff.stock("MUG").await, (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_was_promised_from_a_bucket_that_closes_comes_back() {
    let market = TestMarket::with_mugs(8).await;
    let (staff, shopper) = (market.staff(), market.shopper());
    spread(&staff, 4).await.expect(200);
    let order = shopper.buy("MUG", 7, "pm_card_visa").await;
    market.market.settled().await;
    let closing = spread(&staff, 1).await.expect(200);
    assert_eq!((&closing.json["buckets"], &closing.json["available"]), (&json!(1), &json!(1)));
    assert!(closing.json["closing_buckets"].as_u64().unwrap() > 0);
    staff.0.post(&format!("{order}/cancel"), json!({})).await.expect(202);
    until(&shopper.0, &order, |order| order["status"] == "canceled").await;
    market.market.settled().await;
    assert_eq!(staff.stock("MUG").await, (8, 0, 8), "all of it can be bought, wherever it lies");
    let before = staff.0.get("/v1/stock/MUG").await;
    let closed = spread(&staff, 1).await.expect(200);
    assert_eq!((&closed.json["closing_buckets"], &closed.json["available"]), (&json!(0), &json!(8)));
    assert_eq!(before.json["locations"], closed.json["locations"], "no version comes twice");
    assert_eq!(levels(&market).await, [(8, 0)]);
    shopper.buy("MUG", 8, "pm_card_visa").await;
    market.market.settled().await;
    assert_eq!(staff.stock("MUG").await, (8, 8, 0));
}

#[tokio::test(start_paused = true)]
async fn staff_count_receive_and_write_off_as_if_there_were_no_buckets() {
    let market = TestMarket::with_mugs(6).await;
    let staff = market.staff();
    spread(&staff, 3).await.expect(200);
    staff.receive("MUG", "hamburg", 2).await.expect(201);
    staff.receive("MUG", "berlin", 4).await.expect(201);
    assert_eq!(levels(&market).await, [(4, 0), (3, 0), (3, 0)]);
    market.shopper().buy("MUG", 3, "pm_card_visa").await;
    market.market.settled().await;
    assert_eq!(staff.receive("MUG", "berlin", -8).await.expect(409).code(), "out_of_stock");
    let stock = staff.0.get("/v1/stock/MUG").await.expect(200);
    let berlin =
        stock.json["locations"].as_array().unwrap().iter().find(|at| at["location"] == "berlin").unwrap();
    assert_eq!((&berlin["on_hand"], &berlin["reserved"]), (&json!(10), &json!(3)));
    let counted =
        json!({"location": "berlin", "set": 5, "reason": "counted", "if_version": berlin["version"]});
    let movement = staff.0.post("/v1/stock/MUG/movements", counted.clone()).await.expect(201);
    assert_eq!((&movement.json["change"], &movement.json["on_hand"]), (&json!(-5), &json!(5)));
    staff.0.post("/v1/stock/MUG/movements", counted).await.expect(412);
    assert_eq!(staff.stock("MUG").await, (7, 3, 4));
}

#[tokio::test(start_paused = true)]
async fn buckets_change_while_people_buy() {
    let market = hot(30).await;
    let staff = market.staff();
    let shoppers = join_all((0..60).map(|number| {
        let shopper = market.shopper();
        async move {
            tokio::time::sleep(std::time::Duration::from_millis(number * 40)).await;
            let cart = shopper.cart("MUG", 1).await;
            shopper.check_out(&cart, "pm_card_visa").await.status.as_u16()
        }
    }));
    let changes = async {
        let mut done = 0;
        for buckets in [8, 2, 5, 1, 32, 3, 1, 4] {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            let answer = spread(&staff, buckets).await;
            assert!([200, 409, 503].contains(&answer.status.as_u16()), "{}", answer.text);
            done += u32::from(answer.status == 200);
        }
        done
    };
    let (answers, done) = join(shoppers, changes).await;
    assert!(answers.iter().all(|status| [202, 409].contains(status)), "{answers:?}");
    market.market.settled().await;
    assert!(done >= 4, "only {done} changes went through");
    assert_eq!(staff.stock("MUG").await, (30, 30, 0), "all are sold, and none twice");
}

#[tokio::test(start_paused = true)]
async fn events_tell_sums() {
    let market = TestMarket::with_mugs(9).await;
    market.market.hear_topics().unwrap();
    spread(&market.staff(), 3).await.expect(200);
    market.shopper().buy("MUG", 4, "pm_card_visa").await;
    market.market.settled().await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let told = market.happenings().into_iter().filter_map(|happening| match happening {
        Happening::Published { message, .. } => serde_json::from_str::<Value>(&message).ok(),
        _ => None,
    });
    let told: Vec<Value> = told.filter(|event| event["type"] == "stock.changed").collect();
    let last = told.iter().max_by_key(|event| event["sequence"].as_str().unwrap().to_owned()).unwrap();
    assert_eq!(last["data"], json!({"sku": "MUG", "available": 5}));
    assert!(told.iter().all(|event| event["subject"] == "MUG"));
    assert!(told.iter().all(|event| [9, 5].contains(&event["data"]["available"].as_u64().unwrap())));
    let product = market.shopper().0.get("/v1/products").await.expect(200);
    assert_eq!(product.json["data"][0]["variants"][0]["available"], 5);
}

#[tokio::test(start_paused = true)]
async fn spreading_is_checked_done_once_and_audited() {
    let market = TestMarket::with_mugs(6).await;
    let staff = market.staff();
    for wrong in [0, 33] {
        assert_eq!(spread(&staff, wrong).await.expect(422).json["param"], "buckets");
    }
    spread_with(&staff, 3, &[]).await.expect(400);
    let old = staff.0.get("/v1/stock/MUG").await.header("etag").to_owned();
    let headers = [("idempotency-key", "once"), ("if-match", old.as_str())];
    let first = spread_with(&staff, 3, &headers).await.expect(200);
    let again = spread_with(&staff, 3, &headers).await.expect(200);
    assert_eq!((&first.text, again.header("idempotent-replayed")), (&again.text, "true"));
    assert_eq!(staff.0.get("/v1/stock/MUG").await.header("etag"), first.header("etag"));
    let stale = [("idempotency-key", "stale"), ("if-match", old.as_str())];
    spread_with(&staff, 2, &stale).await.expect(412);
    market.market.settled().await;
    let log = staff.0.get("/v1/audit-log?limit=100&action=stock.spread").await.expect(200);
    let entries = log.json["data"].as_array().unwrap();
    assert_eq!((entries.len(), entries[0]["resource"].as_str()), (1, Some("/v1/stock/MUG")));
    let unknown = [("idempotency-key", "unknown")];
    staff.0.send(Method::PATCH, "/v1/stock/NOPE", Some(json!({"buckets": 2})), &unknown).await.expect(404);
}
