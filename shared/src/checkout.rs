//! From cart to order.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    cart::{self, Cart, LineProblem, Particulars},
    catalog,
    contact::Contact,
    http::{Call, Code, ETag, Problem, Reply},
    id::{CartId, OrderId, spoken_number},
    inventory,
    order::{self, Order, OrderContact, OrderView, Placed},
    payment::{self, CaptureMethod, Method},
    pricing::PricedLine,
    risk::Traits,
    runtime::App,
    tenant::Tenant,
    totals::Totals,
    vault::{Opened, Subject},
};

/// How often a checkout is tried again that met a change of its cart.
const TRIES: usize = 5;

/// A checkout.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Checkout {
    /// How the shopper pays: a payment method of the store's provider, such as `pm_card_visa` in test mode. Without it,
    /// the shopper's browser tells the provider, where the provider can take it there: the order's `payment.action` says
    /// how.
    pub payment_method: Option<Method>,
    /// When the money is taken.
    #[serde(default)]
    pub capture_method: CaptureMethod,
}

/// Turns the cart into an order and answers it. The order's id follows from the cart's and the attempt's number, and
/// the cart's version is a condition: however many try at once, one order is placed.
///
/// # Errors
/// 404, 409 or 422; nothing is written then.
pub async fn place<Q>(app: &App, call: &Call<Checkout, Q>, id: CartId) -> Result<Reply<OrderView>, Problem> {
    let (tenant, caller) = (call.tenant()?, call.principal()?);
    let Some(provider) = payment::takes(app, tenant, call.body.payment_method.as_ref()).await? else {
        let detail = format!("The store takes no such payment method in {} mode.", tenant.mode());
        return Err(Problem::new(Code::UnknownPaymentMethod, detail).at("payment_method"));
    };
    let vault = Opened::new(app, tenant);
    for _ in 0..TRIES {
        let mut cart = cart::load(app, caller, id).await?;
        ETag::of_version(cart.version).if_match(&call.headers)?;
        if let Some(order) = cart::ordered_as(app, tenant, &cart).await? {
            return Err(Cart::ordered(order));
        }
        let (lines, totals) = priced(app, tenant, &cart).await?;
        let particulars = cart::particulars(&vault, &cart).await?;
        let contact = contact(particulars)?;
        in_stock(app, tenant, &cart).await?;
        let (read, now) = (cart.version, app.now());
        cart.attempt = cart.attempt.saturating_add(1);
        let order_id = order_of(&cart);
        cart.order = Some(order_id);
        cart.customer = cart.customer.or(caller.customer());
        let traits = Traits::of(app, tenant, &call.address, &contact).await.map_err(Problem::internal)?;
        let sealed = seal(&vault, order_id, &cart, &contact).await?;
        cart.touch(now, app.entropy().below(u64::MAX));
        let placed = Placed {
            number: spoken_number(order_id),
            cart: cart.id,
            cart_version: read,
            attempt: cart.attempt,
            lines,
            totals,
            payment_method: call.body.payment_method.clone(),
            provider,
            capture_method: call.body.capture_method,
            customer: cart.customer,
            contact: sealed,
            pricing: None,
            tenders: Vec::new(),
            traits: Some(traits),
        };
        let (order, placing) = order::place(tenant, order_id, placed, &call.cause(), now)?;
        let mut writes = vec![cart::replace(tenant, &cart, read)?];
        writes.extend(placing);
        match call.commit(app, writes, accepted(&order, contact)).await {
            // The cart changed meanwhile, or somebody else checked it out: look again.
            Err(error) if error.refused(0) => {}
            outcome => return Ok(outcome?),
        }
    }
    Err(Problem::new(Code::Conflict, "Others keep changing this cart. Try again."))
}

/// Seals the contact of an order: for the customer whose the cart is, else for the guest of that email address.
async fn seal(
    vault: &Opened<'_>,
    order: OrderId,
    cart: &Cart,
    contact: &Contact,
) -> Result<OrderContact, Problem> {
    let email = cart.contact.as_ref().and_then(|kept| kept.email);
    let email = email.ok_or_else(|| Problem::internal("the cart's email address has no hash"))?;
    let subject = cart.customer.map_or(Subject::Guest(email), Subject::Customer);
    Ok(OrderContact::seal(vault, order, subject, email, contact).await?)
}

fn accepted(order: &Order, contact: Contact) -> Reply<OrderView> {
    let reply = Reply::accepted(format!("/v1/orders/{}", order.id), order::view(order, Some(contact)));
    reply.etag(ETag::of_version(order.sequence))
}

/// The id of the cart's present attempt: the same whoever works it out, and as hard to guess as the cart's.
fn order_of(cart: &Cart) -> OrderId {
    OrderId::derived(cart.id.time(), &[&cart.id.bits().to_be_bytes(), &cart.attempt.to_be_bytes()])
}

async fn priced(app: &App, tenant: Tenant, cart: &Cart) -> Result<(Vec<PricedLine>, Totals), Problem> {
    if cart.lines.is_empty() {
        return Err(Problem::new(Code::CartIncomplete, "The cart is empty.").at("lines"));
    }
    let skus: Vec<_> = cart.lines.iter().map(|line| line.sku.clone()).collect();
    let (lines, totals) = cart::price(cart, catalog::offers(app, tenant, &skus).await?)?;
    let mut priced = Vec::with_capacity(lines.len());
    for (place, line) in lines.into_iter().enumerate() {
        priced.push(line.map_err(|problem| {
            let reason = match problem {
                LineProblem::Unavailable => "is no longer sold",
                LineProblem::NoPrice => "has no price in this currency",
            };
            Problem::new(Code::UnknownSku, format!("{} {reason}.", skus[place]))
                .at(format!("lines[{place}].sku"))
        })?);
    }
    Ok((priced, totals))
}

fn contact(particulars: Particulars) -> Result<Contact, Problem> {
    let missing =
        |param: &str| Problem::new(Code::CartIncomplete, format!("The cart needs {param}.")).at(param);
    Ok(Contact {
        email: particulars.email.ok_or_else(|| missing("email"))?,
        shipping_address: particulars.shipping_address.ok_or_else(|| missing("shipping_address"))?,
        billing_address: particulars.billing_address,
        vat_id: particulars.vat_id,
    })
}

/// Spares a shopper the wait for a refusal that can be seen already. What decides is the reservation, later.
async fn in_stock(app: &App, tenant: Tenant, cart: &Cart) -> Result<(), Problem> {
    let skus: Vec<_> = cart.lines.iter().map(|line| line.sku.clone()).collect();
    let available = inventory::available(app, tenant, &skus, true).await?;
    for (place, line) in cart.lines.iter().enumerate() {
        let left = available.get(&line.sku).copied().unwrap_or(0);
        if left < u64::from(line.quantity.get()) {
            let detail = format!("{left} of {} are left.", line.sku);
            return Err(Problem::new(Code::OutOfStock, detail).at(format!("lines[{place}].quantity")));
        }
    }
    Ok(())
}
