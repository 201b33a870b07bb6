//! Guessing at the codes of gift cards and promotions: slowed down, by where the guesses come from.
//!
//! After six tries that named a code that there is not, the next ones wait 1, 2, 4 … seconds, up to 15 minutes. As with
//! log-ins a try is counted as failed before anything is looked up, and one that was right takes its count back; so many
//! at once learn no more than one after the other.

use super::{
    Address,
    attempts::{Failures, Refused, counted, wait_of_address},
    gate::speaks_for_many,
};
use crate::{
    http::{Call, Problem},
    id::CartId,
    principal::Principal,
    runtime::{App, Metric, Unit},
    store::{self, Key, Write, WriteError, keys},
};

/// Tries beside the free ones of a log-in that wait for nothing: people mistype codes.
const FREE: u32 = 4;

/// How often a try is counted anew when others were counted meanwhile.
const TRIES: u32 = 4;

/// A try that may be looked up, and counts as failed until [`right`] is called.
#[derive(Debug)]
#[must_use = "a try that is not looked up stays counted as failed"]
pub struct Guess(Key);

/// Asks whether a code that the caller named may be looked up now, and counts it.
///
/// A shop's own server speaks for many shoppers from one address: there the cart is what is counted.
///
/// # Errors
/// 429, with the seconds to wait; or that tries can't be counted, and nothing may be looked up.
pub async fn check<B, Q>(app: &App, call: &Call<B, Q>, cart: CartId) -> Result<Guess, Problem> {
    let principal = call.principal()?;
    let of = subject(app, principal, &call.address, cart).await.map_err(Problem::internal)?;
    let key = keys::guesses(call.tenant()?, &of);
    for _ in 0..TRIES {
        let now = app.now().as_millisecond();
        let read: Option<Failures> = store::get(app, "guesses", &key).await?;
        let before = read.unwrap_or_default();
        if before.wait(now) > 0 {
            return Err(Refused::too_soon(before.wait(now)).into());
        }
        let failures = before.left(now).saturating_add(1);
        let after = Failures::counted(failures, now, wait_of_address(failures.saturating_sub(FREE)));
        match store::commit(app, vec![counted("guesses", &key, read, &after)?]).await {
            Ok(()) => return Ok(Guess(key)),
            Err(WriteError::Refused(_)) => {}
            Err(WriteError::Store(error)) => return Err(error.into()),
        }
    }
    // So many at once is no person.
    Err(Refused::too_soon(1_000).into())
}

async fn subject(
    app: &App,
    principal: &Principal,
    address: &Address,
    cart: CartId,
) -> Result<String, crate::runtime::StartError> {
    Ok(if speaks_for_many(principal) { cart.to_string() } else { address.opaque(app).await? })
}

/// The code was right, or was not looked up: the try counts no more.
///
/// # Errors
/// [`Problem`] where storage fails.
pub async fn right(app: &App, guess: Guess) -> Result<(), Problem> {
    let back = Write::update(guess.0, "SET #count = #count - :one, free_at = :now")
        .when("#count >= :one")
        .name("#count", "count")
        .number(":one", 1)
        .number(":now", app.now().as_millisecond());
    match store::commit(app, vec![back]).await {
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
        Err(WriteError::Store(error)) => Err(error.into()),
    }
}

/// The code was wrong. It is counted already; this tells the metrics.
pub fn wrong(app: &App, guess: Guess) {
    drop(guess);
    Metric::new("CodesGuessed", Unit::Count, 1).emit(app);
}
