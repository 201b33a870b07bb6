//! DynamoDB's answers and errors, as any endpoint must give them.

use aws_sdk_dynamodb::{
    Client,
    error::ProvideErrorMetadata,
    operation::{put_item::PutItemError, transact_write_items::TransactWriteItemsError},
    types::{
        AttributeValue, ConditionCheck, Put, PutRequest, ReturnValuesOnConditionCheckFailure,
        TransactWriteItem, WriteRequest,
    },
};

use crate::{
    aws::ask,
    support::{n, s},
};

async fn put(client: &Client, table: &str, pk: &str, sk: &str, v: i64) {
    client
        .put_item()
        .table_name(table)
        .item("pk", s(pk))
        .item("sk", s(sk))
        .item("v", n(v))
        .send()
        .await
        .unwrap();
}

#[test]
fn a_transaction_that_failed_may_be_tried_again_with_its_token() {
    ask(async |aws| {
        aws.with_table(async |client, table| {
            let element = || {
                let put =
                    Put::builder().table_name(table).item("pk", s("b")).item("sk", s("1")).build().unwrap();
                let check = ConditionCheck::builder()
                    .table_name(table)
                    .key("pk", s("a"))
                    .key("sk", s("1"))
                    .condition_expression("attribute_exists(pk)")
                    .build()
                    .unwrap();
                let check = TransactWriteItem::builder().condition_check(check).build();
                let put = TransactWriteItem::builder().put(put).build();
                client
                    .transact_write_items()
                    .transact_items(put)
                    .transact_items(check)
                    .client_request_token("token")
            };
            let refused = element().send().await.unwrap_err().into_service_error();
            let TransactWriteItemsError::TransactionCanceledException(canceled) = &refused else {
                panic!("{refused:?}")
            };
            let codes = canceled.cancellation_reasons().iter().map(|reason| reason.code().unwrap());
            assert_eq!(codes.collect::<Vec<_>>(), ["None", "ConditionalCheckFailed"]);

            put(client, table, "a", "1", 0).await;
            element().send().await.unwrap();
            let got =
                client.get_item().table_name(table).key("pk", s("b")).key("sk", s("1")).send().await.unwrap();
            assert!(got.item.is_some());
        })
        .await;
    });
}

#[test]
fn errors_have_the_shapes_that_the_sdk_knows() {
    ask(async |aws| {
        aws.with_table(async |client, table| {
            put(client, table, "a", "1", 5).await;

            let again = client
                .put_item()
                .table_name(table)
                .item("pk", s("a"))
                .item("sk", s("1"))
                .condition_expression("attribute_not_exists(pk)")
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            let refused = again.send().await.unwrap_err().into_service_error();
            let PutItemError::ConditionalCheckFailedException(failed) = &refused else {
                panic!("{refused:?}")
            };
            assert_eq!(failed.message(), Some("The conditional request failed"));
            assert_eq!(failed.item().unwrap()["v"], n(5));

            let nowhere =
                client.get_item().table_name("no-such-table").key("pk", s("a")).send().await.unwrap_err();
            assert!(nowhere.into_service_error().is_resource_not_found_exception());

            let wrong = client
                .put_item()
                .table_name(table)
                .item("pk", n(1))
                .item("sk", s("1"))
                .send()
                .await
                .unwrap_err();
            let wrong = wrong.into_service_error();
            assert_eq!(wrong.code(), Some("ValidationException"));
            assert!(wrong.message().unwrap().contains("Type mismatch for key pk"), "{wrong:?}");

            let nothing = client.transact_write_items().send().await.unwrap_err().into_service_error();
            assert_eq!(nothing.code(), Some("ValidationException"));
        })
        .await;
    });
}

#[test]
fn a_token_stands_for_one_transaction() {
    ask(async |aws| {
        aws.with_table(async |client, table| {
            let send = |v: i64| {
                let put =
                    Put::builder().table_name(table).item("pk", s("a")).item("sk", s("1")).item("v", n(v));
                let element = TransactWriteItem::builder().put(put.build().unwrap()).build();
                client.transact_write_items().transact_items(element).client_request_token("one").send()
            };
            send(1).await.unwrap();
            put(client, table, "a", "1", 2).await;
            send(1).await.unwrap();
            let got =
                client.get_item().table_name(table).key("pk", s("a")).key("sk", s("1")).consistent_read(true);
            assert_eq!(got.send().await.unwrap().item.unwrap()["v"], n(2), "it was not done again");
            let other = send(3).await.unwrap_err().into_service_error();
            assert!(other.is_idempotent_parameter_mismatch_exception(), "{other:?}");
        })
        .await;
    });
}

#[test]
fn a_query_goes_page_by_page() {
    ask(async |aws| {
        aws.with_table(async |client, table| {
            let write = |number: i64| {
                let put = PutRequest::builder().item("pk", s("a")).item("sk", s(format!("{number:03}")));
                WriteRequest::builder().put_request(put.build().unwrap()).build()
            };
            let batch = (0..25).map(write).collect::<Vec<_>>();
            let written = client.batch_write_item().request_items(table, batch).send().await.unwrap();
            assert!(written.unprocessed_items().is_none_or(std::collections::HashMap::is_empty));

            let pages = client.query().table_name(table).key_condition_expression("pk = :a").limit(10);
            let mut pages =
                pages.expression_attribute_values(":a", s("a")).consistent_read(true).into_paginator().send();
            let mut keys: Vec<AttributeValue> = Vec::new();
            let mut counts = Vec::new();
            while let Some(page) = pages.next().await {
                let page = page.unwrap();
                counts.push(page.count());
                keys.extend(page.items().iter().map(|item| item["sk"].clone()));
            }
            assert_eq!(counts, [10, 10, 5]);
            assert_eq!(keys, (0..25).map(|number| s(format!("{number:03}"))).collect::<Vec<_>>());
        })
        .await;
    });
}
