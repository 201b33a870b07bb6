//! From cart to order.

mod placing;
mod waiting;

use serde::Deserialize;
use utoipa::ToSchema;

pub(crate) use placing::{Onward, Payment, Placing};
pub use waiting::waited;

use crate::{
    cart::{self, Cart, Particulars, PastCheckout},
    contact::Contact,
    http::{Call, Code, ETag, Problem, Reply},
    id::{CartId, OrderId},
    identity::StoreProfile,
    inventory, limit,
    money::Money,
    order::{self, Order, OrderView},
    payment::{self, CaptureMethod, Method, ProviderName, SaveFor},
    pricing::PricedLine,
    promotion::{Reason, RefusedCode},
    quote::{LineProblem, Quote},
    risk::Traits,
    runtime::App,
    store::Edition,
    tenant::Tenant,
    vault::Opened,
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
    /// Has the provider save the payment method, for what the customer agreed to with the store: only where they agreed.
    /// They have to be logged in.
    #[serde(default)]
    pub save_payment_method: Option<SaveFor>,
    /// Whether the customer is not there, and pays with a method that they saved for that: of a store's own server only.
    #[serde(default)]
    pub off_session: bool,
    /// What the shopper agreed to pay, as the cart's `totals.total` told it. Where it comes to something else by now,
    /// nothing is ordered.
    #[serde(default)]
    pub total: Option<Money>,
}

/// An order that was placed.
#[derive(Debug)]
pub struct Placement<'a> {
    /// What is answered to who placed it.
    reply: Reply<OrderView>,
    /// The order, where who placed it carries it through its payment.
    carried: Option<Order>,
    /// Whether it was placed by an earlier request, which this one repeats.
    repeated: bool,
    /// What opens what is known of its shopper.
    vault: Opened<'a>,
}

impl<'a> Placement<'a> {
    /// One that the saga carries, or that was answered before.
    pub fn of_the_saga(app: &'a App, tenant: Tenant, reply: Reply<OrderView>) -> Self {
        let (repeated, vault) = (reply.value().is_none(), Opened::new(app, tenant));
        Self { reply, carried: None, repeated, vault }
    }

    /// The order that the checkout `past` of `cart` placed, as it was then.
    async fn repeated(vault: Opened<'a>, cart: &Cart, past: &PastCheckout) -> Result<Self, Problem> {
        let (app, tenant, id) = (vault.app(), vault.tenant(), order_of(cart, past.attempt));
        let then = order::load_until(app, tenant, id, |order| order.sequence >= past.sequence).await?;
        let then = then.ok_or_else(|| Problem::internal("a cart's order is missing"))?;
        let reply = accepted(&then, then.contact(&vault).await?).header("idempotent-replayed", "true");
        Ok(Self { reply, carried: None, repeated: true, vault })
    }
}

