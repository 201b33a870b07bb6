//! The stories.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures::future::join;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::sites::Sites;
use crate::{
    client::{Answer, Client},
    people::{Shop, euros},
};

type Told<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// A story: what is done before anything can go wrong, and what is done then.
pub struct Story {
    /// Its name.
    pub name: &'static str,
    play: for<'a> fn(&'a Scene) -> Told<'a>,
}

/// Where a story plays.
pub struct Scene {
    shop: Arc<Shop>,
    sites: Arc<Sites>,
    shopper: Client,
    staff: Client,
}

impl Story {
    /// Tells it in a shop.
    pub async fn tell(&self, shop: &Arc<Shop>, sites: &Arc<Sites>) {
        let (shopper, staff) = (shop.shopper("shopper".to_owned()), shop.staff("staff".to_owned()));
        let scene = Scene { shop: Arc::clone(shop), sites: Arc::clone(sites), shopper, staff };
        (self.play)(&scene).await;
        // What it leads to belongs to it.
        let _ = tokio::time::timeout(Duration::from_secs(50), shop.stage.market.settled()).await;
    }
}

macro_rules! stories {
    ($($name:literal, |$scene:ident| $play:block)*) => {
        /// All of them.
        pub const STORIES: &[Story] =
            &[$(Story { name: $name, play: |$scene| Box::pin(async move { $play }) },)*];
    };
}

stories! {
    "cart", |s| { s.armed().cart(&[("SKU-0", 1), ("SKU-1", 2)]).await; }
    "checkout", |s| { let cart = s.cart(&[("SKU-0", 2)]).await; s.armed().pay(&cart, GOOD).await; }
    "checkout of two SKUs", |s| {
        let cart = s.cart(&[("SKU-0", 1), ("SKU-1", 1)]).await;
        s.armed().pay(&cart, GOOD).await;
    }
    "waited for", |s| { let cart = s.cart(&[("SKU-0", 2)]).await; s.armed().pay_and_wait(&cart, GOOD).await; }
    "waited for, declined", |s| {
        let cart = s.cart(&[("SKU-0", 2)]).await;
        s.armed().pay_and_wait(&cart, "pm_card_chargeDeclined").await;
    }
    "waited for in two windows", |s| {
        let cart = s.cart(&[("SKU-0", 1)]).await;
        let s = s.armed();
        join(s.pay_and_wait(&cart, GOOD), s.pay_and_wait(&cart, GOOD)).await;
    }
    "declined", |s| { let cart = s.cart(&[("SKU-0", 1)]).await; s.armed().pay(&cart, "pm_card_chargeDeclined").await; }
    "decided late", |s| { let cart = s.cart(&[("SKU-0", 1)]).await; s.armed().pay(&cart, "pm_souk_late").await; }
    "declined late", |s| { let cart = s.cart(&[("SKU-0", 1)]).await; s.armed().pay(&cart, "pm_souk_late_declined").await; }
    "the provider's answer lost", |s| {
        let cart = s.cart(&[("SKU-0", 1)]).await;
        s.armed().pay(&cart, "pm_souk_answer_lost").await;
    }
    "proved at the bank", |s| {
        let cart = s.cart(&[("SKU-0", 1)]).await;
        let order = s.armed().pay(&cart, "pm_card_authenticationRequired").await;
        s.prove(&order).await;
    }
    "captured by hand", |s| {
        let order = s.bought_by_hand().await;
        s.armed().staff.post(&format!("/v1/orders/{order}/captures"), json!({})).await;
    }
    "the last unit", |s| {
        let (one, other) = (s.cart(&[("SKU-0", 2)]).await, s.cart(&[("SKU-0", 2)]).await);
        let s = s.armed();
        join(s.pay(&one, GOOD), s.pay(&other, GOOD)).await;
    }
    "two windows", |s| {
        let cart = s.cart(&[("SKU-0", 1)]).await;
        let s = s.armed();
        join(s.pay(&cart, GOOD), s.pay(&cart, GOOD)).await;
    }
    "a gift card in part", |s| {
        let cart = s.cart_with_card(500).await;
        s.armed().pay(&cart, GOOD).await;
    }
    "a gift card in whole", |s| {
        let cart = s.cart_with_card(5000).await;
        s.armed().pay(&cart, GOOD).await;
    }
    "a gift card, declined", |s| {
        let cart = s.cart_with_card(500).await;
        s.armed().pay(&cart, "pm_card_chargeDeclined").await;
    }
    "approved", |s| { let order = s.in_review().await; s.armed().act(&order, "approve", json!({})).await; }
    "rejected", |s| { let order = s.in_review().await; s.armed().act(&order, "reject", json!({})).await; }
    "cancel", |s| { let order = s.bought(GOOD).await; s.armed().cancel(&order).await; }
    "canceled before the capture", |s| { let order = s.bought_by_hand().await; s.armed().cancel(&order).await; }
    "canceled at once", |s| {
        let cart = s.cart(&[("SKU-0", 1)]).await;
        let order = s.armed().pay(&cart, "pm_souk_late").await;
        s.cancel(&order).await;
    }
    "refund", |s| { let order = s.bought(GOOD).await; s.armed().act_marked(&order, "refunds", json!({})).await; }
    "refunded in part", |s| {
        let order = s.bought(GOOD).await;
        s.armed().act_marked(&order, "refunds", json!({"amount": euros(100)})).await;
    }
    "refunded late", |s| {
        let order = s.bought("pm_card_pendingRefund").await;
        s.armed().act_marked(&order, "refunds", json!({})).await;
    }
    "sent", |s| { let order = s.bought(GOOD).await; s.armed().send(&order).await; }
    "taken back", |s| {
        let order = s.bought(GOOD).await;
        s.send(&order).await;
        s.settled().await;
        s.armed().take_back(&order).await;
    }
    "edited to more", |s| { let order = s.bought(GOOD).await; s.armed().edit(&order, 2).await; }
    "edited to less", |s| {
        let order = s.bought_some("SKU-0", 2).await;
        s.armed().edit(&order, 1).await;
    }
    "stock brought", |s| { s.armed().bring().await; }
    "spread", |s| { s.bought(GOOD).await; s.armed().spread(2).await; }
    "bought from two buckets", |s| {
        s.spread(2).await;
        let cart = s.cart(&[("SKU-0", 3)]).await;
        s.armed().pay(&cart, GOOD).await;
    }
    "canceled, of two buckets", |s| {
        s.spread(2).await;
        let order = s.bought_some("SKU-0", 3).await;
        s.armed().cancel(&order).await;
    }
    "brought to two buckets", |s| { s.spread(2).await; s.armed().bring_some("SKU-0", 3).await; }
    "gathered", |s| { s.spread(3).await; s.bought(GOOD).await; s.armed().spread(1).await; }
    "a gift card issued", |s| { s.armed().card(700).await; }
}

