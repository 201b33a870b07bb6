//! One order, by its events: what may follow what, and where it stands.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::item::amount;

/// Where an order stands, as far as the model cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Something is still to be done for it.
    Open,
    /// A person must decide, or the shopper must prove who they are.
    Waits,
    /// Nothing more is to be done, unless somebody asks for something.
    Settled,
    /// It is over.
    Canceled,
}

/// An order.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// Its id.
    pub id: String,
    /// The cart it was.
    pub cart: String,
    /// What it came to when it was placed.
    pub total: i64,
    /// What of that was not left to the provider.
    pub tendered: i64,
    /// What is bought, by SKU.
    pub lines: BTreeMap<String, i64>,
    /// What of it was packed.
    pub packed: BTreeMap<String, i64>,
    /// How many events it has.
    pub sequence: u64,
    /// What happened, in order.
    pub kinds: Vec<String>,
    /// What the provider took, as the order knows.
    pub captured: i64,
    /// The events that lead to a mail.
    pub mails: Vec<String>,
    /// The events that have to be posted.
    pub posted: Vec<String>,
    automatic: bool,
    review: bool,
    /// Refunds by id: the amount, and how it ended.
    refunds: BTreeMap<String, (i64, Option<bool>)>,
    open_edits: BTreeSet<String>,
    /// Those of them that wait for the shopper, who has a day for it.
    asking_edits: BTreeSet<String>,
    /// Those whose money goes back.
    abandoned_edits: BTreeSet<String>,
    unshipped: BTreeSet<String>,
    unshelved: BTreeSet<String>,
    asked: BTreeSet<String>,
}

impl Order {
    /// Whether something has happened.
    pub fn has(&self, kind: &str) -> bool {
        self.kinds.iter().any(|known| known == kind)
    }

    /// What was given back, or is being given back.
    pub fn refunded(&self) -> i64 {
        self.refunds.values().filter(|(_, ended)| *ended != Some(false)).map(|(amount, _)| amount).sum()
    }

    /// Where it stands.
    pub fn standing(&self) -> Standing {
        let pending = self.refunds.values().any(|(_, ended)| ended.is_none());
        if self.has("order.canceled") {
            return if pending { Standing::Open } else { Standing::Canceled };
        }
        if self.has("order.cancel_requested") {
            let refused = self.refunds.values().any(|(_, ended)| *ended == Some(false));
            return if refused && !pending { Standing::Waits } else { Standing::Open };
        }
        let shopper = self.has("order.payment_action_required")
            && !self.has("order.payment_authorized")
            && !self.has("order.payment_declined");
        if self.review || shopper {
            return Standing::Waits;
        }
        let captures = self.automatic || self.has("order.capture_requested");
        let paid = self.has("order.confirmed") && (!captures || self.has("order.payment_captured"));
        let quiet = self.unshipped.is_empty() && self.unshelved.is_empty() && !pending;
        if !paid || !quiet {
            Standing::Open
        } else if self.open_edits.is_empty() {
            Standing::Settled
        } else if self.open_edits == self.asking_edits {
            Standing::Waits
        } else {
            Standing::Open
        }
    }

