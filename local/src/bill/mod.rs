//! What a story costs at AWS: everything billable that happens in a market is counted, and priced from a dated table
//! of list prices.

mod lines;
mod money;
mod prices;
mod usage;

pub use lines::{Bill, Line};
pub use money::Usd;
pub use prices::{Prices, PricesError};
pub use usage::{Capacities, Item, Share, Usage, Wrote};
