//! Delays: a message is sent now and visible later.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;

use crate::world::{code, world};

#[tokio::test(start_paused = true)]
async fn a_queue_can_delay_all_messages() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::DelaySeconds, "5")]).await;
        w.send(&url, "later").await;
        let now = w.sqs.send_message().queue_url(&url).message_body("now").delay_seconds(0);
        now.send().await.unwrap();
        assert_eq!(w.depth(&url).await, [1, 0, 1]);
        assert_eq!(w.one(&url).await.body(), Some("now"));
        assert!(w.receive(&url, 1).await.is_empty());
        w.pass(Duration::from_secs(5)).await;
        assert_eq!(w.one(&url).await.body(), Some("later"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_message_can_be_delayed_by_itself() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let send = |seconds: i32| {
            w.sqs.send_message().queue_url(&url).message_body("x").delay_seconds(seconds).send()
        };
        send(3).await.unwrap();
        w.pass(Duration::from_millis(1500)).await;
        assert_eq!(w.depth(&url).await, [0, 0, 1]);
        w.pass(Duration::from_millis(1500)).await;
        assert_eq!(w.drain(&url).await, ["x"]);
        send(900).await.unwrap();
        for seconds in [-1, 901] {
            assert_eq!(code(send(seconds).await), "InvalidParameterValue");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_changed_delay_is_for_new_messages_of_a_standard_queue() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::DelaySeconds, "600")]).await;
        w.send(&url, "old").await;
        w.set(&url, Name::DelaySeconds, "0").await;
        if w.cloud.is_none() {
            return; // AWS takes up to a minute to notice.
        }
        w.send(&url, "new").await;
        assert_eq!(w.drain(&url).await, ["new"]);
        w.pass(Duration::from_secs(600)).await;
        assert_eq!(w.drain(&url).await, ["old"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_changed_delay_is_for_all_messages_of_a_fifo_queue() {
    world(|w| async move {
        let attributes = [(Name::DelaySeconds, "600"), (Name::ContentBasedDeduplication, "true")];
        let url = w.queue("orders.fifo", &attributes).await;
        let send = |body: &str| w.sqs.send_message().queue_url(&url).message_group_id("g").message_body(body);
        send("first").send().await.unwrap();
        assert_eq!(code(send("never").delay_seconds(2).send().await), "InvalidParameterValue");
        w.set(&url, Name::DelaySeconds, "0").await;
        if w.cloud.is_none() {
            return;
        }
        send("second").send().await.unwrap();
        assert_eq!(w.drain(&url).await, ["first", "second"]);
    })
    .await;
}
