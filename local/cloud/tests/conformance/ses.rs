//! SES.

use aws_sdk_sesv2::{
    error::ProvideErrorMetadata,
    primitives::Blob,
    types::{Body, Content, Destination, EmailContent, Message, RawMessage},
};

use crate::support::{client, cloud, may, owner};

/// One recipient.
pub fn to(address: &str) -> Destination {
    Destination::builder().to_addresses(address).build()
}

/// An email with a subject, in both kinds of text.
pub fn simple(subject: &str) -> EmailContent {
    let text = |text: &str| Content::builder().data(text).build().unwrap();
    let body = Body::builder().text(text("plain")).html(text("<p>rich</p>")).build();
    EmailContent::builder().simple(Message::builder().subject(text(subject)).body(body).build()).build()
}

#[tokio::test(start_paused = true)]
async fn an_email_ends_in_the_outbox() {
    let cloud = cloud();
    let client = client!(aws_sdk_sesv2, cloud, owner());
    let send =
        client.send_email().from_email_address("Market <shop@market.example>").content(simple("Thank you"));
    let sent = send.destination(to("jane@doe.example")).send().await.unwrap();
    let [email] = &cloud.ses.messages()[..] else { panic!("one email") };
    assert_eq!(Some(email.id.as_str()), sent.message_id());
    assert_eq!((email.subject.as_str(), email.text.as_deref()), ("Thank you", Some("plain")));
    assert_eq!(email.to, ["jane@doe.example"]);
}

#[tokio::test(start_paused = true)]
async fn the_outbox_does_not_grow_by_what_old_emails_say() {
    let cloud = cloud();
    let client = client!(aws_sdk_sesv2, cloud, owner());
    for number in 0..502 {
        let send = client.send_email().from_email_address("shop@market.example");
        let send = send.destination(to("jane@doe.example")).content(simple(&format!("Mail {number}")));
        send.send().await.unwrap();
    }
    let emails = cloud.ses.messages();
    assert_eq!((emails.len(), emails[0].subject.as_str()), (502, "Mail 0"));
    let whole = emails.iter().map(|email| (email.text.is_some(), email.html.is_some()));
    let expected = (0..502).map(|number| (number > 1, number > 1));
    assert!(whole.eq(expected));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_email_is_refused() {
    let cloud = cloud();
    let client = client!(aws_sdk_sesv2, cloud, owner());
    let send = || client.send_email().from_email_address("shop@market.example").content(simple("Hello"));
    let crowd = Destination::builder().set_to_addresses(Some(vec!["a@b.example".to_owned(); 51])).build();
    for (name, refused) in [
        ("no recipient", send().send().await),
        ("too many", send().destination(crowd).send().await),
        ("no address", send().destination(to("nobody")).send().await),
        ("no sender", send().from_email_address("market").destination(to("a@b.example")).send().await),
        (
            "two lines",
            send().destination(to("a@b.example")).content(simple("a\r\nBcc: c@d.example")).send().await,
        ),
    ] {
        let refused = refused.expect_err(name).into_service_error();
        assert!(refused.is_bad_request_exception(), "{name}: {refused:?}");
    }
    assert!(cloud.ses.messages().is_empty());
}

#[tokio::test(start_paused = true)]
async fn only_verified_identities_send_once_there_are_any() {
    let cloud = cloud();
    cloud.ses.verify("market.example");
    let client = client!(aws_sdk_sesv2, cloud, owner());
    let send = |from: &str| {
        client
            .send_email()
            .from_email_address(from)
            .content(simple("Hello"))
            .destination(to("a@b.example"))
            .send()
    };
    send("shop@market.example").await.unwrap();
    let refused = send("shop@elsewhere.example").await.unwrap_err().into_service_error();
    assert!(refused.is_message_rejected(), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn sending_needs_the_permission_on_the_identity() {
    let cloud = cloud();
    cloud.ses.verify("market.example");
    let identity = "arn:aws:ses:eu-central-1:000000000000:identity/market.example";
    let client = client!(aws_sdk_sesv2, cloud, may(&["ses:SendEmail"], &[identity]));
    let send =
        || client.send_email().from_email_address("shop@market.example").destination(to("a@b.example"));
    send().content(simple("Hello")).send().await.unwrap();
    let raw = RawMessage::builder().data(Blob::new("Subject: x\r\n\r\ny")).build().unwrap();
    let raw = send().content(EmailContent::builder().raw(raw).build()).send().await.unwrap_err();
    let raw = raw.into_service_error();
    assert_eq!(raw.code(), Some("AccessDeniedException"));
    assert!(raw.message().unwrap().contains("not authorized to perform: ses:SendRawEmail"), "{raw:?}");
}
