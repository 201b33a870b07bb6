//! Stock: received, counted, compared, by several at once.

use futures::future::join_all;
use serde_json::json;
use souk_tests::TestMarket;

#[tokio::test(start_paused = true)]
async fn stock_is_kept_by_location() {
    let market = TestMarket::with_mugs(4).await;
    let staff = market.staff();
    staff.receive("MUG", "hamburg", 6).await.expect(201);
    let stock = staff.0.get("/v1/stock/MUG").await.expect(200);
    assert_eq!(stock.json["available"], 10);
    let levels = stock.json["locations"].as_array().unwrap();
    let of = |name: &str| levels.iter().find(|level| level["location"] == name).unwrap();
    assert_eq!((&of("berlin")["on_hand"], &of("hamburg")["on_hand"]), (&json!(4), &json!(6)));
    let counted =
        json!({"location": "berlin", "set": 3, "reason": "counted", "if_version": of("berlin")["version"]});
    let movement = staff.0.post("/v1/stock/MUG/movements", counted.clone()).await.expect(201);
    assert_eq!((&movement.json["change"], &movement.json["on_hand"]), (&json!(-1), &json!(3)));
    assert_eq!(
        staff.0.post("/v1/stock/MUG/movements", counted).await.expect(412).code(),
        "precondition_failed"
    );
}

#[tokio::test(start_paused = true)]
async fn of_many_who_count_the_same_version_one_wins() {
    let market = TestMarket::crowded(4).await;
    let staff = market.staff();
    let count = |n: u64| {
        let staff = staff.clone();
        async move {
            let movement = json!({"location": "berlin", "set": n, "reason": "counted", "if_version": 1});
            staff.0.post("/v1/stock/MUG/movements", movement).await.status.as_u16()
        }
    };
    let answers = join_all((10..30).map(count)).await;
    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|status| **status == 412).count(), 19);
}

#[tokio::test(start_paused = true)]
async fn what_is_promised_can_not_be_taken_away() {
    let market = TestMarket::with_mugs(4).await;
    market.shopper().buy("MUG", 3, "pm_card_visa").await;
    market.market.settled().await;
    let staff = market.staff();
    assert_eq!(staff.receive("MUG", "berlin", -2).await.expect(409).code(), "out_of_stock");
    staff.receive("MUG", "berlin", -1).await.expect(201);
    assert_eq!(staff.stock("MUG").await, (3, 3, 0));
}

#[tokio::test(start_paused = true)]
async fn unknown_skus_and_locations_are_named() {
    let market = TestMarket::with_mugs(4).await;
    let staff = market.staff();
    staff.0.get("/v1/stock/NOPE").await.expect(404);
    staff.receive("NOPE", "berlin", 1).await.expect(404);
    assert_eq!(staff.receive("MUG", "atlantis", 1).await.expect(422).code(), "unknown_location");
}
