//! Serves a market on a free port, for clients that other people wrote: prints where it is and how to get in, and ends
//! with its standard input.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::json;
use souk_local::engine::{Market, MarketOptions};
use souk_tests::{Member, OWNER, PASSWORD, TestMarket, template};
use tokio::{io::AsyncReadExt as _, net::TcpListener};

#[tokio::main]
async fn main() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let market = Market::open(MarketOptions::new(template(), souk_local::functions())).await.unwrap();
    let test = TestMarket::of(market.clone()).await;
    Member::joined(&test, &test.staff().0, OWNER, "owner").await;
    let told = json!({
        "api": format!("http://127.0.0.1:{port}"), "secret_key": test.sk, "email": OWNER, "password": PASSWORD,
    });
    println!("{told}");
    let ends = async {
        let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
    };
    market.serve(listener, ends).await.unwrap();
    market.close().await;
}
