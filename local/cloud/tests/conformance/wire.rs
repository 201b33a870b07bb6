//! The loopback endpoint, over a real socket.

use std::sync::Arc;

use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use souk_cloud::{CallInfo, Cloud, Delivery, Faults};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{cloud, faulty, table};

/// Serves a cloud; where it listens, and what stops it.
async fn serve(
    cloud: Arc<Cloud>,
) -> (std::net::SocketAddr, tokio::sync::oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(cloud.serve(listener, async move {
        let _ = stopped.await;
    }));
    (address, stop, server)
}

async fn post(
    address: std::net::SocketAddr,
    target: &str,
    body: &str,
) -> hyper::Result<(http::StatusCode, String)> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::post("/").header("host", "localhost").header("x-amz-target", target);
    let answer =
        sender.send_request(request.body(Full::<bytes::Bytes>::from(body.to_owned())).unwrap()).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

#[tokio::test]
async fn anyone_on_this_machine_may_ask() {
    let cloud = cloud();
    table(&cloud, "NEW_IMAGE");
    let (address, stop, server) = serve(cloud).await;
    let (status, body) = post(address, "DynamoDB_20120810.ListTables", "{}").await.unwrap();
    assert_eq!((status.as_u16(), body.as_str()), (200, r#"{"TableNames":["market-orders"]}"#));

    for (target, body, code) in [
        ("DynamoDB_20120810.GetItem", "{", "SerializationException"),
        ("DynamoDB_20120810.GetItem", "[]", "SerializationException"),
        ("DynamoDB_20120810.Dance", "{}", "UnknownOperationException"),
        ("Kinesis_20131202.PutRecord", "{}", "UnknownOperationException"),
    ] {
        let (status, answer) = post(address, target, body).await.unwrap();
        assert_eq!(status.as_u16(), 400);
        assert!(answer.contains(code), "{target} {body}: {answer}");
    }
    stop.send(()).unwrap();
    server.await.unwrap();
}

#[tokio::test]
async fn a_lost_answer_is_a_closed_connection() {
    struct LoseAll;
    impl Faults for LoseAll {
        fn after(&self, _: &CallInfo) -> Delivery {
            Delivery::Lose
        }
    }
    let (address, _stop, _server) = serve(faulty(LoseAll)).await;
    assert!(post(address, "DynamoDB_20120810.ListTables", "{}").await.is_err());
}
