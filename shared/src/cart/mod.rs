//! Carts: what a shopper wants, priced by the server and never by the client.

mod contact;
mod model;
mod pricing;
mod storage;

pub use contact::Particulars;
pub(crate) use contact::open as particulars;
pub use model::{AddLine, Cart, CartLine, ChangeCart, ChangeLine, NewCart};
pub use pricing::{CartStatus, CartView, LineProblem, LineView, price, view};
pub(crate) use storage::replace;
pub use storage::{change, create, current, load, ordered_as};
