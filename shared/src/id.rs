//! Ids: prefixed, sortable by time, and hard to guess.
//!
//! A UUIDv7 (RFC 9562) in Crockford's base 32, lower case, behind a prefix that says what it names:
//! `ord_01kasnm8v0e2jt2q3n4p5r6s7t`.

use std::{fmt, marker::PhantomData, str::FromStr};

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, schema::Schema},
};

use crate::runtime::App;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What a kind of id names.
pub trait Kind: Copy + Eq + Ord + std::hash::Hash + Send + Sync + 'static {
    /// Stands before the underscore.
    const PREFIX: &'static str;
}

/// An id of one kind of thing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id<K>(u128, PhantomData<K>);

macro_rules! kinds {
    ($($(#[$doc:meta])* $alias:ident = $kind:ident($prefix:literal);)*) => {$(
        #[doc = concat!("The kind of [`", stringify!($alias), "`].")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $kind;

        impl Kind for $kind {
            const PREFIX: &'static str = $prefix;
        }

        $(#[$doc])*
        pub type $alias = Id<$kind>;
    )*};
}

kinds! {
    /// A store: the tenant.
    StoreId = Store("store");
    /// An API key. Not the key itself, which is a secret.
    KeyId = ApiKey("key");
    /// A shopper with an account.
    CustomerId = Customer("cus");
    /// Somebody who works for a store.
    StaffId = Staff("stf");
    /// A role that a store made for its staff.
    RoleId = Role("role");
    /// An invitation to join a store's staff.
    InvitationId = Invitation("inv");
    /// A log-in on one device, or what an integration was granted: a family of refresh tokens.
    SessionId = Session("ses");
    /// A link that works once, for a limited time.
    LinkId = Link("lnk");
    /// An integration: an OAuth client.
    ClientId = Client("cli");
    /// An issuer of tokens that a store trusts.
    IdentityProviderId = IdentityProvider("idp");
    /// An entry of the audit log.
    AuditId = Audit("aud");
    /// An export or an erasure of what is known of a person.
    PrivacyRequestId = PrivacyRequest("prv");
    /// A product of a catalog.
    ProductId = Product("prod");
    /// A shopper's cart.
    CartId = Cart("cart");
    /// An order that staff draw up.
    DraftId = Draft("draft");
    /// An order.
    OrderId = Order("ord");
    /// A shipment of some of an order's lines.
    FulfillmentId = Fulfillment("ful");
    /// A movement of stock.
    MovementId = Movement("mov");
    /// An event that happened to something.
    EventId = Event("evt");
    /// A list of prices.
    PriceListId = PriceList("plist");
    /// A promotion.
    PromotionId = Promotion("promo");
    /// A row of a store's table of taxes.
    TaxRateId = TaxRate("rate");
    /// A zone that a store sends to.
    ShippingZoneId = ShippingZone("zone");
    /// A way of sending.
    ShippingMethodId = ShippingMethod("ship");
    /// A gift card.
    GiftCardId = GiftCard("gift");
    /// Some of an order's money that is given back.
    RefundId = Refund("refund");
    /// Goods that come back.
    ReturnId = Return("ret");
    /// A change of an order by staff.
    EditId = Edit("edit");
    /// An invoice or a credit note.
    InvoiceId = Invoice("invc");
    /// An entry of a store's ledger.
    LedgerEntryId = LedgerEntry("entry");
}

impl<K: Kind> Id<K> {
    /// A new id of this moment: 48 bits of milliseconds, 74 of randomness.
    pub fn new(app: &App) -> Self {
        Self::from_parts(app.now(), app.entropy().bytes(), 7)
    }

    /// The id that `seed` leads to, at `time`: the same for the same arguments, and as hard to guess as the
    /// seed is.
    pub fn derived(time: Timestamp, seed: &[&[u8]]) -> Self {
        let mut input = K::PREFIX.as_bytes().to_vec();
        for part in seed {
            input.extend_from_slice(&(part.len() as u64).to_be_bytes());
            input.extend_from_slice(part);
        }
        let mut bits = [0; 10];
        bits.copy_from_slice(&digest(&SHA256, &input).as_ref()[..10]);
        // Version 8 of RFC 9562: laid out as version 7, with bits of our own in place of randomness.
        Self::from_parts(time, bits, 8)
    }

    fn from_parts(time: Timestamp, random: [u8; 10], version: u8) -> Self {
        let millis = u64::try_from(time.as_millisecond()).unwrap_or(0).to_be_bytes();
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&millis[2..]);
        bytes[6..].copy_from_slice(&random);
        bytes[6] = (bytes[6] & 0x0f) | (version << 4);
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(u128::from_be_bytes(bytes), PhantomData)
    }

    /// The id with these 128 bits.
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits, PhantomData)
    }

    /// Its 128 bits.
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// When it was made, to the millisecond.
    pub fn time(self) -> Timestamp {
        let millis = i64::try_from(self.0 >> 80).unwrap_or(0);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(K::PREFIX)?;
        // A line, and 26 digits of 5 bits; the first holds the topmost 3.
        let mut text = [b'_'; 27];
        for (place, digit) in text[1..].iter_mut().rev().enumerate() {
            *digit = ALPHABET[((self.0 >> (5 * place)) & 31) as usize];
        }
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A text is not an id of the kind that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an id that begins with {0}_")]
pub struct IdError(&'static str);

impl<K: Kind> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let error = IdError(K::PREFIX);
        let digits = text.strip_prefix(K::PREFIX).and_then(|rest| rest.strip_prefix('_')).ok_or(error)?;
        if digits.len() != 26 || digits.as_bytes()[0] > b'7' {
            return Err(error);
        }
        digits
            .bytes()
            .try_fold(0_u128, |bits, byte| {
                let digit = ALPHABET.iter().position(|&letter| letter == byte)?;
                Some((bits << 5) | digit as u128)
            })
            .map(Self::from_bits)
            .ok_or(error)
    }
}

impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl<K: Kind> PartialSchema for Id<K> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some(format!("^{}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", K::PREFIX)))
            .examples([format!("{}_01kasnm8v0e2jt2q3n4p5r6s7t", K::PREFIX)])
            .into()
    }
}

impl<K: Kind> ToSchema for Id<K> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("{}_id", K::PREFIX).into()
    }
}

/// A short reference that people read to each other, such as `K7Q2M-9F4ZT`: 50 bits of a hash of the id.
///
/// Not a key: among ten million orders of a store, the chance that any two share one is 4 %.
pub fn spoken_number<K: Kind>(id: Id<K>) -> String {
    let hash = digest(&SHA256, &id.bits().to_be_bytes());
    let bits = hash.as_ref()[..8].iter().fold(0_u64, |bits, &byte| (bits << 8) | u64::from(byte));
    let digit = |place: u32| ALPHABET[((bits >> (5 * place)) & 31) as usize].to_ascii_uppercase() as char;
    let (first, second): (String, String) =
        ((5..10).rev().map(digit).collect(), (0..5).rev().map(digit).collect());
    format!("{first}-{second}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sorts_by_time_and_tells_it() {
        let (early, late) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(1_800_000_000).unwrap());
        let (a, b) = (OrderId::derived(early, &[b"z"]), OrderId::derived(late, &[b"a"]));
        assert!(a.to_string() < b.to_string());
        assert_eq!(b.time(), late);
    }

    #[test]
    fn derived_ids_depend_on_every_part() {
        let id = |seed: &[&[u8]]| OrderId::derived(Timestamp::UNIX_EPOCH, seed);
        assert_eq!(id(&[b"ab", b"c"]), id(&[b"ab", b"c"]));
        assert_ne!(id(&[b"ab", b"c"]), id(&[b"a", b"bc"]));
    }

    #[test]
    fn another_kind_or_case_is_refused() {
        let id = OrderId::from_bits(7).to_string();
        assert!(id.parse::<OrderId>().is_ok());
        assert!(id.parse::<CartId>().is_err());
        assert!(id.to_uppercase().parse::<OrderId>().is_err());
        assert!(format!("{id}0").parse::<OrderId>().is_err());
        assert!("ord_8zzzzzzzzzzzzzzzzzzzzzzzzz".parse::<OrderId>().is_err());
    }

    proptest! {
        #[test]
        fn text_and_back(bits in any::<u128>()) {
            let id = OrderId::from_bits(bits);
            prop_assert_eq!(id.to_string().parse::<OrderId>().unwrap(), id);
        }

        #[test]
        fn parsing_never_panics(text in ".{0,40}") {
            let _ = text.parse::<OrderId>();
        }
    }
}
