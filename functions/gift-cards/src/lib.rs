//! Gift cards and store credit.

use souk::{
    audit::Action,
    gift_card::{
        self, AskBalance, ChangeGiftCard, GiftCardBalance, GiftCardDetails, GiftCardView, GrantCredit,
        IssuedCard, ListGiftCards, NewGiftCard, StoreCreditView, Transaction,
    },
    http::{Call, Keys, List, Nothing, Problem, Reply, Routes, get, patch, post},
    principal::Scope,
    runtime::{App, Function},
};

/// The function.
pub fn function() -> Function {
    Routes::new()
        .on(
            post("/v1/gift-cards", "Issue a gift card")
                .needs(Scope::GiftCardsWrite)
                .audited(Action::GiftCardIssued)
                .idempotency(Keys::Required)
                .answers(&[201]),
            issue,
        )
        .on(get("/v1/gift-cards", "List gift cards, newest first").needs(Scope::GiftCardsRead), list)
        .on(
            get("/v1/gift-cards/{id}", "Read a gift card and what changed it")
                .needs(Scope::GiftCardsRead)
                .answers(&[200, 304]),
            read,
        )
        .on(
            patch("/v1/gift-cards/{id}", "Disable a gift card, or enable it again")
                .needs(Scope::GiftCardsWrite)
                .audited(Action::GiftCardUpdated),
            change,
        )
        .on(
            post("/v1/gift-cards/balance", "Read what is left on a gift card, by its code")
                .needs(Scope::CheckoutWrite)
                .idempotency(Keys::Ignored),
            balance,
        )
        .on(
            post("/v1/customers/{id}/store-credit", "Grant a customer store credit")
                .needs(Scope::GiftCardsWrite)
                .audited(Action::StoreCreditGranted)
                .idempotency(Keys::Required)
                .answers(&[201]),
            grant,
        )
        .on(
            get("/v1/customers/{id}/store-credit", "Read a customer's store credit")
                .needs(Scope::GiftCardsRead),
            credit,
        )
        .on(
            get("/v1/customers/me/store-credit", "Read one's own store credit").needs(Scope::AccountOwn),
            own_credit,
        )
        .function("gift-cards")
}

async fn issue(app: App, call: Call<NewGiftCard>) -> Result<Reply<IssuedCard>, Problem> {
    gift_card::issue(&app, &call).await
}

async fn list(app: App, call: Call<Nothing, ListGiftCards>) -> Result<Reply<List<GiftCardView>>, Problem> {
    Ok(Reply::ok(gift_card::list(&app, &call).await?))
}

async fn read(app: App, call: Call) -> Result<Reply<GiftCardDetails>, Problem> {
    gift_card::read(&app, call.tenant()?, call.path("id")?).await
}

async fn change(app: App, call: Call<ChangeGiftCard>) -> Result<Reply<GiftCardView>, Problem> {
    gift_card::change_status(&app, &call, call.path("id")?).await
}

async fn balance(app: App, call: Call<AskBalance>) -> Result<Reply<GiftCardBalance>, Problem> {
    Ok(Reply::ok(gift_card::ask_balance(&app, &call).await?))
}

async fn grant(app: App, call: Call<GrantCredit>) -> Result<Reply<Transaction>, Problem> {
    gift_card::grant(&app, &call, call.path("id")?).await
}

async fn credit(app: App, call: Call) -> Result<Reply<StoreCreditView>, Problem> {
    Ok(Reply::ok(gift_card::read_credit(&app, call.tenant()?, call.path("id")?).await?))
}

async fn own_credit(app: App, call: Call) -> Result<Reply<StoreCreditView>, Problem> {
    Ok(Reply::ok(gift_card::own_credit(&app, &call).await?))
}
