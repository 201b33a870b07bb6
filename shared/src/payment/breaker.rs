//! A circuit breaker: a provider that keeps failing is left alone for a while, by every worker at once.
//!
//! What is shared lies in the state table. A call that succeeds writes nothing.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ProviderName;
use crate::{
    runtime::App,
    store::{self, StoreError, Write, WriteError, keys},
    tenant::Tenant,
};

const KIND: &str = "breaker";

/// Failures are counted together that are no further apart than this.
const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// So many failures within a window open the circuit.
const MOST_FAILURES: u32 = 5;

/// How long it stays open the first time. Each time in a row it is twice as long, up to [`LONGEST_DOUBLINGS`] times.
const PAUSE: SignedDuration = SignedDuration::from_secs(30);
const LONGEST_DOUBLINGS: u32 = 4;

/// How long one worker has to try whether the provider works again, before another one may.
const PROBE: SignedDuration = SignedDuration::from_secs(30);

/// A provider's failures, as all workers see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Breaker {
    failures: u32,
    since: Timestamp,
    #[serde(default)]
    open_until: Option<Timestamp>,
    /// How often in a row it was opened.
    #[serde(default)]
    opened: u32,
    #[serde(default)]
    probe_until: Option<Timestamp>,
    revision: u32,
}

/// Whether a call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It may.
    Pass,
    /// It may by whoever takes the lease: it shows whether the provider works again.
    Probe,
    /// Not now.
    Shut,
}

impl Breaker {
    fn new(now: Timestamp) -> Self {
        Self { failures: 0, since: now, open_until: None, opened: 0, probe_until: None, revision: 0 }
    }

    fn admits(&self, now: Timestamp) -> Admission {
        match (self.open_until, self.probe_until) {
            (None, _) => Admission::Pass,
            (Some(until), _) if now < until => Admission::Shut,
            (Some(_), Some(probe)) if now < probe => Admission::Shut,
            (Some(_), _) => Admission::Probe,
        }
    }

    /// After a failure at `now`.
    fn failed(self, now: Timestamp) -> Self {
        let fresh = self.open_until.is_none() && now > self.since + WINDOW;
        let before = if fresh { Self { revision: self.revision, ..Self::new(now) } } else { self };
        let failures = before.failures.saturating_add(1);
        // Calls that were under way when it opened say nothing new.
        let shut = before.open_until.is_some_and(|until| now < until);
        if shut || (failures < MOST_FAILURES && before.open_until.is_none()) {
            return Self { failures, ..before };
        }
        let pause = PAUSE * (1 << before.opened.min(LONGEST_DOUBLINGS));
        let opened = before.opened.saturating_add(1);
        Self { failures, open_until: Some(now + pause), opened, probe_until: None, ..before }
    }

    async fn load(app: &App, tenant: Tenant, name: ProviderName) -> Result<Option<Self>, StoreError> {
        store::get(app, KIND, &keys::breaker(tenant, name.as_str())).await
    }

    async fn replace(mut self, app: &App, tenant: Tenant, name: ProviderName) -> Result<(), WriteError> {
        let read = self.revision;
        self.revision = read.saturating_add(1);
        let key = keys::breaker(tenant, name.as_str());
        let write = if read == 0 {
            Write::create(KIND, key, &self)?
        } else {
            Write::put(KIND, key, &self)?.when("revision = :read").number(":read", read)
        };
        store::commit(app, vec![write]).await
    }
}

/// Whether `name` may be called now. Who may probe holds the lease then.
pub(super) async fn admission(
    app: &App,
    tenant: Tenant,
    name: ProviderName,
) -> Result<Admission, WriteError> {
    let Some(breaker) = Breaker::load(app, tenant, name).await? else { return Ok(Admission::Pass) };
    let now = app.now();
    let admission = breaker.admits(now);
    if admission != Admission::Probe {
        return Ok(admission);
    }
    match (Breaker { probe_until: Some(now + PROBE), ..breaker }).replace(app, tenant, name).await {
        Ok(()) => Ok(Admission::Probe),
        Err(WriteError::Refused(_)) => Ok(Admission::Shut),
        Err(error) => Err(error),
    }
}

/// Counts a failure. One that is lost because many fail at once doesn't matter: the others are counted.
pub(super) async fn failed(app: &App, tenant: Tenant, name: ProviderName) -> Result<(), WriteError> {
    for _ in 0..3 {
        let now = app.now();
        let breaker = Breaker::load(app, tenant, name).await?.unwrap_or_else(|| Breaker::new(now));
        let before = breaker.open_until;
        let after = breaker.failed(now);
        if after.open_until != before {
            tracing::warn!(%tenant, provider = %name, until = ?after.open_until, "the circuit opens");
        }
        match after.replace(app, tenant, name).await {
            Err(WriteError::Refused(_)) => {}
            outcome => return outcome,
        }
    }
    Ok(())
}

/// The provider works again.
pub(super) async fn recovered(app: &App, tenant: Tenant, name: ProviderName) -> Result<(), WriteError> {
    store::commit(app, vec![Write::delete(keys::breaker(tenant, name.as_str()))]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1000 + seconds).unwrap()
    }

    fn after(failures: &[i64]) -> Breaker {
        failures.iter().fold(Breaker::new(at(failures[0])), |breaker, time| breaker.failed(at(*time)))
    }

    #[test]
    fn a_few_failures_in_a_minute_open_it_and_many_in_an_hour_do_not() {
        assert_eq!(after(&[0, 1, 2, 3]).admits(at(3)), Admission::Pass);
        assert_eq!(after(&[0, 1, 2, 3, 4]).admits(at(4)), Admission::Shut);
        assert_eq!(after(&[0, 61, 122, 183, 244, 305, 366]).admits(at(366)), Admission::Pass);
    }

    #[test]
    fn one_tries_when_the_pause_is_over_and_another_failure_makes_it_longer() {
        let open = after(&[0, 0, 0, 0, 0]);
        assert_eq!((open.admits(at(29)), open.admits(at(30))), (Admission::Shut, Admission::Probe));
        let probed = Breaker { probe_until: Some(at(60)), ..open.clone() };
        assert_eq!((probed.admits(at(59)), probed.admits(at(60))), (Admission::Shut, Admission::Probe));
        // Calls that were on their way say nothing new.
        assert_eq!(open.clone().failed(at(5)).open_until, open.open_until);
        let again = open.failed(at(30));
        assert_eq!((again.admits(at(89)), again.admits(at(90))), (Admission::Shut, Admission::Probe));
        let long = (0..20).fold(again, |breaker, _| {
            let next = breaker.open_until.unwrap();
            breaker.failed(next)
        });
        let pause = long
            .open_until
            .unwrap()
            .duration_since(long.clone().failed(long.open_until.unwrap()).open_until.unwrap());
        assert_eq!(pause.abs(), PAUSE * 16);
    }
}
