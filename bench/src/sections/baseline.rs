//! The server against the same endpoints on FastAPI, SQLAlchemy and asyncpg, with one worker process and with two.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::Stage;
use crate::contest::{Contestant, hold};
use crate::operation::Operation;
use crate::report::{Bound, Report};
use crate::server::end;
use crate::{Outcome, ensure};

const CLIENTS: usize = 8;

pub async fn run(stage: &Stage<'_>, report: &mut Report) -> Outcome<()> {
    let url = format!(
        "postgresql+asyncpg://{}@/kanban?host={}&port={}",
        stage.cluster.superuser(),
        stage.cluster.socket(),
        stage.cluster.port()
    );
    let filled = command(&url).arg("tables.py").status().await?;
    ensure(filled.success(), "the baseline's tables were not filled")?;
    let (mut one, one_at) = serve(&url, 1).await?;
    let (mut two, two_at) = serve(&url, 2).await?;
    for operation in Operation::ALL {
        let contestants = [
            Contestant::http("server", stage.server.address),
            Contestant::http("FastAPI, 1 worker", one_at),
            Contestant::http("FastAPI, 2 workers", two_at),
        ];
        let medians = hold(stage.cluster, operation, CLIENTS, &contestants, stage.effort, report).await?;
        let least = match operation {
            Operation::Get | Operation::NextTasks => 15.0,
            Operation::Update => 11.0,
            Operation::Create | Operation::Move | Operation::Claim => 9.0,
            Operation::List => 7.0,
        };
        let name = format!("{}: server against FastAPI, best worker count", operation.name());
        report.hold(name, medians[0] / medians[1].max(medians[2]), Bound::AtLeast(least), "×");
    }
    end(&mut one).await?;
    end(&mut two).await
}

fn command(url: &str) -> Command {
    let mut command = Command::new(super::python());
    command.current_dir(super::bench_dir().join("baseline")).env("BASELINE_DATABASE_URL", url).kill_on_drop(true);
    command
}

async fn serve(url: &str, workers: usize) -> Outcome<(Child, SocketAddr)> {
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut process = command(url)
        .args(["-m", "uvicorn", "app:app", "--no-access-log", "--log-level=warning"])
        .args([format!("--port={}", address.port()), format!("--workers={workers}")])
        .spawn()?;
    for _ in 0..300 {
        if let Some(ended) = process.try_wait()? {
            return Err(format!("the baseline ended: {ended}").into());
        }
        if tokio::net::TcpStream::connect(address).await.is_ok() {
            return Ok((process, address));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("the baseline does not answer".into())
}
