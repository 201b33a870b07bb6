//! What goes wrong on purpose, as an SDK client sees it.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_sdk_dynamodb::{
    config::timeout::TimeoutConfig, error::SdkError, operation::transact_write_items::TransactWriteItemsError,
};
use serde_json::json;
use souk_cloud::{AwsError, CallInfo, Delivery, Fault, Faults, Refusal};

use crate::support::{TABLE, dynamodb, faulty, owner, put, retrying, s, table};

/// Goes wrong with the first `PutItem`s, each in its own way.
#[derive(Default)]
struct Script {
    before: Mutex<Vec<Fault>>,
    after: Mutex<Vec<Delivery>>,
}

impl Faults for Script {
    fn before(&self, call: &CallInfo) -> Option<Fault> {
        (call.operation == "PutItem").then(|| self.before.lock().unwrap().pop()).flatten()
    }

    fn after(&self, call: &CallInfo) -> Delivery {
        let mut after = self.after.lock().unwrap();
        if call.operation == "PutItem" { after.pop().unwrap_or_default() } else { Delivery::Deliver }
    }
}

fn throttle() -> Fault {
    Fault::Refuse(AwsError::new("ThrottlingException", "Slow down.").into())
}

#[tokio::test(start_paused = true)]
async fn throttling_and_broken_connections_are_retried_by_the_sdk() {
    let cloud =
        faulty(Script { before: Mutex::new(vec![Fault::Disconnect, throttle()]), ..Script::default() });
    table(&cloud, "NEW_IMAGE");
    put(&retrying(cloud.http_client(owner())), "a", "1", 1).await;
    assert_eq!(cloud.dynamodb.stream_records(TABLE, None, 10).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn before_the_call_means_that_nothing_was_done() {
    let cloud = faulty(Script { before: Mutex::new(vec![Fault::Disconnect]), ..Script::default() });
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(&cloud, owner());
    let broken =
        client.put_item().table_name(TABLE).item("pk", s("a")).item("sk", s("1")).send().await.unwrap_err();
    assert!(matches!(&broken, SdkError::DispatchFailure(failure) if failure.is_io()), "{broken:?}");
    assert!(cloud.dynamodb.stream_records(TABLE, None, 10).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_means_that_it_was_done() {
    let cloud = faulty(Script { after: Mutex::new(vec![Delivery::Lose]), ..Script::default() });
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(&cloud, owner());
    let lost =
        client.put_item().table_name(TABLE).item("pk", s("a")).item("sk", s("1")).send().await.unwrap_err();
    assert!(matches!(&lost, SdkError::DispatchFailure(failure) if failure.is_io()), "{lost:?}");
    assert_eq!(cloud.dynamodb.stream_records(TABLE, None, 10).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn silence_ends_with_the_client_s_own_timeout() {
    let cloud = faulty(Script { after: Mutex::new(vec![Delivery::Silence]), ..Script::default() });
    table(&cloud, "NEW_IMAGE");
    let timeout = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(3)).build();
    let config = dynamodb(&cloud, owner()).config().to_builder().timeout_config(timeout).build();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    let began = tokio::time::Instant::now();
    let silent =
        client.put_item().table_name(TABLE).item("pk", s("a")).item("sk", s("1")).send().await.unwrap_err();
    assert!(matches!(silent, SdkError::TimeoutError(_)), "{silent:?}");
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    assert_eq!(cloud.dynamodb.stream_records(TABLE, None, 10).len(), 1, "it was done");
}

#[tokio::test(start_paused = true)]
async fn a_service_may_be_slow() {
    let slow = Fault::Delay(Duration::from_millis(1500));
    let cloud = faulty(Script { before: Mutex::new(vec![slow]), ..Script::default() });
    table(&cloud, "NEW_IMAGE");
    let began = tokio::time::Instant::now();
    put(&dynamodb(&cloud, owner()), "a", "1", 1).await;
    assert_eq!(began.elapsed(), Duration::from_millis(1500));
}

#[tokio::test(start_paused = true)]
async fn a_transaction_can_be_made_to_conflict() {
    struct Conflict;
    impl Faults for Conflict {
        fn before(&self, call: &CallInfo) -> Option<Fault> {
            let reasons =
                call.keys.iter().map(|_| json!({"Code": "TransactionConflict", "Message": "conflict"}));
            (call.operation == "TransactWriteItems").then(|| {
                let error = AwsError::new("TransactionCanceledException", "Transaction cancelled");
                Fault::Refuse(Refusal::from(error).with_member("CancellationReasons", reasons.collect()))
            })
        }
    }
    let cloud = faulty(Conflict);
    table(&cloud, "NEW_IMAGE");
    let put = aws_sdk_dynamodb::types::Put::builder().table_name(TABLE).item("pk", s("a")).item("sk", s("1"));
    let element = aws_sdk_dynamodb::types::TransactWriteItem::builder().put(put.build().unwrap()).build();
    let transaction = dynamodb(&cloud, owner()).transact_write_items().transact_items(element);
    let refused = transaction.send().await.unwrap_err().into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(canceled) = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!(canceled.cancellation_reasons()[0].code(), Some("TransactionConflict"));
}

#[tokio::test(start_paused = true)]
async fn a_hook_sees_what_a_call_is_about() {
    #[derive(Default)]
    struct Count(AtomicUsize);
    impl Faults for Count {
        fn before(&self, call: &CallInfo) -> Option<Fault> {
            if call.keys.iter().any(|(table, key)| table == TABLE && key == "a") {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
            (self.0.load(Ordering::Relaxed) > 1).then(throttle)
        }
    }
    let cloud = faulty(Count::default());
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(&cloud, owner());
    put(&client, "a", "1", 1).await;
    put(&client, "b", "1", 1).await;
    let query = client.query().table_name(TABLE).key_condition_expression("pk = :a");
    assert!(
        query.expression_attribute_values(":a", s("a")).send().await.is_err(),
        "a query names its key too"
    );
}
