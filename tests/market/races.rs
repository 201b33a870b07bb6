//! Many at once: nothing is oversold, nothing is charged twice, nobody is left hanging.

use futures::future::join_all;
use serde_json::json;
use souk_tests::{TestMarket, until};

#[tokio::test(start_paused = true)]
async fn two_hundred_shoppers_race_for_twenty_units() {
    let market = TestMarket::crowded(20).await;
    let shoppers = (0..200).map(|_| async {
        let shopper = market.shopper();
        let cart = shopper.cart("MUG", 1).await;
        let answer = shopper.check_out(&cart, "pm_card_visa").await;
        match answer.status.as_u16() {
            202 => {
                let order = answer.header("location").to_owned();
                let settled = |order: &serde_json::Value| {
                    order["payment"]["status"] == "captured" || order["status"] == "canceled"
                };
                let order = until(&shopper.0, &order, settled).await;
                order.text_at("/status").to_owned()
            }
            409 => {
                assert_eq!(answer.code(), "out_of_stock");
                "refused".to_owned()
            }
            _ => panic!("{}", answer.text),
        }
    });
    let ends = join_all(shoppers).await;
    market.market.settled().await;
    let count = |end: &str| ends.iter().filter(|one| *one == end).count();
    assert_eq!(count("confirmed"), 20);
    assert_eq!(count("refused") + count("canceled"), 180);
    assert_eq!(market.staff().stock("MUG").await, (20, 20, 0));
    let payments = market.payments().await;
    let captured: Vec<_> = payments.iter().filter(|payment| payment["captured"] != 0).collect();
    assert_eq!(captured.len(), 20, "as many charges as orders");
    assert!(captured.iter().all(|payment| payment["captures"] == 1));
    assert!(market.state_items("work").await.is_empty(), "no order is stuck");
}

#[tokio::test(start_paused = true)]
async fn one_cart_checked_out_by_fifty_clients_is_one_order() {
    let market = TestMarket::crowded(100).await;
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    let answers = join_all((0..50).map(|_| shopper.check_out(&cart, "pm_card_visa"))).await;
    let placed: Vec<_> = answers.iter().filter(|answer| answer.status == 202).collect();
    assert_eq!(placed.len(), 1, "one of fifty places the order");
    assert!(
        answers.iter().filter(|answer| answer.status != 202).all(|answer| answer.code() == "cart_ordered")
    );
    market.market.settled().await;
    assert_eq!(market.payments().await.len(), 1);
    assert_eq!(market.staff().stock("MUG").await, (100, 1, 99));
}

#[tokio::test(start_paused = true)]
async fn a_cart_with_several_skus_takes_all_of_them_or_none() {
    let market = TestMarket::crowded(5).await;
    market.staff().sell("PLATE", 900, 5).await;
    let shoppers = (0..12).map(|_| async {
        let shopper = market.shopper();
        let cart = shopper.cart("MUG", 1).await;
        shopper.0.post(&format!("{cart}/lines"), json!({"sku": "PLATE", "quantity": 1})).await.expect(200);
        shopper.check_out(&cart, "pm_card_visa").await
    });
    join_all(shoppers).await;
    market.market.settled().await;
    assert_eq!(market.staff().stock("MUG").await, (5, 5, 0));
    assert_eq!(market.staff().stock("PLATE").await, (5, 5, 0));
}

#[tokio::test(start_paused = true)]
async fn the_last_units_are_taken_from_two_locations() {
    let market = TestMarket::crowded(2).await;
    market.staff().receive("MUG", "hamburg", 3).await.expect(201);
    market.shopper().buy("MUG", 5, "pm_card_visa").await;
    market.market.settled().await;
    assert_eq!(market.staff().stock("MUG").await, (5, 5, 0));
}
