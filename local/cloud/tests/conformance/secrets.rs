//! Secrets Manager.

use aws_sdk_secretsmanager::error::ProvideErrorMetadata;

use crate::support::{client, cloud, may, owner};

#[tokio::test(start_paused = true)]
async fn a_secret_has_a_current_and_a_previous_value() {
    let cloud = cloud();
    let client = client!(aws_sdk_secretsmanager, cloud, owner());
    let created = client.create_secret().name("root").secret_string("one").send().await.unwrap();
    let arn = created.arn().unwrap().to_owned();
    assert!(arn.starts_with("arn:aws:secretsmanager:eu-central-1:000000000000:secret:root-"), "{arn}");
    client.put_secret_value().secret_id("root").secret_string("two").send().await.unwrap();

    let value = client.get_secret_value().secret_id(&arn).send().await.unwrap();
    assert_eq!(value.secret_string(), Some("two"));
    let previous =
        client.get_secret_value().secret_id("root").version_stage("AWSPREVIOUS").send().await.unwrap();
    assert_eq!(previous.secret_string(), Some("one"));
    let described = client.describe_secret().secret_id("root").send().await.unwrap();
    assert_eq!(described.version_ids_to_stages().unwrap().len(), 2);

    let again = client.create_secret().name("root").secret_string("x").send().await.unwrap_err();
    assert!(again.into_service_error().is_resource_exists_exception());
    let missing = client.get_secret_value().secret_id("nobody").send().await.unwrap_err();
    assert!(missing.into_service_error().is_resource_not_found_exception());
}

#[tokio::test(start_paused = true)]
async fn the_same_token_is_the_same_version() {
    let cloud = cloud();
    let client = client!(aws_sdk_secretsmanager, cloud, owner());
    client.create_secret().name("root").secret_string("one").send().await.unwrap();
    let token = "0123456789-0123456789-0123456789-01";
    let put = |value: &str| {
        client.put_secret_value().secret_id("root").secret_string(value).client_request_token(token).send()
    };
    put("two").await.unwrap();
    put("two").await.unwrap();
    assert!(put("three").await.unwrap_err().into_service_error().is_resource_exists_exception());
}

#[tokio::test(start_paused = true)]
async fn reading_needs_the_permission_on_the_secret() {
    let cloud = cloud();
    let arn = cloud.secrets.ensure("root", || "one".to_owned()).unwrap();
    cloud.secrets.ensure("other", || "two".to_owned()).unwrap();
    let client = client!(aws_sdk_secretsmanager, cloud, may(&["secretsmanager:GetSecretValue"], &[&arn]));
    for id in ["root", &arn] {
        client.get_secret_value().secret_id(id).send().await.unwrap();
    }
    let denied = client.get_secret_value().secret_id("other").send().await.unwrap_err().into_service_error();
    assert_eq!(denied.code(), Some("AccessDeniedException"));
}
