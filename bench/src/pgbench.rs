//! The limit: pgbench sends the same statements, prepared, and throws the answers away.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use crate::cluster::Cluster;
use crate::{Outcome, ensure};

/// A script for pgbench on disk.
pub struct Script(pub tempfile::TempPath);

impl Script {
    /// Writes it down.
    pub fn new(text: &str) -> Outcome<Self> {
        let file = tempfile::Builder::new().prefix("kanban-bench-").suffix(".sql").tempfile()?;
        std::fs::write(file.path(), text)?;
        Ok(Self(file.into_temp_path()))
    }
}

/// How often a client does it before it counts: by then its backend has read the catalogues and keeps its plans, as those
/// of every other contestant do.
const WARM_UP: usize = 8;

/// Transactions a second while all clients are at work and warm.
pub async fn throughput(cluster: &Cluster, script: &Script, clients: usize, time: Duration, seed: u64) -> Outcome<f64> {
    let log = tempfile::Builder::new().prefix("kanban-bench-").tempdir()?;
    // it knows whole seconds only, and many backends take a while to be warm
    let seconds = time.as_secs_f64().ceil() as u64 + u64::from(clients > 16);
    let mut command = tokio::process::Command::new(program()?);
    command
        // what met another write is started again, as the library does it
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--max-tries=5", "--log"])
        .arg(format!("--log-prefix={}/log", log.path().display()))
        .arg(format!("--client={clients}"))
        .arg(format!("--time={seconds}"))
        .arg(format!("--random-seed={}", seed % (1 << 31)))
        .arg(format!("--file={}", script.0.display()))
        .arg(format!("--host={}", cluster.socket()))
        .arg(format!("--port={}", cluster.port()))
        .args(["--username=kanban", "kanban"])
        // behind the same wall as every other contestant
        .env("PGOPTIONS", format!("-c role={} -c kanban.tenant_id=default", cluster.role()))
        .stdin(Stdio::null());
    let output = command.output().await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let failed = text.lines().find_map(|line| line.strip_prefix("number of failed transactions: "));
    if !output.status.success() || failed.is_some_and(|n| !n.starts_with("0 ")) {
        return Err(format!("pgbench failed: {text}{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let mut ends = vec![Vec::new(); clients];
    for file in std::fs::read_dir(log.path())? {
        for line in std::fs::read_to_string(file?.path())?.lines() {
            let (client, end) = logged(line).ok_or_else(|| format!("pgbench logged {line}"))?;
            ends.get_mut(client).ok_or("pgbench logged an unknown client")?.push(end);
        }
    }
    while_all_work(&ends)
}

/// Who ended a transaction, and when, in seconds: `client number microseconds script seconds microseconds`.
fn logged(line: &str) -> Option<(usize, f64)> {
    let fields: Vec<&str> = line.split(' ').collect();
    let end = fields.get(4)?.parse::<f64>().ok()? + fields.get(5)?.parse::<f64>().ok()? / 1e6;
    Some((fields.first()?.parse().ok()?, end))
}

/// From when the last client is warm until the first one ends.
fn while_all_work(ends: &[Vec<f64>]) -> Outcome<f64> {
    let mut warm = 0.0_f64;
    let mut first_end = f64::INFINITY;
    for of in ends {
        warm = warm.max(*of.get(WARM_UP - 1).ok_or("a client of pgbench did not get warm in time")?);
        first_end = first_end.min(*of.last().ok_or("a client of pgbench did nothing")?);
    }
    let counted = ends.iter().flatten().filter(|end| **end > warm && **end <= first_end).count();
    ensure(counted >= ends.len(), "pgbench was too slow to be counted")?;
    Ok(counted as f64 / (first_end - warm))
}

/// That of the newest PostgreSQL here.
pub fn program() -> Outcome<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for versions in std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten() {
        found.push(versions?.path().join("bin/pgbench"));
    }
    found.sort();
    found.push("/usr/local/bin/pgbench".into());
    found.push("/usr/bin/pgbench".into());
    let program = found.into_iter().rev().find(|path| path.exists());
    program.ok_or_else(|| "pgbench is missing: install PostgreSQL, as with `apt install postgresql`".into())
}
