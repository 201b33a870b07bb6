//! What must always hold, told by nothing but what was committed.
//!
//! It shares no code with the product. It reads the tables' streams, commit by commit, keeps its own account of what
//! there should be, and says where the two differ.

mod books;
mod cards;
mod ends;
mod order;
mod orders;
mod payments;
mod stock;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::item;

pub use ends::Outside;
pub use order::Standing;

/// What staff do here, as the audit log calls it.
const ACTS: [&str; 6] =
    ["gift_card.issued", "order.edited", "order.fulfilled", "order.refunded", "stock.moved", "stock.spread"];

/// Whether a client wrote this into what it asked for.
fn is_mark(text: &Value) -> bool {
    text.as_str().is_some_and(|text| text.starts_with("op-"))
}

/// One change of one item in a commit, as the stream shows it.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// Whether it is in the events table: facts, never changed.
    pub fact: bool,
    /// The partition key.
    pub pk: &'a str,
    /// The sort key.
    pub sk: &'a str,
    /// The item after it.
    pub new: Option<&'a Value>,
}

/// The model.
#[derive(Debug, Default)]
pub struct Model {
    stock: stock::Stock,
    orders: orders::Orders,
    payments: payments::Payments,
    books: books::Books,
    cards: cards::Cards,
    /// What clients wrote into what they asked for, and how often it was committed.
    marks: BTreeMap<String, u32>,
    carts: BTreeMap<String, Value>,
    /// The versions of what counts its changes, by key.
    versions: BTreeMap<String, u64>,
    /// The orders of this commit.
    placed: Vec<String>,
    /// The carts that this commit changed.
    touched_carts: BTreeSet<String>,
    /// The events that have a document, by series.
    documented: BTreeSet<(String, String)>,
    /// The lists' entries, by order: status and version.
    summaries: BTreeMap<String, (String, u64)>,
    /// The orders whose summaries say when to look at them.
    due: BTreeSet<String>,
    /// The events whose mails were taken on. A mark that says so may stay: nothing tells of the event again.
    mails: BTreeSet<String>,
    audit_notes: BTreeSet<String>,
    /// The numbers of the entries of each audit log.
    audit_entries: BTreeMap<String, BTreeSet<u64>>,
    /// What staff did, by what the audit log calls it: how often it was committed, and how often it is in the log.
    acts: BTreeMap<&'static str, (u32, u32)>,
    /// The numbers of the documents of each series.
    documents: BTreeMap<String, BTreeSet<u64>>,
    /// The events that were published, where somebody listened.
    published: Option<BTreeSet<String>>,
    violations: Vec<String>,
}

