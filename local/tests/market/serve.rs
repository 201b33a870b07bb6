use std::time::Duration;

use serde_json::json;
use souk::runtime::Kind;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use crate::toys::{Toys, function};

#[tokio::test]
async fn requests_come_over_tcp_and_those_under_way_are_answered_on_closing() {
    let slow = function("echo", Kind::Http, |_, event| async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        Ok(json!({"statusCode": 200, "body": event["requestContext"]["http"]["sourceIp"]}))
    });
    let market = Toys::new().with(slow).open().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(async move {
        market.serve(listener, async { drop(stopped.await) }).await.unwrap();
    });
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /open HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    stop.send(()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n127.0.0.1"), "{answer}");
    served.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nothing listens any more");
}

#[tokio::test]
async fn a_body_over_the_gateways_limit_is_refused_unread() {
    let market = Toys::new().open().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    tokio::spawn(async move { market.serve(listener, std::future::pending()).await });
    let head =
        format!("POST /things/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", (10 << 20) + 1);
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let read = stream.read_exact(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), read).await.expect("an answer before the body").unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 413");
}
