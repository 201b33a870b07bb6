//! What a folder keeps: everything, as it was when the process was killed.

use aws_sdk_dynamodb::types::AttributeValue;
use souk_cloud::dynamodb::StartingPosition;

use crate::support::{Folder, TABLE, client, dynamodb, owner, put, table};

#[tokio::test(start_paused = true)]
async fn everything_survives_a_kill() {
    let folder = Folder::new("killed");
    let before = folder.cloud();
    table(&before, "NEW_IMAGE");
    let writer = dynamodb(&before, owner());
    before.dynamodb.register("relay", TABLE, StartingPosition::TrimHorizon);
    for number in 0..30 {
        put(&writer, "a", &number.to_string(), number).await;
    }
    let records = before.dynamodb.stream_records(TABLE, None, 100);
    before.dynamodb.advance("relay", TABLE, records[9].sequence);
    let secret = before.secrets.ensure("root", || "first".to_owned()).unwrap();
    before.objects.put("failed", "relay/2026/1", "record").unwrap();
    let email =
        client!(aws_sdk_sesv2, before, owner()).send_email().from_email_address("shop@market.example");
    email
        .destination(crate::ses::to("jane@doe.example"))
        .content(crate::ses::simple("Hello"))
        .send()
        .await
        .unwrap();

    // The folder as it is now, with the first cloud still open: nothing was flushed or closed for it.
    let copy = folder.copy();
    let after = copy.cloud();
    table(&after, "NEW_IMAGE");
    let reader = dynamodb(&after, owner());
    let found = reader
        .query()
        .table_name(TABLE)
        .key_condition_expression("pk = :a")
        .expression_attribute_values(":a", AttributeValue::S("a".to_owned()))
        .send()
        .await
        .unwrap();
    assert_eq!(found.count(), 30);
    let passed = after.dynamodb.register("relay", TABLE, StartingPosition::TrimHorizon);
    assert_eq!(passed, Some(records[9].sequence));
    assert_eq!(after.dynamodb.stream_records(TABLE, passed, 100), records[10..]);
    assert_eq!(after.secrets.ensure("root", || "second".to_owned()).unwrap(), secret);
    let value =
        client!(aws_sdk_secretsmanager, after, owner()).get_secret_value().secret_id("root").send().await;
    assert_eq!(value.unwrap().secret_string(), Some("first"));
    assert_eq!(after.objects.get("failed", "relay/2026/1").as_deref(), Some(&b"record"[..]));
    assert_eq!(after.ses.messages(), before.ses.messages());
    assert_eq!(after.ses.messages().len(), 1);

    put(&reader, "b", "1", 1).await;
    let last = after.dynamodb.stream_records(TABLE, Some(records[29].sequence), 10);
    assert_eq!(last.len(), 1, "sequence numbers go on");
}

#[tokio::test(start_paused = true)]
async fn an_email_that_a_kill_cut_short_does_not_spoil_the_next() {
    let folder = Folder::new("cut");
    let send = async |cloud: &std::sync::Arc<souk_cloud::Cloud>| {
        let email =
            client!(aws_sdk_sesv2, cloud, owner()).send_email().from_email_address("shop@market.example");
        let email =
            email.destination(crate::ses::to("jane@doe.example")).content(crate::ses::simple("Hello"));
        email.send().await.unwrap();
    };
    send(&folder.cloud()).await;
    let path = folder.0.join("outbox/emails.jsonl");
    let mut lines = std::fs::read(&path).unwrap();
    lines.extend_from_slice(b"{\"id\":\"cut");
    std::fs::write(&path, lines).unwrap();

    let after = folder.cloud();
    assert_eq!(after.ses.messages().len(), 1);
    send(&after).await;
    assert_eq!(folder.cloud().ses.messages().len(), 2);
}
