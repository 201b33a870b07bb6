//! One function's process, started as Lambda starts it.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use souk_local::template::FunctionSpec;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// What the template says of a function, as far as its process can tell.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The function's name at AWS.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// MB of memory.
    pub memory: u32,
    /// The limit of an invocation.
    pub timeout: Duration,
    /// The variables that the template gives it.
    pub environment: BTreeMap<String, String>,
    /// Where AWS's services answer it.
    pub endpoint: String,
}

impl Spec {
    /// What the template says of `function`, which AWS's services answer at `endpoint`.
    pub fn of(function: &FunctionSpec, endpoint: String) -> Self {
        Self {
            name: function.name.clone(),
            arn: function.arn.clone(),
            memory: function.memory,
            timeout: Duration::from_secs(function.timeout.into()),
            environment: function.environment.clone(),
            endpoint,
        }
    }
}

/// A running function, and what it has written so far.
pub struct Process {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts a command, which is the function's binary or ends with it, with Lambda's environment and nothing of ours.
    ///
    /// # Errors
    /// Where it can't be started.
    pub fn start(command: &[&OsStr], spec: &Spec, runtime_api: &str, region: &str) -> std::io::Result<Self> {
        let (program, arguments) = command.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
        let folder = command.last().and_then(|binary| Path::new(binary).parent());
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(of_lambda(spec, region))
            .envs(&spec.environment)
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
            .env("AWS_ENDPOINT_URL", &spec.endpoint)
            .current_dir(folder.filter(|folder| folder.is_dir()).unwrap_or(Path::new("/")))
            // A group of its own: then, if this program is killed, the kernel ends the process even where it is frozen.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        if let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) {
            tokio::spawn(keep(out, Arc::clone(&lines)));
            tokio::spawn(keep(err, Arc::clone(&lines)));
        }
        Ok(Self { child, lines })
    }

    /// Its number, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Sends it a signal, unless it has ended.
    pub fn signal(&self, signal: Signal) {
        if let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            // It is gone only where it was not yet waited for: then nobody else has its number.
            let _ = kill(Pid::from_raw(id), signal);
        }
    }

    /// Completes when the process ends by itself, and tells how.
    pub async fn ended(&mut self) -> String {
        self.child.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string())
    }

    /// Asks it to end, as Lambda does with SIGTERM, and tells whether it did in time.
    ///
    /// # Errors
    /// That it had ended before, or did not end.
    pub async fn stop(&mut self) -> Result<(), String> {
        if self.child.id().is_none() {
            return Err("it had ended before it was asked to".to_owned());
        }
        self.signal(Signal::SIGTERM);
        match timeout(Duration::from_secs(2), self.child.wait()).await {
            Ok(_) => Ok(()),
            Err(_) => {
                let _ = self.child.kill().await;
                Err("it did not end within 2 seconds of SIGTERM".to_owned())
            }
        }
    }

    /// Takes what it has written to its log since this was last asked.
    pub fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What it has written to its log.
    pub fn log(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The variables that Lambda itself sets.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>
fn of_lambda(spec: &Spec, region: &str) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("_HANDLER", "bootstrap".to_owned()),
        (
            "_X_AMZN_TRACE_ID",
            "Root=1-69072aa8-5c1b1e5f3a9d4c7e8b2f6a10;Parent=53995c3f42cd8ad8;Sampled=0".to_owned(),
        ),
        ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR".to_owned()),
        ("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000".to_owned()),
        ("_AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1".to_owned()),
        ("_AWS_XRAY_DAEMON_PORT", "2000".to_owned()),
        ("AWS_REGION", region.to_owned()),
        ("AWS_DEFAULT_REGION", region.to_owned()),
        ("AWS_ACCESS_KEY_ID", "key".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_SESSION_TOKEN", "session".to_owned()),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023".to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", spec.name.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", spec.memory.to_string()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", spec.name)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/02/[$LATEST]5c1b1e5f3a9d4c7e8b2f6a10".to_owned()),
        ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("LD_LIBRARY_PATH", "/lib64:/usr/lib64:/var/runtime:/var/task:/opt/lib".to_owned()),
        ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin".to_owned()),
        ("TZ", ":UTC".to_owned()),
    ])
}

async fn keep(stream: impl AsyncRead + Unpin, lines: Arc<Mutex<Vec<String>>>) {
    let mut read = BufReader::new(stream).lines();
    while let Ok(Some(line)) = read.next_line().await {
        lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}
