//! The server as it is deployed: its release binary in a process of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::Outcome;

/// A running server; it is told to stop when this is dropped.
pub struct Server {
    process: Child,
    /// Where it answers.
    pub address: SocketAddr,
    /// How long it took from its start until it listened.
    pub started_in: Duration,
}

impl Server {
    /// Starts it on a data folder, on a free port.
    pub async fn start(data: &Path) -> Outcome<Self> {
        let start = Instant::now();
        let mut process = Command::new(program()?)
            .args(["serve", "--no-demo", "--bind", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .env_remove("DATABASE_URL")
            .env("KANBAN_LOG", "warn")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let out = process.stdout.take().ok_or("its output is not to be had")?;
        let mut lines = BufReader::new(out).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some(address) = line.strip_prefix("listening on http://") {
                let (address, started_in) = (address.trim().parse()?, start.elapsed());
                // what it says later must find a reader
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Ok(Self { process, address, started_in });
            }
        }
        Err("the server ended before it listened".into())
    }

    /// The id of its process.
    pub fn id(&self) -> Outcome<u32> {
        Ok(self.process.id().ok_or("the server has ended")?)
    }

    /// Memory in MB: what it has now, and the most it has had.
    pub fn memory(&self) -> Outcome<(f64, f64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()?))?;
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim().split(' ').next()?.parse::<f64>().ok()? * 1024.0 / 1e6)
        };
        Ok((of("VmRSS:").ok_or("no VmRSS")?, of("VmHWM:").ok_or("no VmHWM")?))
    }

    /// Ends it in good order.
    pub async fn stop(mut self) -> Outcome<()> {
        end(&mut self.process).await
    }
}

/// Tells a process of ours to end, and waits until it has.
pub async fn end(process: &mut Child) -> Outcome<()> {
    if let Some(id) = process.id() {
        // SAFETY: the process is the child that this value holds, and it was not waited for yet
        unsafe { libc::kill(i32::try_from(id)?, libc::SIGTERM) };
    }
    process.wait().await?;
    Ok(())
}

/// The binary beside this one.
pub fn program() -> Outcome<PathBuf> {
    let program = std::env::current_exe()?.with_file_name("kanban-server");
    if program.exists() { Ok(program) } else { Err("run `cargo build --release -p kanban-server` first".into()) }
}
