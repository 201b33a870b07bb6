//! Drafts as staff see them, and as the shopper does who is to pay one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::Draft;
use crate::{
    cart::{self, CartStatus, CodeView, LineView, Particulars},
    catalog::Sku,
    contact::{Address, Email, Note},
    http::ETag,
    id::{CustomerId, DraftId, OrderId, ShippingMethodId},
    money::{Currency, Money},
    pricing::{AppliedPromotion, PricedByHand, PricedShipping, TaxTotal, VatId},
    quote::Quote,
    shipping::ShippingOption,
    totals::Totals,
};

/// A line of a draft.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PricedDraftLine)]
pub struct DraftLineView {
    /// As in a cart.
    #[serde(flatten)]
    pub line: LineView,
    /// What staff said of its price.
    pub by_hand: Option<PricedByHand>,
}

/// A draft.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Draft)]
pub struct DraftView {
    /// Its id.
    pub id: DraftId,
    /// Whether it can still be changed.
    pub status: CartStatus,
    /// Counts its changes, from 1.
    pub version: u32,
    /// What the shopper pays in.
    pub currency: Currency,
    /// The customer whose it is.
    pub customer_id: Option<CustomerId>,
    /// Where mails about the order go.
    pub email: Option<Email>,
    /// Where the parcel goes.
    pub shipping_address: Option<Address>,
    /// Where the invoice goes, where that differs.
    pub billing_address: Option<Address>,
    /// The VAT id of the business that buys.
    pub vat_id: Option<VatId>,
    /// What is in it.
    pub lines: Vec<DraftLineView>,
    /// The codes that were given.
    pub codes: Vec<CodeView>,
    /// The promotions that apply, in the order of their precedence.
    pub promotions: Vec<AppliedPromotion>,
    /// The ways in which it can be sent, once the shipping address is known.
    pub shipping_options: Vec<ShippingOption>,
    /// The way that was chosen.
    pub shipping_method: Option<ShippingMethodId>,
    /// How it is sent, and what that costs.
    pub shipping: Option<PricedShipping>,
    /// The taxes, one for each name and rate.
    pub taxes: Vec<TaxTotal>,
    /// Whether the business that buys owes the tax itself.
    pub reverse_charge: bool,
    /// What it comes to. Lines that can't be bought don't count.
    pub totals: Totals,
    /// What staff should know of it.
    pub note: Option<Note>,
    /// When the link ends by which the shopper can pay; null where there is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub payment_link_expires_at: Option<Timestamp>,
    /// The order it became.
    pub order_id: Option<OrderId>,
    /// Who drew it up.
    #[schema(value_type = String)]
    pub created_by: crate::principal::Who,
    /// When it was drawn up.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// When it ends, if nothing changes it before.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// What a list shows of a draft.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DraftSummary {
    /// Its id.
    pub id: DraftId,
    /// Counts its changes, from 1.
    pub version: u32,
    /// The customer whose it is.
    pub customer_id: Option<CustomerId>,
    /// Where mails about the order go.
    pub email: Option<Email>,
    /// What it came to when it was last changed.
    pub total: Money,
    /// The order it was last turned into, which may have been canceled since.
    pub last_order_id: Option<OrderId>,
    /// When it was drawn up.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A draft as the shopper sees it who is to pay it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SharedDraft {
    /// Where mails about the order go.
    pub email: Option<Email>,
    /// Where the parcel goes.
    pub shipping_address: Option<Address>,
    /// Where the invoice goes, where that differs.
    pub billing_address: Option<Address>,
    /// What is in it.
    pub lines: Vec<LineView>,
    /// The promotions that apply.
    pub promotions: Vec<AppliedPromotion>,
    /// How it is sent, and what that costs.
    pub shipping: Option<PricedShipping>,
    /// The taxes, one for each name and rate.
    pub taxes: Vec<TaxTotal>,
    /// What it comes to.
    pub totals: Totals,
    /// The order it became, once it was paid.
    pub order_id: Option<OrderId>,
    /// When the link ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl DraftSummary {
    pub(super) fn of(draft: &Draft, particulars: Particulars) -> Self {
        Self {
            id: draft.id,
            version: draft.version,
            customer_id: draft.cart.customer,
            email: particulars.email,
            total: draft.total,
            last_order_id: draft.cart.order,
            created_at: draft.cart.created_at,
            updated_at: draft.cart.updated_at,
        }
    }
}

impl SharedDraft {
    pub(super) fn of(
        draft: &Draft,
        particulars: Particulars,
        quote: Quote,
        order: Option<OrderId>,
        expires_at: Timestamp,
    ) -> Self {
        let cart = cart::view(&draft.cart, particulars, quote, order);
        Self {
            email: cart.email,
            shipping_address: cart.shipping_address,
            billing_address: cart.billing_address,
            lines: cart.lines,
            promotions: cart.promotions,
            shipping: cart.shipping,
            taxes: cart.taxes,
            totals: cart.totals,
            order_id: order,
            expires_at,
        }
    }
}

/// The draft as staff see it, and its tag.
pub(super) fn shown(
    draft: &Draft,
    particulars: Particulars,
    quote: Quote,
    order: Option<OrderId>,
) -> (DraftView, ETag) {
    let note = particulars.note.clone();
    let said =
        quote.computed.priced.lines.iter().filter_map(|line| Some((line.sku.clone(), line.by_hand.clone()?)));
    let mut said: BTreeMap<Sku, PricedByHand> = said.collect();
    let cart = cart::view(&draft.cart, particulars, quote, order);
    let lines = cart.lines.into_iter().map(|line| {
        // What a promotion gives away of the same SKU is a line of its own.
        let by_hand = if line.gift { None } else { said.remove(&line.sku) };
        DraftLineView { line, by_hand }
    });
    let at = |seconds| Timestamp::from_second(seconds).ok();
    let view = DraftView {
        id: draft.id,
        status: cart.status,
        version: draft.version,
        currency: cart.currency,
        customer_id: cart.customer_id,
        email: cart.email,
        shipping_address: cart.shipping_address,
        billing_address: cart.billing_address,
        vat_id: cart.vat_id,
        lines: lines.collect(),
        codes: cart.codes,
        promotions: cart.promotions,
        shipping_options: cart.shipping_options,
        shipping_method: cart.shipping_method,
        shipping: cart.shipping,
        taxes: cart.taxes,
        reverse_charge: cart.reverse_charge,
        totals: cart.totals,
        note,
        payment_link_expires_at: draft.link.as_ref().and_then(|link| at(link.expires)),
        order_id: order,
        created_by: draft.by,
        created_at: cart.created_at,
        updated_at: cart.updated_at,
        expires_at: at(draft.expires).unwrap_or(cart.updated_at),
    };
    // What it costs may change while the draft does not, and its shopper may be erased.
    let of = (&view.lines, &view.codes, &view.promotions, &view.shipping_options, &view.taxes, &view.totals);
    let etag = ETag::of_version(draft.version).with(&format!("{of:?} {order:?} {}", view.email.is_some()));
    (view, etag)
}
