//! What a folder keeps when the process is killed.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use serde_json::json;

use super::{Hands, attributes, queue, send, send_text};
use crate::sqs::{Depth, Received, Sqs};

/// A folder of its own, deleted with this value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("souk-sqs-{}-{number}", std::process::id())))
    }

    /// The service as it comes up after SIGKILL now: from a copy of the files, with the other one still open.
    fn after_a_kill(&self, hands: &Hands) -> (Sqs, Self) {
        let copy = Self::new();
        std::fs::create_dir_all(&copy.0).unwrap();
        for entry in std::fs::read_dir(&self.0).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, copy.0.join(path.file_name().unwrap())).unwrap();
        }
        (Sqs::open(hands.place(), Some(&copy.0)).unwrap(), copy)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn receive(sqs: &Sqs, arn: &str, max: usize) -> Vec<Received> {
    sqs.receive(arn, max, Duration::ZERO).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn messages_are_where_they_were() {
    let (hands, folder) = (Hands::new(), Folder::new());
    let before = Sqs::open(hands.place(), Some(&folder.0)).unwrap();
    let arn = queue(&before, "orders", &[("VisibilityTimeout", "60")]);
    for body in ["deleted", "in flight", "given back", "visible"] {
        let attributes = json!({ "type": { "DataType": "Binary", "BinaryValue": "AgME" } });
        send(&before, &arn, json!({ "MessageBody": body, "MessageAttributes": attributes })).await;
    }
    send(&before, &arn, json!({ "MessageBody": "delayed", "DelaySeconds": 90 })).await;
    let received = receive(&before, &arn, 3).await;
    before.delete(&arn, &received[0].receipt_handle).unwrap();
    before.change_visibility(&arn, &received[2].receipt_handle, Duration::ZERO).unwrap();

    let (after, _copy) = folder.after_a_kill(&hands);
    assert_eq!(after.depth(&arn), Depth { visible: 2, in_flight: 1, delayed: 1 });
    let mut visible = receive(&after, &arn, 10).await;
    visible.sort_by(|one, other| one.body.cmp(&other.body));
    let counts: Vec<_> = visible
        .iter()
        .map(|it| (it.body.as_str(), it.attributes["ApproximateReceiveCount"].as_str()))
        .collect();
    assert_eq!(counts, [("given back", "2"), ("visible", "1")]);
    assert_eq!(visible[0].message_attributes, received[2].message_attributes);
    assert_eq!(visible[0].message_id, received[2].message_id);
    after.delete(&arn, &received[1].receipt_handle).unwrap();
    assert_eq!(after.depth(&arn), Depth { visible: 0, in_flight: 2, delayed: 1 }, "the old receipt counts");
    hands.pass(90_000);
    assert_eq!(after.depth(&arn).visible, 3);
}

#[tokio::test(start_paused = true)]
async fn an_open_receive_ends_as_if_nothing_had_happened() {
    let (hands, folder) = (Hands::new(), Folder::new());
    let before = Sqs::open(hands.place(), Some(&folder.0)).unwrap();
    let arn = queue(&before, "orders", &[]);
    send_text(&before, &arn, "x").await;
    receive(&before, &arn, 1).await;
    hands.pass(31_000);
    let (after, _copy) = folder.after_a_kill(&hands);
    let again = receive(&after, &arn, 1).await.remove(0);
    assert_eq!(again.attributes["ApproximateReceiveCount"], "2");
}

#[tokio::test(start_paused = true)]
async fn queues_are_as_they_were() {
    let (hands, folder) = (Hands::new(), Folder::new());
    let before = Sqs::open(hands.place(), Some(&folder.0)).unwrap();
    let url = before.create_queue("orders", &attributes(&[("VisibilityTimeout", "60")])).unwrap();
    before.call("TagQueue", json!({ "QueueUrl": url, "Tags": { "team": "a" } })).await.unwrap();
    let input = json!({ "QueueUrl": url, "Attributes": { "DelaySeconds": "7" } });
    before.call("SetQueueAttributes", input).await.unwrap();
    let gone = queue(&before, "gone", &[]);
    send_text(&before, &gone, "x").await;
    before.call("DeleteQueue", json!({ "QueueUrl": before.url_of(&gone) })).await.unwrap();
    let purged = queue(&before, "purged", &[]);
    send_text(&before, &purged, "x").await;
    before.call("PurgeQueue", json!({ "QueueUrl": before.url_of(&purged) })).await.unwrap();

    let (after, _copy) = folder.after_a_kill(&hands);
    let all = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
    let read = async |sqs: &Sqs| sqs.call("GetQueueAttributes", all.clone()).await.unwrap();
    assert_eq!(read(&after).await, read(&before).await);
    let tags = after.call("ListQueueTags", json!({ "QueueUrl": url })).await.unwrap();
    assert_eq!(tags, json!({ "Tags": { "team": "a" } }));
    assert_eq!(after.queues().len(), 2);
    assert_eq!(after.depth(&purged), Depth::default());
}

#[tokio::test(start_paused = true)]
async fn order_and_duplicates_are_remembered() {
    let (hands, folder) = (Hands::new(), Folder::new());
    let before = Sqs::open(hands.place(), Some(&folder.0)).unwrap();
    let arn = queue(&before, "orders.fifo", &[("FifoQueue", "true"), ("ContentBasedDeduplication", "true")]);
    let grouped = |body: &str| json!({ "MessageBody": body, "MessageGroupId": "g" });
    for body in ["1", "2", "3"] {
        send(&before, &arn, grouped(body)).await;
    }
    let first = receive(&before, &arn, 1).await.remove(0);

    let (after, _copy) = folder.after_a_kill(&hands);
    assert_eq!(receive(&after, &arn, 10).await, [], "its group is in flight");
    send(&after, &arn, grouped("1")).await;
    let fourth = send(&after, &arn, grouped("4")).await;
    assert!(fourth["SequenceNumber"].as_str().unwrap() > first.attributes["SequenceNumber"].as_str());
    after.delete(&arn, &first.receipt_handle).unwrap();
    let bodies: Vec<_> = receive(&after, &arn, 10).await.into_iter().map(|it| it.body).collect();
    assert_eq!(bodies, ["2", "3", "4"]);
    hands.pass(5 * 60 * 1000);
    let (later, _copy) = folder.after_a_kill(&hands);
    send(&later, &arn, grouped("1")).await;
    assert_eq!(later.depth(&arn).visible, 4, "after five minutes it is a new message");
}

#[tokio::test(start_paused = true)]
async fn dead_letters_stay_dead() {
    let (hands, folder) = (Hands::new(), Folder::new());
    let before = Sqs::open(hands.place(), Some(&folder.0)).unwrap();
    // Its name comes first or last: whichever is saved first, the message is in one queue only.
    for name in ["a-dead", "z-dead"] {
        let dead = queue(&before, name, &[]);
        let redrive = json!({ "deadLetterTargetArn": dead, "maxReceiveCount": 1 }).to_string();
        let policy = [("RedrivePolicy", redrive.as_str()), ("VisibilityTimeout", "0")];
        let arn = queue(&before, &format!("orders-of-{name}"), &policy);
        send_text(&before, &arn, "poison").await;
        receive(&before, &arn, 1).await;
        assert_eq!(receive(&before, &arn, 1).await, []);
        let (after, _copy) = folder.after_a_kill(&hands);
        assert_eq!((after.depth(&arn).visible, after.depth(&dead).visible), (0, 1));
        let message = receive(&after, &dead, 1).await.remove(0);
        assert_eq!(message.attributes["DeadLetterQueueSourceArn"], arn);
        let input = json!({ "SourceArn": dead });
        after.call("StartMessageMoveTask", input).await.unwrap();
    }
}

#[test]
fn a_file_of_something_else_is_refused() {
    let folder = Folder::new();
    std::fs::create_dir_all(&folder.0).unwrap();
    std::fs::write(folder.0.join("sqs.sqlite"), "this is no database, but it is long enough to look at")
        .unwrap();
    assert!(Sqs::open(Hands::new().place(), Some(&folder.0)).is_err());
}
