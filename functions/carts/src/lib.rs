//! What shoppers want to buy.

use souk::{
    cart::{self, AddLine, Cart, CartView, ChangeCart, ChangeLine, CodeView, NewCart, Particulars},
    catalog::Sku,
    gift_card::{self, GiftCode},
    http::{Call, Code, Keys, Problem, Reply, Routes, delete, get, patch, post},
    id::GiftCardId,
    limit::guesses,
    principal::Scope,
    promotion::Reason,
    quote::LineProblem,
    runtime::{App, Function},
    tenant::Tenant,
};

/// The function.
pub fn function() -> Function {
    let needs = Scope::CartsWrite;
    Routes::new()
        .on(post("/v1/carts", "Create a cart").needs(needs).answers(&[201]), create)
        .on(get("/v1/carts/{id}", "Read a cart").needs(needs).answers(&[200, 304]), read)
        .on(
            patch("/v1/carts/{id}", "Set email and addresses, codes, gift cards and how it is sent")
                .needs(needs),
            change,
        )
        .on(post("/v1/carts/{id}/lines", "Add to a cart").needs(needs), add)
        .on(patch("/v1/carts/{id}/lines/{sku}", "Set a line's quantity").needs(needs), set)
        .on(
            delete("/v1/carts/{id}/lines/{sku}", "Remove a line").needs(needs).idempotency(Keys::Ignored),
            remove,
        )
        .function("carts")
}

async fn create(app: App, call: Call<NewCart>) -> Result<Reply<CartView>, Problem> {
    cart::create(&app, &call).await
}

async fn read(app: App, call: Call) -> Result<Reply<CartView>, Problem> {
    cart::current(&app, call.principal()?, call.path("id")?).await
}

async fn change(app: App, call: Call<ChangeCart>) -> Result<Reply<CartView>, Problem> {
    let (id, asked) = (call.path("id")?, &call.body);
    let named = |codes: Option<usize>| codes.is_some_and(|count| count > 0);
    let tries = named(asked.gift_cards.as_ref().map(Vec::len)) || named(asked.codes.as_ref().map(Vec::len));
    let guess = if tries { Some(guesses::check(&app, &call, id).await?) } else { None };
    let cards = match &asked.gift_cards {
        // What is unknown leaves the guess counted.
        Some(codes) => Some(gift_cards(&app, call.tenant()?, codes).await?),
        None => None,
    };
    let change = |cart: &mut Cart, particulars: &mut Particulars| {
        particulars.change(&call.body);
        cart.change(&call.body, cards.clone())
    };
    let changed = cart::change(&app, &call, id, change, any).await;
    if let Some(guess) = guess {
        let shown = changed.as_ref().ok().and_then(Reply::value);
        let unknown = |code: &CodeView| code.reason == Some(Reason::Unknown);
        match shown.is_some_and(|cart| cart.codes.iter().any(unknown)) {
            true => guesses::wrong(&app, guess),
            false => guesses::right(&app, guess).await?,
        }
    }
    changed
}

/// The cards that have these codes.
async fn gift_cards(app: &App, tenant: Tenant, codes: &[GiftCode]) -> Result<Vec<GiftCardId>, Problem> {
    let mut cards = Vec::with_capacity(codes.len());
    for (place, code) in codes.iter().enumerate() {
        let card = gift_card::by_code(app, tenant, code).await?;
        let unknown = || Problem::invalid(format!("gift_cards[{place}]"), "There is no such gift card.");
        cards.push(card.ok_or_else(unknown)?.id);
    }
    Ok(cards)
}

async fn add(app: App, call: Call<AddLine>) -> Result<Reply<CartView>, Problem> {
    let AddLine { sku, quantity } = &call.body;
    let change = |cart: &mut Cart, _: &mut Particulars| cart.add(sku.clone(), *quantity);
    let check = |shown: &CartView| {
        let added = shown.lines.iter().find(|line| line.sku == *sku && !line.gift);
        let detail = match added.and_then(|line| line.problem) {
            None => return Ok(()),
            Some(LineProblem::Unavailable) => format!("The store does not sell {sku}."),
            Some(LineProblem::NoPrice) => format!("{sku} has no price in {}.", shown.currency),
        };
        Err(Problem::new(Code::UnknownSku, detail).at("sku"))
    };
    cart::change(&app, &call, call.path("id")?, change, check).await
}

async fn set(app: App, call: Call<ChangeLine>) -> Result<Reply<CartView>, Problem> {
    let sku: Sku = call.path("sku")?;
    cart::change(&app, &call, call.path("id")?, |cart, _| cart.set(&sku, call.body.quantity), any).await
}

async fn remove(app: App, call: Call) -> Result<Reply<CartView>, Problem> {
    let sku: Sku = call.path("sku")?;
    cart::change(&app, &call, call.path("id")?, |cart, _| cart.remove(&sku), any).await
}

/// Whatever comes of a change will do: what can't be bought is said in its line.
fn any(_: &CartView) -> Result<(), Problem> {
    Ok(())
}
