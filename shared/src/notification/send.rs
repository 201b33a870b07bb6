//! Sending a mail once per event.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sesv2::{
    error::DisplayErrorContext,
    types::{Body, Content, Destination, EmailContent, Message},
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{
    link_mail,
    mail::{Mail, compose},
};
use crate::{
    contact::Email,
    event::CloudEvent,
    identity::StoreProfile,
    link::Purpose,
    order::{self, Order},
    runtime::{App, JobError},
    store::{self, Key, Write, WriteError, keys},
    vault::Opened,
};

/// How long a worker that took on a mail has to send it before another one may.
const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// How long the mark is kept that a mail was sent: longer than any queue keeps a message.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    sent: bool,
    /// Until when the worker that took it on has it, in milliseconds since 1970.
    lease_until: i64,
    expires: i64,
}

/// A mail that was sent, while its mark says only that somebody is at it. Told so again, the mail would be sent again
/// once they have had their time.
#[derive(Debug)]
#[must_use]
pub struct Sent(Key);

impl Sent {
    /// Has its mark say that it was sent.
    ///
    /// # Errors
    /// [`JobError`] where storage fails.
    pub async fn mark(self, app: &App) -> Result<(), JobError> {
        let sent = Write::update(self.0, "SET sent = :yes").value(":yes", AttributeValue::Bool(true));
        Ok(store::commit(app, vec![sent]).await?)
    }
}

/// Sends the mail that `event` leads to, if it leads to one.
///
/// A mark says who sends it, before it is sent, and that it was, after. SES takes no idempotency key, so a worker that
/// dies between SES's answer and the second mark leaves a mail that is sent twice, five minutes apart; never one that
/// is not sent.
///
/// # Errors
/// [`JobError`] where the mail was not sent, or somebody else is at it: the message comes again.
pub async fn notify(app: &App, event: &CloudEvent) -> Result<(), JobError> {
    let written = match Purpose::of_event(&event.kind) {
        Some(purpose) => link_mail::written(app, event, purpose).await?,
        None => of_order(app, event).await?,
    };
    match deliver(app, event, written).await? {
        Some(sent) => sent.mark(app).await,
        None => Ok(()),
    }
}

/// As [`notify`], of an order that was read after `event`. The second mark is left to who told of the event, and needed
/// only where they tell of it again.
///
/// # Errors
/// Those of [`notify`].
pub async fn notify_of(app: &App, event: &CloudEvent, order: &Order) -> Result<Option<Sent>, JobError> {
    let written = about(app, event, order).await?;
    deliver(app, event, written).await
}

async fn deliver(
    app: &App,
    event: &CloudEvent,
    written: Option<(Email, Mail)>,
) -> Result<Option<Sent>, JobError> {
    let Some((to, mail)) = written else {
        return Ok(None);
    };
    let key = keys::sent_mail(event.tenant(), event.id);
    let Some(lease) = take_on(app, key.clone()).await? else {
        return Ok(None);
    };
    if let Err(error) = send(app, to.as_str(), mail).await {
        // Let go at once, so that the next delivery can try.
        let_go(app, key, lease).await?;
        return Err(error);
    }
    Ok(Some(Sent(key)))
}

/// The mail that an event of an order leads to, and where it goes.
async fn of_order(app: &App, event: &CloudEvent) -> Result<Option<(Email, Mail)>, JobError> {
    let tenant = event.tenant();
    let id = event.subject.parse().map_err(|error| JobError::new("unreadable_message", error))?;
    let missing = || JobError::new("unknown_order", format!("there is no order {id} of {tenant}"));
    let sequence = event.sequence.parse().map_err(|error| JobError::new("unreadable_message", error))?;
    let order = order::load_as_told(app, tenant, id, sequence).await?.ok_or_else(missing)?;
    about(app, event, &order).await
}

async fn about(app: &App, event: &CloudEvent, order: &Order) -> Result<Option<(Email, Mail)>, JobError> {
    let tenant = event.tenant();
    let missing = || JobError::new("unknown_store", format!("there is no store {tenant}"));
    // Its name, and where its storefront is: as they were a moment ago will do.
    let store = StoreProfile::load(&app.showing(), tenant).await?.ok_or_else(missing)?;
    let mail = compose(&event.kind, order, &store).map_err(|error| JobError::new("template", error))?;
    let Some(mail) = mail else {
        return Ok(None);
    };
    // Nobody is left to write to where the shopper was erased meanwhile.
    let contact = order.contact(&Opened::new(app, tenant)).await?;
    Ok(contact.map(|contact| (contact.email, mail)))
}

/// Marks that this worker sends the mail. Until when, as the mark says; nothing, where it was sent.
async fn take_on(app: &App, key: Key) -> Result<Option<i64>, JobError> {
    let now = app.now();
    let lease_until = (now + LEASE).as_millisecond();
    let mark = Mark { sent: false, lease_until, expires: (now + KEPT).as_second() };
    let write = Write::put("mail", key.clone(), &mark)?
        .when("attribute_not_exists(pk) OR (sent = :no AND lease_until < :now)")
        .value(":no", AttributeValue::Bool(false))
        .number(":now", now.as_millisecond());
    match store::commit(app, vec![write]).await {
        Ok(()) => Ok(Some(lease_until)),
        Err(WriteError::Refused(_)) => {
            let mark: Option<Mark> = store::get(app, "mail", &key).await?;
            match mark {
                Some(mark) if mark.sent => Ok(None),
                _ => Err(JobError::new("in_flight", "another worker is sending this mail")),
            }
        }
        Err(WriteError::Store(error)) => Err(error.into()),
    }
}

/// Takes this worker's own mark away. It may be done long after it was asked for, when the mark is another worker's, or
/// says that the mail was sent: that one stays.
async fn let_go(app: &App, key: Key, lease: i64) -> Result<(), JobError> {
    let own = Write::delete(key)
        .when("sent = :no AND lease_until = :own")
        .value(":no", AttributeValue::Bool(false))
        .number(":own", lease);
    match store::commit(app, vec![own]).await {
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
        Err(WriteError::Store(error)) => Err(error.into()),
    }
}

async fn send(app: &App, to: &str, mail: Mail) -> Result<(), JobError> {
    let failed = |error: &dyn std::fmt::Display| JobError::new("mail", error);
    let from = app.settings().require("MAIL_FROM").map_err(|error| failed(&error))?;
    let content = |text: String| Content::builder().data(text).charset("UTF-8").build();
    let body = Body::builder()
        .html(content(mail.html).map_err(|error| failed(&error))?)
        .text(content(mail.text).map_err(|error| failed(&error))?)
        .build();
    let subject = content(mail.subject).map_err(|error| failed(&error))?;
    let message = Message::builder().subject(subject).body(body).build();
    let call = app
        .ses()
        .send_email()
        .from_email_address(from)
        .destination(Destination::builder().to_addresses(to).build())
        .content(EmailContent::builder().simple(message).build());
    // SES's errors may name the address: only their code is told.
    call.send().await.map(drop).map_err(|error| {
        use aws_sdk_sesv2::error::ProvideErrorMetadata as _;
        match error.code() {
            Some(code) => failed(&code),
            None => failed(&DisplayErrorContext(&error)),
        }
    })
}
