//! IAM: who may do what, and what they are told when they may not.

use aws_sdk_dynamodb::{
    error::ProvideErrorMetadata,
    types::{ConditionCheck, Delete, KeysAndAttributes, Put, TransactWriteItem, Update},
};
use serde_json::{Value, json};
use souk_cloud::iam::{Ask, Decision, Policy};

use crate::support::{TABLE, TABLE_ARN, client, cloud, dynamodb, function, may, owner, s, table};

fn allows(policy: &Value, ask: &Ask) -> bool {
    matches!(Policy::parse(policy).unwrap().decide(ask), Decision::Allowed { .. })
}

#[test]
fn a_policy_allows_what_a_statement_allows_and_none_denies() {
    let get = Ask::new("dynamodb:GetItem", TABLE_ARN);
    let index = Ask::new("dynamodb:Query", format!("{TABLE_ARN}/index/by-owner"));
    let statement = |effect: &str, action: Value, resource: Value| json!({"Effect": effect, "Action": action, "Resource": resource});
    for (name, policy, ask, allowed) in [
        ("nothing", json!({"Statement": []}), &get, false),
        ("exact", statement("Allow", json!("dynamodb:GetItem"), json!(TABLE_ARN)), &get, true),
        ("any case", statement("Allow", json!("DynamoDB:getitem"), json!(TABLE_ARN)), &get, true),
        ("another action", statement("Allow", json!("dynamodb:PutItem"), json!(TABLE_ARN)), &get, false),
        (
            "another table",
            statement("Allow", json!("dynamodb:*"), json!(format!("{TABLE_ARN}2"))),
            &get,
            false,
        ),
        ("a table is not its index", statement("Allow", json!("*"), json!(TABLE_ARN)), &index, false),
        ("an index", statement("Allow", json!("*"), json!(format!("{TABLE_ARN}/index/*"))), &index, true),
        (
            "deny wins",
            json!([
                statement("Allow", json!("*"), json!("*")),
                statement("Deny", json!("dynamodb:Get*"), json!("*"))
            ]),
            &get,
            false,
        ),
        (
            "all but",
            json!({"Effect": "Allow", "NotAction": "dynamodb:Get*", "NotResource": "arn:aws:sqs:*"}),
            &get,
            false,
        ),
        (
            "all but others",
            json!({"Effect": "Allow", "NotAction": "sqs:*", "NotResource": "arn:aws:sqs:*"}),
            &get,
            true,
        ),
    ] {
        assert_eq!(allows(&policy, ask), allowed, "{name}");
    }
}

#[test]
fn conditions_compare_the_context() {
    let ask = Ask::new("dynamodb:GetItem", TABLE_ARN)
        .with("dynamodb:LeadingKeys", vec!["store#1".to_owned(), "store#2".to_owned()])
        .with("aws:SourceArn", vec!["arn:aws:sns:eu-central-1:000000000000:events".to_owned()])
        .with("aws:SecureTransport", vec!["true".to_owned()]);
    for (condition, holds) in [
        (json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["store#*"]}}), true),
        (json!({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["store#1"]}}), false),
        (json!({"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": ["store#1"]}}), true),
        (json!({"ForAllValues:StringEquals": {"dynamodb:Attributes": ["a"]}}), true),
        (json!({"StringEquals": {"dynamodb:Attributes": ["a"]}}), false),
        (json!({"StringEqualsIfExists": {"dynamodb:Attributes": ["a"]}}), true),
        (json!({"StringNotEquals": {"aws:SourceArn": "b"}}), true),
        (json!({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:000000000000:ev*"}}), true),
        (json!({"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:111111111111:events"}}), false),
        (json!({"Bool": {"aws:SecureTransport": true}}), true),
        (json!({"Bool": {"aws:SecureTransport": "false"}}), false),
        (json!({"Null": {"dynamodb:Attributes": "true"}}), true),
        (json!({"Null": {"dynamodb:LeadingKeys": "true"}}), false),
        (json!({"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:SourceArn": "b"}}), false),
    ] {
        let policy = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition});
        assert_eq!(allows(&policy, &ask), holds, "{condition}");
    }
}

