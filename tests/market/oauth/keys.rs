//! The keys of the signatures follow each other, and nobody notices.

use std::time::Duration;

use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json, value::RawValue};
use souk_tests::{Api, Integration, TestMarket};

use super::{market, owner};

/// Has the keys rotated.
pub async fn rotate(market: &TestMarket) {
    let event = RawValue::from_string("{}".to_owned()).unwrap();
    market.market.invoke("rotate-signing-keys", event).await.unwrap();
}

/// The names of the keys that are published, as a client finds them.
async fn published(market: &TestMarket) -> Vec<String> {
    // Longer than the function remembers what it read.
    tokio::time::sleep(Duration::from_secs(301)).await;
    let keys = market.staff().0.with_key(None).get("/.well-known/jwks.json").await.expect(200);
    let keys = keys.json["keys"].as_array().unwrap().clone();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn signed_with(token: &str) -> String {
    let header = token.split('.').next().unwrap();
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut bytes) = (0_u32, Vec::new());
    for (place, letter) in header.bytes().enumerate() {
        bits =
            (bits << 6) | u32::try_from(letters.iter().position(|&known| known == letter).unwrap()).unwrap();
        if place % 4 > 0 {
            bytes.push(((bits >> (6 - 2 * (place % 4))) & 0xff) as u8);
        }
    }
    let header: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("at+jwt")));
    header["kid"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_key_is_announced_signs_and_ends() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let token = async || {
        let own = client.ask("/oauth/token", &[("grant_type", "client_credentials")]).await.expect(200);
        own.text_at("/access_token").to_owned()
    };
    let works =
        async |token: &str| Api::of_market(&market.market, token).get("/v1/orders").await.status.as_u16();
    let first = published(&market).await;
    assert_eq!(first.len(), 1);
    rotate(&market).await;
    let both = published(&market).await;
    assert_eq!((both.len(), &both[0]), (2, &first[0]), "announced beside the one that signs");
    assert_eq!(signed_with(&token().await), first[0], "and does not sign yet");
    // A day later, to the minute at which the next one takes over.
    market.leap(SignedDuration::from_hours(24) - SignedDuration::from_secs(302));
    let last_of_first = token().await;
    assert_eq!(signed_with(&last_of_first), first[0]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let first_of_second = token().await;
    assert_eq!(signed_with(&first_of_second), both[1]);
    assert_eq!((works(&last_of_first).await, works(&first_of_second).await), (200, 200), "two are live");
    rotate(&market).await;
    assert_eq!(published(&market).await, both, "the first one's tokens are still about");
    assert_eq!(works(&last_of_first).await, 200);
    tokio::time::sleep(Duration::from_secs(660)).await;
    assert_eq!(works(&last_of_first).await, 401, "it expired");
    rotate(&market).await;
    assert_eq!(published(&market).await, both[1..], "and with it its key ended");
    assert_eq!(market.state_items("jwk").await.len(), 1, "also where tokens are verified");
    let fresh = token().await;
    assert_eq!((signed_with(&fresh), works(&fresh).await), (both[1].clone(), 200));
}

/// What was signed with a key that ended is refused, whatever it says of its own time.
#[tokio::test(start_paused = true)]
async fn a_key_that_ended_opens_nothing() {
    let market = market().await;
    let client = Integration::register(&market, &["orders:read"]).await;
    let own = client.ask("/oauth/token", &[("grant_type", "client_credentials")]).await.expect(200);
    let api = Api::of_market(&market.market, own.text_at("/access_token"));
    api.get("/v1/orders").await.expect(200);
    rotate(&market).await;
    market.leap(SignedDuration::from_hours(25));
    rotate(&market).await;
    // Back at the time at which the token was good, with the key gone.
    market.leap(-SignedDuration::from_hours(25));
    tokio::time::sleep(Duration::from_secs(301)).await;
    api.get("/v1/orders").await.expect(401);
}

#[tokio::test(start_paused = true)]
async fn rotations_at_once_are_one() {
    let market = TestMarket::crowded(0).await;
    owner(&market).await;
    join_all((0..10).map(|_| rotate(&market))).await;
    let keys = published(&market).await;
    assert_eq!(keys.len(), 2);
    rotate(&market).await;
    assert_eq!(published(&market).await, keys, "nothing to do");
    assert_eq!(market.state_items("jwk").await.len(), 2, "no key is left of those that lost");
}
