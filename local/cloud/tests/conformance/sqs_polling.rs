//! Long polling: a receive waits for a message, however it becomes visible.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;
use tokio::time::Instant;

use crate::world::{World, world};

/// Polls for up to `wait` seconds: how many messages came, and after how long.
async fn poll(w: &World, url: &str, wait: Option<i32>) -> (usize, Duration) {
    let start = Instant::now();
    let receive =
        w.sqs.receive_message().queue_url(url).max_number_of_messages(10).set_wait_time_seconds(wait);
    let messages = receive.send().await.unwrap().messages.unwrap_or_default();
    (messages.len(), start.elapsed())
}

/// In real time, what is waited for may have begun a little before the wait, and answers take a while.
#[track_caller]
fn about(took: Duration, seconds: u64) {
    let expected = Duration::from_secs(seconds);
    assert!(
        took + Duration::from_millis(500) >= expected && took < expected + Duration::from_millis(1500),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_wait_the_answer_is_at_once() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let (count, took) = poll(&w, &url, None).await;
        assert_eq!(count, 0);
        about(took, 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_nothing_ends_is_waited() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::ReceiveMessageWaitTimeSeconds, "3")]).await;
        for (wait, expected) in [(None, 3), (Some(2), 2), (Some(0), 0)] {
            let (count, took) = poll(&w, &url, wait).await;
            assert_eq!(count, 0);
            about(took, expected);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_message_ends_the_wait() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let send = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            w.send(&url, "x").await;
        };
        let ((count, took), ()) = tokio::join!(poll(&w, &url, Some(20)), send);
        assert_eq!(count, 1);
        about(took, 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_delay_ends_the_wait() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::DelaySeconds, "3")]).await;
        let send = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            w.send(&url, "x").await;
        };
        let ((count, took), ()) = tokio::join!(poll(&w, &url, Some(20)), send);
        assert_eq!(count, 1);
        about(took, 4);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_visibility_timeout_ends_the_wait() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::VisibilityTimeout, "4")]).await;
        w.send(&url, "x").await;
        let message = w.one(&url).await;
        let (count, took) = poll(&w, &url, Some(20)).await;
        assert_eq!(count, 1);
        about(took, 4);
        drop(message);
        let message =
            w.sqs.receive_message().queue_url(&url).wait_time_seconds(5).visibility_timeout(600).send();
        let message = message.await.unwrap().messages.unwrap().remove(0);
        let give_back = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            w.hide(&url, &message, 0).await;
        };
        let ((count, took), ()) = tokio::join!(poll(&w, &url, Some(20)), give_back);
        assert_eq!(count, 1);
        about(took, 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_deletion_frees_the_next_of_its_group() {
    world(|w| async move {
        let url = w.queue("orders.fifo", &[(Name::ContentBasedDeduplication, "true")]).await;
        for body in ["a", "b"] {
            let send = w.sqs.send_message().queue_url(&url).message_group_id("g").message_body(body);
            send.send().await.unwrap();
        }
        let first = w.one(&url).await;
        let delete = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            w.delete(&url, &first).await;
        };
        let ((count, took), ()) = tokio::join!(poll(&w, &url, Some(20)), delete);
        assert_eq!(count, 1);
        about(took, 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn of_many_who_wait_one_gets_the_message() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let send = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            w.send(&url, "x").await;
        };
        let polls = futures::future::join_all((0..5).map(|_| poll(&w, &url, Some(3))));
        let (polls, ()) = tokio::join!(polls, send);
        assert_eq!(polls.iter().map(|(count, _)| count).sum::<usize>(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_stops_waiting_takes_no_message_along() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let gave_up = tokio::time::timeout(Duration::from_secs(1), poll(&w, &url, Some(20))).await;
        assert!(gave_up.is_err());
        if w.cloud.is_some() {
            w.send(&url, "x").await;
            assert_eq!(poll(&w, &url, None).await.0, 1);
        }
    })
    .await;
}
