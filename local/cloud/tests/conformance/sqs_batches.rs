//! Batches: limits of the whole, and entries that fail alone.

use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, QueueAttributeName as Name,
    SendMessageBatchRequestEntry,
};

use crate::world::{code, receives, refusal, world};

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
}

fn numbered(count: usize) -> Vec<SendMessageBatchRequestEntry> {
    (0..count).map(|number| entry(&number.to_string(), "x")).collect()
}

#[tokio::test(start_paused = true)]
async fn one_to_ten_entries_with_ids_of_their_own() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let send = |entries| w.sqs.send_message_batch().queue_url(&url).set_entries(Some(entries)).send();
        let sent = send(numbered(10)).await.unwrap();
        assert_eq!((sent.successful().len(), sent.failed().len()), (10, 0));
        assert_eq!(w.drain(&url).await.len(), 10);

        assert_eq!(code(send(vec![]).await), "AWS.SimpleQueueService.EmptyBatchRequest");
        let (many, message) = refusal(send(numbered(11)).await);
        assert_eq!(many, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest");
        assert_eq!(message, "Maximum number of entries per request are 10. You have sent 11.");
        let twice = send(vec![entry("a", "x"), entry("a", "y")]).await;
        assert_eq!(code(twice), "AWS.SimpleQueueService.BatchEntryIdsNotDistinct");
        for id in ["", "a b", "a:b", "x".repeat(81).as_str()] {
            let bad = send(vec![entry(id, "x")]).await;
            assert_eq!(code(bad), "AWS.SimpleQueueService.InvalidBatchEntryId", "{id}");
        }
        assert_eq!(w.depth(&url).await, [0, 0, 0], "nothing of a refused batch is sent");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_mebibyte_is_the_limit_of_the_whole() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        let send = |size: usize| {
            let half = "x".repeat(524_288);
            let entries = vec![entry("a", &half), entry("b", &half[..size - half.len()])];
            w.sqs.send_message_batch().queue_url(&url).set_entries(Some(entries)).send()
        };
        assert_eq!(send(1_048_576).await.unwrap().successful().len(), 2);
        let entries = vec![entry("a", &"x".repeat(1_048_576)), entry("b", "x")];
        let over = w.sqs.send_message_batch().queue_url(&url).set_entries(Some(entries)).send().await;
        let (code, message) = refusal(over);
        assert_eq!(code, "AWS.SimpleQueueService.BatchRequestTooLong");
        assert_eq!(
            message,
            "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes."
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_bad_entry_fails_alone() {
    world(|w| async move {
        let url = w.queue("orders", &[(Name::MaximumMessageSize, "1024")]).await;
        let delayed =
            SendMessageBatchRequestEntry::builder().id("delayed").message_body("x").delay_seconds(901);
        let entries = vec![
            entry("good", "x"),
            entry("large", &"x".repeat(1025)),
            entry("garbled", "\u{1}"),
            delayed.build().unwrap(),
            entry("fine", "y"),
        ];
        let sent =
            w.sqs.send_message_batch().queue_url(&url).set_entries(Some(entries)).send().await.unwrap();
        let ids: Vec<_> = sent.successful().iter().map(|it| it.id().to_owned()).collect();
        assert_eq!(ids, ["good", "fine"]);
        let failed: Vec<_> = sent.failed().iter().map(|it| (it.id(), it.code(), it.sender_fault())).collect();
        assert_eq!(
            failed,
            [
                ("large", "InvalidParameterValue", true),
                ("garbled", "InvalidMessageContents", true),
                ("delayed", "InvalidParameterValue", true),
            ]
        );
        assert_eq!(w.drain(&url).await.len(), 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn deletions_in_a_batch() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        w.send(&url, "x").await;
        let handle = w.one(&url).await.receipt_handle.unwrap();
        let entry = |id: &str, handle: &str| {
            DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
        };
        let delete = |entries| w.sqs.delete_message_batch().queue_url(&url).set_entries(Some(entries)).send();
        let done = delete(vec![entry("good", &handle), entry("bad", "nonsense")]).await.unwrap();
        assert_eq!(done.successful().len(), 1);
        assert_eq!(done.successful()[0].id(), "good");
        assert_eq!((done.failed()[0].id(), done.failed()[0].code()), ("bad", "ReceiptHandleIsInvalid"));
        assert_eq!(w.depth(&url).await, [0, 0, 0]);
        let many = (0..11).map(|number| entry(&number.to_string(), &handle)).collect();
        assert_eq!(code(delete(many).await), "AWS.SimpleQueueService.TooManyEntriesInBatchRequest");
        assert_eq!(code(delete(vec![]).await), "AWS.SimpleQueueService.EmptyBatchRequest");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn visibility_in_a_batch() {
    world(|w| async move {
        let url = w.queue("orders", &[]).await;
        for body in ["a", "b"] {
            w.send(&url, body).await;
        }
        let messages = w.receive(&url, 2).await;
        let entry = |id: &str, handle: &str, seconds: i32| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(handle);
            entry.visibility_timeout(seconds).build().unwrap()
        };
        let handle = |at: usize| messages[at].receipt_handle().unwrap();
        let entries =
            vec![entry("shown", handle(0), 0), entry("bad", handle(1), 43_201), entry("worse", "x", 0)];
        let change = w.sqs.change_message_visibility_batch().queue_url(&url).set_entries(Some(entries));
        let changed = change.send().await.unwrap();
        assert_eq!(changed.successful().len(), 1);
        let failed: Vec<_> = changed.failed().iter().map(|it| (it.id(), it.code())).collect();
        assert_eq!(failed, [("bad", "InvalidParameterValue"), ("worse", "ReceiptHandleIsInvalid")]);
        let again = w.receive(&url, 10).await;
        assert_eq!(again.len(), 1);
        assert_eq!((again[0].message_id(), receives(&again[0])), (messages[0].message_id(), "2"));
    })
    .await;
}
