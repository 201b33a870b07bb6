//! What can be done that the audit log tells of.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! actions {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal;)*) => {
        /// What was done. A name is never given up or used for something else: old entries have it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        pub enum Action {
            $($(#[doc = $doc])* #[serde(rename = $text)] $name,)*
        }

        impl Action {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As it is written, such as `product.updated`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What it means, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),*),)* }
            }
        }
    };
}

actions! {
    /// A store was opened.
    StoreProvisioned = "store.provisioned";
    /// A product was created.
    ProductCreated = "product.created";
    /// A product was changed.
    ProductUpdated = "product.updated";
    /// A product was taken out of the catalog.
    ProductArchived = "product.archived";
    /// A price list was created.
    PriceListCreated = "price_list.created";
    /// A price list was changed.
    PriceListUpdated = "price_list.updated";
    /// A price list was archived: its prices no longer count.
    PriceListArchived = "price_list.archived";
    /// Prices of a price list were set or removed.
    PricesUpdated = "price_list.prices_updated";
    /// A shipping zone was created.
    ShippingZoneCreated = "shipping_zone.created";
    /// A shipping zone or its methods were changed.
    ShippingZoneUpdated = "shipping_zone.updated";
    /// A shipping zone was removed.
    ShippingZoneRemoved = "shipping_zone.removed";
    /// A tax rate was added.
    TaxRateCreated = "tax_rate.created";
    /// A tax rate was changed.
    TaxRateUpdated = "tax_rate.updated";
    /// A tax rate was removed.
    TaxRateRemoved = "tax_rate.removed";
    /// A table of tax rates was imported.
    TaxRatesImported = "tax_rate.imported";
    /// A promotion was created.
    PromotionCreated = "promotion.created";
    /// A promotion was changed.
    PromotionUpdated = "promotion.updated";
    /// A promotion was ended for good.
    PromotionArchived = "promotion.archived";
    /// A promotion got single-use codes.
    PromotionCodesMade = "promotion.codes_made";
    /// Stock was received, adjusted or counted.
    StockMoved = "stock.moved";
    /// The stock of a SKU was spread over more buckets, or fewer.
    StockSpread = "stock.spread";
    /// A draft of an order was drawn up.
    DraftCreated = "draft.created";
    /// A draft of an order was changed.
    DraftUpdated = "draft.updated";
    /// A draft of an order was deleted.
    DraftDeleted = "draft.deleted";
    /// A draft of an order got a link by which its shopper can pay.
    DraftLinkMade = "draft.payment_link_made";
    /// A draft was turned into an order.
    DraftCompleted = "draft.completed";
    /// Somebody asked for an order to be canceled.
    OrderCancelRequested = "order.cancel_requested";
    /// Somebody asked for an order's money to be taken.
    OrderCaptureRequested = "order.capture_requested";
    /// Some or all of an order was sent.
    OrderFulfilled = "order.fulfilled";
    /// An order that was held for review was let pass.
    OrderApproved = "order.approved";
    /// An order that was held for review was refused.
    OrderRejected = "order.rejected";
    /// Money of an order was given back.
    OrderRefunded = "order.refunded";
    /// What is bought by an order was changed.
    OrderEdited = "order.edited";
    /// Goods of an order are to come back.
    ReturnRequested = "return.requested";
    /// A return that a shopper asked for was agreed to.
    ReturnApproved = "return.approved";
    /// Other goods were given for what came back.
    ReturnExchanged = "return.exchanged";
    /// Goods of an order came back.
    ReturnReceived = "return.received";
    /// Goods of an order were not taken back.
    ReturnRejected = "return.rejected";
    /// A gift card was issued.
    GiftCardIssued = "gift_card.issued";
    /// A gift card was disabled or enabled again.
    GiftCardUpdated = "gift_card.updated";
    /// A customer was granted store credit.
    StoreCreditGranted = "store_credit.granted";
    /// Somebody logged in.
    SessionCreated = "session.created";
    /// Log-ins to an account were refused time and again.
    SessionRefused = "session.refused";
    /// Somebody who was logged in gave a wrong password or code time and again.
    ProofRefused = "proof.refused";
    /// A log-in was ended.
    SessionRevoked = "session.revoked";
    /// A refresh token was used again after it was exchanged; its whole family was ended.
    RefreshTokenReused = "refresh_token.reused";
    /// A shopper opened an account.
    CustomerRegistered = "customer.registered";
    /// A customer's account was changed.
    CustomerUpdated = "customer.updated";
    /// A customer's account was closed.
    CustomerRemoved = "customer.removed";
    /// An email address was verified.
    EmailVerified = "email.verified";
    /// A password was changed by who knows it.
    PasswordChanged = "password.changed";
    /// A link to reset a password was asked for.
    PasswordResetRequested = "password.reset_requested";
    /// A password was reset by a link.
    PasswordReset = "password.reset";
    /// Somebody was invited to join the staff.
    StaffInvited = "staff.invited";
    /// An invitation was taken back.
    InvitationRevoked = "invitation.revoked";
    /// Somebody joined the staff.
    StaffJoined = "staff.joined";
    /// What somebody of the staff may do was changed.
    StaffUpdated = "staff.updated";
    /// Somebody left the staff.
    StaffRemoved = "staff.removed";
    /// A role was made.
    RoleCreated = "role.created";
    /// A role was changed.
    RoleUpdated = "role.updated";
    /// A role was removed.
    RoleRemoved = "role.removed";
    /// A second factor was set up.
    SecondFactorEnabled = "second_factor.enabled";
    /// A second factor was taken away.
    SecondFactorDisabled = "second_factor.disabled";
    /// Somebody got in by a recovery code, which is used up.
    RecoveryCodeUsed = "recovery_code.used";
    /// An API key was created.
    ApiKeyCreated = "api_key.created";
    /// An API key was changed.
    ApiKeyUpdated = "api_key.updated";
    /// An API key got a new secret; the old one goes on for a while.
    ApiKeyRolled = "api_key.rolled";
    /// An API key was revoked.
    ApiKeyRevoked = "api_key.revoked";
    /// An integration was registered.
    ClientRegistered = "oauth_client.registered";
    /// An integration was changed.
    ClientUpdated = "oauth_client.updated";
    /// An integration got a new secret; the old one goes on for a while.
    ClientSecretRolled = "oauth_client.secret_rolled";
    /// An integration was removed.
    ClientRemoved = "oauth_client.removed";
    /// Somebody let an integration act for them.
    ConsentGranted = "oauth_consent.granted";
    /// What an integration had been let do was taken back, or given back by the integration.
    ConsentRevoked = "oauth_consent.revoked";
    /// A code of an integration was used twice; what it began was ended.
    CodeReused = "authorization_code.reused";
    /// The store began to trust an issuer of identities.
    IssuerTrusted = "issuer.trusted";
    /// What the store trusts an issuer with was changed.
    IssuerUpdated = "issuer.updated";
    /// The store no longer trusts an issuer.
    IssuerRemoved = "issuer.removed";
    /// The store's settings were changed.
    SettingsUpdated = "settings.updated";
    /// An export of what is known of a person was asked for.
    PrivacyExportRequested = "privacy.export_requested";
    /// What is known of a person was exported.
    PrivacyExported = "privacy.exported";
    /// An erasure of what is known of a person was asked for.
    PrivacyErasureRequested = "privacy.erasure_requested";
    /// What was known of a person was erased.
    PrivacyErased = "privacy.erased";
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Action {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|action| action.as_str() == text).ok_or(())
    }
}
