//! What a cart knows of its shopper: sealed in the table, in the clear only while a request needs it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Cart, ChangeCart};
use crate::{
    contact::{Address, Email, Note},
    id::CartId,
    pricing::VatId,
    runtime::App,
    tenant::Tenant,
    vault::{Kept, Opened, Subject, VaultError, email_hash},
};

/// How a cart's shopper is reached, as far as they said. Personal data.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    /// Where mails about the order go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Where the parcel goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Address>,
    /// Where the invoice goes, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
    /// The VAT id of the business that buys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_id: Option<VatId>,
    /// What staff noted. Only a draft has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
}

impl fmt::Debug for Particulars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Particulars(…)")
    }
}

impl Particulars {
    /// Takes over what `change` says. What it does not say stays.
    pub fn change(&mut self, change: &ChangeCart) {
        let ChangeCart { email, shipping_address, billing_address, vat_id, .. } = change.clone();
        self.email = email.or(self.email.take());
        self.shipping_address = shipping_address.or(self.shipping_address.take());
        self.billing_address = billing_address.or(self.billing_address.take());
        self.vat_id = vat_id.unwrap_or(self.vat_id.take());
    }
}

fn field(cart: CartId) -> String {
    format!("cart/{cart}/contact")
}

/// What `cart` knows of its shopper. Nothing, where the shopper was erased since.
pub(crate) async fn open(vault: &Opened<'_>, cart: &Cart) -> Result<Particulars, VaultError> {
    let opened = match &cart.contact {
        Some(kept) => vault.open_kept(&field(cart.id), kept).await?,
        None => None,
    };
    Ok(opened.unwrap_or_default())
}

/// Seals `particulars` into `cart`: under the customer's key where it is one's, else under that of the email address,
/// else, while nobody knows who it is, under one of the cart's own.
pub(crate) async fn seal(
    app: &App,
    tenant: Tenant,
    vault: &Opened<'_>,
    cart: &mut Cart,
    particulars: &Particulars,
) -> Result<(), VaultError> {
    if *particulars == Particulars::default() {
        cart.contact = None;
        return Ok(());
    }
    let email = match &particulars.email {
        Some(email) => Some(email_hash(app, tenant, email).await?),
        None => None,
    };
    let subject = match (cart.customer, email) {
        (Some(customer), _) => Subject::Customer(customer),
        (None, Some(email)) => Subject::Guest(email),
        (None, None) => Subject::Cart(cart.id),
    };
    let sealed = vault.seal(subject, &field(cart.id), particulars).await?;
    cart.contact = Some(Kept { subject, email, sealed });
    Ok(())
}
