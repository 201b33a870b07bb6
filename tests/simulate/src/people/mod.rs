//! Those who use a store: shoppers, staff, who keeps its books, and the payment provider that calls back.

mod bookkeeper;
mod provider;
mod shopper;
mod staff;

pub use bookkeeper::{close, read};
pub use provider::notify;
pub use shopper::shop;
pub use staff::work;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fastrand::Rng;
use serde_json::{Value, json};

use crate::client::{Client, Stage};

/// A store and what is known of it.
pub struct Shop {
    /// Who sees all.
    pub stage: Arc<Stage>,
    /// Its id.
    pub id: String,
    /// Its publishable key.
    pub pk: String,
    /// Its secret key.
    pub sk: String,
    /// What it sells.
    pub skus: Vec<String>,
    board: Mutex<Board>,
}

/// What people see of each other.
#[derive(Debug, Default)]
struct Board {
    orders: Vec<String>,
    gift_cards: Vec<String>,
    addresses: u32,
}

impl Shop {
    /// A store in which nothing has happened.
    pub fn new(stage: &Arc<Stage>, id: String, pk: String, sk: String, skus: Vec<String>) -> Arc<Self> {
        Arc::new(Self { stage: Arc::clone(stage), id, pk, sk, skus, board: Mutex::default() })
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Each at an address of its own: people share neither sofa nor limits.
    fn address(&self) -> IpAddr {
        let mut board = self.board();
        board.addresses += 1;
        Ipv4Addr::from_bits(0x0a00_0000 + board.addresses).into()
    }

    /// Somebody who buys.
    pub fn shopper(&self, name: String) -> Client {
        Client::new(&self.stage, name, &self.pk, self.address())
    }

    /// Somebody who sells.
    pub fn staff(&self, name: String) -> Client {
        Client::new(&self.stage, name, &self.sk, self.address())
    }

    /// Somebody without a key.
    pub fn stranger(&self, name: &str) -> Client {
        Client::new(&self.stage, name.to_owned(), "", self.address())
    }

    /// An order was placed.
    pub fn placed(&self, order: String) {
        self.board().orders.push(order);
    }

    /// One of the orders.
    pub fn some_order(&self, rng: &mut Rng) -> Option<String> {
        let board = self.board();
        (!board.orders.is_empty()).then(|| board.orders[rng.usize(..board.orders.len())].clone())
    }

    /// A gift card was issued with this code.
    pub fn issued(&self, code: String) {
        self.board().gift_cards.push(code);
    }

    /// One of the gift cards' codes.
    pub fn some_card(&self, rng: &mut Rng) -> Option<String> {
        let board = self.board();
        (!board.gift_cards.is_empty()).then(|| board.gift_cards[rng.usize(..board.gift_cards.len())].clone())
    }

    /// One of the SKUs.
    pub fn some_sku(&self, rng: &mut Rng) -> &str {
        &self.skus[rng.usize(..self.skus.len())]
    }
}

/// So many cents.
pub fn euros(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}
