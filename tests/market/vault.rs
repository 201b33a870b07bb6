//! What is known of people: sealed, readable by those who may, gone when their key is.

use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use souk::{
    contact::Email,
    store::keys,
    vault::{self, Subject, VaultError},
};
use souk_tests::{TestMarket, until};

/// What only Ada's data holds.
const CANARIES: [&str; 4] = ["ada@example.com", "Ada Lovelace", "12 Analytical Row", "10115"];

async fn guest(market: &TestMarket, email: &str) -> Subject {
    let email: Email = email.parse().unwrap();
    Subject::Guest(vault::email_hash(&market.app(), market.tenant(), &email).await.unwrap())
}

async fn everything_stored(market: &TestMarket) -> String {
    let mut all = String::new();
    for table in ["-state", "-events", "-vault"] {
        all += &serde_json::to_string(&market.all_items(table).await).unwrap();
    }
    all
}

#[tokio::test(start_paused = true)]
async fn nothing_personal_is_stored_in_the_clear() {
    let market = TestMarket::with_mugs(9).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let order = shopper.buy("MUG", 1, "pm_card_visa").await;
    shopper.cart("MUG", 1).await;
    until(&shopper.0, &order, |order| order["status"] == "confirmed").await;
    market.market.settled().await;
    let stored = everything_stored(&market).await;
    for canary in CANARIES {
        assert!(!stored.contains(canary), "{canary} is stored");
    }
    let list = staff.0.get("/v1/orders?customer=Ada@Example.com").await.expect(200);
    assert_eq!(list.text_at("/data/0/email"), "ada@example.com");
    assert_eq!(shopper.0.get(&order).await.text_at("/shipping_address/name"), "Ada Lovelace");
}

