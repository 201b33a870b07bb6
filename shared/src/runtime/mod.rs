//! What a function is and what it stands on, wherever it runs: on Lambda, in `local/`, in a test.

mod app;
mod authorizer;
mod batch;
mod clock;
mod direct;
mod entropy;
mod function;
mod lambda;
mod memo;
mod metric;
mod patient;
mod settings;
mod sign;
mod stream;
pub(crate) mod telemetry;
mod transport;
mod trust;
pub mod web;

pub use app::App;
pub use authorizer::{Presented, authorizer};
pub use batch::{JobError, Message, queue, queue_of_groups};
pub use clock::Clock;
pub use direct::{direct, schedule};
pub use entropy::Entropy;
pub(crate) use function::to_json;
pub use function::{Function, Invocation, InvocationError, Kind, Outcome};
pub use lambda::run;
pub use memo::{Memo, TenantMemo};
pub use metric::{Metric, MetricSink, Unit};
pub use settings::{Settings, StartError};
pub use stream::{Record, stream};
pub use transport::Transport;
