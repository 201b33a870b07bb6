//! From draft to order: by staff, or by the shopper who has the link.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    link::{PaymentToken, follow},
    storage::{TRIES, load, open, replace},
};
use crate::{
    cart,
    checkout::{self, Onward, Payment, Placing},
    http::{Call, Code, Problem, Reply},
    id::DraftId,
    money::Money,
    order::OrderView,
    payment::{CaptureMethod, Method, ProviderName},
    pricing::OutsideMethod,
    risk::Traits,
    runtime::App,
    store::Edition,
    vault::Opened,
};

/// A draft that staff turn into an order. Where anything is due, it names either a payment method or how it was paid
/// outside Souk.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteDraft {
    /// A payment method of the store's provider, such as one that the customer saved there.
    #[serde(default)]
    pub payment_method: Option<Method>,
    /// How all that is due was paid already, past the provider, in one word of the store's choice.
    #[serde(default)]
    pub paid_outside: Option<OutsideMethod>,
    /// When the money is taken. What was paid outside was taken.
    #[serde(default)]
    pub capture_method: CaptureMethod,
    /// What it is to come to. Where it comes to something else by now, nothing is ordered.
    #[serde(default)]
    pub total: Option<Money>,
}

/// A draft that its shopper pays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayByLink {
    /// The link's token.
    #[schema(value_type = String)]
    pub token: PaymentToken,
    /// How the shopper pays. Without it, their browser tells the provider, where the provider can take it there.
    #[serde(default)]
    pub payment_method: Option<Method>,
    /// What the shopper was shown. Where it comes to something else by now, nothing is ordered.
    pub total: Money,
}

/// How a draft is to be paid, before it is known what is due.
struct Wish {
    method: Option<Method>,
    outside: Option<OutsideMethod>,
    capture: CaptureMethod,
    total: Option<Money>,
    /// Whether the shopper is there, who can tell their provider in the browser.
    shopper: bool,
}

/// Which draft it is.
enum Named {
    /// By its id, as staff know it.
    Id(DraftId),
    /// By the link that its shopper has.
    Token(PaymentToken),
}

/// Turns the draft `id` into an order and answers it. However many try at once, and whoever, one order is placed.
///
/// # Errors
/// 404, 409, 412 or 422; nothing is written then.
pub async fn complete(
    app: &App,
    call: &Call<CompleteDraft>,
    id: DraftId,
) -> Result<Reply<OrderView>, Problem> {
    let CompleteDraft { payment_method, paid_outside, capture_method, total } = call.body.clone();
    if payment_method.is_some() && paid_outside.is_some() {
        let detail = "It was paid outside, or is paid with a method of the provider: not both.";
        return Err(Problem::invalid("paid_outside", detail));
    }
    let wish = Wish {
        method: payment_method,
        capture: if paid_outside.is_some() { CaptureMethod::Automatic } else { capture_method },
        outside: paid_outside,
        total,
        shopper: false,
    };
    order(app, call, &wish, &Named::Id(id)).await
}

/// Turns the draft that a link leads to into an order and answers it.
///
/// # Errors
/// 404, 409 or 422; nothing is written then.
pub async fn pay(app: &App, call: &Call<PayByLink>) -> Result<Reply<OrderView>, Problem> {
    let PayByLink { token, payment_method, total } = call.body.clone();
    let (capture, total) = (CaptureMethod::Automatic, Some(total));
    let wish = Wish { method: payment_method, outside: None, capture, total, shopper: true };
    order(app, call, &wish, &Named::Token(token)).await
}

async fn order<B>(
    app: &App,
    call: &Call<B>,
    wish: &Wish,
    named: &Named,
) -> Result<Reply<OrderView>, Problem> {
    if let Some(earlier) = call.earlier(app).await? {
        return Ok(earlier);
    }
    let tenant = call.tenant()?;
    let edition = Edition::of(app, tenant).await?;
    let asked = match &wish.method {
        Some(method) => Some(checkout::provider(&edition, Some(method)).await?),
        None => None,
    };
    let vault = Opened::new(app, tenant);
    for _ in 0..TRIES {
        let mut draft = match named {
            Named::Id(id) => load(app, tenant, *id).await?,
            Named::Token(token) => follow(app, tenant, token).await?.0,
        };
        open(app, call, &draft).await?;
        let particulars = cart::particulars(&vault, &draft.cart).await?;
        let quote = draft.cart.quote(app, &edition, &particulars).await?;
        checkout::complete(&draft.cart, &quote)?;
        let contact = checkout::contact(particulars)?;
        checkout::agreed(&quote, wish.total)?;
        checkout::in_stock(app, tenant, &quote.computed.priced.lines).await?;
        let provider = match asked {
            Some(provider) => provider,
            None if wish.outside.is_some() || quote.purse.due.is_zero() => ProviderName::default(),
            None if wish.shopper => checkout::provider(&edition, None).await?,
            None => {
                let detail =
                    "Name a payment method, or say how it was paid. A payment link lets the shopper pay.";
                return Err(Problem::invalid("payment_method", detail));
            }
        };
        // Where staff order, where they are tells nothing of the shopper.
        let traits = match wish.shopper {
            true => Some(Traits::of(app, tenant, &call.address, &contact).await.map_err(Problem::internal)?),
            false => None,
        };
        let (method, outside) = (wish.method.clone(), wish.outside.clone());
        let payment = Payment {
            // Staff name a method that the customer saved, who is not there.
            off_session: !wish.shopper && method.is_some() && draft.cart.customer.is_some(),
            method,
            provider,
            capture: wish.capture,
            save: None,
            outside,
        };
        let (read, cause, of) = (draft.version, call.cause(), (Some(draft.id), traits));
        let placing = Placing::new(
            app,
            &vault,
            &edition,
            &mut draft.cart,
            &contact,
            quote,
            payment,
            of,
            Onward::Saga,
            &cause,
        )
        .await?;
        draft.settle(app.now());
        let mut writes = vec![replace(tenant, &draft, read)?];
        writes.extend(placing.writes.iter().cloned());
        match call.commit(app, writes, checkout::accepted(&placing.order, Some(contact))).await {
            // The draft changed meanwhile, or somebody else completed it: look again.
            Err(error) if error.refused(0) => {}
            Err(error) => return Err(placing.refusal(&error, 1).unwrap_or_else(|| error.into())),
            Ok(reply) => return Ok(reply),
        }
    }
    Err(Problem::new(Code::Conflict, "Others keep changing this draft. Try again."))
}
