//! The market as a process of its own: what it takes to start, its processor time and its memory.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::process::{Child, Command};

use super::BenchError;

/// How long it may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(120);
/// The unit of processor time in `/proc/<pid>/stat`: `USER_HZ`, which is 100 on every Linux that x86-64 and Arm run.
const TICKS_PER_SECOND: u64 = 100;

/// A market that answers.
pub(crate) struct MarketProcess {
    child: Child,
    data: Option<PathBuf>,
    /// Where its API is.
    pub(crate) address: SocketAddr,
    /// From starting the process to its first answer.
    pub(crate) ready: Duration,
}

/// Builds the market in the profile of its name, which is for release and for speed, and says where it is.
pub(crate) fn build() -> Result<PathBuf, BenchError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = std::process::Command::new(cargo)
        .args(["build", "--profile", "market", "--package", "souk-local"])
        .status()?;
    if !built.success() {
        return Err(BenchError::Market("the market does not build".to_owned()));
    }
    let this = std::env::current_exe()?;
    let folder = this.parent().unwrap_or(Path::new("."));
    Ok(folder.with_file_name("market").join("souk-local"))
}

impl MarketProcess {
    /// Starts a market that keeps what it does in a folder or, in memory, doesn't.
    pub(crate) async fn start(program: &Path, kept: bool) -> Result<Self, BenchError> {
        let (port, aws_port) = (free_port()?, free_port()?);
        let data =
            kept.then(|| std::env::temp_dir().join(format!("souk-bench-{}-{port}", std::process::id())));
        Self::start_at(program, data, port, aws_port).await
    }

    /// Starts a market on a folder that is there, or is made.
    pub(crate) async fn start_in(program: &Path, folder: &Path) -> Result<Self, BenchError> {
        Self::start_at(program, Some(folder.to_owned()), free_port()?, free_port()?).await
    }

    async fn start_at(
        program: &Path,
        data: Option<PathBuf>,
        port: u16,
        aws_port: u16,
    ) -> Result<Self, BenchError> {
        let mut command = Command::new(program);
        command.args(["--port", &port.to_string(), "--aws-port", &aws_port.to_string()]);
        command.args(["--log-format", "json"]);
        if let Some(folder) = &data {
            command.arg("--data").arg(folder);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let began = Instant::now();
        let child = command.spawn()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut market = Self { child, data, address, ready: Duration::ZERO };
        while !market.answers().await {
            if let Some(status) = market.child.try_wait()? {
                return Err(BenchError::Market(format!("the market ended: {status}")));
            }
            if began.elapsed() > PATIENCE {
                return Err(BenchError::Market("the market does not answer".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        market.ready = began.elapsed();
        Ok(market)
    }

    async fn answers(&self) -> bool {
        match super::client::Client::connect(self.address).await {
            Ok(mut client) => client.get("", "/health").await.is_ok_and(|answer| answer.status == 200),
            Err(_) => false,
        }
    }

    /// Processor time it has used, in its own code and in the kernel's.
    pub(crate) fn processor_time(&self) -> Result<Duration, BenchError> {
        let stat = std::fs::read_to_string(self.file("stat"))?;
        // The second field is the program's name in parentheses, and may hold anything.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks: u64 =
            fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
    }

    /// The most memory it has held, in KiB.
    pub(crate) fn peak_memory(&self) -> Result<u64, BenchError> {
        let status = std::fs::read_to_string(self.file("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok());
        kib.ok_or_else(|| {
            BenchError::Market("the system does not tell how much memory the market had".to_owned())
        })
    }

    fn file(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.child.id().unwrap_or_default()))
    }

    /// Asks it to close, waits until it has, and leaves its folder.
    pub(crate) async fn close(mut self) -> Result<(), BenchError> {
        if let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            kill(Pid::from_raw(id), Signal::SIGTERM).map_err(std::io::Error::from)?;
        }
        self.child.wait().await?;
        Ok(())
    }

    /// Ends it, and leaves nothing behind.
    pub(crate) async fn stop(mut self) -> Result<(), BenchError> {
        self.child.kill().await?;
        if let Some(folder) = &self.data {
            std::fs::remove_dir_all(folder)?;
        }
        Ok(())
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
