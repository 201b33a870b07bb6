//! Who is calling, and what they may do.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    id::{ClientId, CustomerId, KeyId, SessionId, StaffId, StoreId},
    tenant::{Mode, Tenant},
};

macro_rules! scopes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal;)*) => {
        /// A right that a route asks for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        pub enum Scope {
            $($(#[doc = $doc])* #[serde(rename = $text)] $name,)*
        }

        impl Scope {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As it is written, such as `orders:read`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What it lets its holder do, for people.
            pub fn words(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),*).trim(),)* }
            }
        }
    };
}

scopes! {
    /// See products.
    CatalogRead = "catalog:read";
    /// Change products, and see archived ones.
    CatalogWrite = "catalog:write";
    /// See promotions, their codes, and how often they were used.
    PromotionsRead = "promotions:read";
    /// Make, change and end promotions.
    PromotionsWrite = "promotions:write";
    /// Fill carts.
    CartsWrite = "carts:write";
    /// Turn carts into orders.
    CheckoutWrite = "checkout:write";
    /// Register, log in and reset a password: what a storefront does before it knows who is there.
    AccountsWrite = "accounts:write";
    /// See and change one's own account. Only people who logged in have it.
    AccountOwn = "account:own";
    /// See one's own orders; without an account, an order whose id one has: ids can't be guessed.
    OrdersReadOwn = "orders:read_own";
    /// See and list all orders.
    OrdersRead = "orders:read";
    /// Cancel, capture, fulfill and review orders.
    OrdersWrite = "orders:write";
    /// See and list drafts of orders.
    DraftsRead = "drafts:read";
    /// Draw up orders, set their prices by hand, and say that they are paid.
    DraftsWrite = "drafts:write";
    /// Give money back.
    RefundsWrite = "refunds:write";
    /// See gift cards and store credit.
    GiftCardsRead = "gift_cards:read";
    /// Issue and disable gift cards, and grant store credit.
    GiftCardsWrite = "gift_cards:write";
    /// See the books: accounts, entries, what reconciliation found.
    LedgerRead = "ledger:read";
    /// See stock.
    StockRead = "stock:read";
    /// Move stock.
    StockWrite = "stock:write";
    /// See and list customers.
    CustomersRead = "customers:read";
    /// Change and remove customers.
    CustomersWrite = "customers:write";
    /// See the staff and their roles.
    StaffRead = "staff:read";
    /// Invite and remove staff, and change roles.
    StaffWrite = "staff:write";
    /// See which API keys there are.
    KeysRead = "api_keys:read";
    /// Create, roll and revoke API keys.
    KeysWrite = "api_keys:write";
    /// See which integrations there are.
    ClientsRead = "oauth_clients:read";
    /// Register and remove integrations.
    ClientsWrite = "oauth_clients:write";
    /// See the store's settings.
    SettingsRead = "settings:read";
    /// Change the store's settings: whom it trusts, which pages may call, what staff need to log in.
    SettingsWrite = "settings:write";
    /// Read the audit log.
    AuditRead = "audit:read";
    /// Export and erase what is known of a person.
    PrivacyWrite = "privacy:write";
}

impl Scope {
    /// What a publishable key may do: what a shopper's browser may.
    pub const PUBLISHABLE: [Self; 5] =
        [Self::CatalogRead, Self::CartsWrite, Self::CheckoutWrite, Self::AccountsWrite, Self::OrdersReadOwn];

    /// What a shopper who logged in may do.
    pub const CUSTOMER: [Self; 5] =
        [Self::CatalogRead, Self::CartsWrite, Self::CheckoutWrite, Self::AccountOwn, Self::OrdersReadOwn];

    /// All that a machine or a role can be given.
    pub fn grantable() -> BTreeSet<Self> {
        Self::ALL.iter().copied().filter(|scope| scope.can_be_granted()).collect()
    }

    /// Whether a machine or a role can be given it. The other ones belong to whoever logged in.
    pub const fn can_be_granted(self) -> bool {
        !matches!(self, Self::AccountOwn)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|scope| scope.as_str() == text).ok_or(())
    }
}

/// Who a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// The holder of an API key.
    Key(KeyId),
    /// A shopper who logged in.
    Customer(CustomerId),
    /// Somebody who works for the store and logged in.
    Staff(StaffId),
    /// An integration that acts for itself.
    Client(ClientId),
}

