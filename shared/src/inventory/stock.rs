//! The stock of a SKU: what all its buckets hold.

use std::collections::BTreeMap;

use super::{Level, Levels};
use crate::{
    catalog::Sku,
    contact::LocationId,
    runtime::App,
    store::{self, Found, Key, StoreError, keys},
    tenant::Tenant,
};

/// How often buckets are read again that stock was moved between meanwhile, which only staff do.
const TRIES: usize = 4;

/// What there is of a SKU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stock {
    /// What each bucket holds, from the first one on. There is always a first one.
    buckets: Vec<Levels>,
}

impl Default for Stock {
    fn default() -> Self {
        Self { buckets: vec![Levels::default()] }
    }
}

impl From<Levels> for Stock {
    fn from(levels: Levels) -> Self {
        Self { buckets: vec![levels] }
    }
}

impl Stock {
    /// The stock that `buckets` hold, if there are any.
    pub(super) fn of(buckets: Vec<Levels>) -> Self {
        if buckets.is_empty() { Self::default() } else { Self { buckets } }
    }

    /// What each bucket holds.
    pub(super) fn buckets(&self) -> &[Levels] {
        &self.buckets
    }

    /// Into how many buckets stock comes.
    pub fn open(&self) -> u32 {
        self.buckets.first().map_or(1, Levels::open)
    }

    /// How many buckets there are beyond those, which hold what was promised from them.
    pub fn closing(&self) -> u32 {
        u32::try_from(self.buckets.len()).unwrap_or(u32::MAX).saturating_sub(self.open())
    }

    /// How often stock was dealt over the buckets.
    pub(super) fn deal(&self) -> u64 {
        self.buckets.first().map_or(0, |first| first.deal)
    }

    /// Counts all changes, of whichever bucket.
    pub fn revision(&self) -> u64 {
        self.buckets.iter().map(|levels| levels.revision).sum()
    }

    /// What can be promised, over all locations.
    pub fn available(&self) -> u64 {
        self.buckets.iter().map(Levels::available).sum()
    }

    /// The level at `location`, if there ever was any.
    pub fn at(&self, location: &LocationId) -> Option<Level> {
        self.buckets.iter().filter_map(|levels| levels.locations.get(location)).copied().reduce(Level::plus)
    }

    /// The level at each location that ever had any.
    pub fn locations(&self) -> BTreeMap<&LocationId, Level> {
        let mut sums = BTreeMap::new();
        for (location, level) in self.buckets.iter().flat_map(|levels| &levels.locations) {
            let sum: &mut Level = sums.entry(location).or_default();
            *sum = sum.plus(*level);
        }
        sums
    }

    /// Whether the buckets, of which the first was read before the others, show all stock that was there all the while.
    /// Stock stays in its bucket, unless it is dealt anew, and then where it came to and where it went from bear the
    /// number of that deal: what was missed in the one, because it was read before, shows by the number in the other.
    fn is_whole(&self) -> bool {
        self.buckets.iter().all(|levels| levels.deal <= self.deal())
    }
}

/// What there is of `sku`.
///
/// # Errors
/// [`StoreError`].
pub async fn read(app: &App, tenant: Tenant, sku: &Sku) -> Result<Option<Stock>, StoreError> {
    for _ in 0..TRIES {
        let Some(first) = store::get::<Levels>(app, "stock", &keys::stock(tenant, sku.as_str())).await?
        else {
            return Ok(None);
        };
        let read = with_others(app, tenant, vec![(sku, first)], app.reads_strongly()).await?;
        if let Some(mut stocks) = read {
            return Ok(stocks.pop());
        }
    }
    Err(dealt())
}

/// What there is of each of `skus`, in their order.
pub(super) async fn read_many(
    app: &App,
    tenant: Tenant,
    skus: &[Sku],
    strongly: bool,
) -> Result<Vec<Stock>, StoreError> {
    for _ in 0..TRIES {
        let first = first_buckets(app, tenant, skus, strongly).await?;
        let first = skus.iter().zip(first).collect();
        if let Some(stocks) = with_others(app, tenant, first, strongly && app.reads_strongly()).await? {
            return Ok(stocks);
        }
    }
    Err(dealt())
}

fn dealt() -> StoreError {
    StoreError::Busy("this stock keeps being dealt over its buckets".to_owned())
}

/// What the first bucket of each of `skus` holds, which is all there is of most.
pub(super) async fn first_buckets(
    app: &App,
    tenant: Tenant,
    skus: &[Sku],
    strongly: bool,
) -> Result<Vec<Levels>, StoreError> {
    first_of(&store::look_up(app, &keys_of(tenant, skus), strongly).await?, tenant, skus)
}

