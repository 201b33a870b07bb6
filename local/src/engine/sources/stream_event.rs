//! The event that Lambda makes of a table's stream.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>

use serde_json::{Value, json};
use souk_cloud::dynamodb::StreamRecord;

/// One change as a record of the event.
pub(super) fn record(change: &StreamRecord, stream: &str, region: &str) -> Value {
    let mut dynamodb = json!({
        "ApproximateCreationDateTime": change.created.as_second(),
        "Keys": change.keys,
        "SequenceNumber": change.sequence_number(),
        "SizeBytes": change.size_bytes,
        "StreamViewType": change.view_type.name(),
    });
    if let Some(map) = dynamodb.as_object_mut() {
        for (name, image) in [("NewImage", &change.new_image), ("OldImage", &change.old_image)] {
            if let Some(image) = image {
                map.insert(name.to_owned(), image.clone());
            }
        }
    }
    let mut record = json!({
        "eventID": change.event_id,
        "eventName": change.event_name.name(),
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": region,
        "dynamodb": dynamodb,
        "eventSourceARN": stream,
    });
    if let (true, Some(map)) = (change.expired, record.as_object_mut()) {
        let service = json!({ "type": "Service", "principalId": "dynamodb.amazonaws.com" });
        map.insert("userIdentity".to_owned(), service);
    }
    record
}
