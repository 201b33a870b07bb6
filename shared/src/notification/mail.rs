//! What the mails say: MJML templates, filled in and rendered.

use std::sync::LazyLock;

use crate::{
    identity::StoreProfile,
    order::{Order, PaymentStatus},
};

/// A mail, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its subject.
    pub subject: String,
    /// Its content for mail programs that show HTML.
    pub html: String,
    /// Its content for those that don't.
    pub text: String,
}

/// Why a mail can't be made.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the mail's template is broken: {0}")]
pub struct TemplateError(String);

/// What a mail about an order is written on: rendered once, with its fields still to be filled in. Rendering takes
/// milliseconds, and a batch of mails would take all of them in one go.
static PAGE: LazyLock<Result<String, TemplateError>> = LazyLock::new(|| rendered(include_str!("order.mjml")));

/// The types of the events of orders that lead to a mail.
pub const ORDER_EVENTS: [&str; 3] = ["order.confirmed", "order.canceled", "order.fulfillment_created"];

/// The mail that an event of an order leads to, if it leads to one. `kind` is the event's type.
///
/// # Errors
/// [`TemplateError`] where the template does not render, which the tests rule out.
pub fn compose(kind: &str, order: &Order, store: &StoreProfile) -> Result<Option<Mail>, TemplateError> {
    let number = &order.placed.number;
    let (subject, lead) = match kind {
        "order.confirmed" => (
            format!("Your order {number} at {}", store.name),
            "Thank you for your order. We are getting it ready.".to_owned(),
        ),
        "order.fulfillment_created" => {
            let tracking = order.fulfillments.last().and_then(|parcel| parcel.tracking.as_ref());
            let follow = tracking.map(|tracking| {
                let carrier =
                    tracking.carrier.as_ref().map(|carrier| format!(" with {carrier}")).unwrap_or_default();
                format!(" You can follow it{carrier} under the number {}.", tracking.number)
            });
            (
                format!("Your order {number} is on its way"),
                format!("A parcel of your order has left us.{}", follow.unwrap_or_default()),
            )
        }
        "order.canceled" => {
            let money = match order.payment {
                PaymentStatus::Refunded => "The money is on its way back to you.",
                PaymentStatus::Failed => "Your payment was declined, and nothing was charged.",
                _ => "Nothing was charged.",
            };
            (format!("Your order {number} was canceled"), format!("Your order was canceled. {money}"))
        }
        _ => return Ok(None),
    };
    let text = as_text(&lead, order, store);
    let html = as_html(&subject, &lead, order, store)?;
    Ok(Some(Mail { subject, html, text }))
}

/// Each line's description and price.
fn rows(order: &Order) -> impl Iterator<Item = (String, String)> {
    order.lines.iter().map(|line| {
        let words = line.options.words();
        let options = if words.is_empty() { words } else { format!(" ({words})") };
        (format!("{} × {}{options}", line.quantity.get(), line.name), line.total.to_string())
    })
}

fn as_text(lead: &str, order: &Order, store: &StoreProfile) -> String {
    let lines: String = rows(order).map(|(what, price)| format!("{what}: {price}\n")).collect();
    format!("{lead}\n\nOrder {}\n{lines}Total: {}\n\n{}\n", order.placed.number, order.total(), store.name)
}

fn as_html(subject: &str, lead: &str, order: &Order, store: &StoreProfile) -> Result<String, TemplateError> {
    let lines: String = rows(order)
        .map(|(what, price)| {
            let (what, price) = (escape(&what), escape(&price));
            format!(
                "<tr><td style=\"padding:6px 0\">{what}</td><td style=\"text-align:right\">{price}</td></tr>"
            )
        })
        .collect();
    let page = PAGE.as_ref().map_err(TemplateError::clone)?;
    Ok(page
        .replace("{{subject}}", &escape(subject))
        .replace("{{store}}", &escape(store.name.as_str()))
        .replace("{{number}}", &escape(&order.placed.number))
        .replace("{{total}}", &escape(&order.total().to_string()))
        .replace("{{lines}}", &lines)
        .replace("{{lead}}", &escape(lead)))
}

/// A filled-in template as HTML.
pub(super) fn rendered(template: &str) -> Result<String, TemplateError> {
    let broken = |error: &dyn std::fmt::Display| TemplateError(error.to_string());
    let parsed = mrml::parse(template).map_err(|error| broken(&error))?;
    parsed.element.render(&mrml::prelude::render::RenderOptions::default()).map_err(|error| broken(&error))
}

/// Names and reasons are text, whatever they hold. Braces too: a name can't ask for another field.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '{' => escaped.push_str("&#123;"),
            '}' => escaped.push_str("&#125;"),
            c => escaped.push(c),
        }
    }
    escaped
}
