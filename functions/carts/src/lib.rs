//! What shoppers want to buy.

use souk::{
    cart::{self, AddLine, CartView, ChangeCart, ChangeLine, NewCart},
    catalog::{self, ProductStatus, Sku},
    http::{Call, Code, Keys, Problem, Reply, Routes, delete, get, patch, post},
    identity::StoreProfile,
    principal::Scope,
    runtime::{App, Function},
};

/// The function.
pub fn function() -> Function {
    let needs = Scope::CartsWrite;
    Routes::new()
        .on(post("/v1/carts", "Create a cart").needs(needs).answers(&[201]), create)
        .on(get("/v1/carts/{id}", "Read a cart").needs(needs).answers(&[200, 304]), read)
        .on(patch("/v1/carts/{id}", "Set email and addresses").needs(needs), change)
        .on(post("/v1/carts/{id}/lines", "Add to a cart").needs(needs), add)
        .on(patch("/v1/carts/{id}/lines/{sku}", "Set a line's quantity").needs(needs), set)
        .on(
            delete("/v1/carts/{id}/lines/{sku}", "Remove a line").needs(needs).idempotency(Keys::Ignored),
            remove,
        )
        .function("carts")
}

async fn create(app: App, call: Call<NewCart>) -> Result<Reply<CartView>, Problem> {
    let currency = match call.body.currency {
        Some(currency) => currency,
        None => StoreProfile::of(&app, call.tenant()?).await?.currency,
    };
    cart::create(&app, &call, currency).await
}

async fn read(app: App, call: Call) -> Result<Reply<CartView>, Problem> {
    cart::current(&app, call.principal()?, call.path("id")?).await
}

async fn change(app: App, call: Call<ChangeCart>) -> Result<Reply<CartView>, Problem> {
    cart::change(&app, &call, call.path("id")?, |cart, particulars| {
        particulars.change(&call.body);
        if let Some(metadata) = &call.body.metadata {
            cart.metadata = metadata.clone();
        }
        Ok(())
    })
    .await
}

async fn add(app: App, call: Call<AddLine>) -> Result<Reply<CartView>, Problem> {
    let AddLine { sku, quantity } = &call.body;
    let offers = catalog::offers(&app, call.tenant()?, std::slice::from_ref(sku)).await?;
    let offer = offers.into_iter().flatten().find(|offer| offer.status == ProductStatus::Active);
    let unknown = |detail: String| Problem::new(Code::UnknownSku, detail).at("sku");
    let offer = offer.ok_or_else(|| unknown(format!("The store does not sell {sku}.")))?;
    cart::change(&app, &call, call.path("id")?, |cart, _| {
        if offer.variant.price_in(cart.currency).is_none() {
            return Err(unknown(format!("{sku} has no price in {}.", cart.currency)));
        }
        cart.add(sku.clone(), *quantity)
    })
    .await
}

async fn set(app: App, call: Call<ChangeLine>) -> Result<Reply<CartView>, Problem> {
    let sku: Sku = call.path("sku")?;
    cart::change(&app, &call, call.path("id")?, |cart, _| cart.set(&sku, call.body.quantity)).await
}

async fn remove(app: App, call: Call) -> Result<Reply<CartView>, Problem> {
    let sku: Sku = call.path("sku")?;
    cart::change(&app, &call, call.path("id")?, |cart, _| cart.remove(&sku)).await
}
