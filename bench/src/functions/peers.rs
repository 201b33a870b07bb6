//! The processes that do the same job in other ways, from `bench/peers`.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    ffi::OsString,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::json;
use souk_tests::compiled::Spec;
use tokio::net::TcpListener;

use super::{
    BenchError, root,
    subject::{Subject, cargo},
    tls::Trust,
};

/// What only answers.
pub(super) const FLOOR: &str = "floor";
/// What signs its requests by hand.
pub(super) const RAW: &str = "raw";
/// A function with every default.
pub(super) const TYPICAL: &str = "typical";
/// What most functions are written in.
pub(super) const PYTHON: &str = "python";

/// The same event for each, and what each reads.
const EVENT: &str = "events/products/read.json";
const ITEM: &str =
    r#"{"Item":{"id":{"S":"prod_1"},"name":{"S":"Yirgacheffe"},"price":{"N":"1690"},"stock":{"N":"40"}}}"#;

/// Builds them where they aren't, and says how they are started.
pub(super) async fn all(trust: &Trust) -> Result<Vec<Subject>, BenchError> {
    let folder = root().join("bench/peers").canonicalize()?;
    let calls = Arc::default();
    let endpoint = trust.in_front_of(&stub(&calls).await?).await?;
    let event = Bytes::from(std::fs::read(root().join(EVENT))?);
    let peer = |name: &str, command: Vec<OsString>, trusted: &Path, binary: bool| Subject {
        name: name.to_owned(),
        binary: binary.then(|| command.first().map(Into::into)).flatten(),
        command,
        spec: spec(name, &endpoint, trusted, &folder),
        region: "eu-central-1".to_owned(),
        event: event.clone(),
        sample: "read".to_owned(),
        reads: true,
        own: false,
        calls: Arc::clone(&calls),
        connections: Arc::clone(&trust.connections),
        expected: json!({ "statusCode": 200 }),
    };
    let [floor, raw, typical] = binaries(&folder)?;
    let python = python(&folder)?;
    Ok(vec![
        peer(FLOOR, vec![floor], &trust.own, true),
        peer(RAW, vec![raw], &trust.own, true),
        peer(TYPICAL, vec![typical], &trust.system, true),
        peer(PYTHON, python, &trust.system, false),
    ])
}

fn binaries(folder: &Path) -> Result<[OsString; 3], BenchError> {
    let manifest = folder.join("Cargo.toml").display().to_string();
    let target = folder.join("target");
    let place = target.display().to_string();
    let build = |more: &[&str]| {
        let mut arguments = vec!["build", "--locked", "--manifest-path", &manifest, "--target-dir", &place];
        arguments.extend(more);
        cargo(&arguments)
    };
    build(&["--profile", "limit", "--package", FLOOR, "--package", RAW])?;
    build(&["--release", "--package", TYPICAL])?;
    let limit = |name| target.join("limit").join(name).into_os_string();
    Ok([limit(FLOOR), limit(RAW), target.join("release").join(TYPICAL).into_os_string()])
}

/// Lambda's own runtime for Python, and the SDK.
fn python(folder: &Path) -> Result<Vec<OsString>, BenchError> {
    let venv = folder.join("venv");
    let python = venv.join("bin/python");
    if !venv.join("ready").exists() {
        let run = |program: &Path, arguments: &[&str]| -> Result<(), BenchError> {
            match Command::new(program).args(arguments).current_dir(folder).status()?.success() {
                true => Ok(()),
                false => {
                    Err(BenchError::Said(format!("{} {} failed", program.display(), arguments.join(" "))))
                }
            }
        };
        run(Path::new("python3"), &["-m", "venv", "venv"])?;
        run(&python, &["-m", "pip", "install", "--quiet", "--requirement", "python/requirements.txt"])?;
        std::fs::write(venv.join("ready"), "")?;
    }
    Ok(vec![python.into(), "-m".into(), "awslambdaric".into(), "function.handler".into()])
}

fn spec(name: &str, endpoint: &str, trusted: &Path, folder: &Path) -> Spec {
    let trusted = trusted.display().to_string();
    let environment = BTreeMap::from([
        ("TABLE_NAME".to_owned(), "products".to_owned()),
        ("SSL_CERT_FILE".to_owned(), trusted.clone()),
        ("AWS_CA_BUNDLE".to_owned(), trusted),
        ("PYTHONPATH".to_owned(), folder.join("python").display().to_string()),
        ("RUST_LOG".to_owned(), "info".to_owned()),
    ]);
    Spec {
        name: name.to_owned(),
        arn: format!("arn:aws:lambda:eu-central-1:000000000000:function:{name}"),
        memory: 256,
        timeout: Duration::from_secs(10),
        environment,
        endpoint: endpoint.to_owned(),
    }
}

/// A DynamoDB that knows one item.
async fn stub(calls: &Arc<AtomicU64>) -> Result<String, BenchError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (address, calls) = (listener.local_addr()?, Arc::clone(calls));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let calls = Arc::clone(&calls);
            let service = hyper::service::service_fn(move |request| {
                calls.fetch_add(1, Ordering::Relaxed);
                answer(request)
            });
            let server = hyper::server::conn::http1::Builder::new();
            tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
        }
    });
    Ok(format!("http://{address}"))
}

async fn answer(
    request: http::Request<hyper::body::Incoming>,
) -> Result<http::Response<Full<Bytes>>, Infallible> {
    // Where the body was not read, the connection would end with the answer.
    let _ = request.into_body().collect().await;
    let answer = http::Response::builder().header("content-type", "application/x-amz-json-1.0");
    Ok(answer.body(Full::new(Bytes::from_static(ITEM.as_bytes()))).unwrap_or_default())
}
