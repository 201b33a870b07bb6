//! AWS, wherever it is: our own cloud in this process or, with `SOUK_AWS_ENDPOINT`, whatever answers there. What is
//! asked through this holds for AWS itself.
//!
//! The endpoint gets the credentials of the usual environment variables, or made-up ones.

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    config::{Credentials, Region, SharedHttpClient},
    types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TableStatus},
};
use souk_cloud::{Caller, Cloud};

use crate::support::cloud;

/// What to ask.
#[derive(Clone)]
pub struct Aws {
    /// Ours, unless there is an endpoint.
    cloud: Option<Arc<Cloud>>,
    endpoint: Option<String>,
}

/// Runs a test that holds for any AWS: under a paused clock in process, else in real time.
pub fn ask(test: impl AsyncFnOnce(Aws)) {
    let endpoint = std::env::var("SOUK_AWS_ENDPOINT").ok().filter(|endpoint| !endpoint.is_empty());
    let paused = endpoint.is_none();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(paused).build().unwrap();
    runtime.block_on(async {
        let cloud = paused.then(cloud);
        test(Aws { cloud, endpoint }).await;
    });
}

/// An SDK client of an [`Aws`], with the SDK's own retries.
macro_rules! sdk {
    ($sdk:ident, $aws:expr) => {
        $sdk::Client::from_conf({
            let mut config = $sdk::Config::builder()
                .behavior_version($sdk::config::BehaviorVersion::latest())
                .region($aws.region())
                .credentials_provider($aws.credentials())
                .http_client($aws.http_client());
            config.set_endpoint_url($aws.endpoint());
            config.build()
        })
    };
}

impl Aws {
    pub fn region(&self) -> Region {
        let region = std::env::var("AWS_REGION").ok().filter(|_| self.endpoint.is_some());
        Region::new(region.unwrap_or_else(|| "eu-central-1".to_owned()))
    }

    pub fn credentials(&self) -> Credentials {
        let variable = |name: &str| std::env::var(name).ok().filter(|_| self.endpoint.is_some());
        Credentials::new(
            variable("AWS_ACCESS_KEY_ID").unwrap_or_else(|| "AKIDEXAMPLE".to_owned()),
            variable("AWS_SECRET_ACCESS_KEY").unwrap_or_else(|| "secret".to_owned()),
            variable("AWS_SESSION_TOKEN"),
            None,
            "conformance",
        )
    }

    pub fn endpoint(&self) -> Option<String> {
        self.endpoint.clone()
    }

    pub fn http_client(&self) -> SharedHttpClient {
        use aws_smithy_http_client::{Builder, tls};
        match (&self.cloud, &self.endpoint) {
            (Some(cloud), _) => cloud.http_client(Caller::everything("conformance")),
            (None, Some(endpoint)) if endpoint.starts_with("https:") => {
                let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
                Builder::new().tls_provider(ring).build_https()
            }
            (None, _) => Builder::new().build_http(),
        }
    }

    /// Lets time pass: by itself in process, else by waiting.
    pub async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// A table with the keys `pk` and `sk`, there while `test` runs.
    pub async fn with_table(&self, test: impl AsyncFnOnce(&Client, &str)) {
        let client = sdk!(aws_sdk_dynamodb, self);
        let name = format!("conformance-{}-{:?}", std::process::id(), std::thread::current().id());
        let name = name.replace(['(', ')'], "");
        let attribute = |name: &str| {
            let attribute = AttributeDefinition::builder().attribute_name(name);
            attribute.attribute_type(ScalarAttributeType::S).build().unwrap()
        };
        let key = |name: &str, kind| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
        };
        let create = client.create_table().table_name(&name).billing_mode(BillingMode::PayPerRequest);
        let create = create.attribute_definitions(attribute("pk")).attribute_definitions(attribute("sk"));
        let create = create.key_schema(key("pk", KeyType::Hash)).key_schema(key("sk", KeyType::Range));
        create.send().await.unwrap();
        loop {
            let described = client.describe_table().table_name(&name).send().await.unwrap();
            if described.table().unwrap().table_status() == Some(&TableStatus::Active) {
                break;
            }
            self.pass(Duration::from_secs(1)).await;
        }
        test(&client, &name).await;
        client.delete_table().table_name(&name).send().await.unwrap();
    }
}
