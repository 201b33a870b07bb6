//! What a function is and what it stands on, wherever it runs: on Lambda, in `local/`, in a test.

mod app;
mod clock;
mod entropy;
mod function;
mod lambda;
mod settings;
mod transport;

pub use app::App;
pub use clock::Clock;
pub use entropy::Entropy;
pub use function::{Function, Invocation, InvocationError, Kind, Outcome};
pub use lambda::run;
pub use settings::{Settings, StartError};
pub use transport::Transport;
