//! One process of `souk-local`.

use std::{
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};

use serde_json::Value;
use souk_local::seed::{PUBLISHABLE_KEY, SECRET_KEY};
use souk_tests::Api;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
    task::JoinHandle,
    time::timeout,
};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A market that is open, on free ports. It is killed when this is dropped.
pub struct Local {
    child: Child,
    /// The API's address.
    pub api: String,
    /// The address of the emulated services.
    pub aws: String,
    /// What it has printed once it has ended.
    printed: JoinHandle<String>,
}

impl Local {
    /// Starts one and waits until it is open.
    pub async fn open(arguments: &[&str]) -> Self {
        let free = ["--port", "0", "--aws-port", "0", "--log-format", "json"];
        let mut child = command(&[&free, arguments].concat()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let opened = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
                if line["happening"] == "opened" {
                    return Some(line);
                }
            }
            None
        };
        let Some(opened) = timeout(LIMIT, opened).await.expect("it doesn't open") else {
            let mut error = String::new();
            child.stderr.take().unwrap().read_to_string(&mut error).await.unwrap();
            panic!("it doesn't open: {error}");
        };
        // A pipe that nobody empties would stop it.
        let printed = tokio::spawn(async move {
            let mut printed = String::new();
            while let Ok(Some(line)) = lines.next_line().await {
                printed.push_str(&line);
                printed.push('\n');
            }
            printed
        });
        let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = errors.next_line().await {
                eprintln!("souk-local says: {line}");
            }
        });
        let address = |name: &str| opened[name].as_str().unwrap().to_owned();
        Self { child, api: address("api"), aws: address("aws"), printed }
    }

    /// A client with the demo store's publishable key.
    pub fn shopper(&self) -> Api {
        Api::of_url(&self.api, PUBLISHABLE_KEY)
    }

    /// A client with the demo store's secret key.
    pub fn staff(&self) -> Api {
        Api::of_url(&self.api, SECRET_KEY)
    }

    /// SIGKILL: it gets no chance to do anything about it.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Ctrl-C. How it ended, and all it printed since it opened.
    pub async fn interrupt(mut self) -> (ExitStatus, String) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().await.unwrap().success());
        let status = timeout(LIMIT, self.child.wait()).await.expect("it doesn't end").unwrap();
        (status, self.printed.await.unwrap())
    }
}

/// Runs it to its end.
pub async fn run(arguments: &[&str]) -> Output {
    let child = command(arguments).spawn().unwrap();
    timeout(LIMIT, child.wait_with_output()).await.expect("it doesn't end").unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_souk-local-process"));
    command
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .env_remove("LOG_LEVEL")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A folder of this test's own, removed at its end.
pub struct Folder(PathBuf);

impl Folder {
    /// An empty one.
    pub fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Its path.
    pub fn name(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
