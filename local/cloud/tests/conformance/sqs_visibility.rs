//! Visibility: a received message is hidden for a time, and only its latest receipt counts.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;

use crate::world::{code, receives, refusal, world};

#[tokio::test(start_paused = true)]
async fn a_message_comes_back_until_it_is_deleted() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::VisibilityTimeout, "4")]).await;
        let id = w.send(&url, "x").await;
        let first = w.one(&url).await;
        assert_eq!(w.depth(&url).await, [0, 1, 0]);
        w.pass(Duration::from_secs(2)).await;
        assert!(w.receive(&url, 1).await.is_empty());
        w.pass(Duration::from_secs(2)).await;
        let second = w.one(&url).await;
        assert_eq!(second.message_id(), Some(id.as_str()));
        assert_eq!((receives(&first), receives(&second)), ("1", "2"));
        assert_ne!(first.receipt_handle(), second.receipt_handle());
        w.delete(&url, &second).await;
        w.pass(Duration::from_secs(5)).await;
        assert!(w.receive(&url, 1).await.is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_receive_can_have_its_own_timeout() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::VisibilityTimeout, "0")]).await;
        w.send(&url, "x").await;
        w.one(&url).await;
        let receive = w.sqs.receive_message().queue_url(&url).visibility_timeout(3).wait_time_seconds(1);
        assert_eq!(receive.send().await.unwrap().messages().len(), 1);
        assert!(w.receive(&url, 1).await.is_empty());
        w.pass(Duration::from_secs(3)).await;
        assert_eq!(receives(&w.one(&url).await), "3");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_time_can_be_prolonged_and_ended() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::VisibilityTimeout, "3")]).await;
        w.send(&url, "x").await;
        let message = w.one(&url).await;
        w.hide(&url, &message, 8).await;
        w.pass(Duration::from_secs(4)).await;
        assert!(w.receive(&url, 1).await.is_empty(), "prolonged");
        w.hide(&url, &message, 0).await;
        assert_eq!(receives(&w.one(&url).await), "2", "given back at once");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_old_receipt_deletes_nothing() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::VisibilityTimeout, "2")]).await;
        w.send(&url, "x").await;
        let old = w.one(&url).await;
        w.pass(Duration::from_secs(2)).await;
        let new = w.one(&url).await;
        w.delete(&url, &old).await;
        w.pass(Duration::from_secs(2)).await;
        assert_eq!(receives(&w.one(&url).await), "3", "still there");
        w.delete(&url, &new).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_latest_receipt_works_after_its_time() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::VisibilityTimeout, "2")]).await;
        w.send(&url, "x").await;
        let message = w.one(&url).await;
        w.pass(Duration::from_secs(3)).await;
        w.hide(&url, &message, 30).await;
        assert!(w.receive(&url, 1).await.is_empty(), "hidden again");
        w.delete(&url, &message).await;
        assert_eq!(w.depth(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_receipt_is_refused() {
    world(|w| async move {
        let (url, other) = (w.queue("orders", &[]).await, w.queue("others", &[]).await);
        w.send(&url, "x").await;
        let handle = w.one(&url).await.receipt_handle.unwrap();
        let delete =
            |url: &str, handle: &str| w.sqs.delete_message().queue_url(url).receipt_handle(handle).send();
        assert_eq!(code(delete(&url, "nonsense").await), "ReceiptHandleIsInvalid");
        assert_eq!(code(delete(&other, &handle).await), "ReceiptHandleIsInvalid");
        let change = |url: &str, handle: &str, seconds: i32| {
            let change = w.sqs.change_message_visibility().queue_url(url).receipt_handle(handle);
            change.visibility_timeout(seconds).send()
        };
        assert_eq!(code(change(&url, "nonsense", 1).await), "ReceiptHandleIsInvalid");
        for seconds in [-1, 43_201] {
            assert_eq!(code(change(&url, &handle, seconds).await), "InvalidParameterValue");
        }
        delete(&url, &handle).await.unwrap();
        let (code, message) = refusal(change(&url, &handle, 1).await);
        assert_eq!(code, "InvalidParameterValue");
        let reason = "Message does not exist or is not available for visibility timeout change.";
        assert!(message.ends_with(reason), "{message}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_old_receipt_hides_nothing() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::VisibilityTimeout, "1")]).await;
        w.send(&url, "x").await;
        let old = w.one(&url).await;
        w.pass(Duration::from_secs(1)).await;
        w.one(&url).await;
        let change = w.sqs.change_message_visibility().queue_url(&url).visibility_timeout(60);
        let change = change.receipt_handle(old.receipt_handle().unwrap()).send().await;
        assert_eq!(code(change), "AWS.SimpleQueueService.MessageNotInflight");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn twelve_hours_after_the_receive_is_the_end() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::VisibilityTimeout, "43200")]).await;
        w.send(&url, "x").await;
        let message = w.one(&url).await;
        if !w.pass(Duration::from_secs(40_000)).await {
            return;
        }
        w.hide(&url, &message, 3200).await;
        let change = w.sqs.change_message_visibility().queue_url(&url).visibility_timeout(3201);
        let change = change.receipt_handle(message.receipt_handle().unwrap()).send().await;
        assert_eq!(code(change), "InvalidParameterValue");
    })
    .await;
}