#[tokio::test(start_paused = true)]
async fn who_was_erased_is_unknown_and_the_order_stays() {
    let market = TestMarket::with_mugs(9).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let order = shopper.buy("MUG", 1, "pm_card_visa").await;
    let cart = shopper.cart("MUG", 1).await;
    until(&shopper.0, &order, |order| order["payment"]["status"] == "captured").await;
    market.market.settled().await;
    let before = shopper.0.get(&order).await.header("etag").to_owned();
    let (app, ada) = (market.app(), guest(&market, "ada@example.com").await);
    vault::destroy(&app, market.tenant(), ada).await.unwrap();

    let erased = shopper.0.send(Method::GET, &order, None, &[("if-none-match", &before)]).await.expect(200);
    assert_eq!((&erased.json["erased"], &erased.json["email"]), (&json!(true), &Value::Null));
    assert_eq!(erased.json["shipping_address"], Value::Null);
    assert_eq!(erased.json["status"], "confirmed");
    assert_eq!(shopper.0.get(&cart).await.expect(200).json["email"], Value::Null);
    let list = staff.0.get("/v1/orders").await.expect(200);
    assert_eq!(
        (&list.json["data"][0]["erased"], &list.json["data"][0]["email"]),
        (&json!(true), &Value::Null)
    );
    // The order goes on, and nobody is written to.
    market.market.settled().await;
    let mails = market.market.cloud().ses.messages().len();
    staff.0.post(&format!("{order}/fulfillments"), json!({})).await.expect(201);
    until(&shopper.0, &order, |order| order["status"] == "fulfilled").await;
    market.market.settled().await;
    assert_eq!(market.market.cloud().ses.messages().len(), mails);

    // Whoever comes back is a new person to Souk: with a new key, which opens nothing of before.
    let again = shopper.buy("MUG", 1, "pm_card_visa").await;
    assert_eq!(shopper.0.get(&again).await.text_at("/email"), "ada@example.com");
    assert_eq!(shopper.0.get(&order).await.json["erased"], true);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_was_erased_gets_no_key_again() {
    let market = TestMarket::with_mugs(9).await;
    let (app, tenant) = (market.app(), market.tenant());
    let customer = market.customer(7);
    let subject = Subject::Customer(customer.id);
    let name = "Ada".to_owned();
    let sealed = vault::seal(&app, tenant, subject, "name", &name).await.unwrap();
    assert_eq!(vault::open(&app, tenant, subject, "name", &sealed).await.unwrap(), Some(name.clone()));
    let elsewhere = vault::open(&app, tenant, subject, "city", &sealed).await;
    assert!(matches!(elsewhere, Err(VaultError::Tampered(_))), "{elsewhere:?}");

    vault::destroy(&app, tenant, subject).await.unwrap();
    assert_eq!(vault::open(&app, tenant, subject, "name", &sealed).await.unwrap(), None);
    let refused = vault::seal(&app, tenant, subject, "name", &name).await;
    assert!(matches!(refused, Err(VaultError::Erased)), "{refused:?}");
    let cart = market.shopper().cart("MUG", 1).await;
    let id = cart.trim_start_matches("/v1/carts/");
    let gone = customer.call("PATCH /v1/carts/{id}", id, json!({"email": "eve@example.com"})).await;
    assert_eq!(gone.expect(410).code(), "erased");
}

#[tokio::test(start_paused = true)]
async fn of_many_who_meet_a_person_first_all_use_one_key() {
    let market = TestMarket::crowded(9).await;
    let (app, tenant, subject) = (market.app(), market.tenant(), Subject::Customer(market.customer(7).id));
    let seal = |number: u32| {
        let app = app.clone();
        async move { vault::seal(&app, tenant, subject, "number", &number).await.unwrap() }
    };
    let sealed = join_all((0..20).map(seal)).await;
    for (number, sealed) in (0..).zip(&sealed) {
        assert_eq!(vault::open(&app, tenant, subject, "number", sealed).await.unwrap(), Some(number));
    }
    let keys = market.items("-vault", "person-key").await;
    assert_eq!(
        keys.iter().filter(|key| key["pk"].as_str().unwrap().contains(&subject.to_string())).count(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn an_erasure_wins_against_whoever_meets_the_person_at_the_same_time() {
    let market = TestMarket::crowded(9).await;
    let (app, tenant, subject) = (market.app(), market.tenant(), Subject::Customer(market.customer(7).id));
    let seals = (0..10_u32).map(|number| {
        let app = app.clone();
        async move { vault::seal(&app, tenant, subject, "number", &number).await }
    });
    let (sealed, destroyed) = tokio::join!(join_all(seals), vault::destroy(&app, tenant, subject));
    destroyed.unwrap();
    for outcome in sealed {
        match outcome {
            Ok(sealed) => {
                assert_eq!(vault::open(&app, tenant, subject, "number", &sealed).await.unwrap(), None);
            }
            Err(error) => assert!(matches!(error, VaultError::Erased), "{error:?}"),
        }
    }
    let pk = keys::person(tenant, subject).pk().to_owned();
    let keys = market.items("-vault", "person-key").await;
    let key = keys.iter().find(|key| key["pk"] == pk.as_str()).unwrap();
    assert!(key["key"].is_null() && key["erased_at"].is_string(), "{key}");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_moved_to_another_person_opens_nothing() {
    let market = TestMarket::with_mugs(9).await;
    let (app, tenant) = (market.app(), market.tenant());
    let (ada, bob) = (Subject::Customer(market.customer(7).id), Subject::Customer(market.customer(8).id));
    for subject in [ada, bob] {
        vault::seal(&app, tenant, subject, "name", &"x").await.unwrap();
    }
    let items = market.raw_items("-vault", "person-key").await;
    let of = |subject: Subject| {
        let pk = keys::person(tenant, subject).pk().to_owned();
        items.iter().find(|item| item["pk"]["S"] == pk.as_str()).unwrap()
    };
    let (from, mut moved) = (of(ada), of(ada).clone());
    assert_ne!(from["key"], of(bob)["key"]);
    moved["pk"] = of(bob)["pk"].clone();
    market.dynamodb("PutItem", json!({"TableName": market.table("-vault"), "Item": moved})).await;
    let opened = vault::seal(&app, tenant, bob, "name", &"y").await;
    assert!(matches!(&opened, Err(VaultError::Tampered(_))), "{opened:?}");
}

#[tokio::test(start_paused = true)]
async fn a_customers_cart_and_order_are_theirs_and_the_stores() {
    let market = TestMarket::with_mugs(9).await;
    let (shopper, staff) = (market.shopper(), market.staff());
    let (ada, bob) = (market.customer(7), market.customer(8));
    let cart = shopper.cart("MUG", 1).await;
    let id = cart.trim_start_matches("/v1/carts/");
    // A guest's is readable by whoever has its id, until a customer makes it theirs.
    bob.call("GET /v1/carts/{id}", id, Value::Null).await.expect(200);
    let claimed =
        ada.call("PATCH /v1/carts/{id}", id, json!({"metadata": {"gift": "yes"}})).await.expect(200);
    assert_eq!(claimed.text_at("/customer_id"), ada.id.to_string());
    assert_eq!(claimed.text_at("/email"), "ada@example.com");
    let method = json!({"payment_method": "pm_card_visa"});
    for (route, body) in [
        ("GET /v1/carts/{id}", Value::Null),
        ("PATCH /v1/carts/{id}", json!({"email": "bob@example.com"})),
        ("POST /v1/carts/{id}/checkout", method.clone()),
    ] {
        bob.call(route, id, body).await.expect(404);
    }
    shopper.0.get(&cart).await.expect(404);
    shopper.0.post(&format!("{cart}/checkout"), method.clone()).await.expect(404);
    staff.0.get(&cart).await.expect(200);

    let placed = ada.call("POST /v1/carts/{id}/checkout", id, method).await.expect(202);
    assert_eq!(placed.text_at("/customer_id"), ada.id.to_string());
    let order = placed.text_at("/id").to_owned();
    let path = format!("/v1/orders/{order}");
    market.market.settled().await;
    ada.call("GET /v1/orders/{id}", &order, Value::Null).await.expect(200);
    bob.call("GET /v1/orders/{id}", &order, Value::Null).await.expect(404);
    shopper.0.get(&path).await.expect(404);
    staff.0.get(&path).await.expect(200);
    for (query, count) in [
        (format!("customer={}", ada.id), 1),
        ("customer=ada@example.com".to_owned(), 1),
        (format!("customer={}&status=confirmed", ada.id), 1),
        (format!("customer={}&status=canceled", ada.id), 0),
        (format!("customer={}", bob.id), 0),
    ] {
        let list = staff.0.get(&format!("/v1/orders?{query}")).await.expect(200);
        assert_eq!(list.json["data"].as_array().unwrap().len(), count, "{query}");
    }
    // The guest's key has nothing to do with it: the customer's opens it.
    let (app, tenant) = (market.app(), market.tenant());
    vault::destroy(&app, tenant, guest(&market, "ada@example.com").await).await.unwrap();
    assert_eq!(staff.0.get(&path).await.json["erased"], false);
    vault::destroy(&app, tenant, Subject::Customer(ada.id)).await.unwrap();
    assert_eq!(staff.0.get(&path).await.json["erased"], true);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_for_whoever_can_repeat_the_request() {
    let market = TestMarket::with_mugs(9).await;
    let shopper = market.shopper();
    let cart = shopper.cart("MUG", 1).await;
    let path = format!("{cart}/checkout");
    let body = json!({"payment_method": "pm_card_visa"});
    let buy = || shopper.0.send(Method::POST, &path, Some(body.clone()), &[("idempotency-key", "k-1234567")]);
    let first = buy().await.expect(202);
    assert!(first.text.contains("ada@example.com"));
    assert_eq!(buy().await.expect(202).text, first.text);
    let answers = market.state_items("answer").await;
    let stored = answers.iter().map(Value::to_string).collect::<String>();
    assert!(!stored.contains("ada@example.com") && !stored.contains("k-1234567"), "{stored}");
}
