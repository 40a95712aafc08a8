//! Commands that look after a database or a server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use kanban_core::Actor;

use super::{Failure, Settings, print, store};

pub(super) async fn migrate(settings: &Settings, to: Option<i64>) -> Result<ExitCode, Failure> {
    store::with(settings, async |store| store.migrate_to(to).await).await?;
    match to {
        Some(version) => print(format_args!("the schema is at version {version}")),
        None => print("the schema is up to date"),
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn doctor(settings: &Settings, json: bool) -> Result<ExitCode, Failure> {
    let diagnosis =
        store::with(settings, async |store| store.tenant("default", Actor::system("doctor"))?.examine().await).await?;
    if json {
        print(serde_json::to_string(&diagnosis)?);
    } else {
        for check in &diagnosis.checks {
            let found: Vec<_> = diagnosis.findings.iter().filter(|finding| finding.check == *check).collect();
            print(format_args!("{check}: {}", if found.is_empty() { "ok" } else { "NOT ok" }));
            for finding in found {
                print(format_args!("  {}", finding.finding));
            }
        }
        print(format_args!("{} findings", diagnosis.findings.len()));
    }
    Ok(if diagnosis.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(super) async fn healthcheck(bind: SocketAddr) -> Result<ExitCode, Failure> {
    let ask = move || -> std::io::Result<String> {
        let limit = Duration::from_secs(3);
        let mut stream = TcpStream::connect_timeout(&bind, limit)?;
        stream.set_read_timeout(Some(limit))?;
        stream.write_all(format!("GET /healthz HTTP/1.1\r\nHost: {bind}\r\nConnection: close\r\n\r\n").as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer =
        tokio::task::spawn_blocking(ask).await?.map_err(|error| format!("Nothing answers at {bind}: {error}."))?;
    let status = answer.lines().next().unwrap_or_default();
    if status.starts_with("HTTP/1.1 200") {
        print("ok");
        Ok(ExitCode::SUCCESS)
    } else {
        Err(format!("What answers at {bind} is not a healthy server: {status}").into())
    }
}
