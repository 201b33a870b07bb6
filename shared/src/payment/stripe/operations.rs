//! What is done with a payment at Stripe, so that it can be done again.

use http::StatusCode;
use jiff::SignedDuration;

use super::{
    Answer, Form, List, Stripe, done, expanded, field,
    item::Item,
    minor::to_stripe,
    shapes::{Fault, Intent, Refund},
    view,
};
use crate::{
    id::RefundId,
    money::Money,
    payment::{CaptureMethod, Charge, PaymentKey, ProviderError, ProviderPayment, ProviderStatus},
};

/// How long Stripe surely remembers an idempotency key: it says a day.
const KEY_LIFE: SignedDuration = SignedDuration::from_hours(23);

/// How far Stripe's clock and ours may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(10);

/// Pages of a list that are looked through at most for one payment.
const MOST_PAGES: usize = 50;

fn unknown(reason: &str) -> ProviderError {
    ProviderError::Unknown(reason.to_owned())
}

/// Holds the money, or says how the payment stands.
pub(super) async fn authorize(
    stripe: &Stripe,
    key: PaymentKey,
    charge: &Charge<'_>,
) -> Result<ProviderPayment, ProviderError> {
    let (app, tenant) = (&stripe.app, stripe.tenant);
    if let Some(item) = Item::load(app, tenant, key).await?
        && let Some(id) = &item.intent
    {
        let intent = stripe.intent(id).await?;
        return settled(stripe, key, item, intent).await;
    }
    // All that may fail before Stripe is asked to hold anything comes before the item that says that it was asked.
    let form = creation(stripe, key, charge).await?;
    let item = Item::new(charge.amount, app.now()).create(app, tenant, key).await?;
    let intent = match &item.intent {
        _ if item.closed => return Ok(item.closed_payment(key)),
        Some(id) => stripe.intent(id).await?,
        None if app.now() < item.asked_at + KEY_LIFE => {
            match stripe.post("/v1/payment_intents", &form, &format!("{key}-authorize")).await? {
                Answer::Done(intent) => intent,
                Answer::Refused(status, fault) => return declined(stripe, key, item, status, *fault).await,
            }
        }
        None => listed(stripe, key, &item).await?.ok_or_else(|| unknown("it is too late to ask again"))?,
    };
    settled(stripe, key, item, intent).await
}

/// Notes the payment's name, and closes what was declined: who has the browser's secret could try another card.
async fn settled(
    stripe: &Stripe,
    key: PaymentKey,
    item: Item,
    intent: Intent,
) -> Result<ProviderPayment, ProviderError> {
    let item = noted(stripe, key, item, &intent).await?;
    let stands = intent.stands();
    let open =
        !matches!(stands, ProviderStatus::Voided | ProviderStatus::Captured) && intent.status != "canceled";
    if item.closed && open {
        // Somebody voided the payment while Stripe was asked.
        let intent = cancel(stripe, &intent.id).await?;
        return stripe.whole(intent).await;
    }
    if stands == ProviderStatus::Declined && open {
        let intent = cancel(stripe, &intent.id).await?;
        return stripe.whole(intent).await;
    }
    stripe.whole(intent).await
}

async fn noted(stripe: &Stripe, key: PaymentKey, item: Item, intent: &Intent) -> Result<Item, ProviderError> {
    if item.intent.as_ref() == Some(&intent.id) {
        return Ok(item);
    }
    item.change(&stripe.app, stripe.tenant, key, |item| item.intent = Some(intent.id.clone())).await
}

/// Stripe did not hold the money. With a declined card it answers the payment too, which is closed then.
async fn declined(
    stripe: &Stripe,
    key: PaymentKey,
    item: Item,
    status: StatusCode,
    fault: Fault,
) -> Result<ProviderPayment, ProviderError> {
    let no_such_method = fault.param.as_deref() == Some("payment_method");
    if status != StatusCode::PAYMENT_REQUIRED && !no_such_method {
        // The request was wrong. Another one may have been right: look before saying that nothing was done.
        return match fault.kind.as_deref() {
            Some("idempotency_error") => match listed(stripe, key, &item).await? {
                Some(intent) => settled(stripe, key, item, intent).await,
                None => Err(unknown("the payment was asked for otherwise before")),
            },
            _ => done(Answer::Refused(status, Box::new(fault))),
        };
    }
    let decline = view::decline(&fault);
    let named = fault.payment_intent.is_some();
    let close = |item: &mut Item| {
        item.decline = Some(decline.clone());
        item.closed = true;
        item.certain = !named;
    };
    let Some(intent) = fault.payment_intent else {
        let item = item.change(&stripe.app, stripe.tenant, key, close).await?;
        return Ok(item.closed_payment(key));
    };
    let item = noted(stripe, key, item, &intent).await?;
    if intent.status != "canceled" {
        cancel(stripe, &intent.id).await?;
    }
    let item = item.change(&stripe.app, stripe.tenant, key, close).await?;
    Ok(item.closed_payment(key))
}