#[test]
fn what_is_not_understood_is_refused_and_not_ignored() {
    for policy in [
        json!({"Efect": "Allow", "Action": "*", "Resource": "*"}),
        json!({"Effect": "allow", "Action": "*", "Resource": "*"}),
        json!({"Effect": "Allow", "Action": "*"}),
        json!({"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"}),
        json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}),
        json!({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${aws:username}"}),
        json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringMatches": {"a": "b"}}}),
        json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"ForSome:StringEquals": {"a": "b"}}}),
        json!("Allow"),
    ] {
        assert!(Policy::parse(&policy).is_err(), "{policy}");
    }
}

#[test]
fn a_policy_tells_which_grants_were_never_needed() {
    let policy = Policy::parse(&json!({"Statement": [
        {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:PutItem"], "Resource": [TABLE_ARN, "other"]},
        {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE_ARN},
        {"Effect": "Deny", "Action": "sns:*", "Resource": "*"},
    ]}))
    .unwrap();
    assert_eq!(policy.decide(&Ask::new("dynamodb:GetItem", TABLE_ARN)), Decision::Allowed { statement: 0 });
    policy.decide(&Ask::new("dynamodb:DeleteItem", TABLE_ARN));
    let unused = policy.unused().into_iter().map(|grant| (grant.statement, grant.action, grant.resource));
    let expected = [
        (0, "dynamodb:GetItem", "other"),
        (0, "dynamodb:PutItem", TABLE_ARN),
        (0, "dynamodb:PutItem", "other"),
        (1, "dynamodb:GetItem", TABLE_ARN),
    ];
    let expected =
        expected.map(|(statement, action, resource)| (statement, action.to_owned(), resource.to_owned()));
    assert_eq!(unused.collect::<Vec<_>>(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_names_who_what_and_why() {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(&cloud, may(&["dynamodb:GetItem"], &[TABLE_ARN]));
    client.get_item().table_name(TABLE).key("pk", s("a")).key("sk", s("1")).send().await.unwrap();
    let put = client.put_item().table_name(TABLE).item("pk", s("a")).item("sk", s("1"));
    let denied = put.send().await.unwrap_err().into_service_error();
    assert_eq!(denied.code(), Some("AccessDeniedException"));
    assert_eq!(
        denied.message(),
        Some(
            "User: arn:aws:sts::000000000000:assumed-role/carts/carts is not authorized to perform: \
             dynamodb:PutItem on resource: arn:aws:dynamodb:eu-central-1:000000000000:table/market-orders because \
             no identity-based policy allows the dynamodb:PutItem action"
        )
    );
    assert!(cloud.dynamodb.stream_records(TABLE, None, 10).is_empty(), "and nothing is done");

    let deny = json!([
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": "*"},
    ]);
    let put =
        dynamodb(&cloud, function(&deny)).put_item().table_name(TABLE).item("pk", s("a")).item("sk", s("1"));
    let denied = put.send().await.unwrap_err().into_service_error();
    assert!(
        denied.message().unwrap().ends_with("with an explicit deny in an identity-based policy"),
        "{denied:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_transaction_needs_the_permission_of_each_element() {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    let all =
        ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"];
    for missing in [None, Some(0), Some(1), Some(2), Some(3)] {
        let allowed = all.iter().enumerate().filter(|(index, _)| Some(*index) != missing);
        let allowed = allowed.map(|(_, action)| *action).collect::<Vec<_>>();
        let client = dynamodb(&cloud, may(&allowed, &[TABLE_ARN]));
        let key = |pk: &str| [("pk".to_owned(), s(pk)), ("sk".to_owned(), s("1"))].into();
        let element = TransactWriteItem::builder;
        let put = Put::builder().table_name(TABLE).set_item(Some(key("a"))).build().unwrap();
        let update =
            Update::builder().table_name(TABLE).set_key(Some(key("b"))).update_expression("REMOVE v");
        let delete = Delete::builder().table_name(TABLE).set_key(Some(key("c"))).build().unwrap();
        let check = ConditionCheck::builder().table_name(TABLE).set_key(Some(key("d")));
        let check = check.condition_expression("attribute_not_exists(pk)").build().unwrap();
        let sent = client
            .transact_write_items()
            .transact_items(element().put(put).build())
            .transact_items(element().update(update.build().unwrap()).build())
            .transact_items(element().delete(delete).build())
            .transact_items(element().condition_check(check).build())
            .send()
            .await;
        match missing {
            None => assert!(sent.is_ok(), "{sent:?}"),
            Some(index) => {
                let denied = sent.unwrap_err().into_service_error();
                assert!(denied.message().unwrap().contains(all[index]), "{denied:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn reads_need_their_own_permissions_on_their_own_resources() {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    let index_arn = format!("{TABLE_ARN}/index/by-owner");
    let query = |caller| {
        let query = dynamodb(&cloud, caller).query().table_name(TABLE).index_name("by-owner");
        let query = query.key_condition_expression("#o = :o").expression_attribute_names("#o", "owner");
        query.expression_attribute_values(":o", s("o")).send()
    };
    assert!(
        query(may(&["dynamodb:Query"], &[TABLE_ARN])).await.is_err(),
        "the table's ARN is not the index's"
    );
    query(may(&["dynamodb:Query"], &[&index_arn])).await.unwrap();

    let batch = |caller| {
        let key = [("pk".to_owned(), s("a")), ("sk".to_owned(), s("1"))].into();
        let keys = KeysAndAttributes::builder().keys(key).build().unwrap();
        dynamodb(&cloud, caller).batch_get_item().request_items(TABLE, keys).send()
    };
    assert!(batch(may(&["dynamodb:GetItem"], &[TABLE_ARN])).await.is_err());
    batch(may(&["dynamodb:BatchGetItem"], &[TABLE_ARN])).await.unwrap();
    assert!(
        dynamodb(&cloud, may(&["dynamodb:Query"], &["*"])).scan().table_name(TABLE).send().await.is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn a_policy_can_keep_a_function_to_some_keys() {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    let client = dynamodb(
        &cloud,
        function(&json!({
            "Effect": "Allow", "Action": "dynamodb:*", "Resource": "*",
            "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "store#1#*"}},
        })),
    );
    let get = |pk: &str| client.get_item().table_name(TABLE).key("pk", s(pk)).key("sk", s("1")).send();
    get("store#1#cart").await.unwrap();
    assert!(get("store#2#cart").await.is_err());
    let query = |pk: &str| {
        let query =
            client.query().table_name(TABLE).key_condition_expression("#p = :p AND begins_with(sk, :s)");
        let query = query.expression_attribute_names("#p", "pk").expression_attribute_values(":s", s("x"));
        query.expression_attribute_values(":p", s(pk)).send()
    };
    query("store#1#cart").await.unwrap();
    assert!(query("store#2#cart").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn every_service_says_it_in_its_own_protocol() {
    let cloud = cloud();
    let nobody = || function(&json!({"Statement": []}));
    let sqs =
        client!(aws_sdk_sqs, cloud, nobody()).list_queues().send().await.unwrap_err().into_service_error();
    assert_eq!(ProvideErrorMetadata::code(&sqs), Some("AccessDenied"));
    let sns =
        client!(aws_sdk_sns, cloud, nobody()).list_topics().send().await.unwrap_err().into_service_error();
    assert!(sns.is_authorization_error_exception(), "{sns:?}");
    let secrets = client!(aws_sdk_secretsmanager, cloud, nobody());
    let secrets = secrets.get_secret_value().secret_id("root").send().await.unwrap_err().into_service_error();
    assert_eq!(ProvideErrorMetadata::code(&secrets), Some("AccessDeniedException"));
    client!(aws_sdk_sqs, cloud, owner()).list_queues().send().await.unwrap();
}
