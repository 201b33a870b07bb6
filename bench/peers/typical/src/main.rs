//! Reads one item as a first function in Rust does: every default of the SDK and of cargo.

use std::env;

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use lambda_http::{Body, Error, Request, RequestExt as _, Response, run, service_fn, tracing};
use serde::Serialize;

#[derive(Serialize)]
struct Product<'a> {
    id: &'a str,
    name: &'a str,
    price: u64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let client = Client::new(&aws_config::load_from_env().await);
    let table = env::var("TABLE_NAME")?;
    run(service_fn(|event: Request| read(&client, &table, event))).await
}

async fn read(client: &Client, table: &str, event: Request) -> Result<Response<Body>, Error> {
    let parameters = event.path_parameters();
    let id = parameters.first("id").unwrap_or_default();
    tracing::info!(id, "read");
    let found =
        client.get_item().table_name(table).key("id", AttributeValue::S(id.to_owned())).send().await?;
    let Some(item) = found.item else { return answer(404, "{}".to_owned()) };
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str);
    let price = item.get("price").and_then(|value| value.as_n().ok()).map_or("0", String::as_str).parse()?;
    answer(200, serde_json::to_string(&Product { id: text("id"), name: text("name"), price })?)
}

fn answer(status: u16, body: String) -> Result<Response<Body>, Error> {
    Ok(Response::builder().status(status).header("content-type", "application/json").body(body.into())?)
}
