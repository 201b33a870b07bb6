//! Gift cards and store credit: what a store owes before anything is bought.
//!
//! A balance changes only by a conditional update, together with a fact in the events table that names its cause: what
//! happened for one cause happens once, and no balance goes below zero, whoever asks at the same moment. The facts are
//! the events that the ledger hears.

mod change;
mod code;
mod credit;
mod expiry;
mod issue;
mod manage;
mod model;
mod storage;
mod tender;
mod view;

pub use change::{Change, Happened, happened_of};
pub use code::GiftCode;
pub use credit::{GrantCredit, StoreCreditView, balances, credit_of, grant, own_credit, read_credit};
pub use expiry::expire;
pub use issue::{IssuedCard, NewGiftCard, issue};
pub use manage::{ChangeGiftCard, ListGiftCards, change_status, list, read};
pub use model::{CardStatus, GiftCard, Unusable};
pub use storage::{by_code, change_of, changes, load};
pub use tender::{balance, give_back, redemptions};
pub use view::{AskBalance, GiftCardBalance, GiftCardDetails, GiftCardView, Transaction, ask_balance};