/// Turns the cart into an order and answers it. The order's id follows from the cart's and the attempt's number, and
/// the cart's version is a condition: however many try at once, one order is placed. The cart keeps by which request, so
/// that one that is sent again is answered by what it did the first time.
///
/// # Errors
/// 404, 409 or 422; nothing is written then.
pub async fn place<'a, Q>(
    app: &'a App,
    call: &Call<Checkout, Q>,
    id: CartId,
) -> Result<Placement<'a>, Problem> {
    let (tenant, caller) = (call.tenant()?, call.principal()?);
    let mark = call.mark().ok_or_else(|| Problem::internal("a checkout without a mark"))?;
    let vault = Opened::new(app, tenant);
    let mut onward = if waiting::carries(call) { Onward::Carried } else { Onward::WithItsStock };
    for _ in 0..TRIES {
        let (mut cart, edition) = cart::load(app, caller, id).await?;
        if let Some(past) = cart.checked_out_by(&mark)? {
            return Placement::repeated(vault, &cart, past).await;
        }
        let named = match &call.body.payment_method {
            Some(method) => Some(provider(&edition, Some(method)).await?),
            None => None,
        };
        ETag::of_version(cart.version).if_match(&call.headers)?;
        if let Some(order) = cart::ordered_as(app, tenant, &cart).await? {
            return Err(Cart::ordered(order));
        }
        cart.customer = cart.customer.or(caller.customer());
        let particulars = cart::particulars(&vault, &cart).await?;
        let quote = cart.quote(app, &edition, &particulars).await?;
        complete(&cart, &quote)?;
        let contact = contact(particulars)?;
        agreed(&quote, call.body.total)?;
        let provider = match named {
            Some(provider) => provider,
            // Nobody is asked for what gift cards and store credit paid.
            None if quote.purse.due.is_zero() => ProviderName::default(),
            None => provider(&edition, None).await?,
        };
        may_save(&call.body, provider, cart.customer.is_some(), limit::speaks_for_many(caller))?;
        let traits = Traits::of(app, tenant, &call.address, &contact).await.map_err(Problem::internal)?;
        let payment = Payment {
            method: call.body.payment_method.clone(),
            provider,
            capture: call.body.capture_method,
            save: call.body.save_payment_method,
            off_session: call.body.off_session,
            outside: None,
        };
        let (read, cause, of) = (cart.version, call.cause(), (None, Some(traits)));
        let placing =
            Placing::new(app, &vault, &edition, &mut cart, &contact, quote, payment, of, onward, &cause)
                .await?;
        cart.keep_checkout(mark.clone(), placing.order.sequence, app.now())?;
        if !placing.takes_stock() {
            in_stock(app, tenant, &placing.order.lines).await?;
        }
        let mut writes = vec![cart::replace(tenant, &cart, read)?];
        writes.extend(placing.writes.iter().cloned());
        match call.commit(app, writes, accepted(&placing.order, Some(contact))).await {
            // The cart changed meanwhile, or somebody checked it out, maybe this very request: look again.
            Err(error) if error.refused(0) => {}
            // The order is placed all the same, and waits its turn for the stock.
            Err(error) if placing.lacks_stock(&error, 1) => onward = Onward::Saga,
            Err(error) => return Err(placing.refusal(&error, 1).unwrap_or_else(|| error.into())),
            Ok(reply) => {
                let carried = placing.order.placed.carried.then_some(placing.order);
                return Ok(Placement { reply, carried, repeated: false, vault });
            }
        }
    }
    Err(Problem::new(Code::Conflict, "Others keep changing this cart. Try again."))
}

/// Whether all of the cart can be bought, and everything that has to be chosen was.
pub(crate) fn complete(cart: &Cart, quote: &Quote) -> Result<(), Problem> {
    if cart.lines.is_empty() {
        return Err(Problem::new(Code::CartIncomplete, "The cart is empty.").at("lines"));
    }
    for (place, (line, problem)) in cart.lines.iter().zip(&quote.problems).enumerate() {
        let reason = match problem {
            None => continue,
            Some(LineProblem::Unavailable) => "is no longer sold",
            Some(LineProblem::NoPrice) => "has no price in this currency",
        };
        let problem = Problem::new(Code::UnknownSku, format!("{} {reason}.", line.sku));
        return Err(problem.at(format!("lines[{place}].sku")));
    }
    let sent = quote.computed.priced.pricing.shipping.is_some();
    if !sent && (quote.must_ship || cart.shipping_method.is_some()) {
        let detail = match (quote.computed.options.is_empty(), cart.shipping_method) {
            (true, _) => "The store does not send this there.",
            (false, None) => "The cart needs shipping_method.",
            (false, Some(_)) => "It can't be sent that way any more.",
        };
        return Err(Problem::new(Code::CartIncomplete, detail).at("shipping_method"));
    }
    Ok(())
}