impl Who {
    /// `key`, `customer`, `staff` or `client`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Customer(_) => "customer",
            Self::Staff(_) => "staff",
            Self::Client(_) => "client",
        }
    }
}

/// The id, whose prefix tells the kind.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => id.fmt(f),
            Self::Customer(id) => id.fmt(f),
            Self::Staff(id) => id.fmt(f),
            Self::Client(id) => id.fmt(f),
        }
    }
}

impl FromStr for Who {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let key = text.parse().map(Self::Key);
        let customer = || text.parse().map(Self::Customer);
        let staff = || text.parse().map(Self::Staff);
        let client = || text.parse().map(Self::Client);
        key.or_else(|_| customer()).or_else(|_| staff()).or_else(|_| client()).map_err(|_| ())
    }
}

impl Serialize for Who {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Who {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| D::Error::custom("must be the id of a key, a customer, staff or a client"))
    }
}

/// A caller whom the authorizer verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    tenant: Tenant,
    who: Who,
    /// The log-in that the request rests on. API keys have none.
    session: Option<SessionId>,
    scopes: BTreeSet<Scope>,
}

/// Why a request has no principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Denial {
    /// It carried no credentials.
    Missing,
    /// It carried some that Souk does not know, or no longer.
    Unknown,
}

impl Principal {
    /// A caller whom the authorizer verified to be `who`.
    pub fn new(
        store: StoreId,
        mode: Mode,
        who: Who,
        session: Option<SessionId>,
        scopes: impl IntoIterator<Item = Scope>,
    ) -> Self {
        let tenant = Tenant::of_verified_principal(store, mode);
        Self { tenant, who, session, scopes: scopes.into_iter().collect() }
    }

    /// Whose data it may touch.
    pub fn tenant(&self) -> Tenant {
        self.tenant
    }

    /// Who it is.
    pub fn who(&self) -> Who {
        self.who
    }

    /// The log-in that the request rests on.
    pub fn session(&self) -> Option<SessionId> {
        self.session
    }

    /// The customer, where it is one.
    pub fn customer(&self) -> Option<CustomerId> {
        match self.who {
            Who::Customer(id) => Some(id),
            _ => None,
        }
    }

    /// Whether it may see what belongs to the customer `owner`, or to nobody in particular: that is found by an id
    /// which can't be guessed. Those who may see all orders see every shopper's.
    pub fn sees(&self, owner: Option<CustomerId>) -> bool {
        owner.is_none_or(|owner| self.customer() == Some(owner) || self.may(Scope::OrdersRead))
    }

    /// What it may do.
    pub fn scopes(&self) -> &BTreeSet<Scope> {
        &self.scopes
    }

    /// Whether it may do what `scope` says.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
            || (scope == Scope::OrdersReadOwn && self.scopes.contains(&Scope::OrdersRead))
    }

    /// As the authorizer hands it to the functions, through the gateway.
    pub fn to_context(&self) -> Map<String, Value> {
        let scopes: Vec<_> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        let mut context = Map::from_iter([
            ("store".to_owned(), self.tenant.store().to_string().into()),
            ("mode".to_owned(), self.tenant.mode().as_str().into()),
            ("who".to_owned(), self.who.to_string().into()),
            ("scopes".to_owned(), scopes.join(" ").into()),
        ]);
        if let Some(session) = self.session {
            context.insert("session".to_owned(), session.to_string().into());
        }
        context
    }

    /// Reads what [`Principal::to_context`] wrote. Only the gateway can write what this reads.
    ///
    /// # Errors
    /// [`Denial`] as the authorizer told it; [`Denial::Missing`] where there was no authorizer.
    pub fn of_context<'a>(field: impl Fn(&str) -> Option<&'a Value>) -> Result<Self, Denial> {
        let text = |name| field(name).and_then(Value::as_str);
        match text("denied") {
            Some("unknown") => return Err(Denial::Unknown),
            Some(_) => return Err(Denial::Missing),
            None => {}
        }
        let read = || {
            let mode = text("mode")?.parse().ok()?;
            let session = text("session").map(str::parse).transpose().ok()?;
            let scopes = text("scopes")?.split_whitespace().filter_map(|scope| scope.parse().ok());
            Some(Self::new(text("store")?.parse().ok()?, mode, text("who")?.parse().ok()?, session, scopes))
        };
        read().ok_or(Denial::Missing)
    }
}
