use std::time::Duration;

use serde_json::{Value, json};
use souk::runtime::Kind;
use souk_local::engine::{Happening, Market};

use crate::toys::{Diary, Toys, failure, function, json_of, request};

/// Status and body of the answer to a GET.
async fn get(market: &Market, uri: &str) -> (u16, Value) {
    let response = market.request(request("GET", uri, "")).await;
    (response.status().as_u16(), json_of(&response))
}

fn said(message: &str) -> Value {
    json!({ "message": message })
}

#[tokio::test(start_paused = true)]
async fn a_function_sees_the_request_and_its_answer_comes_back() {
    let market = Toys::new().open().await;
    let response = market.request(request("POST", "/things/a%20b?x=1&x=2", r#"{"n":1}"#)).await;
    assert_eq!(response.status(), 200);
    assert!(response.headers().contains_key("apigw-requestid"));
    let event = json_of(&response);
    assert_eq!(event["routeKey"], "POST /things/{id}");
    assert_eq!(event["pathParameters"], json!({"id": "a b"}));
    assert_eq!(event["queryStringParameters"], json!({"x": "1,2"}));
    assert_eq!(event["body"], r#"{"n":1}"#);
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(event["requestContext"].get("authorizer"), None);
}

#[tokio::test(start_paused = true)]
async fn what_has_no_route_is_not_found() {
    let market = Toys::new().open().await;
    assert_eq!(get(&market, "/nowhere").await, (404, said("Not Found")));
    let response = market.request(request("DELETE", "/open", "")).await;
    assert_eq!(response.status(), 404);
}

#[tokio::test(start_paused = true)]
async fn the_authorizer_decides_and_its_context_reaches_the_function() {
    let market = Toys::new().open().await;
    let (status, event) = get(&market, "/shut").await;
    assert_eq!((status, &event["requestContext"]["authorizer"]), (200, &json!({"lambda": {"key": ""}})));
    let mut wrong = request("GET", "/shut", "");
    wrong.headers_mut().insert("authorization", "Bearer wrong".parse().unwrap());
    let response = market.request(wrong).await;
    assert_eq!((response.status().as_u16(), json_of(&response)), (403, said("Forbidden")));
}

#[tokio::test(start_paused = true)]
async fn an_authorizer_that_fails_or_babbles_is_a_500() {
    for answer in [Err("broken"), Ok(json!("yes")), Ok(json!({"isAuthorized": "true"}))] {
        let gatekeeper = function("gatekeeper", Kind::Authorizer, move |_, _| {
            let answer = answer.clone().map_err(failure);
            async move { answer }
        });
        let market = Toys::new().with(gatekeeper).open().await;
        assert_eq!(get(&market, "/shut").await, (500, said("Internal Server Error")));
    }
}

#[tokio::test(start_paused = true)]
async fn the_api_may_invoke_its_authorizer_only_where_the_template_says_so() {
    let mut options = Toys::new().options();
    options.template =
        options.template.replacen("            EnableFunctionDefaultPermissions: true\n", "", 1);
    let market = Market::open(options).await.unwrap();
    assert_eq!(get(&market, "/shut").await.0, 500);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_for_an_identity_and_a_missing_identity_is_refused_unasked() {
    let diary = Diary::default();
    let noted = diary.clone();
    let gatekeeper = function("gatekeeper", Kind::Authorizer, move |_, event| {
        noted.note(&event);
        async { Ok(json!({"isAuthorized": true})) }
    });
    let market = Toys::new().with(gatekeeper).open().await;
    assert_eq!(get(&market, "/kept").await, (401, said("Unauthorized")));
    let ask = async |key: &str| {
        let mut request = request("GET", "/kept", "");
        request.headers_mut().insert("authorization", key.parse().unwrap());
        market.request(request).await.status().as_u16()
    };
    for key in ["a", "a", "b"] {
        assert_eq!(ask(key).await, 200);
    }
    assert_eq!(diary.events().len(), 2);
    assert_eq!(diary.events()[0]["identitySource"], json!(["a"]));
    assert_eq!(diary.events()[0]["type"], "REQUEST");
    tokio::time::advance(Duration::from_secs(61)).await;
    ask("a").await;
    assert_eq!(diary.events().len(), 3, "after its time to live an answer is asked for again");
}

#[tokio::test(start_paused = true)]
async fn failures_tell_nothing_of_the_inside() {
    type Toy = fn() -> Result<Value, souk::runtime::InvocationError>;
    let cases: [(Toy, u16); 4] = [
        (|| Err(failure("secret")), 500),
        (|| panic!("secret"), 500),
        (|| Ok(json!({"statusCode": "secret"})), 500),
        (|| Ok(json!({"statusCode": 200, "body": "x".repeat(7 << 20)})), 500),
    ];
    for (toy, status) in cases {
        let market =
            Toys::new().with(function("echo", Kind::Http, move |_, _| async move { toy() })).open().await;
        assert_eq!(get(&market, "/open").await, (status, said("Internal Server Error")));
    }
}

#[tokio::test(start_paused = true)]
async fn time_runs_out_for_the_function_or_for_the_gateway() {
    let slow = || {
        function("echo", Kind::Http, |_, _| async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(json!({}))
        })
    };
    let market = Toys::new().with(slow()).open().await;
    let mut happenings = market.happenings();
    assert_eq!(get(&market, "/open").await, (500, said("Internal Server Error")), "the function's timeout");
    let Ok(Happening::Run(run)) = happenings.recv().await else { panic!("no run") };
    assert_eq!(run.failure.as_deref(), Some("Task timed out after 5.00 seconds"));
    assert_eq!(run.duration, Duration::from_secs(5));
    assert_eq!(get(&market, "/short").await, (503, said("Service Unavailable")), "the integration's timeout");
}

#[tokio::test(start_paused = true)]
async fn bodies_over_the_functions_limit_are_refused() {
    let fine = function("echo", Kind::Http, |_, _| async { Ok(json!({"statusCode": 200})) });
    let market = Toys::new().with(fine).open().await;
    for (megabytes, status) in [(5, 200), (6, 413)] {
        let body = bytes::Bytes::from("x".repeat(megabytes << 20));
        let mut request = request("POST", "/things/x", "").map(|_| body);
        request.headers_mut().insert("content-type", "text/plain".parse().unwrap());
        assert_eq!(market.request(request).await.status(), status, "{megabytes} MB");
    }
}

#[tokio::test(start_paused = true)]
async fn requests_over_the_burst_are_throttled() {
    let mut options = Toys::new().options();
    options.parameters = [("Burst".to_owned(), "2".to_owned())].into();
    let market = Market::open(options).await.unwrap();
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(get(&market, "/open").await);
    }
    assert_eq!((statuses[0].0, statuses[1].0), (200, 200));
    assert_eq!(statuses[2], (429, said("Too Many Requests")));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(get(&market, "/open").await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn browsers_are_answered_by_the_gateway() {
    let market = Toys::new().open().await;
    let mut preflight = request("OPTIONS", "/shut", "");
    preflight.headers_mut().insert("origin", "https://shop.example".parse().unwrap());
    preflight.headers_mut().insert("access-control-request-method", "GET".parse().unwrap());
    let response = market.request(preflight).await;
    assert_eq!(response.status(), 204);
    assert_eq!(response.headers()["access-control-allow-origin"], "https://shop.example");

    let mut call = request("GET", "/nowhere", "");
    call.headers_mut().insert("origin", "https://shop.example".parse().unwrap());
    let response = market.request(call).await;
    assert_eq!(response.headers()["access-control-allow-origin"], "https://shop.example");
    assert_eq!(response.headers()["access-control-expose-headers"], "etag");
}

#[tokio::test(start_paused = true)]
async fn each_request_is_told_with_its_access_log() {
    let market = Toys::new().open().await;
    let mut happenings = market.happenings();
    get(&market, "/open").await;
    let Ok(Happening::Run(run)) = happenings.recv().await else { panic!("no run") };
    assert_eq!((run.function.as_str(), run.failure), ("Echo", None));
    let Ok(Happening::Request(told)) = happenings.recv().await else { panic!("no request") };
    assert_eq!((told.status, told.route.as_deref()), (200, Some("GET /open")));
    assert_eq!(told.access_log.as_deref(), Some(r#"{"route":"GET /open","status":"200"}"#));
}
