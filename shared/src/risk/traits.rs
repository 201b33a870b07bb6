//! What is noted of an order when it is placed, for its risk to be assessed later.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::is_disposable;
use crate::{
    contact::{Address, Contact},
    limit,
    runtime::{App, StartError},
    tenant::Tenant,
};

/// What an order gives away of its risk without saying who ordered: hashes under the deployment's key, and whether
/// things match. Never published.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traits {
    /// Where the request came from.
    pub source: String,
    /// Where the parcel goes.
    pub address: String,
    /// Whether the invoice goes to another country than the parcel.
    pub countries_differ: bool,
    /// Whether the email address is at a domain that gives them to anybody for minutes.
    pub disposable_email: bool,
}

impl fmt::Debug for Traits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Traits(…)")
    }
}

impl Traits {
    /// Those of an order that `source` places, for `contact`.
    ///
    /// # Errors
    /// [`StartError`] where the root secret can't be had.
    pub async fn of(
        app: &App,
        tenant: Tenant,
        source: &limit::Address,
        contact: &Contact,
    ) -> Result<Self, StartError> {
        let key = app.derived_key("risk").await?;
        let billing = contact.billing_address.as_ref();
        Ok(Self {
            source: source.opaque(app).await?,
            address: crate::vault::keyed_hash(
                &key,
                &format!("{tenant} {}", plain(&contact.shipping_address)),
            ),
            countries_differ: billing
                .is_some_and(|billing| billing.country != contact.shipping_address.country),
            disposable_email: is_disposable(&contact.email),
        })
    }
}

/// The address as it is the same for whoever writes it a little differently: lower case, letters and digits only.
fn plain(address: &Address) -> String {
    let postal = address.postal_code.as_ref().map(ToString::to_string).unwrap_or_default();
    let line2 = address.line2.as_ref().map(ToString::to_string).unwrap_or_default();
    let whole = format!("{}|{}|{line2}|{postal}|{}", address.country, address.city, address.line1);
    whole.to_lowercase().chars().filter(|c| c.is_alphanumeric() || *c == '|').collect()
}
