//! An order of three mugs and two pots, and what can be done to it.

use jiff::Timestamp;
use serde_json::json;
use souk::{
    contact::Contact,
    id::{CartId, EditId, FulfillmentId, KeyId, OrderId, ProductId, RefundId, ReturnId},
    inventory::Allocation,
    money::Money,
    order::{
        Actor, CancelCause, Command, EditCharge, EditRequest, NewEdit, NewExchange, NewRefund, NewReturn,
        Order, OrderContact, OrderEvent, Placed, Receipt, ReceivedLine, RefundFailure, RefundTo, RefundWish,
        ReturnLine, ShippedLine, Version, decide, evolve,
    },
    payment::{CaptureMethod, Decline, ProviderName},
    pricing::PricedLine,
    quantity::Quantity,
    risk::{Assessment, RiskOutcome},
    totals::Totals,
};

pub const STAFF: Actor = Actor::Key(KeyId::from_bits(7));

pub fn euros(amount: i64) -> Money {
    Money::new(amount, "EUR".parse().unwrap())
}

pub fn quantity(count: i64) -> Quantity {
    count.try_into().unwrap()
}

pub fn contact() -> Contact {
    let address = json!({ "line1": "12 Analytical Row", "city": "London", "country": "GB" });
    serde_json::from_value(json!({ "email": "ada@example.com", "shipping_address": address })).unwrap()
}

fn line(sku: &str, name: &str, count: i64, price: i64) -> PricedLine {
    PricedLine {
        sku: sku.parse().unwrap(),
        product_id: ProductId::from_bits(3),
        name: name.parse().unwrap(),
        options: Default::default(),
        quantity: quantity(count),
        unit_price: euros(price),
        total: euros(price * count),
        list_price: None,
        price_list: None,
        discounts: vec![],
        by_hand: None,
        taxes: vec![],
    }
}

pub fn placed(capture_method: CaptureMethod) -> Placed {
    Placed {
        number: "K7Q2M-9F4ZT".to_owned(),
        cart: CartId::from_bits(2),
        cart_version: 4,
        attempt: 1,
        lines: vec![line("MUG", "Mug", 3, 900), line("POT", "Pot", 2, 2500)],
        totals: Totals::of_lines(euros(7700)),
        payment_method: "pm_card_visa".parse().ok(),
        provider: ProviderName::Sandbox,
        capture_method,
        save_method: None,
        off_session: false,
        customer: None,
        contact: OrderContact::Plain(Box::new(contact())),
        pricing: None,
        tenders: vec![],
        paid_outside: None,
        draft: None,
        carried: false,
        traits: None,
    }
}

/// The order after `events`, the first of which is that it was placed.
pub fn order_of(placed: Placed) -> Order {
    after(None, OrderEvent::Placed(Box::new(placed)))
}

fn after(order: Option<Order>, event: OrderEvent) -> Order {
    evolve(OrderId::from_bits(1), order, event, Timestamp::UNIX_EPOCH).unwrap()
}

/// The order after `events` more.
pub fn with(order: Order, events: Vec<OrderEvent>) -> Order {
    events.into_iter().fold(order, |order, event| after(Some(order), event))
}

/// The order after `commands`, none of which may be refused.
pub fn given(capture_method: CaptureMethod, commands: Vec<Command>) -> Order {
    commands.into_iter().fold(order_of(placed(capture_method)), |order, command| {
        let events = decide(&order, command).unwrap();
        with(order, events)
    })
}

pub fn reserved(outcome: RiskOutcome) -> Command {
    let part = |sku: &str, quantity| Allocation {
        sku: sku.parse().unwrap(),
        location: "berlin".parse().unwrap(),
        quantity,
        bucket: 0,
    };
    let reasons = if outcome == RiskOutcome::Allow { vec![] } else { vec!["amount_above_limit".to_owned()] };
    let risk = Assessment { outcome, score: 0, reasons };
    Command::RecordReserved { allocations: vec![part("MUG", 3), part("POT", 2)], risk }
}

pub fn short() -> Command {
    Command::RecordStockRefused("POT".parse().unwrap())
}

pub fn authorized() -> Command {
    Command::RecordAuthorized {
        amount: euros(7700),
        reference: "sandbox_1".to_owned(),
        provider: ProviderName::Sandbox,
    }
}

pub fn captured() -> Command {
    Command::RecordCaptured { amount: euros(7700), fee: None }
}

pub fn want_capture() -> Command {
    Command::RequestCapture { amount: None, by: STAFF }
}

/// The refund that a cancellation asks for, after so many other ones.
pub fn rest(others: u64) -> RefundId {
    let order = OrderId::from_bits(1);
    RefundId::derived(order.time(), &[&order.bits().to_be_bytes(), b"rest", &others.to_be_bytes()])
}

/// All of a refund that goes one way went back.
pub fn returned(refund: RefundId) -> Command {
    Command::RecordRefundReturned(refund, 1)
}

/// A refund of this much, or of all that is left.
pub fn refund(id: u128, amount: Option<i64>) -> Command {
    let wish = amount.map_or(RefundWish::All, |amount| RefundWish::Amount(euros(amount)));
    refund_of(id, wish)
}

