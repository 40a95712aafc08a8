//! The limit: pgbench sends the same statements, prepared, and throws the answers away.

use std::path::PathBuf;
use std::process::Stdio;

use crate::Outcome;
use crate::cluster::Cluster;

/// A script for pgbench on disk.
pub struct Script(tempfile::TempPath);

impl Script {
    /// Writes it down.
    pub fn new(text: &str) -> Outcome<Self> {
        let file = tempfile::Builder::new().prefix("kanban-bench-").suffix(".sql").tempfile()?;
        std::fs::write(file.path(), text)?;
        Ok(Self(file.into_temp_path()))
    }
}

/// Transactions a second, as pgbench counts them, without the time that connecting takes; each client does so many.
pub async fn throughput(cluster: &Cluster, script: &Script, clients: usize, each: u64, seed: u64) -> Outcome<f64> {
    let mut command = tokio::process::Command::new(program()?);
    command
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .arg(format!("--client={clients}"))
        .arg(format!("--transactions={each}"))
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
    let tps = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse::<f64>().ok());
    match (output.status.success(), failed.is_none_or(|n| n.starts_with("0 ")), tps) {
        (true, true, Some(tps)) => Ok(tps),
        _ => Err(format!("pgbench failed: {text}{}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

/// That of the newest PostgreSQL here.
fn program() -> Outcome<PathBuf> {
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