impl Model {
    /// A commit was made: all of these changes at once.
    pub fn commit(&mut self, changes: &[Change<'_>]) {
        let before = self.violations.len();
        for change in changes {
            self.change(change);
            self.counted(change);
        }
        for order in std::mem::take(&mut self.placed) {
            self.check_placed(&order);
        }
        self.touched_carts.clear();
        self.stock.check(&mut self.violations);
        self.books.check(&mut self.violations);
        self.cards.check(&mut self.violations);
        self.orders.check(&mut self.violations);
        // One wrong commit can be wrong in the same way for ever after.
        if self.violations.len() > before + 20 {
            self.violations.truncate(before + 20);
        }
    }

    /// What was wrong so far.
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// An event was published.
    pub fn published(&mut self, event: &str) {
        self.published.get_or_insert_default().insert(event.to_owned());
    }

    /// Whether something was booked, and something else that happened to orders is not yet.
    pub fn is_booking(&self) -> bool {
        if self.books.is_empty() {
            return false;
        }
        let mut posted = self.orders.all.values().flat_map(|order| &order.posted);
        posted.any(|event| !self.books.has(event))
    }

    /// How often something was booked behind what was kept of the books.
    pub fn booked_late(&self) -> u64 {
        self.books.late()
    }

    /// What of these accounts, as the API tells them, is not what the books come to.
    pub fn told(&self, accounts: &Value) -> Vec<String> {
        self.books.told(accounts)
    }

    /// How often what bears this mark was committed.
    pub fn marked(&self, mark: &str) -> u32 {
        self.marks.get(mark).copied().unwrap_or(0)
    }

    /// Whether an order with this id was placed.
    pub fn knows(&self, order: &str) -> bool {
        self.orders.all.contains_key(order)
    }

    /// Where an order stands.
    pub fn standing(&self, order: &str) -> Option<Standing> {
        self.orders.all.get(order).map(order::Order::standing)
    }

    /// Whether nothing is left to be done for any order, and no summary says that there is.
    pub fn is_quiet(&self) -> bool {
        self.orders.all.iter().all(|(id, order)| match order.standing() {
            Standing::Open => false,
            Standing::Waits => true,
            Standing::Canceled | Standing::Settled => !self.due.contains(id),
        })
    }

    /// How many orders stand so.
    pub fn count(&self, standing: Standing) -> usize {
        self.orders.all.values().filter(|order| order.standing() == standing).count()
    }

    /// How many orders were confirmed.
    pub fn confirmed(&self) -> usize {
        self.orders.all.values().filter(|order| order.has("order.confirmed")).count()
    }

    /// How many orders there are.
    pub fn order_count(&self) -> usize {
        self.orders.all.len()
    }

    /// How many of a SKU can be promised, and how many are.
    pub fn stock(&self, sku: &str) -> (i64, i64) {
        self.stock.of(sku)
    }

    /// The payments' names at the provider.
    pub fn payment_names(&self) -> Vec<String> {
        self.payments.all.keys().cloned().collect()
    }

    /// The orders that the cart with this id became.
    pub fn orders_of_cart(&self, cart: &str) -> Vec<&str> {
        let of_cart = |order: &&order::Order| order.cart == cart;
        self.orders.all.values().filter(of_cart).map(|order| order.id.as_str()).collect()
    }

    /// What lies in a cart, as it was ordered last or as it is now: how many of each SKU.
    pub fn cart(&self, cart: &str) -> BTreeMap<String, u64> {
        let lines = self.carts.get(cart).map(|cart| &cart["lines"]);
        let mut counts = BTreeMap::new();
        for line in lines.and_then(Value::as_array).into_iter().flatten() {
            let sku = line["sku"].as_str().unwrap_or_default().to_owned();
            *counts.entry(sku).or_default() += line["quantity"].as_u64().unwrap_or(0);
        }
        counts
    }

    /// What counts its changes counts each: whoever wrote over what they had not read left one out.
    fn counted(&mut self, change: &Change<'_>) {
        let counts =
            item::thing(change.pk).is_some_and(|(family, _)| ["cart", "gift-card"].contains(&family));
        let version =
            change.new.and_then(|new| new["version"]["N"].as_str()).and_then(|text| text.parse().ok());
        let (true, Some(version)) = (counts && !change.fact, version) else { return };
        let before = self.versions.insert(change.pk.to_owned(), version);
        if let Some(before) = before.filter(|before| before + 1 != version) {
            self.violations.push(format!("versions: {} was {before} and is {version}", change.pk));
        }
    }

    /// An order is what its cart is as it becomes it, in one commit.
    fn check_placed(&mut self, id: &str) {
        let order = &self.orders.all[id];
        let bought: BTreeMap<String, u64> =
            order.lines.iter().map(|(sku, count)| (sku.clone(), count.unsigned_abs())).collect();
        let there = self.cart(&order.cart);
        let cart = &order.cart;
        if !self.touched_carts.contains(cart) {
            self.violations.push(format!("one order: {id} was placed, and {cart} does not know of it"));
        } else if bought != there {
            self.violations.push(format!("one order: {id} is of {bought:?}, and {cart} holds {there:?}"));
        }
    }

    /// An event happened that may be what staff did.
    fn acted(&mut self, event: &Value) {
        let act = match event["type"].as_str().unwrap_or_default() {
            "order.refund_requested" if is_mark(&event["data"]["reason"]) => "order.refunded",
            "order.fulfillment_created" => "order.fulfilled",
            "order.edit_requested" => "order.edited",
            "gift_card.issued" => "gift_card.issued",
            _ => return,
        };
        self.acts.entry(act).or_default().0 += 1;
    }

    fn mark(&mut self, mark: &Value) {
        if let Some(mark) = mark.as_str().filter(|mark| mark.starts_with("op-")) {
            *self.marks.entry(mark.to_owned()).or_default() += 1;
        }
    }

    fn change(&mut self, change: &Change<'_>) {
        let Some((family, id)) = item::thing(change.pk) else { return };
        let kind = change.new.map(|image| item::text(image, "kind")).unwrap_or_default();
        let read = || change.new.and_then(Value::as_object).map(item::item).unwrap_or_default();
        match (change.fact, family) {
            (true, "order") => {
                let commit = read();
                for mark in self.orders.append(id, change.sk, &commit, &mut self.violations) {
                    self.mark(&mark);
                }
                for event in commit["events"].as_array().into_iter().flatten() {
                    self.acted(event);
                    if event["type"] == "order.placed" {
                        self.placed.push(id.to_owned());
                    }
                }
                // Until what it holds changes, an order that got it as it was placed has no other record of it.
                let of = |kind: &str| {
                    let mut events = commit["events"].as_array().into_iter().flatten();
                    events.find(|event| event["type"] == kind)
                };
                if let (Some(_), Some(reserved)) = (of("order.placed"), of("order.stock_reserved")) {
                    self.stock.reserved(id, &reserved["data"]);
                }
            }
            (true, "gift-card") => {
                let commit = read();
                for event in commit["events"].as_array().into_iter().flatten() {
                    self.mark(&event["data"]["reason"]);
                    self.acted(event);
                    self.cards.changed(id, event, &mut self.violations);
                }
            }
            (true, "invoices") => {
                let number = change.sk.parse().unwrap_or(0);
                if !self.documents.entry(id.to_owned()).or_default().insert(number) {
                    self.violations.push(format!("invoices: {id} {number} was written twice"));
                }
                let event = read()["content"]["event"].as_str().unwrap_or_default().to_owned();
                if !self.documented.insert((id.to_owned(), event.clone())) {
                    self.violations.push(format!("invoices: the event {event} has two documents in {id}"));
                }
            }
            (false, "stock") if ["stock", "bucket"].contains(&change.sk) => {
                let deals = self.stock.level(id, &read(), &mut self.violations);
                self.acts.entry("stock.spread").or_default().0 += deals;
            }
            (false, "stock") if kind == "movement" => {
                let movement = read();
                self.mark(&movement["reason"]);
                // What came back is put on the shelves by the saga.
                if movement["reason"] == "received" || is_mark(&movement["reason"]) {
                    self.acts.entry("stock.moved").or_default().0 += 1;
                }
                self.stock.moved(&movement, &mut self.violations);
            }
            (false, "reservation") => self.stock.reserved(id, &read()),
            (false, "sandbox") if change.sk == "payment" => {
                self.payments.put(id, &read(), &mut self.violations);
            }
            (false, "gift-card") if change.sk == "card" => {
                self.cards.balance(id, &read(), &mut self.violations);
            }
            (false, "cart") => {
                self.carts.insert(id.to_owned(), read());
                self.touched_carts.insert(id.to_owned());
            }
            (false, "mail") => match change.new {
                Some(_) => _ = self.mails.insert(id.to_owned()),
                None => _ = self.mails.remove(id),
            },
            (false, "audit-outbox") => match change.new {
                Some(_) => _ = self.audit_notes.insert(id.to_owned()),
                None => _ = self.audit_notes.remove(id),
            },
            (false, "ledger") if id == "balances" => {
                self.books.balance(change.sk, &read(), &mut self.violations);
            }
            _ => self.change_of_list(change, kind),
        }
    }

    /// The summary of an order says when to look at it, while it has something to do.
    fn change_of_due(&mut self, id: &str, version: u64, summary: &Value) {
        let (at, shard) = (summary["due_at"].is_string(), summary["due_shard"].is_string());
        match at || shard {
            true => _ = self.due.insert(id.to_owned()),
            false => _ = self.due.remove(id),
        }
        let open = |order: &&order::Order| order.sequence == version && order.standing() == Standing::Open;
        if !(at && shard) && self.orders.all.get(id).as_ref().is_some_and(open) {
            self.violations
                .push(format!("order: {id} has something to do, and its summary says nothing of it"));
        }
    }

    /// What lies in a partition that lists many of its kind.
    fn change_of_list(&mut self, change: &Change<'_>, kind: &str) {
        let read = || change.new.and_then(Value::as_object).map(item::item).unwrap_or_default();
        match kind {
            "ledger_entry" if change.fact => self.books.entry(change.sk, &read(), &mut self.violations),
            "audit-entry" => {
                let entries = self.audit_entries.entry(change.pk.to_owned()).or_default();
                if !entries.insert(change.sk.parse().unwrap_or(0)) {
                    self.violations.push(format!("audit: the entry {} was written twice", change.sk));
                }
                let action = change.new.map(|image| item::text(image, "action")).unwrap_or_default();
                if let Some(act) = ACTS.into_iter().find(|act| *act == action) {
                    self.acts.entry(act).or_default().1 += 1;
                }
            }
            "order-summary" => {
                let summary = read();
                let (status, version) = (&summary["status"], summary["version"].as_u64().unwrap_or(0));
                let id = summary["id"].as_str().unwrap_or_default();
                // The customer's own list says nothing of it.
                if item::thing(change.pk) == Some(("orders", "")) {
                    self.change_of_due(id, version, &summary);
                }
                self.summaries
                    .insert(id.to_owned(), (status.as_str().unwrap_or_default().to_owned(), version));
            }
            _ => {}
        }
    }
}
