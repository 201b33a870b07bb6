//! What a store charges: price lists, shipping zones, taxes.

use super::Key;
use crate::{
    id::{PriceListId, ShippingZoneId, TaxRateId},
    tenant::Tenant,
};

/// How many of something a store has. Not behind a slash: the pattern of what is counted would grant it too.
pub fn count(tenant: Tenant, what: &str) -> Key {
    Key::state(format!("{tenant}/{what}-count"), "count")
}

/// The partition that holds a store's price lists that count, by age.
pub fn price_lists(tenant: Tenant) -> String {
    format!("{tenant}/price-lists")
}

/// A price list that counts.
pub fn price_list(tenant: Tenant, id: PriceListId) -> Key {
    Key::rules(price_lists(tenant), id.to_string())
}

/// The partition that holds a store's archived price lists, by age.
pub fn archived_price_lists(tenant: Tenant) -> String {
    format!("{tenant}/archived-price-lists")
}

/// An archived price list.
pub fn archived_price_list(tenant: Tenant, id: PriceListId) -> Key {
    Key::state(archived_price_lists(tenant), id.to_string())
}

/// The partition that holds the entries of a price list, by SKU.
pub fn price_entries(tenant: Tenant, list: PriceListId) -> String {
    format!("{tenant}/prices/{list}")
}

/// What a price list says of a SKU.
pub fn price_entry(tenant: Tenant, list: PriceListId, sku: &str) -> Key {
    Key::state(price_entries(tenant, list), sku)
}

/// The partition that holds a store's shipping zones, by age.
pub fn shipping_zones(tenant: Tenant) -> String {
    format!("{tenant}/shipping-zones")
}

/// A shipping zone.
pub fn shipping_zone(tenant: Tenant, id: ShippingZoneId) -> Key {
    Key::rules(shipping_zones(tenant), id.to_string())
}

/// The partition that holds a store's table of taxes, by country.
pub fn tax_rates(tenant: Tenant) -> String {
    format!("{tenant}/tax-rates")
}

/// A row of a store's table of taxes.
pub fn tax_rate(tenant: Tenant, country: &str, id: TaxRateId) -> Key {
    Key::rules(tax_rates(tenant), format!("{country}/{id}"))
}
