//! Orders: event-sourced, carried through by a saga.
//!
//! `event` says what can have happened, `model` what an order is after it (`evolve`), `decide` what may happen next
//! (`decide`). Those three are pure, and so are `funds`, which reckons what is left of an order's money, and `cost`,
//! which reckons what parts of it cost. `stream` reads and appends the events, `next` says what the saga does next
//! and `due` when somebody looks whether it was done, `saga` does it, `work` sees to it that no order is forgotten.

mod actor;
mod after;
mod commands;
mod contact;
mod cost;
mod decide;
mod due;
mod edit;
mod event;
mod explain;
mod funds;
mod list;
mod model;
mod next;
mod parcel;
mod people;
mod placed;
mod refund;
mod repricing;
mod request;
mod returns;
mod saga;
mod status;
mod stream;
mod view;
mod work;

pub use commands::{act, act_on, place};
pub use contact::OrderContact;
pub use decide::{
    Command, NewEdit, NewExchange, NewRefund, NewReturn, Receipt, RefundWish, Refusal, ShippingWish, decide,
};
pub(crate) use edit::demand_of;
pub use edit::{Edit, EditCharge, EditFailure, EditRequest, EditStatus, Exchange, Version};
pub use event::{Actor, CancelCause, OrderEvent, Placed, ShippedLine, TimelineEntry, Tracking};
pub use explain::{ExplainedLine, ExplainedShipping, Explanation, PriceStep, explain};
pub use funds::Charged;
pub use list::{ListOrders, ListOwnOrders, OrderSummary, Whose, list, list_as, list_own, project};
pub use model::{Cancellation, Fulfillment, Order, OrderStatus, PaymentStatus, StockState, evolve};
pub use next::{Step, next_step};
pub use people::{Of, Trace, all_of, has_ordered, newest_of, placed_before};
pub use refund::{
    Refund, RefundCause, RefundFailure, RefundParts, RefundRequest, RefundShare, RefundTo, RefundWay,
    RefundedLine, RefundedShipping,
};
pub use repricing::{replaced, reprice};
pub use request::{
    CancelOrder, CaptureOrder, EditLine, EditOrder, ExchangeGoods, FulfillLine, FulfillOrder, ReadOrder,
    ReceiveLine, ReceiveReturn, RefundLine, RefundOrder, RefundTarget, RejectReturn, RequestReturn,
    ReviewOrder, ShippingInput, TrackingInput,
};
pub use returns::{ReceivedLine, Return, ReturnLine, ReturnReason, ReturnStatus};
pub use saga::{Nudge, advance, pay, send};
pub use stream::{Told, history, history_to, load, load_as_told, load_for, load_until, load_version, told};
pub use view::{
    CancellationView, EditStanding, EditView, FulfillmentView, OrderView, PaymentView, RefundView,
    ReturnView, RiskView, is_decided, left_behind, opened, outcome, shown, shown_then, view,
};
pub use work::look_after;
