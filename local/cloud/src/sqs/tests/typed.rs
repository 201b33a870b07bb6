//! The interface for the rest of the emulated cloud.

use std::time::Duration;

use serde_json::json;

use super::{Hands, attributes, queue, send, send_text};
use crate::sqs::{Depth, MessageAttribute, Outgoing, Sqs};

#[tokio::test(start_paused = true)]
async fn receives_as_many_as_asked_for() {
    let sqs = Sqs::open(Hands::new().place(), None).unwrap();
    let arn = queue(&sqs, "orders", &[]);
    for number in 0..250 {
        send_text(&sqs, &arn, &number.to_string()).await;
    }
    let received = sqs.receive(&arn, 200, Duration::ZERO).await.unwrap();
    assert_eq!(received.len(), 200);
    assert_eq!(sqs.depth(&arn), Depth { visible: 50, in_flight: 200, delayed: 0 });
    let first = &received[0];
    assert_eq!((first.body.as_str(), first.attributes["ApproximateReceiveCount"].as_str()), ("0", "1"));
    for message in &received {
        sqs.delete(&arn, &message.receipt_handle).unwrap();
    }
    assert_eq!(sqs.depth(&arn), Depth { visible: 50, in_flight: 0, delayed: 0 });
    assert!(sqs.receive("arn:aws:sqs:eu-central-1:000000000000:none", 1, Duration::ZERO).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn knows_when_something_becomes_visible() {
    let hands = Hands::new();
    let sqs = Sqs::open(hands.place(), None).unwrap();
    let (arn, other) = (queue(&sqs, "orders", &[]), queue(&sqs, "others", &[]));
    assert_eq!(sqs.next_change(), None);
    send(&sqs, &other, json!({ "MessageBody": "x", "DelaySeconds": 50 })).await;
    send_text(&sqs, &arn, "x").await;
    let after = |sqs: &Sqs, hands: &Hands| {
        sqs.next_change().map(|at| (at.as_millisecond() - hands.place().now().as_millisecond()) / 1000)
    };
    assert_eq!(after(&sqs, &hands), Some(50));
    let message = sqs.receive(&arn, 1, Duration::ZERO).await.unwrap().remove(0);
    assert_eq!(after(&sqs, &hands), Some(30));
    sqs.change_visibility(&arn, &message.receipt_handle, Duration::from_secs(90)).unwrap();
    assert_eq!(after(&sqs, &hands), Some(50));
    hands.pass(50_000);
    assert_eq!(after(&sqs, &hands), Some(40));
    hands.pass(40_000);
    assert_eq!(sqs.next_change(), None);
    assert_eq!(sqs.queues().iter().map(|it| it.depth.visible).sum::<usize>(), 2);
}

#[tokio::test(start_paused = true)]
async fn too_much_in_flight_is_refused_or_waited_for() {
    let sqs = Sqs::open(Hands::new().place(), None).unwrap();
    let (arn, ordered) = (queue(&sqs, "orders", &[]), queue(&sqs, "orders.fifo", &[("FifoQueue", "true")]));
    sqs.look(|state| state.queues.values_mut().for_each(|queue| queue.max_in_flight = 2));
    for id in ["1", "2", "3"] {
        send_text(&sqs, &arn, id).await;
        let input = json!({ "MessageBody": id, "MessageGroupId": id, "MessageDeduplicationId": id });
        send(&sqs, &ordered, input).await;
    }
    let received = sqs.receive(&arn, 10, Duration::ZERO).await.unwrap();
    assert_eq!(received.len(), 2);
    assert_eq!(sqs.receive(&arn, 10, Duration::ZERO).await.unwrap_err().code, "OverLimit");
    assert_eq!(sqs.receive(&arn, 10, Duration::from_secs(1)).await.unwrap(), []);
    sqs.delete(&arn, &received[0].receipt_handle).unwrap();
    assert_eq!(sqs.receive(&arn, 10, Duration::ZERO).await.unwrap().len(), 1);
    assert_eq!(sqs.receive(&ordered, 10, Duration::ZERO).await.unwrap().len(), 2);
    assert_eq!(sqs.receive(&ordered, 10, Duration::ZERO).await.unwrap(), [], "FIFO queues say nothing");
}

#[tokio::test(start_paused = true)]
async fn a_service_delivers_where_the_policy_lets_it() {
    let sqs = Sqs::open(Hands::new().place(), None).unwrap();
    let arn = queue(&sqs, "orders", &[]);
    let schedule = "arn:aws:scheduler:eu-central-1:000000000000:schedule/default/sweep";
    let outgoing = || Outgoing {
        body: "x".into(),
        message_attributes: [("type".into(), MessageAttribute::text("order.placed"))].into(),
        ..Outgoing::default()
    };
    let deliver = || sqs.deliver(&arn, "scheduler.amazonaws.com", schedule, outgoing());
    let refused = deliver().unwrap_err();
    assert_eq!((refused.code.as_str(), refused.status.as_u16()), ("AccessDenied", 403));
    let policy = json!({ "Statement": {
        "Effect": "Allow",
        "Principal": { "Service": "scheduler.amazonaws.com" },
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": { "StringEquals": { "aws:SourceAccount": "000000000000" } },
    } });
    let input = json!({ "QueueUrl": sqs.url_of(&arn), "Attributes": { "Policy": policy.to_string() } });
    sqs.call("SetQueueAttributes", input).await.unwrap();
    let id = deliver().unwrap();
    let received = sqs.receive(&arn, 1, Duration::ZERO).await.unwrap().remove(0);
    assert_eq!(received.message_id, id);
    assert_eq!(received.message_attributes["type"], MessageAttribute::text("order.placed"));
}

#[test]
fn an_operation_needs_the_permission_that_aws_documents() {
    let sqs = Sqs::open(Hands::new().place(), None).unwrap();
    let arn = "arn:aws:sqs:eu-central-1:000000000000:orders";
    let by_url = json!({ "QueueUrl": "http://localhost:3001/000000000000/orders" });
    let by_source = json!({ "SourceArn": arn });
    for (operation, input, action, resource) in [
        ("SendMessage", &by_url, "sqs:SendMessage", arn),
        ("SendMessageBatch", &by_url, "sqs:SendMessage", arn),
        ("DeleteMessageBatch", &by_url, "sqs:DeleteMessage", arn),
        ("ChangeMessageVisibilityBatch", &by_url, "sqs:ChangeMessageVisibility", arn),
        ("ReceiveMessage", &by_url, "sqs:ReceiveMessage", arn),
        ("GetQueueUrl", &json!({ "QueueName": "orders" }), "sqs:GetQueueUrl", arn),
        ("StartMessageMoveTask", &by_source, "sqs:StartMessageMoveTask", arn),
        ("ListQueues", &json!({}), "sqs:ListQueues", "*"),
    ] {
        assert_eq!(sqs.needs(operation, input), (action.to_owned(), resource.to_owned()));
    }
}

#[test]
fn urls_and_arns_name_the_same_queue() {
    let sqs = Sqs::open(Hands::new().place(), None).unwrap();
    let url = sqs.create_queue("orders", &attributes(&[])).unwrap();
    let arn = "arn:aws:sqs:eu-central-1:000000000000:orders";
    for name in [url.as_str(), "orders", "http://localhost:3001/000000000000/orders"] {
        assert_eq!(sqs.arn_of(name).as_deref(), Some(arn));
    }
    assert_eq!(sqs.url_of(arn), Some(url));
    assert_eq!(sqs.arn_of("http://localhost:3001/111111111111/orders"), None);
    assert_eq!(sqs.url_of("arn:aws:sqs:eu-central-1:000000000000:others"), None);
}

#[tokio::test(start_paused = true)]
async fn the_same_calls_give_the_same_ids() {
    let mut traces = Vec::new();
    for _ in 0..2 {
        let sqs = Sqs::open(Hands::new().place(), None).unwrap();
        let arn = queue(&sqs, "orders", &[]);
        let sent = send_text(&sqs, &arn, "x").await;
        traces.push((sent, sqs.receive(&arn, 1, Duration::ZERO).await.unwrap()));
    }
    assert_eq!(traces[0], traces[1]);
}
