//! Streams: what is recorded, in which order, and for how long.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use souk_cloud::dynamodb::{EventName, Image, StartingPosition};

use crate::support::{START, TABLE, cloud, dynamodb, n, owner, put, s, table};

#[tokio::test(start_paused = true)]
async fn records_carry_what_the_view_shows() {
    for (view, new, old) in [
        ("NEW_IMAGE", true, false),
        ("OLD_IMAGE", false, true),
        ("NEW_AND_OLD_IMAGES", true, true),
        ("KEYS_ONLY", false, false),
    ] {
        let cloud = cloud();
        table(&cloud, view);
        let client = dynamodb(&cloud, owner());
        put(&client, "a", "1", 1).await;
        put(&client, "a", "1", 2).await;
        client.delete_item().table_name(TABLE).key("pk", s("a")).key("sk", s("1")).send().await.unwrap();

        let records = cloud.dynamodb.stream_records(TABLE, None, 10);
        let names = records.iter().map(|record| record.event_name).collect::<Vec<_>>();
        assert_eq!(names, [EventName::Insert, EventName::Modify, EventName::Remove]);
        let modify = &records[1];
        assert_eq!(modify.keys, json!({"pk": {"S": "a"}, "sk": {"S": "1"}}));
        let image = |v: &str| json!({"pk": {"S": "a"}, "sk": {"S": "1"}, "v": {"N": v}});
        assert_eq!(modify.new_image.as_ref().map(Image::value), new.then(|| image("2")).as_ref(), "{view}");
        assert_eq!(modify.old_image.as_ref().map(Image::value), old.then(|| image("1")).as_ref(), "{view}");
        assert_eq!(modify.view_type.name(), view);
        assert_eq!(modify.created.as_second(), START);
        assert_eq!(modify.sequence_number().len(), 21);
        assert_eq!(modify.event_id.len(), 32);
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_changes_nothing_leaves_no_record() {
    for view in ["NEW_IMAGE", "NEW_AND_OLD_IMAGES"] {
        let cloud = cloud();
        table(&cloud, view);
        let client = dynamodb(&cloud, owner());
        for v in [1, 1, 1, 2, 2] {
            put(&client, "a", "1", v).await;
        }
        let records = cloud.dynamodb.stream_records(TABLE, None, 10);
        assert_eq!(records.len(), 2, "{view}");
        let limited = cloud.dynamodb.stream_records(TABLE, Some(records[0].sequence), 1);
        assert_eq!(limited, records[1..], "what is left out does not count against the limit");
    }
}

#[tokio::test(start_paused = true)]
async fn records_come_in_the_order_of_the_commits() {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(&cloud, owner());
    for number in 0..50 {
        put(&client, if number % 2 == 0 { "even" } else { "odd" }, &number.to_string(), number).await;
    }
    let records = cloud.dynamodb.stream_records(TABLE, None, 100);
    let values =
        records.iter().map(|record| record.new_image.as_ref().unwrap().value()["v"]["N"].as_str().unwrap());
    assert_eq!(values.collect::<Vec<_>>(), (0..50).map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(records.windows(2).all(|pair| pair[0].sequence < pair[1].sequence));
    let rest = cloud.dynamodb.stream_records(TABLE, Some(records[39].sequence), 100);
    assert_eq!(rest, records[40..]);
}

#[tokio::test(start_paused = true)]
async fn a_record_is_kept_until_every_consumer_has_passed_it() {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(&cloud, owner());
    let database = &cloud.dynamodb;
    assert_eq!(database.register("relay", TABLE, StartingPosition::TrimHorizon), None);
    assert_eq!(database.register("audit", TABLE, StartingPosition::TrimHorizon), None);
    for number in 0..10 {
        put(&client, "a", &number.to_string(), number).await;
    }
    let records = database.stream_records(TABLE, None, 100);

    database.advance("relay", TABLE, records[9].sequence);
    assert_eq!(database.stream_records(TABLE, None, 100).len(), 10, "the other one has not read them");
    database.advance("audit", TABLE, records[4].sequence);
    assert_eq!(database.stream_records(TABLE, None, 100), records[5..]);
    assert_eq!(database.checkpoint("audit", TABLE), Some(records[4].sequence));
    database.advance("audit", TABLE, records[0].sequence);
    assert_eq!(database.checkpoint("audit", TABLE), Some(records[4].sequence), "never back");

    database.retain_consumers(TABLE, &["relay"]);
    database.advance("relay", TABLE, records[9].sequence);
    assert!(database.stream_records(TABLE, None, 100).len() <= 1, "who is gone holds nothing back");
}

#[tokio::test(start_paused = true)]
async fn sequence_numbers_go_on_when_all_is_consumed_and_the_clock_stands_still() {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(&cloud, owner());
    let database = &cloud.dynamodb;
    database.register("relay", TABLE, StartingPosition::TrimHorizon);
    let mut passed = None;
    for number in 0..20 {
        put(&client, "a", &number.to_string(), number).await;
        let records = database.stream_records(TABLE, passed, 100);
        assert_eq!(records.len(), 1, "the record after {passed:?} is found");
        passed = Some(records[0].sequence);
        database.advance("relay", TABLE, records[0].sequence);
    }
}

#[tokio::test(start_paused = true)]
async fn a_consumer_may_begin_with_what_is_yet_to_come() {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(&cloud, owner());
    put(&client, "a", "1", 1).await;
    let from = cloud.dynamodb.register("relay", TABLE, StartingPosition::Latest);
    put(&client, "a", "2", 2).await;
    let records = cloud.dynamodb.stream_records(TABLE, from, 10);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].keys["sk"]["S"], "2");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_changes_is_woken() {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(&cloud, owner());
    let mut changes = cloud.dynamodb.changes();
    let woken = tokio::spawn(async move { changes.changed().await });
    tokio::task::yield_now().await;
    put(&client, "a", "1", 1).await;
    tokio::time::timeout(Duration::from_secs(1), woken).await.unwrap().unwrap();

    let changes = cloud.dynamodb.changes();
    client.get_item().table_name(TABLE).key("pk", s("a")).key("sk", s("1")).send().await.unwrap();
    assert!(!changes.has_changed(), "a read changes nothing");
}

#[tokio::test(start_paused = true)]
async fn items_expire_by_the_cloud_s_clock_and_say_so_in_the_stream() {
    let cloud = cloud();
    table(&cloud, "NEW_AND_OLD_IMAGES");
    let client = dynamodb(&cloud, owner());
    for (sk, expires) in [("soon", START + 60), ("late", START + 3600)] {
        let item = client.put_item().table_name(TABLE).item("pk", s("a")).item("sk", s(sk));
        item.item("expires", n(expires)).send().await.unwrap();
    }
    assert_eq!(cloud.dynamodb.sweep_ttl(), 0);
    tokio::time::advance(Duration::from_secs(120)).await;
    assert_eq!(cloud.dynamodb.sweep_ttl(), 1);
    let last = cloud.dynamodb.stream_records(TABLE, None, 10).pop().unwrap();
    assert_eq!((last.event_name, last.expired), (EventName::Remove, true));
    assert_eq!(last.keys["sk"]["S"], "soon");
}

#[tokio::test(start_paused = true)]
async fn all_that_is_over_goes_at_once_and_nothing_else_does() {
    let cloud = cloud();
    table(&cloud, "NEW_AND_OLD_IMAGES");
    let client = dynamodb(&cloud, owner());
    let put = |sk: String, expires: AttributeValue| {
        let item = client.put_item().table_name(TABLE).item("pk", s("a")).item("sk", s(&sk));
        item.item("expires", expires).send()
    };
    // More than are deleted before others may go on.
    for number in 0..70 {
        put(format!("over-{number}"), n(START + 60)).await.unwrap();
    }
    // What is no time, or one before 1970, never comes; what ends now is not over yet.
    let others = [("text", s("1")), ("before", n(-5)), ("now", n(START + 120)), ("later", n(START + 3600))];
    for (sk, expires) in others {
        put(sk.to_owned(), expires).await.unwrap();
    }
    tokio::time::advance(Duration::from_secs(120)).await;
    assert_eq!((cloud.dynamodb.sweep_ttl(), cloud.dynamodb.sweep_ttl()), (70, 0));
    let left = client.scan().table_name(TABLE).send().await.unwrap();
    let mut left: Vec<_> = left.items().iter().map(|item| item["sk"].as_s().unwrap().as_str()).collect();
    left.sort_unstable();
    assert_eq!(left, ["before", "later", "now", "text"]);
    let removed = cloud.dynamodb.stream_records(TABLE, None, 1000);
    assert_eq!(removed.iter().filter(|record| record.expired).count(), 70);
}

#[tokio::test(start_paused = true)]
async fn records_are_gone_after_a_day() {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(&cloud, owner());
    put(&client, "a", "1", 1).await;
    tokio::time::advance(Duration::from_secs(25 * 3600)).await;
    put(&client, "a", "2", 2).await;
    cloud.dynamodb.sweep_ttl();
    let records = cloud.dynamodb.stream_records(TABLE, None, 10);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].keys["sk"]["S"], "2");
}

#[tokio::test(start_paused = true)]
async fn a_table_created_again_begins_a_stream_of_its_own() {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(&cloud, owner());
    cloud.dynamodb.register("relay", TABLE, StartingPosition::TrimHorizon);
    put(&client, "a", "1", 1).await;
    let record = cloud.dynamodb.stream_records(TABLE, None, 10).pop().unwrap();
    cloud.dynamodb.advance("relay", TABLE, record.sequence);
    client.delete_table().table_name(TABLE).send().await.unwrap();

    table(&cloud, "KEYS_ONLY");
    let from = cloud.dynamodb.register("relay", TABLE, StartingPosition::TrimHorizon);
    put(&client, "b", "1", 1).await;
    let records = cloud.dynamodb.stream_records(TABLE, from, 10);
    assert_eq!(records.len(), 1);
    assert_eq!((&records[0].keys["pk"]["S"], &records[0].new_image), (&json!("b"), &None));
}
