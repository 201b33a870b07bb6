//! Queues are created, found, tagged, emptied and deleted.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;

use crate::world::{code, refusal, world};

#[tokio::test(start_paused = true)]
async fn the_same_queue_can_be_created_again() {
    world(|w| async move {
        let first = w.queue("orders", &[(Name::VisibilityTimeout, "40")]).await;
        assert_eq!(w.queue("orders", &[(Name::VisibilityTimeout, "40")]).await, first);
        assert_eq!(w.queue("orders", &[]).await, first, "what isn't said isn't compared");
        let again = w.sqs.create_queue().queue_name(w.name("orders"));
        let again = again.attributes(Name::VisibilityTimeout, "41").send().await;
        let (code, message) = refusal(again);
        assert_eq!(code, "QueueAlreadyExists");
        assert!(message.ends_with("a different value for attribute VisibilityTimeout"), "{message}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn names_are_letters_digits_hyphens_and_underscores() {
    world(|w| async move {
        let long = "x".repeat(81);
        for name in ["", "a.b", "a b", "orders.fifo", long.as_str()] {
            let refused = code(w.sqs.create_queue().queue_name(name).send().await);
            let expected = if name.is_empty() { "MissingParameter" } else { "InvalidParameterValue" };
            assert_eq!(refused, expected, "{name}");
        }
        let fifo = w.sqs.create_queue().queue_name("orders").attributes(Name::FifoQueue, "true");
        assert_eq!(code(fifo.send().await), "InvalidParameterValue");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_queue_is_found_by_its_name() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let found = w.sqs.get_queue_url().queue_name(w.name("orders")).send().await.unwrap();
        assert_eq!(found.queue_url(), Some(url.as_str()));
        let missing = w.sqs.get_queue_url().queue_name(w.name("others")).send().await;
        assert!(missing.as_ref().unwrap_err().as_service_error().unwrap().is_queue_does_not_exist());
        let (code, message) = refusal(missing);
        assert_eq!(code, "AWS.SimpleQueueService.NonExistentQueue");
        assert_eq!(message, "The specified queue does not exist.");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn queues_are_listed_in_pages() {
    world(|w| async move {
        for name in ["a-1", "a-2", "a-3", "b-1"] {
            w.queue(name, &[]).await;
        }
        let list = || w.sqs.list_queues().queue_name_prefix(w.name("a-"));
        let all = list().send().await.unwrap();
        assert_eq!(all.queue_urls().len(), 3);
        assert_eq!(all.next_token(), None);
        let first = list().max_results(2).send().await.unwrap();
        assert_eq!(first.queue_urls().len(), 2);
        let rest = list().max_results(2).set_next_token(first.next_token).send().await.unwrap();
        assert_eq!(rest.queue_urls().len(), 1);
        assert!(rest.queue_urls()[0].ends_with("a-3"));
        assert_eq!(rest.next_token(), None);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_deleted_queue_is_gone_and_its_name_blocked_for_a_minute() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        w.send(&url, "lost").await;
        w.sqs.delete_queue().queue_url(&url).send().await.unwrap();
        if w.cloud.is_none() {
            return; // AWS takes up to a minute to notice.
        }
        let send = w.sqs.send_message().queue_url(&url).message_body("late").send().await;
        assert_eq!(code(send), "AWS.SimpleQueueService.NonExistentQueue");
        let again = w.sqs.create_queue().queue_name(w.name("orders")).send().await;
        assert_eq!(code(again), "AWS.SimpleQueueService.QueueDeletedRecently");
        w.pass(Duration::from_secs(60)).await;
        let url = w.queue("orders", &[]).await;
        assert_eq!(w.depth(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_purge_takes_everything_once_a_minute() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        for body in ["visible", "in flight"] {
            w.send(&url, body).await;
        }
        w.one(&url).await;
        w.sqs.send_message().queue_url(&url).message_body("delayed").delay_seconds(60).send().await.unwrap();
        w.sqs.purge_queue().queue_url(&url).send().await.unwrap();
        let again = w.sqs.purge_queue().queue_url(&url).send().await;
        assert_eq!(code(again), "AWS.SimpleQueueService.PurgeQueueInProgress");
        if w.pass(Duration::from_secs(60)).await {
            assert_eq!(w.depth(&url).await, [0, 0, 0]);
            w.send(&url, "new").await;
            w.sqs.purge_queue().queue_url(&url).send().await.unwrap();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn queues_have_tags() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        w.sqs.tag_queue().queue_url(&url).tags("team", "a").tags("stage", "test").send().await.unwrap();
        w.sqs.tag_queue().queue_url(&url).tags("team", "b").send().await.unwrap();
        w.sqs.untag_queue().queue_url(&url).tag_keys("stage").tag_keys("unknown").send().await.unwrap();
        let tags = w.sqs.list_queue_tags().queue_url(&url).send().await.unwrap().tags.unwrap();
        assert_eq!(tags, [("team".to_owned(), "b".to_owned())].into());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn permissions_are_statements_of_the_policy() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let add = |label: &str| {
            let add = w.sqs.add_permission().queue_url(&url).label(label);
            add.aws_account_ids("111111111111").actions("ReceiveMessage").send()
        };
        if w.cloud.is_none() {
            return; // The account must exist.
        }
        add("one").await.unwrap();
        assert_eq!(code(add("one").await), "InvalidParameterValue");
        add("two").await.unwrap();
        let remove = |label: &str| w.sqs.remove_permission().queue_url(&url).label(label).send();
        remove("one").await.unwrap();
        let policy: serde_json::Value =
            serde_json::from_str(&w.attribute(&url, Name::Policy).await.unwrap()).unwrap();
        assert_eq!(policy["Statement"].as_array().unwrap().len(), 1);
        assert_eq!(policy["Statement"][0]["Sid"], "two");
        assert_eq!(policy["Statement"][0]["Action"], "SQS:ReceiveMessage");
        remove("two").await.unwrap();
        assert_eq!(w.attribute(&url, Name::Policy).await, None);
        assert_eq!(code(remove("two").await), "InvalidParameterValue");
    })
    .await;
}
