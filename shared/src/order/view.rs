//! Orders as shoppers and staff see them.

mod later;

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::{
    event::{CancelCause, ShippedLine, TimelineEntry, Tracking},
    model::{Fulfillment, Order, OrderStatus, PaymentStatus},
    next::{Step, next_step},
    stream,
};
use crate::{
    contact::{Address, Contact, Email},
    http::Problem,
    id::{CartId, CustomerId, DraftId, FulfillmentId, OrderId},
    money::Money,
    payment::{
        CaptureMethod, ClientSecret, Decline, DisputeStatus, Method, NextAction, ProviderDispute,
        ProviderName,
    },
    pricing::{PaidOutside, PricedLine, Tender},
    risk::RiskOutcome,
    runtime::App,
    store::StoreError,
    tenant::Tenant,
    totals::Totals,
    vault::{Opened, VaultError},
};

pub use later::{EditStanding, EditView, RefundView, ReturnView};

/// An order.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderView {
    /// Its id.
    pub id: OrderId,
    /// What people call it.
    pub number: String,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where its payment stands.
    pub payment: PaymentView,
    /// What was bought.
    pub lines: Vec<PricedLine>,
    /// What it comes to.
    pub totals: Totals,
    /// The customer whose it is, where one was logged in.
    pub customer_id: Option<CustomerId>,
    /// Where mails about it go; null where the shopper was erased.
    pub email: Option<Email>,
    /// Where the parcel goes; null where the shopper was erased.
    pub shipping_address: Option<Address>,
    /// Where the invoice goes, where that differs.
    pub billing_address: Option<Address>,
    /// Whether what was known of the shopper was erased.
    pub erased: bool,
    /// Its parcels.
    pub fulfillments: Vec<FulfillmentView>,
    /// Its refunds, in the order in which they were asked for.
    pub refunds: Vec<RefundView>,
    /// Its returns, in the order in which they were asked for.
    pub returns: Vec<ReturnView>,
    /// Its edits, in the order in which they were asked for.
    pub edits: Vec<EditView>,
    /// Its cancellation, once it was asked for.
    pub cancellation: Option<CancellationView>,
    /// How risky it is, once that is known.
    pub risk: Option<RiskView>,
    /// What happened, in order.
    pub timeline: Vec<TimelineEntry>,
    /// The draft of staff that it was, where it was one.
    pub draft_id: Option<DraftId>,
    /// The cart it was, which nobody can read any more where it was a draft's.
    pub cart_id: CartId,
    /// Which attempt of the cart it is, from 1.
    pub attempt: u32,
    /// Counts what happened to it.
    pub version: u32,
    /// When it was placed.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// An order's payment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentView {
    /// Where it stands.
    pub status: PaymentStatus,
    /// How it is paid; null where the shopper tells the provider in the browser.
    pub method: Option<Method>,
    /// By which provider.
    pub provider: ProviderName,
    /// When the money is taken.
    pub capture_method: CaptureMethod,
    /// How much it is about: what the order comes to, less what was paid otherwise.
    pub amount: Money,
    /// How much the provider took.
    pub captured: Money,
    /// How much of that went back, or is on its way back.
    pub refunded: Money,
    /// What was paid without the provider.
    pub tenders: Vec<Tender>,
    /// What was paid outside Souk, as staff said.
    pub paid_outside: Option<PaidOutside>,
    /// How much can still be refunded, on all ways together.
    pub refundable: Money,
    /// Why it was declined, where it was.
    pub decline: Option<Decline>,
    /// What the shopper's browser needs, while the shopper must do something before the money is held.
    pub action: Option<ActionView>,
    /// The provider's name of it.
    pub reference: Option<String>,
    /// Its disputes: where the shopper had their bank take the money back.
    pub disputes: Vec<DisputeView>,
}

/// What a shopper must do, and what their browser needs for it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PaymentAction)]
pub struct ActionView {
    /// Whose script takes the secret, such as `stripe`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Lets its holder see and confirm this one payment.
    pub client_secret: ClientSecret,
    /// The key that the provider's script begins with, where it has one.
    pub publishable_key: Option<String>,
}

impl From<NextAction> for ActionView {
    fn from(action: NextAction) -> Self {
        let NextAction { kind, client_secret, publishable_key } = action;
        Self { kind, client_secret, publishable_key }
    }
}

/// A dispute about a payment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Dispute)]
pub struct DisputeView {
    /// The provider's name of it.
    pub reference: String,
    /// How much it is about.
    pub amount: Money,
    /// What the provider asks for it.
    pub fee: Option<Money>,
    /// Where it stands.
    pub status: DisputeStatus,
}

