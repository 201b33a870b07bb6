//! Messages: what they may be, and how they come back.

use aws_sdk_sqs::{
    primitives::Blob,
    types::{
        MessageAttributeValue, MessageSystemAttributeName as System, MessageSystemAttributeNameForSends,
        MessageSystemAttributeValue, QueueAttributeName as Name,
    },
};

use crate::world::{code, receives, refusal, system, world};

fn attribute(data_type: &str, text: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type(data_type).string_value(text).build().unwrap()
}

fn binary(bytes: &[u8]) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new(bytes)).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_message_comes_back_as_it_was_sent() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let send = w.sqs.send_message().queue_url(&url).message_body("msg");
        let send = send.message_attributes("Hello", attribute("String", "There"));
        let sent = send.message_attributes("General", attribute("String", "Kenobi")).send().await.unwrap();
        assert_eq!(sent.md5_of_message_body(), Some("6e2baaf3b97dbeef01c0043275f9a0e7"));
        assert_eq!(sent.md5_of_message_attributes(), Some("fca026605781cb4126a1e9044df24232"));
        assert_eq!(sent.sequence_number(), None);

        let message = w.one(&url).await;
        assert_eq!(message.message_id(), sent.message_id());
        assert_eq!(message.body(), Some("msg"));
        assert_eq!(message.md5_of_body(), sent.md5_of_message_body());
        assert_eq!(message.md5_of_message_attributes(), sent.md5_of_message_attributes());
        assert_eq!(message.message_attributes().unwrap()["Hello"], attribute("String", "There"));
        assert_eq!(receives(&message), "1");
        assert!(!system(&message, &System::SenderId).is_empty());
        let at = |name| system(&message, &name).parse::<i64>().unwrap();
        assert!(at(System::SentTimestamp) > 1_500_000_000_000);
        assert!(at(System::ApproximateFirstReceiveTimestamp) >= at(System::SentTimestamp));

        w.delete(&url, &message).await;
        w.delete(&url, &message).await;
        assert_eq!(w.depth(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn only_the_attributes_asked_for_come_back() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::VisibilityTimeout, "0")]).await;
        let send = w.sqs.send_message().queue_url(&url).message_body("msg");
        let send = send.message_attributes("Help.Me", attribute("String", "Me"));
        send.message_attributes("Hello", attribute("String", "There")).send().await.unwrap();
        let names = async |wanted: &[&str]| {
            let receive = w.sqs.receive_message().queue_url(&url).wait_time_seconds(1);
            let wanted = wanted.iter().map(|name| (*name).to_owned()).collect();
            let receive = receive.set_message_attribute_names(Some(wanted)).send().await.unwrap();
            let message = receive.messages.unwrap().remove(0);
            assert_eq!(message.attributes(), None);
            let digest = message.md5_of_message_attributes().map(str::to_owned);
            let mut names: Vec<_> = message.message_attributes.unwrap_or_default().into_keys().collect();
            names.sort();
            (names.join(" "), digest)
        };
        assert_eq!(names(&[]).await, (String::new(), None));
        assert_eq!(names(&["Nothing"]).await, (String::new(), None));
        let one = Some("a311262e065454b75da111d535b8dacd".to_owned());
        assert_eq!(names(&["Hello", "Nothing"]).await, ("Hello".to_owned(), one));
        let both = Some("83fee93c1bcd8b9a5a923ffacdc636c7".to_owned());
        for wanted in ["All", ".*", "Hel.*"] {
            assert_eq!(names(&[wanted]).await, ("Hello Help.Me".to_owned(), both.clone()), "{wanted}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn system_attributes_are_asked_for_by_name() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::VisibilityTimeout, "0")]).await;
        let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let header = MessageSystemAttributeValue::builder().data_type("String").string_value(trace).build();
        let send = w.sqs.send_message().queue_url(&url).message_body("msg");
        let send = send
            .message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, header.unwrap());
        let sent = send.send().await.unwrap();
        assert!(sent.md5_of_message_system_attributes().is_some());
        let receive = w.sqs.receive_message().queue_url(&url).wait_time_seconds(1);
        let receive = receive.message_system_attribute_names(System::AwsTraceHeader).send().await.unwrap();
        let attributes = receive.messages.unwrap().remove(0).attributes.unwrap();
        assert_eq!(attributes, [(System::AwsTraceHeader, trace.to_owned())].into());
        let unknown =
            w.sqs.receive_message().queue_url(&url).message_system_attribute_names(System::from("Mood"));
        assert_eq!(code(unknown.send().await), "InvalidAttributeName");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_mebibyte_is_the_limit_attributes_included() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let send = |size: usize, name: &str| {
            let send = w.sqs.send_message().queue_url(&url).message_body("x".repeat(size));
            send.message_attributes(name, attribute("String", "12345")).send()
        };
        // Name, type and value: 4 + 6 + 5.
        let room = 1_048_576 - 15;
        send(room, "name").await.unwrap();
        assert_eq!(w.one(&url).await.body().unwrap().len(), room);
        let (code, message) = refusal(send(room + 1, "name").await);
        assert_eq!(code, "InvalidParameterValue");
        assert!(message.ends_with("Message must be shorter than 1048576 bytes."), "{message}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_queue_can_have_a_smaller_limit() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::MaximumMessageSize, "1024")]).await;
        w.send(&url, &"x".repeat(1024)).await;
        let send = w.sqs.send_message().queue_url(&url).message_body("x".repeat(1025)).send().await;
        let (code, message) = refusal(send);
        assert_eq!(code, "InvalidParameterValue");
        assert!(message.ends_with("Message must be shorter than 1024 bytes."), "{message}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn bodies_are_text_of_allowed_characters() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let text = "\t\n\r ~ \u{D7FF} \u{E000} \u{FFFD} \u{10000} \u{10FFFF}";
        w.send(&url, text).await;
        assert_eq!(w.one(&url).await.body(), Some(text));
        let send = |body: &str| w.sqs.send_message().queue_url(&url).message_body(body).send();
        assert_eq!(code(send("").await), "MissingParameter");
        for body in ["\u{0}", "a\u{B}", "\u{1F}", "\u{FFFE}"] {
            assert_eq!(code(send(body).await), "InvalidMessageContents", "{body:?}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn attributes_are_typed_and_at_most_ten() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let send = |name: &str, value: MessageAttributeValue| {
            w.sqs.send_message().queue_url(&url).message_body("x").message_attributes(name, value).send()
        };
        for value in [
            attribute("String", "text"),
            attribute("String.label", "text"),
            attribute("Number", "-1.5e3"),
            attribute("Number.int", "7"),
            binary(b"\x01\x02"),
        ] {
            send("name", value.clone()).await.unwrap();
            let message = w.one(&url).await;
            assert_eq!(message.message_attributes().unwrap()["name"], value);
        }
        for value in [
            attribute("Number", "seven"),
            attribute("Colour", "red"),
            attribute("String", ""),
            attribute("Binary", "text"),
            binary(b""),
        ] {
            assert_eq!(code(send("name", value.clone()).await), "InvalidParameterValue", "{value:?}");
        }
        let long = "x".repeat(257);
        for name in [".a", "a.", "a..b", "a b", "AWS.a", "amazon.a", long.as_str()] {
            assert_eq!(code(send(name, attribute("String", "x")).await), "InvalidParameterValue", "{name}");
        }
        let many = |count: usize| {
            let send = w.sqs.send_message().queue_url(&url).message_body("x");
            let numbered =
                |send: aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder, number| {
                    send.message_attributes(format!("name-{number}"), attribute("String", "x"))
                };
            (0..count).fold(send, numbered).send()
        };
        many(10).await.unwrap();
        assert_eq!(code(many(11).await), "InvalidParameterValue");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_attribute_without_a_value_is_named() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let send = w.sqs.send_message().queue_url(&url).message_body("x");
        let send = send.message_attributes("ErrorDetails", attribute("String", "")).send().await;
        let said = "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'.";
        assert_eq!(refusal(send), ("InvalidParameterValue".to_owned(), said.to_owned()));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn at_most_ten_messages_at_once() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        for number in 0..12 {
            w.send(&url, &number.to_string()).await;
        }
        for max in [0, 11, -1] {
            let receive = w.sqs.receive_message().queue_url(&url).max_number_of_messages(max).send().await;
            let (code, message) = refusal(receive);
            assert_eq!(code, "InvalidParameterValue");
            assert!(message.ends_with("Must be between 1 and 10, if provided."), "{message}");
        }
        for (wait, visibility) in [(21, 30), (-1, 30), (0, -1), (0, 43_201)] {
            let receive = w.sqs.receive_message().queue_url(&url).wait_time_seconds(wait);
            let receive = receive.visibility_timeout(visibility).send().await;
            assert_eq!(code(receive), "InvalidParameterValue");
        }
        let mut bodies = w.drain(&url).await;
        bodies.sort();
        assert_eq!(bodies.len(), 12);
        bodies.dedup();
        assert_eq!(bodies.len(), 12, "each once");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_standard_queue_takes_groups_but_no_deduplication() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let send = || w.sqs.send_message().queue_url(&url).message_body("x").message_group_id("tenant");
        send().send().await.unwrap();
        assert_eq!(system(&w.one(&url).await, &System::MessageGroupId), "tenant");
        assert_eq!(code(send().message_deduplication_id("1").send().await), "InvalidParameterValue");
    })
    .await;
}
