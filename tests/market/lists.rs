//! Lists of orders, and cursors that can't be tampered with.

use souk_tests::TestMarket;

#[tokio::test(start_paused = true)]
async fn orders_are_listed_by_status_customer_and_time() {
    let market = TestMarket::with_mugs(9).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    for method in ["pm_card_visa", "pm_card_chargeDeclined", "pm_card_visa"] {
        shopper.buy("MUG", 1, method).await;
        market.market.settled().await;
        tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    }
    let count = async |query: &str| {
        let list = staff.0.get(&format!("/v1/orders{query}")).await.expect(200);
        list.json["data"].as_array().unwrap().len()
    };
    assert_eq!(count("").await, 3);
    assert_eq!(count("?status=confirmed").await, 2);
    assert_eq!(count("?status=canceled").await, 1);
    assert_eq!(count("?customer=ADA@example.com").await, 3);
    assert_eq!(count("?customer=bob@example.com").await, 0);
    assert_eq!(count("?customer=ada@example.com&status=canceled").await, 1);
    assert_eq!(count("?created_after=2026-03-01T09:30:00Z").await, 2);
    assert_eq!(count("?created_before=2026-03-01T09:30:00Z").await, 1);
    let newest = staff.0.get("/v1/orders?limit=1").await.expect(200);
    assert_eq!(newest.json["has_more"], true);
    let next = staff
        .0
        .get(&format!("/v1/orders?limit=2&cursor={}", newest.text_at("/next_cursor")))
        .await
        .expect(200);
    assert_eq!(next.json["data"].as_array().unwrap().len(), 2);
    assert_eq!(next.json["has_more"], false);
    shopper.0.get("/v1/orders").await.expect(403);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_works_only_where_it_was_made() {
    let market = TestMarket::open(|_| {}).await;
    let staff = market.staff();
    for n in 0..3 {
        staff.sell(&format!("SKU-{n}"), 100, 0).await;
    }
    let cursor = staff.0.get("/v1/products?limit=1").await.text_at("/next_cursor").to_owned();
    staff.0.get(&format!("/v1/products?limit=1&cursor={cursor}")).await.expect(200);
    let refused = async |path: String| staff.0.get(&path).await.expect(400).code().to_owned();
    assert_eq!(refused(format!("/v1/orders?cursor={cursor}")).await, "invalid_cursor");
    assert_eq!(refused(format!("/v1/products?tag=tea&cursor={cursor}")).await, "invalid_cursor");
    let (_, _, other) = market.another_store().await;
    assert_eq!(
        other.get(&format!("/v1/products?cursor={cursor}")).await.expect(400).code(),
        "invalid_cursor"
    );
    for place in 0..cursor.len() {
        let mut letters: Vec<u8> = cursor.clone().into_bytes();
        letters[place] = if letters[place] == b'A' { b'B' } else { b'A' };
        let tampered = String::from_utf8(letters).unwrap();
        assert_eq!(
            refused(format!("/v1/products?cursor={tampered}")).await,
            "invalid_cursor",
            "letter {place}"
        );
    }
    for nonsense in ["", "x", "%00", "AAAA"] {
        assert_eq!(refused(format!("/v1/products?cursor={nonsense}")).await, "invalid_cursor");
    }
}
