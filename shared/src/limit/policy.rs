//! How much of what. Every number is here.
//!
//! The defaults are generous: whoever shops or works never meets them. Routes that guess at secrets or cost money to
//! abuse have stricter ones beside them.

use super::bucket::Policy;

/// All requests from one address, whoever they are for.
pub const ADDRESS: Policy = Policy::per_second(1_000, 2_000);
/// Requests without a credential that Souk knows, from one address.
pub const STRANGER: Policy = Policy::per_second(20, 100);
/// All requests to one store.
pub const STORE: Policy = Policy::per_second(1_000, 2_000);
/// Requests from one address with one publishable key: what one household's browsers need.
pub const PUBLISHABLE: Policy = Policy::per_second(50, 200);
/// Requests with one secret key, or of one integration.
pub const SECRET: Policy = Policy::per_second(500, 1_000);
/// Requests of one shopper who is logged in.
pub const CUSTOMER: Policy = Policy::per_second(20, 100);
/// Requests of one of the staff.
pub const STAFF: Policy = Policy::per_second(50, 200);

/// A caller that stands for many people, such as a storefront's own server, has so many times what one has.
pub const MANY_PEOPLE: u32 = 100;

/// What routes have in common that a stricter limit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// A password or a code is tried.
    LogIn,
    /// A token is issued, renewed or looked at.
    Token,
    /// An account comes to be.
    Registration,
    /// A mail with a link is sent, or such a link is used.
    PasswordReset,
    /// An order is placed.
    Checkout,
    /// A gift card is looked up by its code.
    GiftCard,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::LogIn, Self::Token, Self::Registration, Self::PasswordReset, Self::Checkout, Self::GiftCard];

    /// Its name, in headers and keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LogIn => "log-in",
            Self::Token => "token",
            Self::Registration => "registration",
            Self::PasswordReset => "password-reset",
            Self::Checkout => "checkout",
            Self::GiftCard => "gift-card",
        }
    }

    /// What one person has, known by address or by account.
    pub const fn policy(self) -> Policy {
        match self {
            Self::LogIn | Self::GiftCard => Policy::per_minute(20, 20),
            Self::Token => Policy::per_minute(60, 60),
            Self::Registration => Policy::per_hour(60, 20),
            Self::PasswordReset => Policy::per_hour(20, 10),
            Self::Checkout => Policy::per_minute(60, 60),
        }
    }

    /// Whether a request is turned away while the limit can't be looked at. What guesses at secrets must not become
    /// unlimited because the table is slow; a shop must not close because of it.
    pub const fn fails_closed(self) -> bool {
        !matches!(self, Self::Checkout)
    }
}

/// The routes with a stricter limit, as API Gateway names them. It has matched the path by then, so that neither case
/// nor slashes lead around an entry.
pub const ROUTES: [(&str, Class); 22] = [
    ("POST /v1/sessions", Class::LogIn),
    ("POST /v1/sessions/refresh", Class::Token),
    ("POST /v1/customers", Class::Registration),
    ("POST /v1/customers/verifications", Class::PasswordReset),
    ("POST /v1/customers/me/verification", Class::PasswordReset),
    ("POST /v1/password-resets", Class::PasswordReset),
    ("POST /v1/password-resets/confirm", Class::LogIn),
    ("POST /v1/customers/me/password", Class::LogIn),
    ("POST /v1/staff/sessions", Class::LogIn),
    ("POST /v1/staff/me/password", Class::LogIn),
    ("POST /v1/staff/invitations/accept", Class::LogIn),
    ("POST /oauth/token", Class::Token),
    ("POST /oauth/revoke", Class::Token),
    ("POST /oauth/introspect", Class::Token),
    ("GET /oauth/authorize", Class::Token),
    ("POST /oauth/authorize", Class::LogIn),
    ("POST /v1/staff/password-resets", Class::PasswordReset),
    ("POST /v1/staff/password-resets/confirm", Class::LogIn),
    ("POST /v1/carts/{id}/checkout", Class::Checkout),
    ("POST /v1/payment-links/read", Class::Checkout),
    ("POST /v1/payment-links/checkout", Class::Checkout),
    ("POST /v1/gift-cards/balance", Class::GiftCard),
];

/// The class of a route, if it has one.
pub fn class_of(route_key: &str) -> Option<Class> {
    ROUTES.iter().find(|(key, _)| *key == route_key).map(|(_, class)| *class)
}
