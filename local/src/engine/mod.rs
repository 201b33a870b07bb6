//! Runs what a template declares: functions behind a gateway, fed by queues, streams and schedules.

mod activity;
mod busy;
mod chaos;
mod environment;
mod gateway;
mod happening;
mod ids;
mod inspect;
mod listen;
mod market;
mod open;
mod provision;
mod runner;
mod serve;
mod settle;
mod sources;
mod tasks;
mod time;
mod tripwire;
mod turns;
mod watcher;
mod webhooks;

pub use chaos::{Chaos, Fate};
pub use gateway::PeerAddress;
pub use happening::{Cause, Happening, RequestRecord, RunRecord, WebhookRecord};
pub use market::{Market, MarketError, MarketOptions};
pub use runner::{Answer, Failure};
pub use sources::Delivery;
pub use time::{seeded_entropy, tokio_clock};
pub use tripwire::Trespass;
