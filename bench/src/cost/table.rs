//! What was measured, for people and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};
use souk_local::bill::{Item, Prices, Share};

use super::{MILLION, Measured};

/// A column for each: what an order takes, and below what a million of them cost.
pub(super) fn of(all: &[Measured], prices: &Prices) -> String {
    let sandbox = |item| {
        let first = all.first().map_or(0, |one| one.usage.halves_of(Share::Sandbox, item, prices));
        per_order(first, 1)
    };
    let mut text = row("one order takes", all.iter().map(|one| one.name.clone()));
    for item in Item::ALL {
        if all.iter().any(|one| one.usage.halves(item, prices) > 0) {
            let each = all.iter().map(|one| per_order(one.usage.halves(item, prices), one.orders));
            text += &row(item.name(), each);
        }
    }
    text += "\n";
    text += &row("USD for a million", all.iter().map(|one| one.name.clone()));
    for (place, item) in Item::ALL.into_iter().enumerate() {
        if all.iter().any(|one| one.bill.lines[place].halves > 0) {
            text += &row(item.name(), all.iter().map(|one| one.bill.lines[place].cost.to_string()));
        }
    }
    text += &row("all", all.iter().map(|one| one.bill.total().to_string()));
    text += &row("all but the mail", all.iter().map(|one| one.bill.without_mails().to_string()));
    for (place, share) in Share::ASIDE.into_iter().enumerate() {
        let costs = all.iter().map(|one| one.bill.aside[place].1.to_string());
        text += &row(&format!("({})", share.name()), costs);
    }
    let _ = write!(
        text,
        "\nIn brackets: what is in no sum and no row above. The sandbox plays the provider and keeps records for it, which no \
         live store\nhas: {} write and {} read units of the first order; a store at Stripe keeps a record of its own, which its \
         column has.\nThe sweeper looks once a minute, whether or not anybody buys.\nPrices of {} as listed on {} ({}). Working time is this machine's; waiting is assumed.",
        sandbox(Item::TableWrites),
        sandbox(Item::TableReads),
        prices.region,
        prices.date,
        prices.tier
    );
    text
}

fn row(name: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: String = cells.map(|cell| format!("{cell:>16}")).collect();
    format!("{name:<30}{cells}\n")
}

/// `halves / 2 / orders`, with two digits where it is no whole number.
fn per_order(halves: u64, orders: u64) -> String {
    let hundredths = (halves.saturating_mul(50) + orders / 2) / orders.max(1);
    match hundredths % 100 {
        0 => (hundredths / 100).to_string(),
        rest => format!("{}.{rest:02}", hundredths / 100),
    }
}

/// The same, with the calls of each function and the capacity of each table.
pub(super) fn json(all: &[Measured], prices: &Prices) -> Value {
    let of = |one: &Measured| {
        let items = one.bill.lines.iter().map(|line| {
            json!({
                "item": line.item, "per_order": per_order(line.halves, one.orders),
                "usd_per_million": line.cost.rounded(6), "source": prices.source(line.item),
            })
        });
        let calls = one.usage.calls().map(|((share, (caller, service, operation)), calls)| {
            json!({
                "for": share, "caller": caller, "service": service, "operation": operation, "calls": calls.calls,
                "read_units": calls.read.to_string(), "write_units": calls.write.to_string(),
            })
        });
        let tables = one.usage.tables().map(|((table, index), capacity)| {
            json!({
                "table": table, "index": index,
                "read_units": capacity.read.to_string(), "write_units": capacity.write.to_string(),
            })
        });
        let runs = one.usage.runs().map(|(function, runs)| json!({ "function": function, "runs": runs }));
        json!({
            "name": one.name, "orders": one.orders,
            "usd_per_million": one.bill.total().rounded(6),
            "usd_per_million_without_mail": one.bill.without_mails().rounded(6),
            "usd_per_million_aside": one.bill.aside.iter().map(|(share, cost)| json!({
                "for": share, "usd": cost.rounded(6),
            })).collect::<Vec<_>>(),
            "items": items.collect::<Vec<_>>(), "calls": calls.collect::<Vec<_>>(),
            "tables": tables.collect::<Vec<_>>(), "runs": runs.collect::<Vec<_>>(),
        })
    };
    json!({
        "region": prices.region, "prices_of": prices.date, "currency": prices.currency, "million": MILLION,
        "measured": all.iter().map(of).collect::<Vec<_>>(),
    })
}
