//! The order's stock, and its risk, which is known once the stock is held.

use super::{
    super::{decide::Command, list, model::Order},
    Outcome,
};
use crate::{
    contact::LocationId,
    id::FulfillmentId,
    identity::StoreProfile,
    inventory::{self, Reserved},
    payment::Method,
    risk::{self, Assessment, Facts},
    runtime::{App, JobError},
    store,
    tenant::Tenant,
};

/// Reserves the order's stock, and assesses its risk.
pub(super) async fn reserve(app: &App, tenant: Tenant, order: &Order) -> Result<Outcome, JobError> {
    // Where stock lies and what is looked at by hand: an order of the moment before a change goes by the old rules.
    let profile = StoreProfile::load(&app.showing(), tenant).await?;
    let locations = profile.as_ref().map(StoreProfile::location_ids).unwrap_or_default();
    Ok(match inventory::reserve(app, tenant, order.id, &order.demand(), &locations).await? {
        Reserved::Held(allocations) => {
            let risk = assess(app, tenant, order, profile.as_ref()).await?;
            Outcome::Found(Command::RecordReserved { allocations, risk })
        }
        Reserved::Short(sku) => Outcome::Found(Command::RecordStockRefused(sku)),
        // The order was canceled meanwhile.
        Reserved::Closed => Outcome::Moved,
    })
}

pub(super) async fn locations(app: &App, tenant: Tenant) -> Result<Vec<LocationId>, JobError> {
    Ok(StoreProfile::load(app, tenant).await?.map(|profile| profile.location_ids()).unwrap_or_default())
}

/// What comes of the order's risk, by the store's rules.
async fn assess(
    app: &App,
    tenant: Tenant,
    order: &Order,
    profile: Option<&StoreProfile>,
) -> Result<Assessment, JobError> {
    let rules = profile.map(|profile| profile.risk.clone()).unwrap_or_default();
    let (email, traits) = (order.placed.contact.email(), order.placed.traits.as_ref());
    let card = if rules.ask_for_cards() { card(app, tenant, order).await } else { None };
    let counts = risk::count(app, tenant, order.id, &rules, (email, traits, card.as_deref())).await?;
    let earlier = match email {
        Some(email) if rules.asks_for_history() => list::confirmed(app, tenant, email, order.id).await?,
        _ => 0,
    };
    let elevated = order.placed.payment_method.as_ref().is_some_and(Method::is_rated_risky);
    let facts = Facts { total: order.total(), traits, elevated, counts, earlier };
    Ok(risk::assess(&facts, &rules, profile.and_then(|profile| profile.review_above)))
}

/// What tells the card that pays the order from others. Where the provider has no answer, nobody waits for it.
async fn card(app: &App, tenant: Tenant, order: &Order) -> Option<String> {
    let method = order.placed.payment_method.as_ref()?;
    let provider = super::provider(app, tenant, order).await.ok()?;
    match super::asked(app, "card", provider.card(method)).await {
        Ok(card) => card.map(|card| store::keys::hash(&[card.as_bytes()])),
        Err(error) => {
            tracing::warn!(order = %order.id, %error, "the risk of an order is assessed without its card");
            None
        }
    }
}

/// Takes what a parcel holds off the shelves.
pub(super) async fn ship(
    app: &App,
    tenant: Tenant,
    order: &Order,
    fulfillment: FulfillmentId,
) -> Result<Outcome, JobError> {
    let parcel = order.fulfillments.iter().find(|parcel| parcel.id == fulfillment);
    let lines = parcel.iter().flat_map(|parcel| &parcel.lines);
    let demand = lines.map(|line| (line.sku.clone(), u64::from(line.quantity.get()))).collect();
    inventory::ship(app, tenant, (order.id, order.first_allocations()), fulfillment, &demand).await?;
    Ok(Outcome::Found(Command::RecordShipped(fulfillment)))
}