/// Whether it comes to what the shopper was shown: a code that is over would make it dearer behind their back.
pub(crate) fn agreed(quote: &Quote, total: Option<Money>) -> Result<(), Problem> {
    let over = |refused: &&RefusedCode| matches!(refused.reason, Reason::UsedUp | Reason::Expired);
    if let Some(refused) = quote.computed.evaluation.refused.iter().find(over) {
        let detail = format!("The code {} is used up or over. Check out again without it.", refused.code);
        return Err(Problem::new(Code::PromotionUsedUp, detail).at("codes"));
    }
    let now = quote.computed.priced.totals.total;
    if total.is_some_and(|total| total != now) {
        let detail = format!("It comes to {now} by now. Show the cart again.");
        return Err(Problem::new(Code::PriceChanged, detail).at("total"));
    }
    Ok(())
}

/// Who charges `method`, or takes one in the shopper's browser.
pub(crate) async fn provider(edition: &Edition, method: Option<&Method>) -> Result<ProviderName, Problem> {
    let (profile, mode) = (StoreProfile::under(edition).await?, edition.tenant().mode());
    payment::takes(&profile, mode, method).ok_or_else(|| {
        let detail = format!("The store takes no such payment method in {mode} mode.");
        Problem::new(Code::UnknownPaymentMethod, detail).at("payment_method")
    })
}

/// Whether the method can be saved, or charged without the shopper.
fn may_save(
    checkout: &Checkout,
    provider: ProviderName,
    known: bool,
    from_a_server: bool,
) -> Result<(), Problem> {
    let refuse = |param: &str, detail: &str| Err(Problem::invalid(param, detail));
    if checkout.save_payment_method.is_some() {
        if !known {
            return refuse("save_payment_method", "Only who is logged in can have a method saved.");
        }
        if !provider.saves() {
            return refuse("save_payment_method", "The store's provider saves no payment methods.");
        }
        if checkout.off_session {
            return refuse("save_payment_method", "Who is not there can't agree to it.");
        }
    }
    if checkout.off_session {
        if !from_a_server {
            return refuse("off_session", "Only a store's own server charges who is not there.");
        }
        if !known || checkout.payment_method.is_none() {
            return refuse(
                "off_session",
                "It takes a customer's cart, and a payment_method that they saved.",
            );
        }
    }
    Ok(())
}

/// The answer to who placed `order`. Without `contact`, its shopper was erased since.
pub(crate) fn accepted(order: &Order, contact: Option<Contact>) -> Reply<OrderView> {
    let reply = Reply::accepted(format!("/v1/orders/{}", order.id), order::view(order, contact));
    reply.etag(ETag::of_version(order.sequence))
}

/// The id of an attempt of the cart: the same whoever works it out, and as hard to guess as the cart's.
fn order_of(cart: &Cart, attempt: u32) -> OrderId {
    OrderId::derived(cart.id.time(), &[&cart.id.bits().to_be_bytes(), &attempt.to_be_bytes()])
}

pub(crate) fn contact(particulars: Particulars) -> Result<Contact, Problem> {
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
pub(crate) async fn in_stock(app: &App, tenant: Tenant, lines: &[PricedLine]) -> Result<(), Problem> {
    // What was there a moment ago will do to go on; a refusal rests on what is there now.
    match short_of(app, tenant, lines, false).await? {
        None => Ok(()),
        Some(_) => short_of(app, tenant, lines, true).await?.map_or(Ok(()), Err),
    }
}

/// The first line that there is not enough of, said.
async fn short_of(
    app: &App,
    tenant: Tenant,
    lines: &[PricedLine],
    strongly: bool,
) -> Result<Option<Problem>, Problem> {
    let skus: Vec<_> = lines.iter().map(|line| line.sku.clone()).collect();
    let mut available = inventory::available(app, tenant, &skus, strongly).await?;
    for (place, line) in lines.iter().enumerate() {
        let left = available.entry(line.sku.clone()).or_default();
        let wanted = u64::from(line.quantity.get());
        if *left < wanted {
            let detail = format!("{left} of {} are left.", line.sku);
            let problem = Problem::new(Code::OutOfStock, detail);
            return Ok(Some(problem.at(format!("lines[{place}].quantity"))));
        }
        *left -= wanted;
    }
    Ok(None)
}