/// What Stripe is told of a payment: the same, whenever it is asked under this key.
async fn creation(stripe: &Stripe, key: PaymentKey, charge: &Charge<'_>) -> Result<Form, ProviderError> {
    let mut form = beginning(stripe, key, charge.amount, charge.capture)?;
    match charge.method {
        Some(method) => {
            form.extend([
                field("payment_method", method),
                field("payment_method_types[]", "card"),
                field("confirm", true),
            ]);
            // Who is not there can't answer their bank: Stripe declines where it asks them to.
            form.push(if charge.present {
                field("use_stripe_sdk", true)
            } else {
                field("off_session", true)
            });
        }
        None => form.push(field(&format!("metadata[{}]", view::BROWSER), "yes")),
    }
    if let Some(customer) = charge.customer {
        form.push(field("customer", super::customers::of(stripe, customer).await?));
    }
    form.extend(charge.save.map(|purpose| field("setup_future_usage", purpose.as_str())));
    form.extend(expanded(""));
    Ok(form)
}

fn beginning(
    stripe: &Stripe,
    key: PaymentKey,
    amount: Money,
    capture: CaptureMethod,
) -> Result<Form, ProviderError> {
    let capture = match capture {
        // Taken with the authorization: a call less.
        CaptureMethod::Automatic => "automatic",
        CaptureMethod::Manual => "manual",
    };
    Ok(vec![
        field("amount", to_stripe(amount)?),
        field("currency", amount.currency().code().to_ascii_lowercase()),
        field("capture_method", capture),
        field(&format!("metadata[{}]", view::STORE), stripe.tenant),
        field("metadata[souk_order]", key.order),
        field(&format!("metadata[{}]", view::PAYMENT), key),
    ])
}

/// The payment in Stripe's list of what was begun about then. The list is up to date, which Stripe's search is not.
async fn listed(stripe: &Stripe, key: PaymentKey, item: &Item) -> Result<Option<Intent>, ProviderError> {
    let (from, until) = (item.asked_at - SKEW, item.asked_at + KEY_LIFE + SKEW);
    let mut behind: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let mut form = expanded("data.");
        form.extend([
            field("limit", 100),
            field("created[gte]", from.as_second()),
            field("created[lte]", until.as_second()),
        ]);
        form.extend(behind.take().map(|last| field("starting_after", last)));
        let list: List<Intent> = done(stripe.get("/v1/payment_intents", &form).await?)?;
        behind = list.data.last().filter(|_| list.has_more).map(|intent| intent.id.clone());
        let name = key.to_string();
        let ours = |intent: &Intent| {
            stripe.owns(&intent.metadata) && intent.metadata.get(view::PAYMENT) == Some(&name)
        };
        if let Some(intent) = list.data.into_iter().find(ours) {
            return Ok(Some(intent));
        }
        if behind.is_none() {
            return Ok(None);
        }
    }
    Err(unknown("Stripe has too many payments of that time to look through"))
}

/// The payment's name at Stripe, noted or found.
async fn known(stripe: &Stripe, key: PaymentKey) -> Result<(Option<Item>, Option<String>), ProviderError> {
    let Some(item) = Item::load(&stripe.app, stripe.tenant, key).await? else { return Ok((None, None)) };
    if item.intent.is_some() || item.certain {
        let intent = item.intent.clone();
        return Ok((Some(item), intent));
    }
    match listed(stripe, key, &item).await? {
        Some(intent) => {
            let item = noted(stripe, key, item, &intent).await?;
            Ok((Some(item), Some(intent.id)))
        }
        None => Ok((Some(item), None)),
    }
}

async fn named(stripe: &Stripe, key: PaymentKey) -> Result<String, ProviderError> {
    known(stripe, key).await?.1.ok_or_else(|| unknown("no such payment"))
}

/// Takes `amount`, and lets go of the rest.
pub(super) async fn capture(
    stripe: &Stripe,
    key: PaymentKey,
    amount: Money,
) -> Result<ProviderPayment, ProviderError> {
    let id = named(stripe, key).await?;
    let mut form = expanded("");
    form.push(field("amount_to_capture", to_stripe(amount)?));
    let fault = match stripe.turn(&id, "capture", &form).await? {
        // Just taken: nothing was given back yet.
        Answer::Done(intent) => return view::payment(intent, &[], Vec::new(), &stripe.secrets),
        Answer::Refused(_, fault) => fault,
    };
    let payment = stripe.whole(stripe.intent(&id).await?).await?;
    match payment.status {
        ProviderStatus::Captured | ProviderStatus::Refunded if payment.captured == amount => Ok(payment),
        ProviderStatus::Authorized if payment.amount.amount() < amount.amount() => {
            Err(ProviderError::TooMuch { left: payment.amount })
        }
        ProviderStatus::Authorized => done(Answer::Refused(StatusCode::BAD_REQUEST, fault)),
        status => Err(ProviderError::NotNow(status)),
    }
}

