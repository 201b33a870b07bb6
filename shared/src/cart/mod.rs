//! Carts: what a shopper wants, priced by the server and never by the client.

mod contact;
mod model;
mod storage;
mod view;

pub use contact::Particulars;
pub(crate) use contact::{open as particulars, seal as keep};
pub use model::{AddLine, Cart, CartLine, ChangeCart, ChangeLine, NewCart, PastCheckout};
pub(crate) use model::{MOST_CODES, MOST_LINES};
pub(crate) use storage::replace;
pub use storage::{change, create, current, load, ordered_as};
pub use view::{CardView, CartStatus, CartView, CodeView, LineView, view};
