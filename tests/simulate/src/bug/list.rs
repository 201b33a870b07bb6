//! The bugs.
//!
//! Not among them is what is no bug, because something else makes up for it. Planted, these struck and did no harm: the
//! saga forgets messages, or all but the first of a batch (the sweeper looks after every order); whoever records the audit
//! log or follows orders reads what is old (a condition refuses what comes of it). And `follow-orders`, `project-orders`
//! and `issue-invoices` swallowing their failures never struck, because they hand over what fails.

use super::{Bug, Family, How};
use crate::plan::WHOLE;

const fn state(pk: &'static str, sk: &'static str) -> Family {
    Family { table: "-state", pk, sk }
}

const fn fact(pk: &'static str, sk: &'static str) -> Family {
    Family { table: "-events", pk, sk }
}

const CART: Family = state("cart", "");
const RESERVATION: Family = state("reservation", "");
const STOCK: Family = state("stock", "stock");
const BUCKET: Family = state("stock", "bucket");
const MOVEMENT: Family = state("stock", "movement");
const PAYMENT: Family = state("sandbox", "payment");
const ANSWER: Family = state("idempotency", "");
const SUMMARY: Family = state("orders", "");
const MAIL: Family = state("mail", "");
const NOTE: Family = state("audit-outbox", "");
const BALANCES: Family = Family { table: "-state", pk: "ledger", sk: "2" };
const CARD: Family = state("gift-card", "card");
const ORDER: Family = fact("order", "");
const ENTRY: Family = fact("ledger", "");
const CARD_CHANGE: Family = fact("gift-card", "");
const AUDIT: Family = fact("audit", "");
const DOCUMENT: Family = fact("invoices", "");
/// Which number an event's document has.
const DOCUMENT_NUMBER: Family = state("invoices", "");

