//! A store's rules, remembered for as long as nobody changes any: prices, promotions, taxes and ways of sending are
//! looked at for every cart, and change now and then.
//!
//! A count, the edition, goes up in the same transaction as any change of a rule ([`Key::is_of_rules`] says what is one).
//! Whoever wants rules reads the count, and of the rules only what it does not remember of that edition or a later one.
//!
//! The count is kept in [`COPIES`] copies, which go up together, and any of which will do: one item can be read 3,000 times
//! a second, and a rush looks at a store's carts more often.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{Found, Key, StoreError, Write, get, keys, look_up};
use crate::{runtime::App, tenant::Tenant};

/// How long an environment goes without reading rules anew. They are right for as long as the edition is; this bounds how
/// long what nobody asks for any more is kept.
const KEPT: SignedDuration = SignedDuration::from_mins(30);

/// In how many copies a store's count is kept.
const COPIES: u8 = 4;

/// The count, as it is kept. A store that never changed a rule has none.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Count {
    edition: u64,
}

/// The rules of a store as they are now, or were a moment ago where that will do ([`App::showing`]).
#[derive(Clone, Debug)]
pub struct Edition {
    /// Reads strongly: what is remembered must be no older than the edition that it is remembered for.
    app: App,
    tenant: Tenant,
    number: u64,
}

/// Rules, and the edition that they are of, or an earlier one.
struct Kept<T> {
    number: u64,
    rules: Arc<T>,
}

impl Edition {
    /// The edition of `tenant`'s rules.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(app: &App, tenant: Tenant) -> Result<Self, StoreError> {
        let count: Option<Count> = get(app, "edition", &any_copy(app, tenant)).await?;
        Ok(Self::new(app, tenant, count))
    }

    /// The item at `key`, read strongly, and the edition with it: one call for both.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn with<T: serde::de::DeserializeOwned>(
        app: &App,
        tenant: Tenant,
        kind: &'static str,
        key: Key,
    ) -> Result<(Option<T>, Self), StoreError> {
        let (mut found, edition) = Self::beside(app, tenant, vec![key.clone()]).await?;
        Ok((found.take(kind, &key)?, edition))
    }

    /// What the state table has under `keys`, and the edition with it: one call for all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn beside(app: &App, tenant: Tenant, mut keys: Vec<Key>) -> Result<(Found, Self), StoreError> {
        let count = any_copy(app, tenant);
        keys.push(count.clone());
        let mut found = look_up(app, &keys, true).await?;
        let edition = Self::new(app, tenant, found.take("edition", &count)?);
        Ok((found, edition))
    }

    fn new(app: &App, tenant: Tenant, count: Option<Count>) -> Self {
        Self { app: app.deciding(), tenant, number: count.unwrap_or_default().edition }
    }

    /// Whose rules these are.
    pub fn tenant(&self) -> Tenant {
        self.tenant
    }

    /// How whoever loads rules of this edition reads: strongly.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The rules called `name`, by `load` where this edition's are not remembered. `load` has to read by
    /// [`Edition::app`]: rules that are read after the edition are that edition's, or a later one's, which shows by
    /// its count.
    ///
    /// # Errors
    /// Those of `load`.
    pub async fn rules<T: Send + Sync + 'static, E>(
        &self,
        name: &str,
        load: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        let (memo, now, name) = (self.app.tenant_memo(), self.app.now(), format!("rules/{name}"));
        if let Some(kept) = memo.get::<Kept<T>>(self.tenant, &name, now, KEPT)
            && kept.number >= self.number
        {
            return Ok(Arc::clone(&kept.rules));
        }
        let rules = Arc::new(load.await?);
        memo.put(self.tenant, &name, now, Kept { number: self.number, rules: Arc::clone(&rules) });
        Ok(rules)
    }
}

fn any_copy(app: &App, tenant: Tenant) -> Key {
    keys::edition(tenant, app.entropy().bytes::<1>()[0] % COPIES)
}

/// The writes that count the changes that `writes` make to rules: of all copies of each store's count whose rules they
/// are.
pub(super) fn counted<'a>(writes: impl Iterator<Item = &'a Key>) -> Vec<Write> {
    let mut counts: Vec<Key> = Vec::new();
    for tenant in writes.filter(|key| key.is_of_rules()).filter_map(|key| keys::tenant_of(key.pk())) {
        let copies = (0..COPIES).map(|copy| keys::edition(tenant, copy));
        let new: Vec<Key> = copies.filter(|count| !counts.contains(count)).collect();
        counts.extend(new);
    }
    let count = |key| {
        Write::update(key, "SET #kind = :kind ADD edition :one")
            .name("#kind", "kind")
            .text(":kind", "edition")
            .value(":one", AttributeValue::N("1".to_owned()))
    };
    counts.into_iter().map(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{PriceListId, ShippingZoneId, StoreId, TaxRateId},
        tenant::Mode,
    };

    #[test]
    fn a_change_of_rules_is_counted_once_for_each_store_and_nothing_else_is() {
        let of = |bits| Tenant::of_own_record(StoreId::from_bits(bits), Mode::Test);
        let (one, other) = (of(1), of(2));
        let changed = |keys: &[Key]| counted(keys.iter()).iter().map(|write| write.key().clone()).collect();
        let counts_of = |tenant| (0..COPIES).map(move |copy| keys::edition(tenant, copy));
        let rules = [
            keys::store_profile(one),
            keys::price_list(one, PriceListId::from_bits(1)),
            keys::automatic_promotion(one, crate::id::PromotionId::from_bits(1)),
            keys::shipping_zone(one, ShippingZoneId::from_bits(1)),
            keys::tax_rate(one, "DE", TaxRateId::from_bits(1)),
        ];
        for rule in &rules {
            let counts: Vec<Key> = changed(std::slice::from_ref(rule));
            assert!(counts.into_iter().eq(counts_of(one)), "{rule:?}");
        }
        let both: Vec<Key> = changed(&[&rules[..], &[keys::store_profile(other)]].concat());
        assert!(both.into_iter().eq(counts_of(one).chain(counts_of(other))));
        let others = [
            keys::edition(one, 0),
            keys::stock(one, "MUG"),
            keys::offer(one, "MUG"),
            keys::archived_price_list(one, PriceListId::from_bits(1)),
            keys::promotion(one, crate::id::PromotionId::from_bits(1)),
        ];
        assert!(counted(others.iter()).is_empty());
    }
}
