//! Retention: what nobody deletes is gone after a time.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;

use crate::world::world;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn messages_expire_wherever_they_are() {
    world(|w| async move {
        let url = w
            .queue("orders", &[(Name::MessageRetentionPeriod, "60"), (Name::VisibilityTimeout, "600")])
            .await;
        w.send(&url, "in flight").await;
        w.one(&url).await;
        w.send(&url, "visible").await;
        w.sqs.send_message().queue_url(&url).message_body("delayed").delay_seconds(900).send().await.unwrap();
        assert_eq!(w.depth(&url).await, [1, 1, 1]);
        if w.pass(MINUTE / 2).await {
            w.send(&url, "younger").await;
            w.pass(MINUTE / 2).await;
            assert_eq!(w.depth(&url).await, [1, 0, 0]);
            assert_eq!(w.drain(&url).await, ["younger"]);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn in_a_dead_letter_queue_the_age_goes_on() {
    world(|w| async move {
        let dead = w.queue("dead", &[(Name::MessageRetentionPeriod, "120")]).await;
        let arn = w.arn(&dead).await;
        let redrive = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":1}}"#);
        let url = w.queue("orders", &[(Name::RedrivePolicy, &redrive), (Name::VisibilityTimeout, "1")]).await;
        w.send(&url, "x").await;
        w.one(&url).await;
        if w.pass(MINUTE).await {
            assert!(w.receive(&url, 1).await.is_empty());
            assert_eq!(w.depth(&dead).await, [1, 0, 0]);
            w.pass(MINUTE).await;
            assert_eq!(w.depth(&dead).await, [0, 0, 0], "two minutes after it was sent");
        }
    })
    .await;
}
