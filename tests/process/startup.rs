//! How `souk-local` starts and ends, as somebody in front of it sees it.

use serde_json::Value;
use souk_tests::{Api, Shopper, journey};

use crate::local::{Folder, Local, run};

#[tokio::test]
async fn the_journey_over_http_and_ctrl_c_at_its_end() {
    let local = Local::open(&[]).await;
    journey(&local.shopper(), &local.staff()).await;
    let (status, printed) = local.interrupt().await;
    assert_eq!(status.code(), Some(0), "{printed}");
    let last = printed.lines().last().unwrap();
    assert!(last.contains("closed"), "the last line is {last}");
}

#[tokio::test]
async fn a_port_in_use_is_one_clear_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (flag, other) in [("--port", "--aws-port"), ("--aws-port", "--port")] {
        let output = run(&[flag, &port, other, "0", "--no-seed"]).await;
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            format!(
                "souk-local: port {port} is in use (by another market?); choose another with {flag}, or 0 for a free one\n"
            )
        );
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "it says nothing else");
    }
}

#[tokio::test]
async fn without_seed_there_is_no_store() {
    let local = Local::open(&["--no-seed"]).await;
    Api::of_url(&local.api, "").with_key(None).get("/health").await.expect(200);
    local.shopper().get("/v1/products").await.expect(401);
}

#[tokio::test]
async fn a_function_runs_on_an_event() {
    let output = run(&["invoke", "health", "-e", "events/health/get.json"]).await;
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{error}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["statusCode"], 200);
    assert!(answer["body"].as_str().unwrap().contains(r#""status":"ok""#), "{answer}");
}

#[tokio::test]
async fn who_misspells_a_function_is_told_the_names() {
    let output = run(&["invoke", "helth", "--no-seed"]).await;
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("souk-local: no function is called helth; there are "), "{error}");
    for function in souk_local::functions() {
        assert!(error.contains(function.name()), "{} isn't named in {error}", function.name());
    }
}

/// The demo store is made once: who opens the market again finds what was left there.
#[tokio::test]
async fn what_is_kept_is_found_again() {
    let data = Folder::new("kept");
    let local = Local::open(&["--data", data.name()]).await;
    let cart = Shopper(local.shopper()).cart("MUG-SAND", 1).await;
    local.interrupt().await;
    let local = Local::open(&["--data", data.name()]).await;
    let found = local.shopper().get(&cart).await.expect(200);
    assert_eq!(found.json["lines"][0]["sku"], "MUG-SAND");
}
