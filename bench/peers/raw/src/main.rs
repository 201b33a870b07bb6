//! Reads one item with requests signed by hand: no SDK, no asynchronous runtime.

mod dynamodb;

use std::{env, error::Error};

use serde::{Deserialize, Serialize};
use serde_json::json;

use dynamodb::DynamoDb;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow)]
    path_parameters: Parameters<'a>,
}

#[derive(Deserialize)]
struct Parameters<'a> {
    id: &'a str,
}

#[derive(Deserialize)]
struct Found<'a> {
    #[serde(borrow, rename = "Item")]
    item: Option<Item<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    price: Number<'a>,
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(rename = "S")]
    text: &'a str,
}

#[derive(Deserialize)]
struct Number<'a> {
    #[serde(rename = "N")]
    number: &'a str,
}

#[derive(Serialize)]
struct Product<'a> {
    id: &'a str,
    name: &'a str,
    price: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let table = env::var("TABLE_NAME")?;
    let mut connection = None;
    floor::run(|event| {
        let event: Event = serde_json::from_slice(event)?;
        let connection = match &mut connection {
            Some(connection) => connection,
            none => none.insert(DynamoDb::connect()?),
        };
        let key = json!({ "TableName": table, "Key": { "id": { "S": event.path_parameters.id } } });
        let found = connection.call("GetItem", &key.to_string())?;
        let (status, body) = match serde_json::from_slice::<Found>(found)?.item {
            Some(Item { id, name, price }) => {
                let product = Product { id: id.text, name: name.text, price: price.number.parse()? };
                (200, serde_json::to_string(&product)?)
            }
            None => (404, "{}".to_owned()),
        };
        let headers = json!({ "content-type": "application/json" });
        Ok(json!({ "statusCode": status, "headers": headers, "body": body }).to_string())
    })
}
