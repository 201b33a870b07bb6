//! An emulated cloud on a loopback port, to try clients of AWS against: `cargo run -p souk-cloud --example serve`.

use std::{error::Error, path::PathBuf, sync::Arc};

use jiff::Timestamp;
use souk_cloud::{Cloud, CloudOptions, Place};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().unwrap_or_else(|| "3001".to_owned()).parse()?;
    let place = Place {
        account: "000000000000".to_owned(),
        region: "eu-central-1".to_owned(),
        clock: Arc::new(Timestamp::now),
    };
    let cloud =
        Cloud::open(CloudOptions { data: arguments.next().map(PathBuf::from), ..CloudOptions::new(place) })?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("AWS at http://{}", listener.local_addr()?);
    cloud.serve(listener, std::future::pending()).await;
    Ok(())
}
