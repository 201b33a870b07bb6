//! Requests that are sent again.

use futures::future::join_all;
use http::Method;
use serde_json::json;
use souk_tests::TestMarket;

#[tokio::test(start_paused = true)]
async fn the_same_key_gives_the_first_answer_byte_for_byte() {
    let market = TestMarket::with_mugs(9).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let cart = shopper.cart("MUG", 1).await;
    let checkout = format!("{cart}/checkout");
    let body = json!({"payment_method": "pm_card_visa"});
    let send =
        || shopper.0.send(Method::POST, &checkout, Some(body.clone()), &[("idempotency-key", "buy-1")]);
    let first = send().await.expect(202);
    market.market.settled().await;
    let second = send().await.expect(202);
    assert_eq!(first.text, second.text);
    assert_eq!(first.header("location"), second.header("location"));
    assert_eq!((first.header("idempotent-replayed"), second.header("idempotent-replayed")), ("", "true"));

    let other = json!({"payment_method": "pm_card_mastercard"});
    let reused = shopper.0.send(Method::POST, &checkout, Some(other), &[("idempotency-key", "buy-1")]).await;
    assert_eq!(reused.expect(422).code(), "idempotency_key_reused");
    // Another principal's key of the same name is another key.
    let movement = json!({"location": "berlin", "change": 1, "reason": "received"});
    let path = "/v1/stock/MUG/movements";
    staff.0.send(Method::POST, path, Some(movement), &[("idempotency-key", "buy-1")]).await.expect(201);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_at_once_with_one_key_have_one_effect() {
    let market = TestMarket::crowded(9).await;
    let staff = market.staff();
    let movement = json!({"location": "berlin", "change": 5, "reason": "received"});
    let path = "/v1/stock/MUG/movements";
    let send =
        || staff.0.send(Method::POST, path, Some(movement.clone()), &[("idempotency-key", "delivery-1")]);
    let answers = join_all((0..100).map(|_| send())).await;
    let first =
        answers.iter().find(|answer| answer.header("idempotent-replayed").is_empty()).unwrap().text.clone();
    for answer in answers {
        assert_eq!(answer.expect(201).text, first);
    }
    assert_eq!(staff.stock("MUG").await, (14, 0, 14));
}

#[tokio::test(start_paused = true)]
async fn waiting_answers_the_outcome_and_repeats_it() {
    let market = TestMarket::with_mugs(9).await;
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    let headers = [("idempotency-key", "buy-2"), ("prefer", "wait=10")];
    let body = json!({"payment_method": "pm_card_visa"});
    let path = format!("{cart}/checkout");
    let first = shopper.0.send(Method::POST, &path, Some(body.clone()), &headers).await.expect(202);
    assert_eq!(first.text_at("/status"), "confirmed");
    assert_eq!(first.text_at("/payment/status"), "captured");
    let second = shopper.0.send(Method::POST, &path, Some(body.clone()), &headers).await.expect(202);
    assert_eq!(first.text, second.text);
}

#[tokio::test(start_paused = true)]
async fn what_moves_money_or_stock_needs_a_key() {
    let market = TestMarket::with_mugs(9).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let cart = shopper.cart("MUG", 1).await;
    let checkout = json!({"payment_method": "pm_card_visa"});
    let missing =
        shopper.0.send(Method::POST, &format!("{cart}/checkout"), Some(checkout), &[]).await.expect(400);
    assert_eq!(missing.code(), "idempotency_key_missing");
    let movement = json!({"location": "berlin", "change": 1, "reason": "received"});
    staff.0.send(Method::POST, "/v1/stock/MUG/movements", Some(movement), &[]).await.expect(400);
    let long = "k".repeat(256);
    let movement = json!({"location": "berlin", "change": 1, "reason": "received"});
    let headers = [("idempotency-key", long.as_str())];
    staff.0.send(Method::POST, "/v1/stock/MUG/movements", Some(movement), &headers).await.expect(400);
}

#[tokio::test(start_paused = true)]
async fn malformed_requests_leave_the_key_usable() {
    let market = TestMarket::with_mugs(9).await;
    let staff = market.staff();
    let path = "/v1/stock/MUG/movements";
    let key = [("idempotency-key", "delivery-2")];
    let wrong = json!({"location": "berlin", "change": 0, "reason": "received"});
    staff.0.send(Method::POST, path, Some(wrong), &key).await.expect(422);
    let right = json!({"location": "berlin", "change": 1, "reason": "received"});
    staff.0.send(Method::POST, path, Some(right), &key).await.expect(201);
}
