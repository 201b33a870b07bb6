//! Promotions in the state table: the promotion, its shared code, and a copy where every cart is looked at for it,
//! always together.

use serde::Serialize;

use super::{
    Action, MOST_AUTOMATIC, Promotion, PromotionStatus, PromotionUsage, Trigger,
    candidates::{self, CodeItem},
};
use crate::{
    catalog,
    http::{Call, Code, CommitError, Problem, Reply},
    id::PromotionId,
    pricing::PromotionCode,
    runtime::App,
    store::{self, Page, Query, StoreError, Write, keys},
    tenant::Tenant,
};

/// The promotion `id`, archived or not.
///
/// # Errors
/// [`StoreError`].
pub async fn get(app: &App, tenant: Tenant, id: PromotionId) -> Result<Option<Promotion>, StoreError> {
    store::get(app, "promotion", &keys::promotion(tenant, id)).await
}

/// What orders took of it.
///
/// # Errors
/// [`StoreError`].
pub async fn usage(app: &App, tenant: Tenant, id: PromotionId) -> Result<PromotionUsage, StoreError> {
    let (used, spent) = candidates::usage(app, tenant, id).await?;
    Ok(PromotionUsage { used, spent })
}

/// A page of the promotions, all or those with this status, by age.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    app: &App,
    tenant: Tenant,
    status: Option<PromotionStatus>,
    limit: usize,
    from: Option<&[(String, String)]>,
) -> Result<Page<Promotion>, StoreError> {
    let mut query = Query::partition(keys::promotions(tenant));
    if let Some(status) = status {
        query = query.only("status", status.as_str()).look_at(100);
    }
    query.page(app, "promotion", limit, from).await
}

/// Puts `new` in place of `old`, or where nothing was, and answers `reply`.
///
/// # Errors
/// 409, where somebody else changed it meanwhile or its code is another promotion's; 403, where too many are automatic;
/// 422, where it gives away what the store does not have.
pub async fn put<B, Q, R: Serialize>(
    app: &App,
    call: &Call<B, Q>,
    old: Option<&Promotion>,
    new: &Promotion,
    reply: Reply<R>,
) -> Result<Reply<R>, Problem> {
    let tenant = call.tenant()?;
    gifts_exist(app, tenant, new).await?;
    let write = Write::put("promotion", keys::promotion(tenant, new.id), new)?;
    let first = match old {
        None => write.when("attribute_not_exists(pk)").as_subject(),
        Some(old) => write
            .when("#version = :read")
            .name("#version", "version")
            .number(":read", old.version)
            .replacing("promotion", old)?,
    };
    let (mut writes, mut code_at, mut count_at) = (vec![first], None, None);
    match (old.and_then(shared_code), shared_code(new)) {
        (None, Some(code)) => {
            code_at = Some(writes.len());
            writes.push(taking(tenant, new.id, code)?);
        }
        (Some(code), None) => writes.push(
            Write::delete(keys::promotion_code(tenant, code.as_str()))
                .when("promotion = :promotion")
                .text(":promotion", new.id.to_string()),
        ),
        _ => {}
    }
    let (was, is) = (old.is_some_and(is_looked_at), is_looked_at(new));
    let copy = keys::automatic_promotion(tenant, new.id);
    if is {
        writes.push(Write::put("promotion_copy", copy, new)?);
    } else if was {
        writes.push(Write::delete(copy));
    }
    if was != is {
        count_at = Some(writes.len());
        writes.push(counting(tenant, is));
    }
    let refused = |error: CommitError| match (code_at, count_at) {
        (Some(place), _) if error.refused(place) => {
            Problem::new(Code::CodeTaken, "Another promotion has this code.").at("trigger.code")
        }
        (_, Some(place)) if error.refused(place) => {
            let detail = format!("{MOST_AUTOMATIC} promotions apply without a code. Pause or archive one.");
            Problem::new(Code::QuotaExceeded, detail)
        }
        _ => error.into(),
    };
    call.commit(app, writes, reply).await.map_err(refused)
}

/// The code that it shares with nobody, until it is archived.
fn shared_code(promotion: &Promotion) -> Option<&PromotionCode> {
    match &promotion.trigger {
        Trigger::Code { code } if promotion.status != PromotionStatus::Archived => Some(code),
        _ => None,
    }
}

/// Whether every cart is looked at for it.
fn is_looked_at(promotion: &Promotion) -> bool {
    promotion.trigger == (Trigger::Automatic {}) && promotion.status == PromotionStatus::Active
}

fn taking(tenant: Tenant, id: PromotionId, code: &PromotionCode) -> Result<Write, StoreError> {
    let item = CodeItem { code: code.clone(), promotion: id, single_use: false, batch: None, used_by: None };
    Write::create("promotion_code", keys::promotion_code(tenant, code.as_str()), &item)
}

/// The write that counts one automatic promotion more, or less. There are no more than a cart can be looked at for.
fn counting(tenant: Tenant, more: bool) -> Write {
    let write = Write::update(keys::automatic_promotion_count(tenant), "SET #kind = :kind ADD live :change")
        .name("#kind", "kind")
        .text(":kind", "promotion_count")
        .number(":change", if more { 1 } else { -1 });
    if more {
        write.when("attribute_not_exists(live) OR live < :most").number(":most", MOST_AUTOMATIC)
    } else {
        write
    }
}

/// What is given away must be something that the store has.
async fn gifts_exist(app: &App, tenant: Tenant, promotion: &Promotion) -> Result<(), Problem> {
    let gifts: Vec<_> = promotion
        .all_actions()
        .filter_map(|(at, action)| match action {
            Action::Gift { sku, .. } => Some((at, sku.clone())),
            _ => None,
        })
        .collect();
    let skus: Vec<_> = gifts.iter().map(|(_, sku)| sku.clone()).collect();
    let offers = catalog::offers(app, tenant, &skus).await?;
    match gifts.iter().zip(offers).find(|(_, offer)| offer.is_none()) {
        Some(((at, sku), _)) => {
            let problem = Problem::new(Code::UnknownSku, format!("The store does not sell {sku}."));
            Err(problem.at(format!("{at}.sku")))
        }
        None => Ok(()),
    }
}
