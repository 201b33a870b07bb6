//! What places an order: everything that it takes and writes, but for what it was before.

use super::order_of;
use crate::{
    cart::Cart,
    contact::Contact,
    event::Cause,
    gift_card,
    http::{Code, CommitError, Problem},
    id::{DraftId, OrderId, spoken_number},
    identity::StoreProfile,
    inventory::{self, Allocation},
    order::{self, Order, OrderContact, Placed},
    payment::{CaptureMethod, Method, ProviderName, SaveFor},
    pricing::{OutsideMethod, PaidOutside},
    promotion::{self, Claims},
    quote::Quote,
    risk::{self, Assessment, Counts, Facts, Traits},
    runtime::App,
    store::{Edition, Write},
    vault::{Opened, Subject},
};

/// A transaction has at most so many writes.
const MOST_WRITES: usize = 100;

/// Those of every placing: what it was before, its first events, and a draft's answer.
const OTHERS: usize = 3;

/// How an order is paid.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    /// The method; without it, the shopper tells the provider in the browser, or nothing is due.
    pub method: Option<Method>,
    /// By which provider.
    pub provider: ProviderName,
    /// When the money is taken.
    pub capture: CaptureMethod,
    /// What the customer agreed that the method is saved for, where they did.
    pub save: Option<SaveFor>,
    /// Whether it is charged while the shopper is not there.
    pub off_session: bool,
    /// How what is due was paid outside Souk, where it was.
    pub outside: Option<OutsideMethod>,
}

/// An order that is about to be placed.
pub(crate) struct Placing {
    /// The order.
    pub order: Order,
    /// The writes that place it, each but those of what it was before.
    pub writes: Vec<Write>,
    claims: Claims,
    claims_at: usize,
    tenders_at: usize,
    stock_at: usize,
}

/// How an order goes on that is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Onward {
    /// It takes its stock as it is placed, and who placed it carries it through its payment.
    Carried,
    /// It takes its stock as it is placed; the saga does the rest.
    WithItsStock,
    /// The saga does all of it.
    Saga,
}

impl Placing {
    /// The order that the next attempt of `cart` is, which `quote` says the price of. Counts the attempt.
    ///
    /// # Errors
    /// [`Problem`] where it can't be written down.
    #[expect(clippy::too_many_arguments, reason = "all that an order is made of, said once")]
    pub async fn new(
        app: &App,
        vault: &Opened<'_>,
        edition: &Edition,
        cart: &mut Cart,
        contact: &Contact,
        quote: Quote,
        payment: Payment,
        (draft, traits): (Option<DraftId>, Option<Traits>),
        onward: Onward,
        cause: &Cause,
    ) -> Result<Self, Problem> {
        let (tenant, cart_version, now) = (edition.tenant(), cart.version, app.now());
        cart.attempt = cart.attempt.saturating_add(1);
        let id = order_of(cart, cart.attempt);
        cart.order = Some(id);
        let sealed = seal(vault, id, cart, contact).await?;
        cart.touch(now, app.entropy().below(u64::MAX));
        let Quote { computed, purse, shopper, .. } = quote;
        let shopper =
            shopper.ok_or_else(|| Problem::internal("the cart has neither customer nor email address"))?;
        let claims = promotion::claims(tenant, id, &computed.evaluation, shopper)?;
        let redemptions = gift_card::redemptions(tenant, &purse.tenders, id, cause, now)?;
        let due = Some(purse.due).filter(|due| !due.is_zero());
        let paid_outside = payment.outside.zip(due).map(|(method, amount)| PaidOutside { method, amount });
        let placed = Placed {
            number: spoken_number(id),
            cart: cart.id,
            cart_version,
            attempt: cart.attempt,
            lines: computed.priced.lines,
            totals: computed.priced.totals,
            payment_method: payment.method,
            provider: payment.provider,
            capture_method: payment.capture,
            save_method: payment.save,
            off_session: payment.off_session,
            customer: cart.customer,
            contact: sealed,
            pricing: Some(computed.priced.pricing),
            tenders: purse.tenders,
            paid_outside,
            draft,
            carried: onward == Onward::Carried,
            traits,
        };
        let others = OTHERS + claims.writes.len() + redemptions.len();
        let taken = match onward {
            Onward::Carried | Onward::WithItsStock => {
                take(app, edition, id, &placed).await?.filter(|taken| others + taken.1.len() <= MOST_WRITES)
            }
            Onward::Saga => None,
        };
        let (reserved, stock) = taken.map_or((None, Vec::new()), |taken| (Some(taken.0), taken.1));
        let (order, mut writes) = order::place(tenant, id, placed, reserved, cause, now)?;
        let claims_at = writes.len();
        writes.extend(claims.writes.iter().cloned());
        let tenders_at = writes.len();
        writes.extend(redemptions);
        let stock_at = writes.len();
        writes.extend(stock);
        Ok(Self { order, writes, claims, claims_at, tenders_at, stock_at })
    }

    /// Whether it takes its stock as it is placed.
    pub fn takes_stock(&self) -> bool {
        self.stock_at < self.writes.len()
    }

    /// Whether it was the stock that was refused, of writes that stand from the place `from` on: it has gone meanwhile,
    /// or others are taking of it.
    pub fn lacks_stock(&self, error: &CommitError, from: usize) -> bool {
        (self.stock_at..self.writes.len()).any(|place| error.refused(from + place))
    }

    /// What to say where the writes were refused that stand from the place `from` on, if it is theirs to say.
    pub fn refusal(&self, error: &CommitError, from: usize) -> Option<Problem> {
        if let Some(problem) = self.claims.refusal(|place| error.refused(from + self.claims_at + place)) {
            return Some(problem);
        }
        let spent = (self.tenders_at..self.stock_at).any(|place| error.refused(from + place));
        let detail = "A gift card or the store credit was used elsewhere meanwhile. Show the cart again.";
        spent.then(|| Problem::new(Code::TenderRefused, detail))
    }
}

/// What an order reserves as it is placed, with what comes of its risk, and the writes that reserve it. Nothing, where the
/// store's rules ask for more than is known yet: the saga finds that out before it reserves anything.
async fn take(
    app: &App,
    edition: &Edition,
    id: OrderId,
    placed: &Placed,
) -> Result<Option<((Vec<Allocation>, Assessment), Vec<Write>)>, Problem> {
    let (tenant, profile) = (edition.tenant(), StoreProfile::under(edition).await?);
    if !profile.risk.ask_for_nothing_more() {
        return Ok(None);
    }
    let demand = order::demand_of(&placed.lines);
    let held = inventory::hold(app, tenant, id, &demand, &profile.location_ids()).await?;
    let Some((allocations, writes)) = held else {
        return Ok(None);
    };
    let facts = Facts {
        total: placed.totals.total,
        traits: placed.traits.as_ref(),
        elevated: placed.payment_method.as_ref().is_some_and(Method::is_rated_risky),
        counts: Counts::default(),
        earlier: 0,
    };
    let risk = risk::assess(&facts, &profile.risk, profile.review_above);
    Ok(Some(((allocations, risk), writes)))
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
