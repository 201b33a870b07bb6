//! Moving messages back from a dead-letter queue.

use std::time::Duration;

use aws_sdk_sqs::types::{ListMessageMoveTasksResultEntry as Task, QueueAttributeName as Name};

use crate::{
    sqs_redrive::policy,
    world::{World, code, receives, refusal, world},
};

/// Two queues with one dead-letter queue, which has one message of each, and the ids of these.
async fn dead_letters(w: &World) -> ([String; 2], String, [String; 2]) {
    let dead = w.queue("dead", &[]).await;
    let redrive = policy(&w.arn(&dead).await, 1);
    let attributes = [(Name::RedrivePolicy, redrive.as_str()), (Name::VisibilityTimeout, "0")];
    let urls = [w.queue("one", &attributes).await, w.queue("two", &attributes).await];
    let mut ids = [const { String::new() }; 2];
    for (url, id) in urls.iter().zip(&mut ids) {
        *id = w.send(url, url).await;
        w.one(url).await;
        assert!(w.receive(url, 1).await.is_empty());
    }
    (urls, dead, ids)
}

async fn tasks(w: &World, arn: &str) -> Vec<Task> {
    let list = w.sqs.list_message_move_tasks().source_arn(arn).max_results(10);
    list.send().await.unwrap().results.unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn messages_go_back_to_where_they_came_from_as_new_ones() {
    world(|w| async move {
        let (urls, dead, ids) = dead_letters(&w).await;
        let arn = w.arn(&dead).await;
        w.sqs.start_message_move_task().source_arn(&arn).send().await.unwrap();
        w.pass(Duration::from_secs(5)).await;
        for (url, id) in urls.iter().zip(&ids) {
            let message = w.one(url).await;
            assert_eq!(message.body(), Some(url.as_str()));
            assert_eq!(receives(&message), "1", "received for the first time again");
            assert_ne!(message.message_id(), Some(id.as_str()), "a message of its own");
        }
        let task = tasks(&w, &arn).await.remove(0);
        assert_eq!(task.status(), Some("COMPLETED"));
        let moved =
            (task.approximate_number_of_messages_moved(), task.approximate_number_of_messages_to_move());
        assert_eq!(moved, (2, Some(2)));
        assert_eq!((task.destination_arn(), task.task_handle()), (None, None));
        assert_eq!(w.depth(&dead).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn messages_can_go_elsewhere() {
    world(|w| async move {
        let (_, dead, _) = dead_letters(&w).await;
        let elsewhere = w.queue("elsewhere", &[]).await;
        let (arn, to) = (w.arn(&dead).await, w.arn(&elsewhere).await);
        w.sqs.start_message_move_task().source_arn(&arn).destination_arn(&to).send().await.unwrap();
        w.pass(Duration::from_secs(5)).await;
        assert_eq!(w.drain(&elsewhere).await.len(), 2);
        assert_eq!(tasks(&w, &arn).await[0].destination_arn(), Some(to.as_str()));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_task_keeps_its_velocity_and_can_be_cancelled() {
    world(|w| async move {
        let (urls, dead, _) = dead_letters(&w).await;
        let (arn, to) = (w.arn(&dead).await, w.arn(&urls[0]).await);
        for number in 0..10 {
            w.send(&dead, &number.to_string()).await;
        }
        let start = || w.sqs.start_message_move_task().source_arn(&arn).destination_arn(&to);
        let started = start().max_number_of_messages_per_second(1).send().await.unwrap();
        let handle = started.task_handle.unwrap();
        let (many, message) = refusal(start().send().await);
        assert_eq!(many, "InvalidParameterValue");
        assert!(message.starts_with("There is already a task running."), "{message}");
        let running = tasks(&w, &arn).await.remove(0);
        assert_eq!((running.status(), running.task_handle()), (Some("RUNNING"), Some(handle.as_str())));
        assert_eq!(running.max_number_of_messages_per_second(), Some(1));

        w.pass(Duration::from_millis(3500)).await;
        let cancel = || w.sqs.cancel_message_move_task().task_handle(&handle);
        let moved = cancel().send().await.unwrap().approximate_number_of_messages_moved();
        assert!((2..=5).contains(&moved), "{moved}");
        w.pass(Duration::from_secs(3)).await;
        let task = tasks(&w, &arn).await.remove(0);
        assert!(matches!(task.status(), Some("CANCELLED" | "CANCELLING")));
        assert_eq!(task.approximate_number_of_messages_to_move(), Some(12));
        assert_eq!(w.drain(&urls[0]).await.len() + w.drain(&dead).await.len(), 12, "none is lost");
        start().send().await.unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_task_ends_although_messages_keep_coming() {
    world(|w| async move {
        if w.cloud.is_none() {
            return; // What AWS moves of these is not documented.
        }
        let (urls, dead, _) = dead_letters(&w).await;
        let (arn, to) = (w.arn(&dead).await, w.arn(&urls[0]).await);
        let start = w.sqs.start_message_move_task().source_arn(&arn).destination_arn(&to);
        start.max_number_of_messages_per_second(1).send().await.unwrap();
        for number in 0..5 {
            w.send(&dead, &number.to_string()).await;
        }
        w.pass(Duration::from_secs(10)).await;
        assert_eq!(tasks(&w, &arn).await[0].status(), Some("COMPLETED"));
        assert_eq!(w.depth(&dead).await, [5, 0, 0]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_message_of_no_queue_has_nowhere_to_go() {
    world(|w| async move {
        let (_, dead, _) = dead_letters(&w).await;
        w.drain(&dead).await;
        w.send(&dead, "sent by hand").await;
        let arn = w.arn(&dead).await;
        w.sqs.start_message_move_task().source_arn(&arn).send().await.unwrap();
        w.pass(Duration::from_secs(5)).await;
        let task = tasks(&w, &arn).await.remove(0);
        assert_eq!(
            (task.status(), task.failure_reason()),
            (Some("FAILED"), Some("CouldNotDetermineMessageSource"))
        );
        assert_eq!(w.drain(&dead).await, ["sent by hand"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_makes_no_sense_is_refused() {
    world(|w| async move {
        let (urls, dead, _) = dead_letters(&w).await;
        let (arn, url) = (w.arn(&dead).await, w.arn(&urls[0]).await);
        let start = |source: &str| w.sqs.start_message_move_task().source_arn(source);
        let (none, message) = refusal(start(&url).send().await);
        assert_eq!(none, "InvalidParameterValue");
        assert_eq!(message, "Source queue must be configured as a Dead Letter Queue.");
        let missing = arn.replace("dead", "nobody");
        assert_eq!(code(start(&missing).send().await), "ResourceNotFoundException");
        assert_eq!(code(start(&arn).destination_arn(&missing).send().await), "ResourceNotFoundException");
        for velocity in [0, 501, -1] {
            let started = start(&arn).max_number_of_messages_per_second(velocity).send().await;
            assert_eq!(code(started), "InvalidParameterValue");
        }
        let cancel = w.sqs.cancel_message_move_task().task_handle("nonsense").send().await;
        assert_eq!(code(cancel), "InvalidParameterValue");
    })
    .await;
}
