//! Messages that come often, late and out of order: the end is the same.

use futures::future::join_all;
use souk_tests::{TestMarket, until};

#[tokio::test(start_paused = true)]
async fn every_message_up_to_five_times_and_shuffled() {
    for seed in 0..4 {
        let market = TestMarket::with_bad_delivery(5, seed).await;
        let staff = market.staff();
        staff.sell("MUG", 1250, 6).await;
        let orders = join_all((0..8).map(|n| {
            let shopper = market.shopper();
            async move {
                let cart = shopper.cart("MUG", 1).await;
                let method = if n % 4 == 3 { "pm_card_chargeDeclined" } else { "pm_card_visa" };
                let placed = shopper.check_out(&cart, method).await;
                if placed.status == 409 {
                    assert_eq!(placed.code(), "out_of_stock");
                    return None;
                }
                let placed = placed.expect(202);
                let settled = |order: &serde_json::Value| {
                    order["payment"]["status"] == "captured" || order["status"] == "canceled"
                };
                Some(until(&shopper.0, placed.header("location"), settled).await)
            }
        }))
        .await;
        let orders: Vec<_> = orders.into_iter().flatten().collect();
        assert!(orders.len() >= 6, "seed {seed}: all that is there is ordered");
        market.market.settled().await;
        let confirmed = orders.iter().filter(|order| order.text_at("/status") == "confirmed").count() as u64;
        assert_eq!(staff.stock("MUG").await, (6, confirmed, 6 - confirmed), "seed {seed}");
        let payments = market.payments().await;
        let captures = payments.iter().filter(|payment| payment["captures"] == 1).count() as u64;
        assert_eq!(captures, confirmed, "seed {seed}: one charge for each order");
        let mails = market.market.cloud().ses.messages();
        assert_eq!(mails.len(), orders.len(), "seed {seed}: one mail for each order, confirmed or canceled");
        let listed = staff.0.get("/v1/orders?limit=100").await.expect(200);
        for summary in listed.json["data"].as_array().unwrap() {
            let order =
                staff.0.get(&format!("/v1/orders/{}", summary["id"].as_str().unwrap())).await.expect(200);
            assert_eq!(summary["status"], order.json["status"], "seed {seed}: the list says what is");
        }
    }
}
