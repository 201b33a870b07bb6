//! Carts in the state table.

use super::{Cart, CartView, NewCart, Particulars, contact, view};
use crate::{
    http::{Call, Code, ETag, Problem, Reply},
    id::{CartId, OrderId},
    identity::StoreProfile,
    order,
    principal::Principal,
    runtime::App,
    store::{self, Edition, Write, keys},
    tenant::Tenant,
    vault::Opened,
};

/// How often a change is tried again that met another one.
const TRIES: usize = 5;

/// The cart `id`, if it has not ended and `caller` may see it, with the edition of the rules that it is priced by.
///
/// # Errors
/// 404 where there is none.
pub async fn load(app: &App, caller: &Principal, id: CartId) -> Result<(Cart, Edition), Problem> {
    let tenant = caller.tenant();
    let (cart, edition) = Edition::with::<Cart>(app, tenant, "cart", keys::cart(tenant, id)).await?;
    let cart = cart.filter(|cart| !cart.has_expired(app.now()) && caller.sees(cart.customer));
    Ok((cart.ok_or_else(Problem::not_found)?, edition))
}

/// The live order that `cart` became, if any. An order that was canceled sets its cart free.
///
/// # Errors
/// [`Problem`] where storage fails.
pub async fn ordered_as(app: &App, tenant: Tenant, cart: &Cart) -> Result<Option<OrderId>, Problem> {
    let Some(id) = cart.order else {
        return Ok(None);
    };
    let order = order::load(app, tenant, id).await?;
    Ok(order.filter(|order| !order.is_canceled()).map(|order| order.id))
}

/// The cart as it is shown, priced by what may be a moment old: a checkout reckons anew, from what it reads strongly. Where
/// `app` is not for showing, so is this.
async fn shown(
    app: &App,
    edition: &Edition,
    cart: &Cart,
    particulars: Particulars,
    order: Option<OrderId>,
) -> Result<(CartView, ETag), Problem> {
    let quote = cart.quote(app, edition, &particulars).await?;
    let view = view::view(cart, particulars, quote, order);
    // What it costs may change while the cart does not, and its shopper may be erased.
    let of = (&view.lines, &view.codes, &view.promotions, &view.shipping_options, &view.taxes, &view.totals);
    let paid = (&view.gift_cards, &view.store_credit, order, view.email.is_some());
    let etag = ETag::of_version(cart.version).with(&format!("{of:?} {paid:?}"));
    Ok((view, etag))
}

/// The cart `id` as it is shown.
///
/// # Errors
/// 404 where there is none.
pub async fn current(app: &App, caller: &Principal, id: CartId) -> Result<Reply<CartView>, Problem> {
    let tenant = caller.tenant();
    let (cart, edition) = load(app, caller, id).await?;
    let order = ordered_as(app, tenant, &cart).await?;
    let particulars = contact::open(&Opened::new(app, tenant), &cart).await?;
    let (view, etag) = shown(&app.showing(), &edition, &cart, particulars, order).await?;
    Ok(Reply::ok(view).etag(etag))
}

/// Creates a cart and answers it.
///
/// # Errors
/// [`Problem`] where storage fails.
pub async fn create<Q>(app: &App, call: &Call<NewCart, Q>) -> Result<Reply<CartView>, Problem> {
    let tenant = call.tenant()?;
    let edition = Edition::of(app, tenant).await?;
    let currency = match call.body.currency {
        Some(currency) => currency,
        None => StoreProfile::under(&edition).await?.currency,
    };
    let mut cart = Cart::new(CartId::new(app), currency, call.body.metadata.clone(), app.now());
    cart.customer = call.principal()?.customer();
    let write = Write::create("cart", keys::cart(tenant, cart.id), &cart)?;
    let (view, etag) = shown(&app.showing(), &edition, &cart, Particulars::default(), None).await?;
    let reply = || Reply::created(format!("/v1/carts/{}", cart.id), view.clone()).etag(etag.clone());
    match call.commit(app, vec![write], reply()).await {
        // Nobody else has this id: the SDK tried again after the answer of its first try was lost.
        Err(error) if error.refused(0) => Ok(reply()),
        outcome => Ok(outcome?),
    }
}

/// Changes the cart `id` and answers it. A customer who changes a cart that is nobody's makes it theirs.
///
/// `check` judges what comes of the change. What it refuses is looked at once more, as it was written last: a product may
/// have come a moment ago.
///
/// # Errors
/// 404, 409 or 412, or what `change` or `check` says.
pub async fn change<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    id: CartId,
    change: impl Fn(&mut Cart, &mut Particulars) -> Result<(), Problem>,
    check: impl Fn(&CartView) -> Result<(), Problem>,
) -> Result<Reply<CartView>, Problem> {
    let (tenant, caller) = (call.tenant()?, call.principal()?);
    let (vault, showing) = (Opened::new(app, tenant), app.showing());
    let mut tried = None;
    for _ in 0..TRIES {
        let (mut cart, edition) = load(app, caller, id).await?;
        let mut particulars = contact::open(&vault, &cart).await?;
        match tried {
            // The change was made, and its answer lost on the way: the SDK's second try met its first.
            Some(made) if made == cart.change => {
                let (view, etag) = shown(&showing, &edition, &cart, particulars, None).await?;
                return Ok(Reply::ok(view).etag(etag));
            }
            _ => {}
        }
        ETag::of_version(cart.version).if_match(&call.headers)?;
        if let Some(order) = ordered_as(app, tenant, &cart).await? {
            return Err(Cart::ordered(order));
        }
        let (read, before) = (cart.version, (cart.customer, particulars.clone()));
        cart.customer = cart.customer.or(caller.customer());
        change(&mut cart, &mut particulars)?;
        if before != (cart.customer, particulars.clone()) {
            contact::seal(app, tenant, &vault, &mut cart, &particulars).await?;
        }
        cart.touch(app.now(), app.entropy().below(u64::MAX));
        tried = Some(cart.change);
        let write = replace(tenant, &cart, read)?;
        let (mut view, mut etag) = shown(&showing, &edition, &cart, particulars.clone(), None).await?;
        if check(&view).is_err() {
            (view, etag) = shown(app, &edition, &cart, particulars, None).await?;
            check(&view)?;
        }
        match call.commit(app, vec![write], Reply::ok(view).etag(etag)).await {
            // Somebody else changed it meanwhile: make the change on what it is now.
            Err(error) if error.refused(0) => {}
            outcome => return Ok(outcome?),
        }
    }
    Err(Problem::new(Code::Conflict, "Others keep changing this cart. Try again."))
}

/// The write that puts `cart` in place of its version `read`.
pub(crate) fn replace(tenant: Tenant, cart: &Cart, read: u32) -> Result<Write, store::StoreError> {
    let write = Write::put("cart", keys::cart(tenant, cart.id), cart)?;
    Ok(write.when("#version = :read").name("#version", "version").number(":read", read))
}
