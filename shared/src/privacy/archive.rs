//! All that is known of a person, in one piece.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{carts, person::Person};
use crate::{
    audit::{self, Actor, Entry, Filter},
    cart::{self, Cart},
    catalog::Sku,
    contact::{Address, Email, Note},
    customer::{self, CustomerView},
    draft,
    gift_card::{self, StoreCreditView},
    http::Problem,
    id::{CartId, DraftId},
    metadata::Metadata,
    order::{self, Order, OrderView},
    payment::{self, SavedMethod},
    principal::Who,
    promotion::{self, PromotionTrail, Shopper},
    quantity::Quantity,
    risk::{self, NotedOrders},
    runtime::App,
    session::{self, SessionView},
    store::{self, keys},
    tenant::Tenant,
    vault::Opened,
};

/// The last entries of the audit log that an archive holds.
const ENTRIES: usize = 100;

/// What is known of a person.
#[derive(Serialize, ToSchema)]
pub struct Archive {
    /// When it was put together.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Their account, with their addresses.
    pub customer: Option<CustomerView>,
    /// Where they are logged in.
    pub sessions: Vec<SessionView>,
    /// The carts that became their orders.
    pub carts: Vec<ArchivedCart>,
    /// What staff drew up for them.
    pub drafts: Vec<ArchivedDraft>,
    /// Their orders, and what happened to each.
    pub orders: Vec<OrderView>,
    /// The payment methods that they saved at the store's provider.
    pub payment_methods: Vec<SavedMethod>,
    /// What the store owes them, and what changed it.
    pub store_credit: Option<StoreCreditView>,
    /// What is kept of their use of promotions.
    pub promotions: PromotionTrail,
    /// Orders that were noted in the last hours under their email address and where they ordered from, to tell how risky
    /// the next one is.
    pub velocity: Vec<NotedOrders>,
    /// What the audit log has of late of what they did.
    pub audit: Vec<Entry>,
}

/// A cart, as an archive holds it.
#[derive(Serialize, ToSchema)]
pub struct ArchivedCart {
    /// Its id.
    pub id: CartId,
    /// What is in it.
    pub lines: Vec<ArchivedLine>,
    /// Where mails about the order go.
    pub email: Option<Email>,
    /// Where the parcel goes.
    pub shipping_address: Option<Address>,
    /// Where the invoice goes, where that differs.
    pub billing_address: Option<Address>,
    /// The store's own.
    pub metadata: Metadata,
}

/// A draft of an order, as an archive holds it.
#[derive(Serialize, ToSchema)]
pub struct ArchivedDraft {
    /// Its id.
    pub id: DraftId,
    /// What is in it.
    pub lines: Vec<ArchivedLine>,
    /// Where mails about the order go.
    pub email: Option<Email>,
    /// Where the parcel goes.
    pub shipping_address: Option<Address>,
    /// Where the invoice goes, where that differs.
    pub billing_address: Option<Address>,
    /// What staff noted.
    pub note: Option<Note>,
}

/// A line of a cart.
#[derive(Serialize, ToSchema)]
pub struct ArchivedLine {
    /// Of what.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
}

/// Collects what is known of `person`.
pub(super) async fn collect(app: &App, tenant: Tenant, person: &Person) -> Result<Archive, Problem> {
    let vault = Opened::new(app, tenant);
    vault.unwrap_all(person.subjects()).await?;
    let orders = carts::orders(app, tenant, person).await?;
    let (mut shown, mut carts) = (Vec::with_capacity(orders.len()), Vec::new());
    for order in &orders {
        shown.push(order::opened(&vault, order).await?);
        carts.extend(cart_of(app, tenant, &vault, order).await?);
    }
    let subjects: Vec<_> = person.subjects().collect();
    let mut drafts = Vec::new();
    for draft in draft::all_of(app, tenant, &subjects).await? {
        let particulars = cart::particulars(&vault, &draft.cart).await?;
        drafts.push(ArchivedDraft {
            id: draft.id,
            lines: lines_of(draft.cart),
            email: particulars.email,
            shipping_address: particulars.shipping_address,
            billing_address: particulars.billing_address,
            note: particulars.note,
        });
    }
    let shoppers = [person.customer.map(Shopper::Customer), person.as_guest().map(Shopper::Guest)];
    let shoppers: Vec<_> = shoppers.into_iter().flatten().collect();
    let ids: Vec<_> = orders.iter().map(|order| order.id).collect();
    let traits = orders.iter().filter_map(|order| order.placed.traits.as_ref());
    let mut archive = Archive {
        created_at: app.now(),
        customer: None,
        sessions: Vec::new(),
        carts,
        drafts,
        orders: shown,
        payment_methods: Vec::new(),
        store_credit: None,
        promotions: promotion::trail(app, tenant, &ids, &shoppers).await?,
        velocity: risk::noted_of(app, tenant, person.as_guest(), traits).await?,
        audit: Vec::new(),
    };
    if let Some(id) = person.customer {
        if let Some(customer) = customer::load(app, tenant, id).await? {
            let profile = customer::profile(app, tenant, &customer).await?;
            archive.customer = Some(CustomerView::of(&customer, profile));
        }
        archive.payment_methods = payment::saved::saved(app, tenant, id).await?;
        archive.store_credit = Some(gift_card::credit_of(app, tenant, id).await?);
        let who = Who::Customer(id);
        let sessions = session::all(app, tenant, who).await?;
        archive.sessions = sessions.into_iter().map(|session| SessionView::of(session, None)).collect();
        let filter = Filter { actor: Some(Actor::Principal(who)), ..Filter::default() };
        archive.audit = audit::page(app, tenant, &filter, ENTRIES, None).await?.items;
    }
    Ok(archive)
}

/// The cart that became `order`, if it is still there.
async fn cart_of(
    app: &App,
    tenant: Tenant,
    vault: &Opened<'_>,
    order: &Order,
) -> Result<Option<ArchivedCart>, Problem> {
    let found: Option<Cart> = store::get(app, "cart", &keys::cart(tenant, order.placed.cart)).await?;
    let Some(cart) = found else {
        return Ok(None);
    };
    let particulars = cart::particulars(vault, &cart).await?;
    Ok(Some(ArchivedCart {
        id: cart.id,
        metadata: cart.metadata.clone(),
        lines: lines_of(cart),
        email: particulars.email,
        shipping_address: particulars.shipping_address,
        billing_address: particulars.billing_address,
    }))
}

fn lines_of(cart: Cart) -> Vec<ArchivedLine> {
    cart.lines.into_iter().map(|line| ArchivedLine { sku: line.sku, quantity: line.quantity }).collect()
}
