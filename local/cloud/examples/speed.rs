//! What a call costs, one caller on one thread under a paused clock: `cargo run --release -p souk-cloud --example
//! speed [FOLDER]`.

use std::{error::Error, path::PathBuf, sync::Arc, time::Instant};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    types::{AttributeValue, Put, TransactWriteItem},
};
use jiff::Timestamp;
use serde_json::json;
use souk_cloud::{Caller, Cloud, CloudOptions, Place, dynamodb::StartingPosition};

const TABLE: &str = "speed-orders";
const COUNT: u32 = 5_000;

type Failure = Box<dyn Error>;

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Failure> {
    let place = Place {
        account: "000000000000".to_owned(),
        region: "eu-central-1".to_owned(),
        clock: Arc::new(Timestamp::now),
    };
    let data = std::env::args().nth(1).map(PathBuf::from);
    let cloud = Cloud::open(CloudOptions { data, ..CloudOptions::new(place) })?;
    cloud.dynamodb.ensure_table(&json!({
        "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
    }))?;
    cloud.dynamodb.register("relay", TABLE, StartingPosition::TrimHorizon);
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "speed"))
        .http_client(cloud.http_client(Caller::everything("speed")))
        .build();
    let client = Client::from_conf(config);
    measure("put", async |number| {
        put(&client, number).send().await?;
        Ok(())
    })
    .await?;
    let caller = Caller::everything("speed");
    measure("put without the SDK", async |number| {
        let item = json!({"pk": {"S": format!("order-{}", number % 100)}, "sk": {"S": number.to_string()}});
        let body = json!({"TableName": TABLE, "Item": item}).to_string();
        let request = http::Request::post("/").header("x-amz-target", "DynamoDB_20120810.PutItem");
        cloud.call(&caller, request.body(body.into())?).await?;
        Ok(())
    })
    .await?;
    measure("get", async |number| {
        let get = client.get_item().table_name(TABLE).key("pk", text(number % 100)).key("sk", text(number));
        get.send().await?;
        Ok(())
    })
    .await?;
    measure("query", async |number| {
        let query = client.query().table_name(TABLE).key_condition_expression("pk = :pk").limit(10);
        query.expression_attribute_values(":pk", text(number % 100)).send().await?;
        Ok(())
    })
    .await?;
    measure("transaction of two", async |number| {
        let element = |number: u32| -> Result<_, Failure> {
            let put =
                Put::builder().table_name(TABLE).item("pk", text(number)).item("sk", text(number)).build()?;
            Ok(TransactWriteItem::builder().put(put).build())
        };
        let transaction = client.transact_write_items().transact_items(element(number)?);
        transaction.transact_items(element(number + COUNT)?).send().await?;
        Ok(())
    })
    .await?;
    measure("read one record and pass it", async |_| {
        let after = cloud.dynamodb.checkpoint("relay", TABLE);
        if let Some(record) = cloud.dynamodb.stream_records(TABLE, after, 1).first() {
            cloud.dynamodb.advance("relay", TABLE, record.sequence);
        }
        Ok(())
    })
    .await?;
    Ok(())
}

fn put(
    client: &Client,
    number: u32,
) -> aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder {
    let put = client.put_item().table_name(TABLE).item("pk", text(number % 100)).item("sk", text(number));
    put.item("status", text(number)).item("total", AttributeValue::N(number.to_string()))
}

fn text(number: u32) -> AttributeValue {
    AttributeValue::S(format!("order-{number}"))
}

async fn measure(name: &str, call: impl AsyncFn(u32) -> Result<(), Failure>) -> Result<(), Failure> {
    let began = Instant::now();
    for number in 0..COUNT {
        call(number).await?;
    }
    println!("{name}: {} µs", began.elapsed().as_micros() / u128::from(COUNT));
    Ok(())
}
