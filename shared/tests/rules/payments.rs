//! What providers say of payments, as it comes to an order.

use souk::{
    order::{Command, OrderEvent, PaymentStatus, decide},
    payment::{CaptureMethod::Automatic, DisputeStatus, ProviderDispute, ProviderName},
    risk::RiskOutcome::Allow,
};

use crate::example::*;

fn dispute(reference: &str, status: DisputeStatus) -> ProviderDispute {
    ProviderDispute { reference: reference.to_owned(), amount: euros(7700), fee: Some(euros(1500)), status }
}

fn disputes(disputes: Vec<ProviderDispute>) -> Command {
    Command::RecordDisputes { payment: 1, disputes }
}

#[test]
fn a_dispute_opens_once_and_closes_once_whatever_is_said_of_it_afterwards() {
    use DisputeStatus::{Lost, NeedsResponse, UnderReview, Won};

    let mut order = given(Automatic, vec![reserved(Allow), authorized(), captured()]);
    let mut happened = Vec::new();
    for status in [NeedsResponse, NeedsResponse, UnderReview, Lost, Lost, Won, NeedsResponse] {
        let events = decide(&order, disputes(vec![dispute("dp_1", status)])).unwrap();
        happened.extend(events.iter().map(|event| event.write().unwrap().0));
        order = with(order, events);
    }
    assert_eq!(happened, ["order.dispute_opened", "order.dispute_closed"]);
    assert_eq!((order.disputes.len(), order.disputes[0].1.status), (1, Lost));
    // One that is over when it is first heard of opens and closes; each has its own name.
    let events = decide(&order, disputes(vec![dispute("dp_1", Lost), dispute("dp_2", Won)])).unwrap();
    assert!(matches!(
        &events[..],
        [OrderEvent::DisputeOpened { reference, .. }, OrderEvent::DisputeClosed { outcome: Won, .. }]
            if reference == "dp_2"
    ));
}

#[test]
fn a_payment_turns_to_another_provider_only_while_nothing_is_known_of_it() {
    let reroute = || Command::Reroute(ProviderName::Stripe);
    let payable = given(Automatic, vec![reserved(Allow)]);
    let events = decide(&payable, reroute()).unwrap();
    let turned = with(payable, events);
    assert_eq!((turned.provider, turned.payment), (ProviderName::Stripe, PaymentStatus::None));
    assert_eq!(decide(&turned, reroute()), Ok(vec![]));
    for settled in [
        vec![],
        vec![reserved(Allow), authorized()],
        vec![reserved(Allow), declined()],
        vec![reserved(Allow), cancel()],
    ] {
        assert!(decide(&given(Automatic, settled), reroute()).is_err());
    }
}

#[test]
fn an_order_says_which_provider_took_its_money() {
    let order = given(Automatic, vec![reserved(Allow), Command::Reroute(ProviderName::Stripe)]);
    let held = Command::RecordAuthorized {
        amount: euros(7700),
        reference: "pi_1".to_owned(),
        provider: ProviderName::Stripe,
    };
    let events = decide(&order, held).unwrap();
    let order = with(order, events);
    let events =
        decide(&order, Command::RecordCaptured { amount: euros(7700), fee: Some(euros(141)) }).unwrap();
    let taken = OrderEvent::PaymentCaptured {
        amount: euros(7700),
        fee: Some(euros(141)),
        provider: ProviderName::Stripe,
    };
    assert_eq!(events, [taken]);
}