macro_rules! bugs {
    ($($name:literal, $function:literal, $how:expr $(, $chance:literal)?;)*) => {
        /// All of them.
        pub const BUGS: &[Bug] = &[$(Bug {
            name: $name,
            function: $function,
            how: $how,
            chance: { #[allow(unused_mut, unused_assignments)] let mut chance = WHOLE; $(chance = $chance;)? chance },
        },)*];
    };
}

bugs! {
    // A condition is forgotten.
    "cart-version", "carts", How::Unconditional(CART);
    "cart-version-at-checkout", "checkout", How::Unconditional(CART);
    "cart-answer-over", "carts", How::Unconditional(ANSWER);
    "order-appended-over", "advance-orders", How::Unconditional(ORDER);
    "order-appended-over-by-checkout", "checkout", How::Unconditional(ORDER);
    "order-appended-over-by-staff", "orders", How::Unconditional(ORDER);
    "staff-answer-over", "orders", How::Unconditional(ANSWER);
    "reserved-again", "advance-orders", How::Unconditional(RESERVATION);
    "oversold", "advance-orders", How::Unconditional(STOCK);
    "moved-over", "stock", How::Unconditional(STOCK);
    "stock-answer-over", "stock", How::Unconditional(ANSWER);
    "payment-over", "advance-orders", How::Unconditional(PAYMENT);
    "payment-over-at-checkout", "checkout", How::Unconditional(PAYMENT);
    "posted-late-again", "post-ledger", How::Unconditional(ENTRY);
    "carried-over", "reconcile", How::Unconditional(BALANCES);
    "listed-backwards", "follow-orders", How::Unconditional(SUMMARY);
    "mailed-again", "follow-orders", How::Unconditional(MAIL);
    "oversold-as-placed", "checkout", How::Unconditional(STOCK);
    "bucket-oversold", "advance-orders", How::Unconditional(BUCKET);
    "bucket-oversold-as-placed", "checkout", How::Unconditional(BUCKET);
    "bucket-moved-over", "stock", How::Unconditional(BUCKET);
    "card-overdrawn", "checkout", How::Unconditional(CARD);
    "card-returned-again", "advance-orders", How::Unconditional(CARD_CHANGE);
    "issued-again", "gift-cards", How::Unconditional(ANSWER);
    "audited-over", "record-audit", How::Unconditional(AUDIT);
    "numbered-again", "follow-orders", How::Unconditional(DOCUMENT_NUMBER);
    "document-over", "follow-orders", How::Unconditional(DOCUMENT);

    // Something is left out of a transaction.
    "order-without-event", "checkout", How::LeftOut(ORDER);
    "order-without-cart", "checkout", How::LeftOut(CART);
    "cart-without-answer", "carts", How::LeftOut(ANSWER);
    "placed-without-stock", "checkout", How::LeftOut(STOCK);
    "paid-without-card", "checkout", How::LeftOut(CARD);
    "card-without-fact", "checkout", How::LeftOut(CARD_CHANGE);
    "stock-without-reservation", "advance-orders", How::LeftOut(RESERVATION);
    "reservation-without-stock", "advance-orders", How::LeftOut(STOCK);
    "returned-without-card", "advance-orders", How::LeftOut(CARD);
    "refund-without-answer", "orders", How::LeftOut(ANSWER);
    "act-without-audit", "orders", How::LeftOut(NOTE);
    "act-without-event", "orders", How::LeftOut(ORDER);
    "movement-without-level", "stock", How::LeftOut(STOCK);
    "level-without-movement", "stock", How::LeftOut(MOVEMENT);
    "movement-without-answer", "stock", How::LeftOut(ANSWER);
    "movement-without-audit", "stock", How::LeftOut(NOTE);
    "late-without-balance", "post-ledger", How::LeftOut(BALANCES);
    "balance-without-late", "post-ledger", How::LeftOut(ENTRY);
    "placed-without-bucket", "checkout", How::LeftOut(BUCKET);
    "reservation-without-bucket", "advance-orders", How::LeftOut(BUCKET);
    "dealt-without-bucket", "stock", How::LeftOut(BUCKET);
    "audit-note-kept", "record-audit", How::LeftOut(NOTE);
    "audit-entry-lost", "record-audit", How::LeftOut(AUDIT);
    "document-without-number", "follow-orders", How::Unwritten(DOCUMENT_NUMBER);

    // Something is said to be done that is not.
    "entry-not-written", "follow-orders", How::Unwritten(ENTRY), 300;
    "event-not-appended", "advance-orders", How::Unwritten(ORDER), 300;
    "outcome-not-appended", "checkout", How::Unwritten(ORDER), 300;
    "payment-not-written", "advance-orders", How::Unwritten(PAYMENT), 300;
    "summary-not-written", "follow-orders", How::Unwritten(SUMMARY), 300;
    "due-forgotten", "follow-orders", How::Lacking { family: SUMMARY, name: "due_shard" };
    "overdue-not-nudged", "sweep", How::Undone("SendMessage");
    "mail-not-marked", "follow-orders", How::Unwritten(MAIL), 500;
    "mail-not-sent", "follow-orders", How::Undone("SendEmail"), 500;
    "not-published", "relay-events", How::Undone("PublishBatch"), 300;

    // Something is done to another item.
    "released-to-first-bucket", "advance-orders", How::ToFirst(BUCKET);
    "placed-from-first-bucket", "checkout", How::ToFirst(BUCKET);

    // A number is wrong.
    "reserved-one-less", "advance-orders", How::OffBy { family: STOCK, name: ":q0", by: -1 }, 300;
    "placed-one-less", "checkout", How::OffBy { family: STOCK, name: ":q0", by: -1 }, 300;
    "captured-twice", "advance-orders", How::OffBy { family: PAYMENT, name: "captures", by: 1 }, 300;
    "captured-twice-at-checkout", "checkout", How::OffBy { family: PAYMENT, name: "captures", by: 1 }, 300;
    "captured-one-more", "advance-orders", How::OffBy { family: PAYMENT, name: "captured", by: 1 }, 300;
    "refunded-one-more", "advance-orders", How::OffBy { family: PAYMENT, name: "refunded", by: 1 }, 300;
    "balance-one-more", "post-ledger", How::OffBy { family: BALANCES, name: ":a0", by: 1 };
    "carried-one-more", "reconcile", How::OffBy { family: BALANCES, name: "EUR~1sales~1credit", by: 1 };
    "card-one-more", "checkout", How::OffBy { family: CARD, name: ":amount", by: -1 }, 300;

    // Something is written where nobody looks for it.
    "posted-again", "follow-orders", How::Astray(ENTRY);

    // Something old is taken for the truth.
    "carried-stale", "reconcile", How::Stale(ENTRY);

    // Messages and records are lost.
    // This one does what was left over, which is seldom anything.
    "ledger-swallows", "post-ledger", How::Swallowed;
    "mail-swallows", "send-notifications", How::Swallowed;
    "left-to-nobody", "follow-orders", How::Undone("SendMessage");
    "relay-swallows", "relay-events", How::Swallowed;
    "audit-swallows", "record-audit", How::Swallowed;
    "relay-early", "relay-events", How::Early;
    "audit-early", "record-audit", How::Early;
    "follower-early", "follow-orders", How::Early;
    "follower-first-only", "follow-orders", How::FirstOnly;
    "relay-first-only", "relay-events", How::FirstOnly;
}
