//! A bill: what was used, and what it costs.

use super::{Item, Share, Usd};
use crate::console::Paint;

/// An item of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// What.
    pub item: Item,
    /// How much, in halves.
    pub halves: u64,
    /// What it costs, however often the bill says that it happens.
    pub cost: Usd,
}

/// A bill.
#[derive(Clone, Debug)]
pub struct Bill {
    /// What was used.
    pub lines: Vec<Line>,
    /// What was used beside it, and is in no sum.
    pub aside: Vec<(Share, Usd)>,
    /// How often all of it happens.
    pub times: u64,
}

impl Bill {
    /// All of it.
    pub fn total(&self) -> Usd {
        self.lines.iter().map(|line| line.cost).sum()
    }

    /// All of it but the mails, which a shop sends or doesn't.
    pub fn without_mails(&self) -> Usd {
        self.lines.iter().filter(|line| line.item != Item::Mails).map(|line| line.cost).sum()
    }

    /// A table of it, for people; what was used none of is left out.
    pub fn table(&self, paint: Paint) -> String {
        let cost = match self.times {
            1 => "USD".to_owned(),
            times => format!("USD for {times}"),
        };
        let mut rows = vec![paint.dim(&row("AWS bills", "quantity", &cost))];
        for line in self.lines.iter().filter(|line| line.halves > 0) {
            let half = if line.halves % 2 == 1 { ".5" } else { "" };
            let quantity = format!("{}{half}", line.halves / 2);
            rows.push(row(line.item.name(), &quantity, &line.cost.to_string()));
        }
        rows.push(paint.bold(&row("all", "", &self.total().to_string())));
        rows.push(row("all but the mails", "", &self.without_mails().to_string()));
        for (share, cost) in self.aside.iter().filter(|(_, cost)| *cost > Usd::default()) {
            rows.push(paint.dim(&row(&format!("not in it: {}", share.name()), "", &cost.to_string())));
        }
        rows.join("\n")
    }
}

fn row(name: &str, quantity: &str, cost: &str) -> String {
    format!("  {name:<38}{quantity:>10}{cost:>18}")
}
