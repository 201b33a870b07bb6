//! What must hold once the storm is over and all had time to settle.

use std::collections::BTreeMap;

use super::{Model, order::Standing};

/// What the world outside the tables says in the end.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// How many mails left.
    pub mails: usize,
    /// How often something went wrong with who sends them: each such time may have sent one once more.
    pub mail_troubles: usize,
    /// Messages that wait in a queue or its dead-letter queue, by queue.
    pub waiting: BTreeMap<String, usize>,
    /// Batches of stream records that were given up.
    pub given_up: usize,
    /// Whether nothing is left to do.
    pub settled: bool,
}

impl Model {
    /// What does not hold in the end.
    pub fn ends(&self, outside: &Outside) -> Vec<String> {
        let mut wrong = Vec::new();
        for order in self.orders.all.keys() {
            self.end_of_order(order, &mut wrong);
        }
        self.end_of_money(&mut wrong);
        self.end_of_mails(outside, &mut wrong);
        for (queue, count) in &outside.waiting {
            wrong.push(format!("delivered: {count} messages are left in {queue}"));
        }
        if let Some(published) = &self.published {
            let unheard = self.orders.events.difference(published);
            wrong.extend(unheard.map(|event| format!("published: the event {event} was not")));
        }
        if outside.given_up > 0 {
            wrong.push(format!("delivered: {} batches of stream records were given up", outside.given_up));
        }
        if !outside.settled {
            wrong.push("settled: something is still going on".to_owned());
        }
        if !self.audit_notes.is_empty() {
            wrong.push(format!("audit: {} notes are not in the log", self.audit_notes.len()));
        }
        for (act, (done, told)) in &self.acts {
            if done != told {
                wrong.push(format!("audit: {act} was done {done} times, and the log has it {told} times"));
            }
        }
        for (series, numbers) in self.documents.iter().chain(&self.audit_entries) {
            let last = numbers.last().copied().unwrap_or(0);
            if last != numbers.len() as u64 {
                wrong.push(format!("numbers: {} in {series}, the last is number {last}", numbers.len()));
            }
        }
        wrong
    }

    fn end_of_order(&self, id: &str, wrong: &mut Vec<String>) {
        let order = &self.orders.all[id];
        let standing = order.standing();
        let mut say = |what: String| wrong.push(format!("order: {id} ({}) {what}", order.kinds.join(" ")));
        if standing == Standing::Open {
            say("is stuck".to_owned());
        }
        if self.due.contains(id) && standing != Standing::Waits && standing != Standing::Open {
            say("is settled, and its summary says when to look at it".to_owned());
        }
        let held = self.stock.held_by(id);
        let wanted: i64 = order.lines.values().sum::<i64>() - order.packed.values().sum::<i64>();
        let mut payments = self.payments.of_order(id);
        let captured: i64 = self.payments.of_order(id).map(|(_, payment)| payment.captured).sum();
        match standing {
            Standing::Canceled => {
                if held != 0 {
                    say(format!("is canceled and holds {held} pieces"));
                }
                if let Some((name, payment)) = payments.find(|(_, payment)| payment.holds()) {
                    say(format!("is canceled, and {name} is {payment:?}"));
                }
                let tendered = self.cards.taken.get(id).copied().unwrap_or(0);
                if tendered != 0 && !order.has("order.payment_captured") {
                    say(format!("is canceled, and gift cards are short of {tendered}"));
                }
            }
            Standing::Settled => {
                if held != wanted {
                    say(format!("holds {held} pieces and owes {wanted}"));
                }
                let due = order.total - order.tendered;
                if order.has("order.payment_captured") && captured < due {
                    say(format!("comes to {due}, and {captured} were taken"));
                }
                if captured != order.captured {
                    say(format!("knows of {} that were taken, the provider of {captured}", order.captured));
                }
            }
            Standing::Open | Standing::Waits => {}
        }
        let summary = self.summaries.get(id);
        if summary.is_none_or(|(status, version)| status != order.status() || *version != order.sequence) {
            say(format!(
                "is {} with {} events, and the list says {summary:?}",
                order.status(),
                order.sequence
            ));
        }
        for event in &order.posted {
            if !self.books.has(event) {
                say(format!("has an event {event} that the ledger does not know"));
            }
        }
    }

    /// The ledger is what the provider has.
    fn end_of_money(&self, wrong: &mut Vec<String>) {
        let at_provider: i64 =
            self.payments.all.values().map(|payment| payment.captured - payment.refunded).sum();
        let in_books = self.books.net("provider_clearing") + self.books.net("fees");
        if at_provider != in_books {
            wrong.push(format!("ledger: the provider has {at_provider}, the books say {in_books}"));
        }
        for name in self.payments.all.keys() {
            let order = name.split('-').next().unwrap_or_default();
            if !self.orders.all.contains_key(order) {
                wrong.push(format!("charge: {name} is of no order"));
            }
        }
    }

    /// Every mail left, and none twice without a reason.
    fn end_of_mails(&self, outside: &Outside, wrong: &mut Vec<String>) {
        let mut due = 0;
        for event in self.orders.all.values().flat_map(|order| &order.mails) {
            due += 1;
            if !self.mails.contains(event) {
                wrong.push(format!("mail: the mail of the event {event} was not sent"));
            }
        }
        if outside.mails < due || outside.mails > due + outside.mail_troubles {
            let Outside { mails, mail_troubles, .. } = outside;
            wrong
                .push(format!("mail: {due} are due, {mails} left, with {mail_troubles} troubles on the way"));
        }
    }
}
