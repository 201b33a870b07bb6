//! What shoppers read, and that no name of a product can make a mail say something else.

use serde_json::json;
use souk::{
    identity::StoreProfile,
    notification::{Mail, compose},
    order::{Command, Order, OrderEvent, Tracking, decide},
    payment::CaptureMethod::Automatic,
    risk::RiskOutcome::Allow,
};

use crate::example::*;

fn mail(kind: &str, order: &Order) -> Mail {
    let store: StoreProfile =
        serde_json::from_value(json!({ "name": "Tea & Co", "currency": "EUR", "locations": [] })).unwrap();
    compose(kind, order, &store).unwrap().unwrap()
}

fn told(kind: &str, order: &Order) -> String {
    let mail = mail(kind, order);
    format!("{}\n\n{}", mail.subject, mail.text)
}

#[test]
fn an_order_was_confirmed() {
    insta::assert_snapshot!(
        "confirmed",
        told("order.confirmed", &given(Automatic, vec![reserved(Allow), authorized()]))
    );
}

#[test]
fn an_order_was_canceled_because_its_payment_was_declined() {
    let order = given(Automatic, vec![reserved(Allow), declined(), Command::RecordReleased]);
    insta::assert_snapshot!("canceled_because_declined", told("order.canceled", &order));
}

#[test]
fn an_order_was_canceled_and_refunded() {
    let back = [Command::RefundRest, returned(rest(0)), Command::RecordReleased];
    let commands = [reserved(Allow), authorized(), captured(), cancel()].into_iter().chain(back).collect();
    insta::assert_snapshot!("canceled_and_refunded", told("order.canceled", &given(Automatic, commands)));
}

#[test]
fn an_order_was_canceled_before_anything_was_charged() {
    let order = given(Automatic, vec![short(), Command::RecordReleased]);
    assert!(mail("order.canceled", &order).text.contains("Nothing was charged."));
}

#[test]
fn a_parcel_is_on_its_way() {
    let order = given(Automatic, vec![reserved(Allow), authorized(), captured()]);
    let mut events = decide(&order, fulfill(1, None)).unwrap();
    if let OrderEvent::FulfillmentCreated { tracking, .. } = &mut events[0] {
        let (number, carrier) = ("JD014600003RU".parse().unwrap(), Some("DHL".parse().unwrap()));
        *tracking = Some(Tracking { number, carrier });
    }
    insta::assert_snapshot!("parcel_with_tracking", told("order.fulfillment_created", &with(order, events)));
}

#[test]
fn what_concerns_no_shopper_leads_to_no_mail() {
    let order = given(Automatic, vec![]);
    let store = serde_json::from_value(json!({ "name": "Tea", "currency": "EUR", "locations": [] })).unwrap();
    assert_eq!(compose("order.stock_reserved", &order, &store).unwrap(), None);
}

#[test]
fn the_html_is_a_page_that_says_the_same() {
    let html = mail("order.confirmed", &given(Automatic, vec![reserved(Allow), authorized()])).html;
    for part in [
        "<!doctype html>",
        "Thank you for your order.",
        "K7Q2M-9F4ZT",
        "3 × Mug",
        "77.00 EUR",
        "Tea &amp; Co",
    ] {
        assert!(html.contains(part), "{part} is missing from {html}");
    }
    assert!(!html.contains("<mj-") && !html.contains("{{"), "the template shows in {html}");
}

#[test]
fn a_products_name_is_text_whatever_it_holds() {
    let names = [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("</td></mj-table><mj-raw>", "&lt;/td&gt;&lt;/mj-table&gt;&lt;mj-raw&gt;"),
        ("\"' onload=x", "&quot;&#39; onload=x"),
        ("Tea & <!-- Co", "Tea &amp; &lt;!-- Co"),
        ("A {{lead}} mug", "A &#123;&#123;lead&#125;&#125; mug"),
    ];
    for (name, shown) in names {
        let mut bought = placed(Automatic);
        bought.lines[0].name = name.parse().unwrap();
        let mail = mail("order.confirmed", &order_of(bought));
        assert!(mail.text.contains(name));
        assert!(mail.html.contains(shown), "{shown} is missing from {}", mail.html);
        assert!(!mail.html.contains(name), "{name} is in {}", mail.html);
        assert_eq!(mail.html.matches("Thank you").count(), 1);
    }
}
