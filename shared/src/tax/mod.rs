//! Taxes: which of them apply to what is bought, and how much they are.
//!
//! A store's rates are rows of its own table ([`TaxRate`]). [`TaxRules`] are the rows that may apply to one basket, and
//! [`taxes`] is a pure function of them; [`TaxProvider`] is where rules come from.

mod engine;
mod import;
mod place;
mod provider;
mod rate;
mod rules;
mod storage;
#[cfg(test)]
mod tests;
pub mod vat;

pub use engine::{Taxable, Taxes, taxes};
pub use import::{ImportTaxRates, ImportedTaxRates, StarterTable, import};
pub use place::TaxOrigin;
pub use provider::{TaxAsk, TaxProvider, TaxTable};
pub use rate::{ChangeTaxRate, NewTaxRate, Payer, ShippingTax, TaxLayer, TaxRate};
pub use rules::TaxRules;
pub use storage::{change, create, get, list, remove, view};
