//! Links by which a shopper pays a draft: nobody guesses one, and whoever has it sees and pays this one draft.
//!
//! A link's token is not stored. It follows from the link's id, which the draft has, and a key of the deployment. A draft
//! has one link at a time: a new one ends the one before.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::hmac;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    model::{Draft, Link},
    storage::{self, TRIES, load, open},
    view::SharedDraft,
};
use crate::{
    cart,
    http::{Call, Code, Problem, Reply},
    id::{DraftId, LinkId},
    runtime::App,
    store::Edition,
    tenant::Tenant,
    vault::Opened,
};

/// How long a link works.
const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A token as the shopper's browser sends it. Never logged: whoever has it sees who buys what.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct PaymentToken(String);

impl fmt::Debug for PaymentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PaymentToken(…)")
    }
}

/// A link to pay a draft by.
#[derive(Clone, Serialize, ToSchema)]
pub struct PaymentLink {
    /// What the store's own page sends back: put it behind the `#` of the page's address, which no server logs.
    pub token: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl fmt::Debug for PaymentLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaymentLink(…, until {})", self.expires_at)
    }
}

/// A look at what is to be paid.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadLink {
    /// The link's token.
    #[schema(value_type = String)]
    pub token: PaymentToken,
}

async fn key(app: &App) -> Result<hmac::Key, Problem> {
    app.derived_key("payment-links").await.map_err(Problem::internal)
}

fn signed(tenant: Tenant, draft: DraftId, link: LinkId) -> String {
    format!("{tenant}/{draft}/{link}")
}

/// Gives the draft `id` a link and answers it.
///
/// # Errors
/// 404, 409 or 412.
pub async fn invite(app: &App, call: &Call, id: DraftId) -> Result<Reply<PaymentLink>, Problem> {
    let tenant = call.tenant()?;
    let (link, expires_at) = (LinkId::new(app), app.now() + LIFETIME);
    let proof = hmac::sign(&key(app).await?, signed(tenant, id, link).as_bytes());
    let token = format!("{id}.{}", BASE64_URL_SAFE_NO_PAD.encode(proof));
    for _ in 0..TRIES {
        let mut draft = load(app, tenant, id).await?;
        let reply =
            Reply::created(format!("/v1/drafts/{id}"), PaymentLink { token: token.clone(), expires_at });
        if draft.link.as_ref().is_some_and(|kept| kept.id == link) {
            // It was made, and the answer lost on the way.
            return Ok(reply);
        }
        open(app, call, &draft).await?;
        let read = draft.version;
        draft.link = Some(Link { id: link, expires: expires_at.as_second() });
        draft.touch(app.now(), app.entropy().below(u64::MAX));
        match call.commit(app, vec![storage::replace(tenant, &draft, read)?], reply).await {
            Err(error) if error.refused(0) => {}
            outcome => return Ok(outcome?),
        }
    }
    Err(Problem::new(Code::Conflict, "Others keep changing this draft. Try again."))
}

/// The draft that `token` leads to, and when the link ends.
///
/// # Errors
/// 404 where it leads nowhere, or nowhere any more.
pub(super) async fn follow(
    app: &App,
    tenant: Tenant,
    token: &PaymentToken,
) -> Result<(Draft, Timestamp), Problem> {
    let (id, proof) = token.0.split_once('.').ok_or_else(Problem::not_found)?;
    let id: DraftId = id.parse().map_err(|_| Problem::not_found())?;
    let proof = BASE64_URL_SAFE_NO_PAD.decode(proof).map_err(|_| Problem::not_found())?;
    let draft = load(app, tenant, id).await?;
    let link = draft.link.clone().ok_or_else(Problem::not_found)?;
    let genuine = hmac::verify(&key(app).await?, signed(tenant, id, link.id).as_bytes(), &proof).is_ok();
    if !genuine || link.expires <= app.now().as_second() {
        return Err(Problem::not_found());
    }
    let expires_at = Timestamp::from_second(link.expires).map_err(Problem::internal)?;
    Ok((draft, expires_at))
}

/// What the holder of a link is to pay.
///
/// # Errors
/// 404 where the link leads nowhere.
pub async fn read(app: &App, call: &Call<ReadLink>) -> Result<Reply<SharedDraft>, Problem> {
    let tenant = call.tenant()?;
    let (draft, expires_at) = follow(app, tenant, &call.body.token).await?;
    let order = cart::ordered_as(app, tenant, &draft.cart).await?;
    let particulars = cart::particulars(&Opened::new(app, tenant), &draft.cart).await?;
    let edition = Edition::of(app, tenant).await?;
    let quote = draft.cart.quote(app, &edition, &particulars).await?;
    Ok(Reply::ok(SharedDraft::of(&draft, particulars, quote, order, expires_at)))
}