const GOOD: &str = "pm_card_visa";

impl Scene {
    /// From now on calls count.
    fn armed(&self) -> &Self {
        self.sites.arm();
        self
    }

    async fn settled(&self) {
        let _ = tokio::time::timeout(Duration::from_secs(300), self.shop.stage.market.settled()).await;
    }

    async fn cart(&self, lines: &[(&str, u64)]) -> String {
        let made = self.shopper.post("/v1/carts", json!({"currency": "EUR"})).await;
        let (id, history) = (made.text("/id").to_owned(), &self.shop.stage.history);
        for (sku, quantity) in lines {
            let line = json!({"sku": sku, "quantity": quantity});
            let added = self.shopper.post(&format!("/v1/carts/{id}/lines"), line).await;
            history.add(&id, sku, *quantity, added.known);
        }
        self.shopper.patch(&format!("/v1/carts/{id}"), contact(Value::Null)).await;
        id
    }

    async fn cart_with_card(&self, amount: i64) -> String {
        let card = self.card(amount).await;
        let cart = self.cart(&[("SKU-0", 1)]).await;
        let contact = contact(json!([card.text("/code")]));
        self.shopper.patch(&format!("/v1/carts/{cart}"), contact).await;
        cart
    }

    async fn card(&self, amount: i64) -> Answer {
        let mark = self.shop.stage.history.mark();
        let card = json!({"amount": euros(amount), "reason": mark});
        self.staff.post_marked("/v1/gift-cards", &mark, card).await
    }

    async fn pay(&self, cart: &str, method: &str) -> String {
        self.check_out(cart, json!({"payment_method": method})).await
    }

    async fn pay_and_wait(&self, cart: &str, method: &str) -> String {
        let (path, body) = (format!("/v1/carts/{cart}/checkout"), json!({"payment_method": method}));
        self.ordered(cart, &self.shopper.post_and_wait(&path, body, 20).await)
    }

