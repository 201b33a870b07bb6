//! What one run is made of, drawn from its seed.

use std::{collections::BTreeMap, fmt};

use fastrand::Rng;

use crate::kind::Kind;

/// Chances are counted in ten thousandths.
pub const WHOLE: u32 = 10_000;

/// What one run is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Whatever is not said here is drawn from it, too.
    pub seed: u64,
    /// How many people shop.
    pub shoppers: u32,
    /// How many things the staff do meanwhile.
    pub chores: u32,
    /// How many SKUs the store sells.
    pub skus: u32,
    /// How many of each it has to begin with.
    pub stock: u32,
    /// Over how many buckets each is spread to begin with.
    pub buckets: u32,
    /// Over how many seconds people come.
    pub span: u32,
    /// Whether a night passes at once while people come: then what is not booked yet is late, and books are closed that
    /// it belongs into.
    pub night: bool,
    /// The chance of each kind of fault, in ten thousandths. What is not here does not happen.
    pub chances: BTreeMap<Kind, u32>,
}

impl Plan {
    /// The plan of a seed.
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0x7061_6c6e);
        let mut chances = BTreeMap::new();
        // Now and then a calm run, and often few kinds with high rates: what one kind hides, another shows.
        let share = [0, 3, 5, 5, 8, 10][rng.usize(..6)];
        for &kind in Kind::ALL {
            let here = rng.u32(..10) < share;
            let chance = chance(kind, &mut rng);
            if here {
                chances.insert(kind, chance);
            }
        }
        Self {
            seed,
            shoppers: rng.u32(3..=16),
            chores: rng.u32(2..=14),
            skus: rng.u32(1..=3),
            stock: rng.u32(1..=12),
            span: [2, 20, 120, 240][rng.usize(..4)],
            night: rng.bool(),
            buckets: [1, 1, 2, 4][rng.usize(..4)],
            chances,
        }
    }

    /// The chance of a kind of fault.
    pub fn chance(&self, kind: Kind) -> u32 {
        self.chances.get(&kind).copied().unwrap_or(0)
    }

    /// The arguments that make this plan out of its seed.
    pub fn arguments(&self) -> String {
        let own = Self::of(self.seed);
        let mut text = format!("--seed {}", self.seed);
        for (name, value, default) in [
            ("shoppers", self.shoppers, own.shoppers),
            ("chores", self.chores, own.chores),
            ("skus", self.skus, own.skus),
            ("stock", self.stock, own.stock),
            ("buckets", self.buckets, own.buckets),
            ("span", self.span, own.span),
        ] {
            if value != default {
                text.push_str(&format!(" --{name} {value}"));
            }
        }
        let without: Vec<_> = own
            .chances
            .keys()
            .filter(|kind| !self.chances.contains_key(kind))
            .map(|kind| kind.as_str())
            .collect();
        if !without.is_empty() {
            text.push_str(&format!(" --without {}", without.join(",")));
        }
        text
    }
}

/// How often a kind happens in a run in which it does. What costs a try of few must stay rarer than what a client of
/// AWS retries by itself.
fn chance(kind: Kind, rng: &mut Rng) -> u32 {
    let rates: [u32; 4] = match kind {
        Kind::Throttle | Kind::Conflict => [50, 200, 800, 2000],
        Kind::Internal | Kind::Disconnect | Kind::Late | Kind::Lost => [20, 100, 300, 800],
        Kind::Partial | Kind::Fresh => [100, 500, 1500, 4000],
        Kind::Silence => [5, 10, 30, 60],
        Kind::Slow => [20, 50, 100, 200],
        Kind::Kill => [50, 100, 300, 800],
        Kind::StaleIndex => [500, 1500, 3000, 6000],
        Kind::Drop | Kind::Skew | Kind::Redeliver | Kind::Provider | Kind::Webhook => {
            [1000, 3000, 5000, 8000]
        }
        Kind::HangUp => [200, 500, 1000, 2000],
    };
    rates[rng.usize(..4)]
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shoppers, chores, skus, stock, buckets, span, .. } = self;
        write!(f, "{shoppers} shoppers in {span} s, {chores} chores, {skus} SKUs of {stock} in {buckets};")?;
        for (kind, chance) in &self.chances {
            write!(f, " {kind} {}.{:02}%", chance / 100, chance % 100)?;
        }
        if self.night {
            f.write_str(" a night;")?;
        }
        if self.chances.is_empty() { f.write_str(" no faults") } else { Ok(()) }
    }
}
