//! Payments that fail: the order ends, nothing is held, and the cart can be tried again.

use souk_tests::{TestMarket, until};

#[tokio::test(start_paused = true)]
async fn each_of_stripes_declining_methods_ends_the_order() {
    let market = TestMarket::with_mugs(5).await;
    let methods = [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_visa_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error"),
        ("pm_card_radarBlock", "fraudulent"),
    ];
    for (method, code) in methods {
        let shopper = market.shopper();
        let order = shopper.buy("MUG", 1, method).await;
        let order = until(&shopper.0, &order, |order| order["status"] == "canceled").await;
        assert_eq!(order.text_at("/payment/status"), "failed", "{method}");
        assert_eq!(order.text_at("/payment/decline/code"), code, "{method}");
        assert_eq!(order.text_at("/cancellation/cause"), "payment_declined");
    }
    market.market.settled().await;
    assert_eq!(market.staff().stock("MUG").await, (5, 0, 5));
    assert!(market.payments().await.iter().all(|payment| payment["captures"] == 0));
}

#[tokio::test(start_paused = true)]
async fn after_a_decline_the_same_cart_is_the_next_order() {
    let market = TestMarket::with_mugs(5).await;
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 2).await;
    let first = shopper.check_out(&cart, "pm_card_chargeDeclined").await.expect(202);
    until(&shopper.0, first.header("location"), |order| order["status"] == "canceled").await;

    let second = shopper.check_out(&cart, "pm_card_visa").await.expect(202);
    assert_ne!(first.json["id"], second.json["id"]);
    assert_eq!(second.json["attempt"], 2);
    until(&shopper.0, second.header("location"), |order| order["payment"]["status"] == "captured").await;
    let third = shopper.check_out(&cart, "pm_card_visa").await.expect(409);
    assert_eq!(third.code(), "cart_ordered");
    market.market.settled().await;
    assert_eq!(market.staff().stock("MUG").await, (5, 2, 3));
}

#[tokio::test(start_paused = true)]
async fn out_of_stock_is_refused_before_the_order_and_after_it() {
    let market = TestMarket::with_mugs(1).await;
    let shopper = market.shopper();
    let (one, two, many) =
        (shopper.cart("MUG", 1).await, shopper.cart("MUG", 1).await, shopper.cart("MUG", 2).await);
    assert_eq!(shopper.check_out(&many, "pm_card_visa").await.expect(409).code(), "out_of_stock");
    // Both see the last unit; one gets it.
    let (first, second) =
        tokio::join!(shopper.check_out(&one, "pm_card_visa"), shopper.check_out(&two, "pm_card_visa"));
    market.market.settled().await;
    let mut ends = Vec::new();
    for placed in [first, second] {
        // Whose order was placed before that was seen is told by the order.
        if placed.status == 409 {
            ends.push(("canceled".to_owned(), placed.code().to_owned()));
            continue;
        }
        let order = shopper.0.get(placed.expect(202).header("location")).await.expect(200);
        ends.push((order.text_at("/status").to_owned(), order.text_at("/cancellation/cause").to_owned()));
    }
    ends.sort();
    assert_eq!(ends, [("canceled".into(), "out_of_stock".into()), ("confirmed".into(), String::new())]);
    assert_eq!(market.payments().await.len(), 1, "the one who gets nothing is not even asked for money");
}
