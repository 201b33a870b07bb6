//! Which rows apply: one of each layer, the most specific one.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{ShippingTax, TaxLayer, TaxOrigin, TaxRate, vat};
use crate::{
    money::{Money, Percent},
    pricing::{Destination, Spot, TaxCategory, TaxPayer},
};

/// The rows that may apply to one basket, and where the store is taxed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaxRules {
    rates: Vec<TaxRate>,
    origin: Option<TaxOrigin>,
}

impl TaxRules {
    /// The rows among `rates` that hold at `at`, for a store that is taxed at `origin`.
    pub fn new(rates: Vec<TaxRate>, origin: Option<TaxOrigin>, at: Timestamp) -> Self {
        Self { rates: rates.into_iter().filter(|rate| rate.holds_at(at)).collect(), origin }
    }

    /// Where goods count as going: where they go. While nobody knows, prices that hold their tax hold that of the
    /// store's own place, and to other prices none is added.
    pub fn destination(&self, known: Option<&Destination>, included: bool) -> Option<Destination> {
        known.cloned().or_else(|| self.origin.as_ref().filter(|_| included).map(TaxOrigin::destination))
    }

    /// Whether the business that buys owes the tax itself, and the store charges none: the store is in the European
    /// Union and has a VAT id, the goods leave for another member state, and the business has a VAT id, well formed, of
    /// another member state than the goods leave from (Articles 138 and 196 of Directive 2006/112/EC).
    pub fn reverse_charge(&self, payer: &TaxPayer, destination: Option<&Destination>) -> bool {
        let (Some(origin), TaxPayer::Business(id), Some(to)) = (&self.origin, payer, destination) else {
            return false;
        };
        let to = to.spot();
        let (to, buyer) = (vat::member_of(&to.country, &to.postal_code), vat::checked(id).ok());
        let from = origin.member();
        from.is_some() && to.is_some() && buyer.is_some() && to != from && buyer != from
    }

    /// What `price`, which holds its tax, is without it: what is charged where the tax is reversed. The tax is the one
    /// that a person at the destination would pay in the price.
    pub fn net(&self, price: Money, category: Option<&TaxCategory>, destination: &Destination) -> Money {
        let rates: Vec<Percent> = self
            .applying(category, &TaxPayer::Person, &destination.spot())
            .iter()
            .map(|row| row.rate)
            .collect();
        let held = Percent::within_all(&rates, price);
        // The parts of what a price holds never exceed it.
        held.into_iter().try_fold(price, Money::minus).unwrap_or(price)
    }

    /// The row of each layer that taxes goods of `category`.
    pub(super) fn applying(
        &self,
        category: Option<&TaxCategory>,
        payer: &TaxPayer,
        spot: &Spot,
    ) -> Vec<&TaxRate> {
        self.layers().into_iter().filter_map(|layer| self.of_layer(layer, category, payer, spot)).collect()
    }

    /// The rows that tax shipping beside goods that `goods` tax.
    pub(super) fn shipping<'a>(
        &'a self,
        goods: &[&'a TaxRate],
        payer: &TaxPayer,
        spot: &Spot,
    ) -> Vec<&'a TaxRate> {
        let of_layer = |layer: &TaxLayer| {
            let standard = self.of_layer(layer, None, payer, spot);
            match standard.map(|row| row.shipping) {
                Some(ShippingTax::Taxed) => standard,
                Some(ShippingTax::Exempt) => None,
                Some(ShippingTax::AsGoods) | None => goods
                    .iter()
                    .copied()
                    .find(|row| row.layer == *layer && row.shipping != ShippingTax::Exempt),
            }
        };
        self.layers().into_iter().filter_map(of_layer).collect()
    }

    fn layers(&self) -> BTreeSet<&TaxLayer> {
        self.rates.iter().map(|rate| &rate.layer).collect()
    }

    /// The most specific row of a layer: the closest place first, then a named category, then a named payer, then the
    /// one that began last, then the one that was added last.
    fn of_layer(
        &self,
        layer: &TaxLayer,
        category: Option<&TaxCategory>,
        payer: &TaxPayer,
        spot: &Spot,
    ) -> Option<&TaxRate> {
        let fits = |rate: &&TaxRate| {
            let of_category = rate.category.is_none() || rate.category.as_ref() == category;
            rate.layer == *layer && of_category && rate.payer.is(payer)
        };
        self.rates
            .iter()
            .filter(fits)
            .filter_map(|rate| Some((rate.place.holds(spot)?, rate)))
            .max_by_key(|(close, rate)| {
                let named = (rate.category.is_some(), rate.payer != super::Payer::Any);
                (*close, named, rate.from, rate.id)
            })
            .map(|(_, rate)| rate)
    }
}
