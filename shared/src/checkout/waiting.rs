//! What is answered to who would rather wait for what comes of an order than ask for it again.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::Placement;
use crate::{
    http::{Call, ETag, Problem, Reply},
    order::{self, OrderView},
    runtime::App,
};

/// How many seconds anybody waits: API Gateway gives up on a request after 30.
const LONGEST_WAIT: u64 = 20;

/// Who waits less than so many seconds may be gone before a provider has answered: such orders the saga carries.
const LEAST_TO_CARRY: u64 = 5;

/// When an order that is being carried is left to the sweeper. Later than who waits for it may want: what was begun at a
/// provider is not broken off for that.
const LONGEST_TO_CARRY: Duration = Duration::from_secs(20);

/// Whether who makes this call waits long enough for the order to be carried through its payment meanwhile.
pub fn carries<B, Q>(call: &Call<B, Q>) -> bool {
    call.wait_seconds(LONGEST_WAIT) >= LEAST_TO_CARRY
}

/// The answer to the call that placed an order: as it was placed, or what came of it, where the client waits for that.
/// What came of it is the same whenever it is asked for, so a repeated request is answered as the first one was.
///
/// # Errors
/// [`Problem`] where storage fails. The order is placed all the same.
pub async fn waited<B, Q>(
    app: &App,
    call: &Call<B, Q>,
    placement: Placement<'_>,
) -> Result<Reply<OrderView>, Problem> {
    let (seconds, tenant) = (call.wait_seconds(LONGEST_WAIT), call.tenant()?);
    let until = Instant::now() + Duration::from_secs(seconds);
    let Placement { reply, carried, repeated, vault } = placement;
    let id = reply.location().and_then(|location| location.strip_prefix("/v1/orders/")?.parse().ok());
    let Some(id) = id.filter(|_| seconds > 0) else {
        return Ok(reply);
    };
    let carried = match carried {
        // Who asks again may be asking because whoever carried it died.
        None if repeated && carries(call) => order::left_behind(app, tenant, id).await?,
        carried => carried,
    };
    let carried = match carried {
        Some(order) => timeout(LONGEST_TO_CARRY, order::pay(app, tenant, order, &call.cause())).await.ok(),
        None => None,
    };
    let order = match carried.flatten() {
        Some(order) if order::is_decided(&order) => order,
        _ => order::outcome(app, tenant, id, until).await?,
    };
    let told = Reply::accepted(format!("/v1/orders/{id}"), order::shown(&vault, &order).await?)
        .etag(ETag::of_version(order.sequence))
        .header("preference-applied", format!("wait={seconds}"));
    Ok(if repeated { told.header("idempotent-replayed", "true") } else { told })
}