async fn cancel(stripe: &Stripe, id: &str) -> Result<Intent, ProviderError> {
    match stripe.turn(id, "cancel", &expanded("")).await? {
        Answer::Done(intent) => Ok(intent),
        Answer::Refused(..) => {
            let intent = stripe.intent(id).await?;
            match intent.stands() {
                ProviderStatus::Voided => Ok(intent),
                ProviderStatus::Declined if intent.status == "canceled" => Ok(intent),
                status => Err(ProviderError::NotNow(status)),
            }
        }
    }
}

/// Lets go of what is held, and sees to it that nothing is held later.
///
/// Where Stripe was never asked, that is written down and Stripe need not be asked at all. Where it was asked and its
/// answer is unknown, another payment is begun under the same idempotency key: either it takes the key's place, so
/// that the first request can do nothing any more, or Stripe refuses because the first request is there already.
pub(super) async fn void(
    stripe: &Stripe,
    key: PaymentKey,
    amount: Money,
) -> Result<ProviderPayment, ProviderError> {
    let (app, tenant) = (&stripe.app, stripe.tenant);
    let fresh = Item { closed: true, certain: true, ..Item::new(amount, app.now()) };
    let item = fresh.create(app, tenant, key).await?;
    if item.certain {
        return Ok(item.closed_payment(key));
    }
    let item = item.change(app, tenant, key, |item| item.closed = true).await?;
    let id = match &item.intent {
        Some(id) => id.clone(),
        None => match occupied(stripe, key, &item).await? {
            Some(id) => id,
            None => {
                let item = item.change(app, tenant, key, |item| item.certain = true).await?;
                return Ok(item.closed_payment(key));
            }
        },
    };
    let intent = cancel(stripe, &id).await?;
    stripe.whole(intent).await
}

/// Makes certain what became of the first request: the payment that it began, or one in its place.
async fn occupied(stripe: &Stripe, key: PaymentKey, item: &Item) -> Result<Option<String>, ProviderError> {
    if stripe.app.now() >= item.asked_at + KEY_LIFE {
        return Ok(listed(stripe, key, item).await?.map(|intent| intent.id));
    }
    let form = beginning(stripe, key, item.amount, CaptureMethod::Manual)?;
    match stripe.post::<Intent>("/v1/payment_intents", &form, &format!("{key}-authorize")).await? {
        Answer::Done(intent) => {
            noted(stripe, key, item.clone(), &intent).await?;
            Ok(Some(intent.id))
        }
        Answer::Refused(_, fault) if fault.kind.as_deref() == Some("idempotency_error") => {
            let found = listed(stripe, key, item).await?;
            let intent = found.ok_or_else(|| unknown("the payment that Stripe began is not listed yet"))?;
            noted(stripe, key, item.clone(), &intent).await?;
            Ok(Some(intent.id))
        }
        Answer::Refused(status, fault) => done(Answer::Refused(status, fault)),
    }
}

/// Gives back `amount`, once for each `refund`.
pub(super) async fn refund(
    stripe: &Stripe,
    key: PaymentKey,
    refund: RefundId,
    amount: Money,
) -> Result<ProviderPayment, ProviderError> {
    let id = named(stripe, key).await?;
    let payment = stripe.whole(stripe.intent(&id).await?).await?;
    // The idempotency key lasts for a day only; what Stripe has of the refund lasts.
    if payment.refunds.iter().any(|known| known.id == refund) {
        return Ok(payment);
    }
    if !matches!(payment.status, ProviderStatus::Captured | ProviderStatus::Refunded) {
        return Err(ProviderError::NotNow(payment.status));
    }
    let left = payment.kept();
    if amount.amount() <= 0 || amount.amount() > left.amount() || amount.currency() != left.currency() {
        return Err(ProviderError::TooMuch { left });
    }
    let form = vec![
        field("payment_intent", &id),
        field("amount", to_stripe(amount)?),
        field(&format!("metadata[{}]", view::REFUND), refund),
        field(&format!("metadata[{}]", view::PAYMENT), key),
        field(&format!("metadata[{}]", view::STORE), stripe.tenant),
    ];
    let answer = stripe.post::<Refund>("/v1/refunds", &form, &format!("{key}-refund-{refund}")).await?;
    let payment = stripe.whole(stripe.intent(&id).await?).await?;
    match answer {
        Answer::Refused(..) if payment.kept().amount() < amount.amount() => {
            Err(ProviderError::TooMuch { left: payment.kept() })
        }
        Answer::Refused(status, fault) => done(Answer::Refused(status, fault)),
        Answer::Done(_) => Ok(payment),
    }
}

/// How the payment stands.
pub(super) async fn find(stripe: &Stripe, key: PaymentKey) -> Result<Option<ProviderPayment>, ProviderError> {
    match known(stripe, key).await? {
        (_, Some(id)) => Ok(Some(stripe.whole(stripe.intent(&id).await?).await?)),
        (Some(item), None) if item.certain => Ok(Some(item.closed_payment(key))),
        _ => Ok(None),
    }
}
