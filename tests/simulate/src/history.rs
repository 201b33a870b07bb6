//! What clients asked for and what they were told, held against what was committed.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::model::{Model, Standing};

/// What a client knows of something it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It was told that it was done.
    Done,
    /// It was told that it was not done, each time it asked.
    NotDone,
    /// It was not told, at least once.
    Unknown,
}

/// What was asked for with a mark that shows in what it leads to.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What, for people.
    pub what: String,
    /// What its client knows.
    pub known: Known,
}

/// How many of a SKU were put into a cart.
#[derive(Clone, Copy, Debug, Default)]
struct Added {
    surely: u64,
    perhaps: u64,
}

/// What all clients know.
#[derive(Debug, Default)]
pub struct History(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    next: u64,
    asked: BTreeMap<String, Asked>,
    /// What was put into carts, by cart and SKU.
    added: BTreeMap<(String, String), Added>,
    /// Orders that a client was told of, and the cart each was.
    orders: Vec<(String, String)>,
    /// Orders of which a client was told that they are being canceled.
    canceled: Vec<String>,
    violations: Vec<String>,
}

impl History {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A mark that nobody else has.
    pub fn mark(&self) -> String {
        let mut kept = self.kept();
        kept.next += 1;
        format!("op-{}", kept.next)
    }

    /// What a client knows of what it asked for with this mark.
    pub fn ask(&self, mark: &str, what: String, known: Known) {
        self.kept().asked.insert(mark.to_owned(), Asked { what, known });
    }

    /// What a client asked for that may have led to nothing, because there was nothing left to do.
    pub fn ask_at_most(&self, mark: &str, what: String) {
        self.ask(mark, what, Known::Unknown);
    }

    /// A client was told that this order is being canceled.
    pub fn canceled(&self, order: &str) {
        self.kept().canceled.push(order.to_owned());
    }

    /// What a client knows of having put something into a cart.
    pub fn add(&self, cart: &str, sku: &str, quantity: u64, known: Known) {
        let mut kept = self.kept();
        let added = kept.added.entry((cart.to_owned(), sku.to_owned())).or_default();
        match known {
            Known::Done => added.surely += quantity,
            Known::Unknown => added.perhaps += quantity,
            Known::NotDone => {}
        }
    }

    /// A client was told that its cart is this order now.
    pub fn ordered(&self, cart: &str, order: &str) {
        self.kept().orders.push((cart.to_owned(), order.to_owned()));
    }

    /// Something a client was told can't be.
    pub fn wrong(&self, what: String) {
        self.kept().violations.push(what);
    }

    /// What does not fit to what was committed.
    pub fn check(&self, model: &Model) -> Vec<String> {
        let kept = self.kept();
        let mut wrong = kept.violations.clone();
        for (mark, Asked { what, known }) in &kept.asked {
            let count = model.marked(mark);
            let fits = match known {
                Known::Done => count == 1,
                Known::NotDone => count == 0,
                Known::Unknown => count <= 1,
            };
            if !fits {
                wrong.push(format!(
                    "history: {what} ({mark}) is {known:?} to its client and was done {count} times"
                ));
            }
        }
        for ((cart, sku), Added { surely, perhaps }) in &kept.added {
            let there = model.cart(cart).get(sku).copied().unwrap_or(0);
            if !(*surely..=surely + perhaps).contains(&there) {
                wrong.push(format!(
                    "history: {surely} of {sku}, perhaps {perhaps} more, were put into {cart}, and {there} are there"
                ));
            }
        }
        for order in &kept.canceled {
            if !matches!(model.standing(order), Some(Standing::Canceled | Standing::Waits)) {
                let standing = model.standing(order);
                wrong.push(format!("history: {order} was said to be canceled, and is {standing:?}"));
            }
        }
        for (cart, order) in &kept.orders {
            if !model.orders_of_cart(cart).contains(&order.as_str()) {
                wrong.push(format!("one order: {order} was told of {cart} and is lost"));
            }
        }
        wrong
    }
}