    /// The status that lists show.
    pub fn status(&self) -> &'static str {
        let sent = |(sku, count): (&String, &i64)| self.packed.get(sku).copied().unwrap_or(0) >= *count;
        if self.has("order.canceled") {
            "canceled"
        } else if self.review && !self.has("order.cancel_requested") {
            "in_review"
        } else if !self.has("order.confirmed") {
            "pending"
        } else if self.packed.is_empty() {
            "confirmed"
        } else if self.lines.iter().all(sent) {
            "fulfilled"
        } else {
            "partially_fulfilled"
        }
    }

    /// Takes an event in. Answers what was wrong with it.
    pub fn event(&mut self, id: &str, kind: &str, data: &Value) -> Option<String> {
        let wrong = self.forbids(kind, data);
        match kind {
            "order.placed" => self.placed(data),
            "order.risk_assessed" => self.review = data["outcome"] == "review",
            "order.review_approved" | "order.review_rejected" => self.review = false,
            "order.payment_captured" => self.captured += amount(&data["amount"]),
            "order.refund_requested" => {
                let refund = data["refund"].as_str().unwrap_or_default().to_owned();
                self.refunds.insert(refund, (amount(&data["amount"]), None));
            }
            "order.refund_succeeded" | "order.refund_failed" => {
                let refund = data["refund"].as_str().unwrap_or_default();
                if let Some((_, ended)) = self.refunds.get_mut(refund) {
                    *ended = Some(kind == "order.refund_succeeded");
                }
            }
            "order.fulfillment_created" => {
                self.unshipped.insert(data["fulfillment"].as_str().unwrap_or_default().to_owned());
                for (sku, count) in counts(&data["lines"]) {
                    *self.packed.entry(sku).or_default() += count;
                }
            }
            "order.stock_shipped" => {
                self.unshipped.remove(data["fulfillment"].as_str().unwrap_or_default());
            }
            "order.return_received" => {
                let restocked = |line: &Value| line["restock"].is_string();
                if data["lines"].as_array().into_iter().flatten().any(restocked) {
                    self.unshelved.insert(data["return"].as_str().unwrap_or_default().to_owned());
                }
            }
            "order.stock_returned" => {
                self.unshelved.remove(data["return"].as_str().unwrap_or_default());
            }
            "order.edit_requested" => self.edit_requested(data),
            "order.edit_action_required" => {
                self.asking_edits.insert(data["edit"].as_str().unwrap_or_default().to_owned());
            }
            "order.edit_abandoned" => {
                self.asking_edits.remove(data["edit"].as_str().unwrap_or_default());
                self.abandoned_edits.insert(data["edit"].as_str().unwrap_or_default().to_owned());
            }
            "order.edited" | "order.edit_failed" => self.edit_ended(kind, data),
            _ => {}
        }
        if matches!(kind, "order.confirmed" | "order.canceled" | "order.fulfillment_created") {
            self.mails.push(id.to_owned());
        }
        let moves =
            matches!(kind, "order.payment_captured" | "order.refund_succeeded" | "order.payment_refunded");
        // What comes to nothing is not posted.
        let nothing = kind == "order.refund_succeeded"
            || (kind == "order.payment_captured" && self.total == 0)
            || (kind == "order.payment_refunded" && amount(&data["amount"]) == 0);
        if moves && !nothing {
            self.posted.push(id.to_owned());
        }
        self.kinds.push(kind.to_owned());
        self.sequence += 1;
        wrong
    }

    fn placed(&mut self, data: &Value) {
        self.cart = data["cart"].as_str().unwrap_or_default().to_owned();
        self.total = amount(&data["totals"]["total"]);
        let tenders = data["tenders"].as_array().into_iter().flatten();
        self.tendered = tenders.map(|tender| amount(&tender["amount"])).sum();
        self.automatic = data["capture_method"] != "manual";
        self.lines = counts(&data["lines"]);
    }

    fn edit_requested(&mut self, data: &Value) {
        let edit = data["edit"].as_str().unwrap_or_default();
        self.open_edits.insert(edit.to_owned());
        self.asked.insert(format!("{edit} {} {}", amount(&data["totals"]["total"]), data["lines"]));
    }

    fn edit_ended(&mut self, kind: &str, data: &Value) {
        let edit = data["edit"].as_str().unwrap_or_default();
        self.open_edits.remove(edit);
        self.asking_edits.remove(edit);
        let asked = self.asked.iter().find(|asked| asked.starts_with(edit)).cloned();
        if let (Some(asked), "order.edited") = (asked, kind) {
            let mut parts = asked.splitn(3, ' ').skip(1);
            self.total = parts.next().and_then(|total| total.parse().ok()).unwrap_or(self.total);
            let lines =
                parts.next().and_then(|lines| serde_json::from_str(lines).ok()).unwrap_or(Value::Null);
            self.lines = counts(&lines);
            self.captured += amount(&data["charged"]["amount"]);
        }
    }

    /// What speaks against an event, after all that has happened.
    fn forbids(&self, kind: &str, data: &Value) -> Option<String> {
        let no = |why: &str| Some(format!("order: {} got {kind}, and {why}", self.id));
        let once = [
            "order.placed",
            "order.stock_reserved",
            "order.stock_refused",
            "order.payment_authorized",
            "order.payment_declined",
            "order.payment_captured",
            "order.payment_voided",
            "order.confirmed",
            "order.cancel_requested",
            "order.canceled",
        ];
        if once.contains(&kind) && self.has(kind) {
            return no("it had that already");
        }
        if (kind == "order.placed") != self.kinds.is_empty() {
            return no("it is placed first, and once");
        }
        let refund = kind.starts_with("order.refund") || kind.starts_with("order.dispute");
        if self.has("order.canceled") && !refund {
            return no("it is canceled");
        }
        let needs = match kind {
            "order.payment_authorized" | "order.payment_declined" => Some("order.stock_reserved"),
            "order.confirmed" | "order.payment_captured" => Some("order.payment_authorized"),
            "order.fulfillment_created" => Some("order.confirmed"),
            "order.canceled" => Some("order.cancel_requested"),
            _ => None,
        };
        if let Some(needed) = needs.filter(|needed| !self.has(needed)) {
            return no(&format!("it has no {needed}"));
        }
        if self.review && matches!(kind, "order.payment_authorized" | "order.confirmed") {
            return no("nobody has decided on it");
        }
        let stopped = self.has("order.cancel_requested");
        match kind {
            "order.edited" if self.abandoned_edits.contains(data["edit"].as_str().unwrap_or_default()) => {
                no("that edit was given up")
            }
            "order.payment_authorized"
            | "order.confirmed"
            | "order.fulfillment_created"
            | "order.stock_reserved"
                if stopped =>
            {
                no("it is being canceled")
            }
            "order.cancel_requested" if !self.packed.is_empty() => no("some of it was sent"),
            "order.payment_authorized" if amount(&data["amount"]) != self.total - self.tendered => {
                no(&format!("{} is due", self.total - self.tendered))
            }
            "order.payment_captured" if amount(&data["amount"]) > self.total - self.tendered => {
                no("that is too much")
            }
            "order.refund_requested"
                if self.refunded() + amount(&data["amount"]) > self.captured + self.tendered =>
            {
                no("that is more than was paid")
            }
            "order.fulfillment_created" => counts(&data["lines"]).into_iter().find_map(|(sku, count)| {
                let (packed, bought) =
                    (self.packed.get(&sku).unwrap_or(&0), self.lines.get(&sku).unwrap_or(&0));
                if packed + count > *bought { no("that is more than was bought") } else { None }
            }),
            _ => None,
        }
    }
}

/// How many of each SKU lines come to.
fn counts(lines: &Value) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for line in lines.as_array().into_iter().flatten() {
        let sku = line["sku"].as_str().unwrap_or_default().to_owned();
        *counts.entry(sku).or_default() += line["quantity"].as_i64().unwrap_or(0);
    }
    counts
}