pub fn refund_of(id: u128, wish: RefundWish) -> Command {
    let (id, to) = (RefundId::from_bits(id), RefundTo::Original);
    Command::RequestRefund(Box::new(NewRefund { id, wish, to, reason: None, by: STAFF }))
}

pub fn failed(refund: RefundId) -> Command {
    Command::RecordRefundFailed(refund, RefundFailure::NotTaken)
}

pub fn come_back(id: u128, lines: &[(&str, i64)]) -> Command {
    let line = |&(sku, count): &(&str, i64)| ReturnLine {
        sku: sku.parse().unwrap(),
        quantity: quantity(count),
        reason: "damaged".parse().unwrap(),
    };
    let (id, lines) = (ReturnId::from_bits(id), lines.iter().map(line).collect());
    let (asked, note) = (false, None);
    Command::RequestReturn(Box::new(NewReturn { id, lines, asked, note, by: STAFF }))
}

/// What came back of the return `id`: put in Berlin, and refunded where `refund` says under which id.
pub fn received_back(id: u128, lines: &[(&str, i64)], refund: Option<u128>) -> Command {
    let line = |&(sku, count): &(&str, i64)| ReceivedLine {
        sku: sku.parse().unwrap(),
        quantity: quantity(count),
        restock: "berlin".parse().ok(),
    };
    Command::ReceiveReturn(Box::new(Receipt {
        id: ReturnId::from_bits(id),
        lines: lines.iter().map(line).collect(),
        refund: refund.map(|id| (RefundId::from_bits(id), RefundTo::Original)),
        exchange: None,
        by: STAFF,
    }))
}

/// The edit that makes `order` one of these, at the prices of this page.
pub fn edit(id: u128, order: &Order, lines: &[(&str, i64)]) -> Command {
    let lines: Vec<_> = lines
        .iter()
        .map(|&(sku, count)| match sku {
            "MUG" => line("MUG", "Mug", count, 900),
            "POT" => line("POT", "Pot", count, 2500),
            _ => line(sku, "Cup", count, 401),
        })
        .collect();
    let total = lines.iter().map(|line| line.total.amount()).sum();
    Command::RequestEdit(Box::new(NewEdit {
        id: EditId::from_bits(id),
        version: Version { lines, totals: Totals::of_lines(euros(total)) },
        pricing: None,
        sequence: order.sequence,
        exchange: None,
        reason: None,
        by: STAFF,
    }))
}

/// Mugs that are sent again and cups at 4.01, for what the return `id` brought.
pub fn exchange(id: u128, order: &Order, mugs: u32, cups: i64) -> Command {
    let (mut lines, mut totals) = (order.lines.clone(), order.totals.clone());
    if cups > 0 {
        lines.push(line("CUP", "Cup", cups, 401));
        totals.subtotal = totals.subtotal.plus(euros(401 * cups)).unwrap();
        totals.total = totals.total.plus(euros(401 * cups)).unwrap();
    }
    let again = [("MUG".parse().unwrap(), mugs)].into_iter().filter(|(_, count)| *count > 0).collect();
    let refund = RefundId::from_bits(100 + u128::from(order.sequence));
    Command::RequestEdit(Box::new(NewEdit {
        id: EditId::from_bits(100 + u128::from(order.sequence)),
        version: Version { lines, totals },
        pricing: order.pricing.clone(),
        sequence: order.sequence,
        exchange: Some(NewExchange { id: ReturnId::from_bits(id), again, refund }),
        reason: None,
        by: STAFF,
    }))
}

/// What is taken for an edit, where it asks for something.
pub fn charged(edit: &EditRequest) -> Option<EditCharge> {
    let charge = EditCharge {
        number: edit.payment,
        amount: edit.charge,
        reference: "sandbox_2".to_owned(),
        fee: None,
        provider: ProviderName::Sandbox,
    };
    (!edit.charge.is_zero()).then_some(charge)
}

/// What was taken without being known was given back.
pub fn refunded() -> Command {
    Command::RecordRefunded(euros(7700))
}

pub fn declined() -> Command {
    let (code, message) = ("generic_decline".to_owned(), "Your card was declined.".to_owned());
    Command::RecordDeclined(Decline { code, message })
}

pub fn cancel() -> Command {
    Command::RequestCancel { cause: CancelCause::Requested, reason: None, by: STAFF }
}

/// A parcel of these, or of all that is left.
pub fn fulfill(id: u128, lines: Option<&[(&str, i64)]>) -> Command {
    let line =
        |&(sku, count): &(&str, i64)| ShippedLine { sku: sku.parse().unwrap(), quantity: quantity(count) };
    Command::Fulfill {
        fulfillment: FulfillmentId::from_bits(id),
        lines: lines.map(|lines| lines.iter().map(line).collect()),
        tracking: None,
        by: STAFF,
    }
}

pub fn shipped(id: u128) -> Command {
    Command::RecordShipped(FulfillmentId::from_bits(id))
}