/// Where the first bucket of each of `skus` is.
pub fn keys_of(tenant: Tenant, skus: &[Sku]) -> Vec<Key> {
    skus.iter().map(|sku| keys::stock(tenant, sku.as_str())).collect()
}

fn first_of(found: &Found, tenant: Tenant, skus: &[Sku]) -> Result<Vec<Levels>, StoreError> {
    let levels = |sku: &Sku| found.get::<Levels>("stock", &keys::stock(tenant, sku.as_str()));
    skus.iter().map(|sku| Ok(levels(sku)?.unwrap_or_default())).collect()
}

/// Adds what the other buckets hold to the first ones. Nothing, where stock was dealt between them meanwhile, and so
/// what is missing may be there: for what is only shown, that does not matter.
async fn with_others(
    app: &App,
    tenant: Tenant,
    first: Vec<(&Sku, Levels)>,
    strongly: bool,
) -> Result<Option<Vec<Stock>>, StoreError> {
    let others = |(sku, levels): &(&Sku, Levels)| {
        let sku = sku.as_str().to_owned();
        (1..levels.items()).map(move |bucket| keys::stock_bucket(tenant, &sku, bucket))
    };
    let keys: Vec<_> = first.iter().flat_map(others).collect();
    if keys.is_empty() {
        return Ok(Some(first.into_iter().map(|(_, levels)| levels.into()).collect()));
    }
    let mut found = store::get_many::<Levels>(app, "stock", &keys, strongly).await?.into_iter();
    let mut stocks = Vec::with_capacity(first.len());
    for (_, levels) in first {
        let mut buckets = Vec::with_capacity(levels.items() as usize);
        let others = levels.items().saturating_sub(1);
        buckets.push(levels);
        for other in found.by_ref().take(others as usize) {
            match other {
                Some(other) => buckets.push(other),
                // It was taken away, and what it held is elsewhere by now.
                None if strongly => return Ok(None),
                None => buckets.push(Levels::default()),
            }
        }
        let stock = Stock { buckets };
        if strongly && !stock.is_whole() {
            return Ok(None);
        }
        stocks.push(stock);
    }
    Ok(Some(stocks))
}

/// How many of each of `skus` can be promised, as far as that is only shown. `found` has what lies at their [`keys_of`].
///
/// # Errors
/// [`StoreError`].
pub async fn available_in(
    app: &App,
    tenant: Tenant,
    skus: &[Sku],
    found: &Found,
) -> Result<BTreeMap<Sku, u64>, StoreError> {
    let first = skus.iter().zip(first_of(found, tenant, skus)?).collect();
    let stocks = with_others(app, tenant, first, false).await?.ok_or_else(dealt)?;
    Ok(sums(skus, &stocks))
}

/// How many of each of `skus` can be promised. For showing it may be a moment old; a refusal must rest on what is read
/// `strongly`.
///
/// # Errors
/// [`StoreError`].
pub async fn available(
    app: &App,
    tenant: Tenant,
    skus: &[Sku],
    strongly: bool,
) -> Result<BTreeMap<Sku, u64>, StoreError> {
    let stocks = read_many(app, tenant, skus, strongly).await?;
    Ok(sums(skus, &stocks))
}

fn sums(skus: &[Sku], stocks: &[Stock]) -> BTreeMap<Sku, u64> {
    skus.iter().cloned().zip(stocks.iter().map(Stock::available)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_dealt_while_it_was_read_is_not_whole() {
        let bucket = |deal| Levels { deal, ..Levels::default() };
        assert!(Stock::of(vec![bucket(2), bucket(1), bucket(2)]).is_whole());
        assert!(!Stock::of(vec![bucket(2), bucket(3), bucket(2)]).is_whole());
    }

    #[test]
    fn a_sku_has_what_its_buckets_hold() {
        let at = |available, reserved, version| {
            let level = Level { available, reserved, version };
            Levels { locations: [("berlin".parse().unwrap(), level)].into(), ..Levels::default() }
        };
        let stock = Stock::of(vec![at(1, 2, 3), at(4, 0, 1), Levels::default()]);
        let sum = Level { available: 5, reserved: 2, version: 4 };
        assert_eq!((stock.available(), stock.at(&"berlin".parse().unwrap())), (5, Some(sum)));
        assert_eq!(stock.at(&"hamburg".parse().unwrap()), None);
    }
}