/// A parcel.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Fulfillment)]
pub struct FulfillmentView {
    /// Its id.
    pub id: FulfillmentId,
    /// The order it is of.
    pub order_id: OrderId,
    /// What is in it.
    pub lines: Vec<ShippedLine>,
    /// Where it can be followed.
    pub tracking: Option<Tracking>,
    /// When it was packed.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A cancellation.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Cancellation)]
pub struct CancellationView {
    /// Why.
    pub cause: CancelCause,
    /// In the words of who asked for it.
    pub reason: Option<String>,
    /// When it was done; null while it is under way.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub canceled_at: Option<Timestamp>,
}

/// An order's risk.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Risk)]
pub struct RiskView {
    /// What comes of it.
    pub outcome: RiskOutcome,
    /// The scores of the rules that held, summed.
    pub score: i32,
    /// Why.
    pub reasons: Vec<String>,
}

/// The order as it is shown, with its contact opened.
///
/// # Errors
/// [`VaultError`] where the contact can't be had.
pub async fn shown(vault: &Opened<'_>, order: &Order) -> Result<OrderView, VaultError> {
    let mut shown = opened(vault, order).await?;
    shown.payment.action = order.next_action(vault).await?.map(ActionView::from);
    for (edit, shown) in order.edits.iter().zip(&mut shown.edits) {
        shown.action = order.edit_action(vault, edit).await?.map(ActionView::from);
    }
    Ok(shown)
}

/// The order with all that is kept of its shopper, but for what their browser needs.
///
/// # Errors
/// [`VaultError`] where it can't be had.
pub async fn opened(vault: &Opened<'_>, order: &Order) -> Result<OrderView, VaultError> {
    let mut shown = view(order, order.contact(vault).await?);
    for (one, shown) in order.returns.iter().zip(&mut shown.returns) {
        shown.note = order.note(vault, one).await?;
    }
    Ok(shown)
}

/// An order as it was once, with its contact opened. What a browser needed then is of no use any more.
///
/// # Errors
/// [`VaultError`] where the contact can't be had.
pub async fn shown_then(app: &App, tenant: Tenant, order: &Order) -> Result<OrderView, VaultError> {
    opened(&Opened::new(app, tenant), order).await
}

/// The order as it is shown, but for what is kept sealed beside `contact`. Without that, its shopper was erased.
pub fn view(order: &Order, contact: Option<Contact>) -> OrderView {
    let placed = order.placed.clone();
    let erased = contact.is_none();
    let (email, shipping_address, billing_address) = match contact {
        Some(contact) => (Some(contact.email), Some(contact.shipping_address), contact.billing_address),
        None => (None, None, None),
    };
    OrderView {
        id: order.id,
        number: placed.number,
        status: order.status(),
        payment: PaymentView {
            status: order.payment,
            method: placed.payment_method,
            provider: order.provider,
            capture_method: placed.capture_method,
            amount: order.due(),
            captured: order.captured,
            refunded: order.refunded,
            tenders: placed.tenders,
            paid_outside: placed.paid_outside,
            refundable: order.refundable(),
            decline: order.decline.clone(),
            action: None,
            reference: order.payment_reference.clone(),
            disputes: order.disputes.iter().map(|(_, dispute)| DisputeView::of(dispute)).collect(),
        },
        lines: order.lines.clone(),
        totals: order.totals.clone(),
        customer_id: placed.customer,
        email,
        shipping_address,
        billing_address,
        erased,
        fulfillments: order.fulfillments.iter().map(|parcel| FulfillmentView::of(order.id, parcel)).collect(),
        refunds: order.refunds.iter().map(|refund| RefundView::of(order.id, refund)).collect(),
        returns: order.returns.iter().map(|one| ReturnView::of(order.id, one)).collect(),
        edits: order.edits.iter().map(|edit| EditView::of(order.id, edit)).collect(),
        cancellation: order.cancellation.clone().map(|cancellation| CancellationView {
            cause: cancellation.cause,
            reason: cancellation.reason,
            canceled_at: cancellation.done_at,
        }),
        risk: order.risk.clone().map(|risk| RiskView {
            outcome: risk.outcome,
            score: risk.score,
            reasons: risk.reasons,
        }),
        timeline: order.timeline.clone(),
        draft_id: placed.draft,
        cart_id: placed.cart,
        attempt: placed.attempt,
        version: order.sequence,
        created_at: order.placed_at,
    }
}

impl DisputeView {
    fn of(dispute: &ProviderDispute) -> Self {
        let ProviderDispute { reference, amount, fee, status } = dispute.clone();
        Self { reference, amount, fee, status }
    }
}

impl FulfillmentView {
    /// A parcel as it is shown.
    pub fn of(order: OrderId, parcel: &Fulfillment) -> Self {
        Self {
            id: parcel.id,
            order_id: order,
            lines: parcel.lines.clone(),
            tracking: parcel.tracking.clone(),
            created_at: parcel.created_at,
        }
    }
}

/// Whether the order needs nothing more of Souk, or needs something of its shopper.
pub fn is_decided(order: &Order) -> bool {
    matches!(next_step(order), Step::Done | Step::AwaitReview | Step::AwaitRefund) || order.action.is_some()
}

/// The order `id`, where who placed it was to carry it through its payment and it is not decided yet.
///
/// # Errors
/// [`StoreError`].
pub async fn left_behind(app: &App, tenant: Tenant, id: OrderId) -> Result<Option<Order>, StoreError> {
    let order = stream::load(app, tenant, id).await?;
    Ok(order.filter(|order| order.placed.carried && !is_decided(order)))
}

/// The order `id` as it was when it was decided, whatever happened since, or as it is at the time `until`.
///
/// # Errors
/// [`Problem`] where storage fails or there is no such order.
pub async fn outcome(app: &App, tenant: Tenant, id: OrderId, until: Instant) -> Result<Order, Problem> {
    let mut pause = Duration::from_millis(25);
    loop {
        let order = stream::load_until(app, tenant, id, is_decided).await?.ok_or_else(Problem::not_found)?;
        if is_decided(&order) || Instant::now() >= until {
            return Ok(order);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(Duration::from_millis(400));
    }
}