    async fn check_out(&self, cart: &str, body: Value) -> String {
        self.ordered(cart, &self.shopper.post(&format!("/v1/carts/{cart}/checkout"), body).await)
    }

    fn ordered(&self, cart: &str, answer: &Answer) -> String {
        let order = answer.text("/id").to_owned();
        if answer.is_done() {
            self.shop.stage.history.ordered(cart, &order);
        }
        order
    }

    async fn bought_some(&self, sku: &str, quantity: u64) -> String {
        let cart = self.cart(&[(sku, quantity)]).await;
        let order = self.pay(&cart, GOOD).await;
        self.settled().await;
        order
    }

    async fn bought(&self, method: &str) -> String {
        let cart = self.cart(&[("SKU-0", 1)]).await;
        let order = self.pay(&cart, method).await;
        self.settled().await;
        order
    }

    async fn bought_by_hand(&self) -> String {
        let cart = self.cart(&[("SKU-0", 1)]).await;
        let order = self.check_out(&cart, json!({"payment_method": GOOD, "capture_method": "manual"})).await;
        self.settled().await;
        order
    }

    /// An order that is dear enough to be looked at.
    async fn in_review(&self) -> String {
        self.bring_some("SKU-0", 10).await;
        self.bought_some("SKU-0", 9).await
    }

    async fn act(&self, order: &str, what: &str, body: Value) {
        self.staff.post(&format!("/v1/orders/{order}/{what}"), body).await;
    }

    async fn act_marked(&self, order: &str, what: &str, mut body: Value) {
        let mark = self.shop.stage.history.mark();
        body["reason"] = mark.clone().into();
        self.staff.post_marked(&format!("/v1/orders/{order}/{what}"), &mark, body).await;
    }

    async fn cancel(&self, order: &str) {
        let canceled = self.staff.post(&format!("/v1/orders/{order}/cancel"), json!({})).await;
        if canceled.is_done() {
            self.shop.stage.history.canceled(order);
        }
    }

    async fn send(&self, order: &str) {
        let mark = self.shop.stage.history.mark();
        let parcel = json!({"tracking": {"number": mark, "carrier": "DHL"}});
        self.staff.post_marked(&format!("/v1/orders/{order}/fulfillments"), &mark, parcel).await;
    }

    async fn take_back(&self, order: &str) {
        let path = format!("/v1/orders/{order}/returns");
        let lines = json!([{"sku": "SKU-0", "quantity": 1, "reason": "unwanted"}]);
        let asked = self.staff.post(&path, json!({ "lines": lines })).await;
        let lines = json!([{"sku": "SKU-0", "quantity": 1, "restock": true, "location": "berlin"}]);
        let body = json!({"lines": lines, "refund": true});
        self.staff.post(&format!("{path}/{}/receive", asked.text("/id")), body).await;
    }

    async fn edit(&self, order: &str, quantity: u32) {
        let lines = json!([{"sku": "SKU-0", "quantity": quantity}]);
        self.act_marked(order, "edits", json!({ "lines": lines })).await;
    }

    async fn spread(&self, buckets: u32) {
        self.staff.patch_once("/v1/stock/SKU-0", json!({"buckets": buckets})).await;
    }

    async fn bring(&self) {
        self.bring_some("SKU-1", 2).await;
    }

    async fn bring_some(&self, sku: &str, change: i64) {
        let mark = self.shop.stage.history.mark();
        let movement = json!({"location": "berlin", "change": change, "reason": mark});
        self.staff.post_marked(&format!("/v1/stock/{sku}/movements"), &mark, movement).await;
    }

    /// The shopper proves who they are, once the order says how.
    async fn prove(&self, order: &str) {
        for _ in 0..20 {
            sleep(Duration::from_secs(3)).await;
            let seen = self.shopper.get(&format!("/v1/orders/{order}")).await;
            let Some(secret) = seen.json.pointer("/payment/action/client_secret").cloned() else { continue };
            let body = json!({"type": "payment.confirm", "client_secret": secret, "outcome": "succeed"});
            let path = format!("/v1/payment-events/sandbox/{}", self.shop.id);
            self.shopper.notify(&path, body.to_string(), "").await;
            return;
        }
    }
}

fn contact(cards: Value) -> Value {
    let mut contact = json!({
        "email": "ada@example.com",
        "shipping_address": {"name": "Ada", "line1": "12 Analytical Row", "city": "Berlin", "postal_code": "10115", "country": "DE"},
    });
    if !cards.is_null() {
        contact["gift_cards"] = cards;
    }
    contact
}
