//! The world that is walked: three stores, one of them in both of its modes.

use std::sync::atomic::{AtomicU64, Ordering};

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk::{
    runtime::Function,
    store::{self, Write, keys},
    token::PublicKey,
};
use souk_tests::{Answer, Api, TestMarket};

use super::{people::Person, place::Place};
use crate::{
    forge::{Key, b64, thumbprint},
    issuers,
};

/// After so many requests a second passes: nobody is walked into a limit.
const REQUESTS_A_SECOND: u64 = 15;

/// All of it.
pub struct World {
    pub market: TestMarket,
    /// A key whose public half is published, as the market's own are: tokens last ten minutes, and a walk longer.
    pub own_key: Key,
    pub header: Value,
    pub places: Vec<Place>,
    requests: AtomicU64,
    counter: AtomicU64,
}

impl World {
    /// The stores in a market of these functions.
    pub async fn open(functions: Vec<Function>) -> Self {
        let outside = issuers::world().outside();
        let market = TestMarket::open(|options| {
            options.functions = functions;
            options.outside = Some(outside);
            options.schedules = false;
        })
        .await;
        let own_key = Key::ed(1);
        let kid = thumbprint(&own_key);
        let public = PublicKey { kid: kid.clone(), x: b64(own_key.public()) };
        let publish = Write::put("jwk", keys::public_key(&kid), &public).unwrap();
        store::commit(&market.app(), vec![publish]).await.unwrap();
        let header = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid});
        let (requests, counter) = (AtomicU64::new(0), AtomicU64::new(0));
        let mut world = Self { market, own_key, header, places: Vec::new(), requests, counter };
        let live = Api::of_market(&world.market.market, &world.market.live_sk);
        let storefront = json!({"name": "Storefront", "kind": "publishable"});
        let live_pk = live.post("/v1/api-keys", storefront).await.expect(201);
        let mut stores = vec![
            (
                "A, test mode",
                world.market.store.clone(),
                "test",
                world.market.pk.clone(),
                world.market.sk.clone(),
            ),
            (
                "A, live mode",
                world.market.store.clone(),
                "live",
                live_pk.text_at("/secret").to_owned(),
                world.market.live_sk.clone(),
            ),
        ];
        for name in ["B", "C"] {
            let made = world.market.invoke("provision-store", Place::new_store(name)).await.unwrap();
            let text = |pointer: &str| made.pointer(pointer).unwrap().as_str().unwrap().to_owned();
            stores.push((
                name,
                text("/store"),
                "test",
                text("/test/publishable_key"),
                text("/test/secret_key"),
            ));
        }
        for (number, (name, store, mode, pk, sk)) in stores.into_iter().enumerate() {
            let place = Place::open(&world, number, name, (&store, mode), (&pk, &sk)).await;
            world.places.push(place);
        }
        world
    }

    /// A number that was not given before.
    pub fn next(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }

    /// Sends a request of `person`, with an idempotency key where a body goes with it.
    pub async fn send(&self, person: &Person, method: &Method, path: &str, body: &Body) -> Answer {
        if self.requests.fetch_add(1, Ordering::Relaxed).is_multiple_of(REQUESTS_A_SECOND) {
            self.market.leap(SignedDuration::from_secs(1));
        }
        let key = format!("walk-{}", self.next());
        let api = person.api(self);
        match body {
            Body::Json(body) => {
                api.send(method.clone(), path, Some(body.clone()), &[("idempotency-key", &key)]).await
            }
            Body::Form(text) => {
                let headers = [("content-type", "application/x-www-form-urlencoded")];
                api.send_text(method.clone(), path, (*text).to_owned(), &headers).await
            }
            Body::None => api.send(method.clone(), path, None, &[]).await,
        }
    }
}

/// What a request carries.
#[derive(Clone, Debug)]
pub enum Body {
    None,
    Json(Value),
    /// As browsers and OAuth clients send it.
    Form(&'static str),
}
