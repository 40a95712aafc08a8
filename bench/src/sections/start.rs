//! How long the server takes to start, and its memory, at rest and under load.

use super::Stage;
use crate::cluster::reachable_dir;
use crate::operation::Operation;
use crate::report::{Bound, Report, median};
use crate::server::Server;
use crate::{Outcome, http};

pub async fn run(stage: &Stage<'_>, report: &mut Report) -> Outcome<()> {
    let (mut cold, mut warm, mut idle) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..stage.effort.rounds {
        let dir = reachable_dir()?;
        let data = dir.path().join("data");
        let first = Server::start(&data).await?;
        cold.push(first.started_in.as_secs_f64());
        idle.push(first.memory()?.0);
        first.stop().await?;
        let second = Server::start(&data).await?;
        warm.push(second.started_in.as_secs_f64());
        second.stop().await?;
    }
    report.hold("start: cold, with initdb", median(&cold), Bound::AtMost(1.5), "s");
    report.hold("start: warm", median(&warm), Bound::AtMost(0.4), "s");
    report.hold("memory of the server: idle", median(&idle), Bound::AtMost(30.0), "MB");
    let size = stage.effort.size;
    for operation in [Operation::List, Operation::Get, Operation::Update, Operation::Create] {
        let request = move |rng: &mut fastrand::Rng| operation.request(size, rng);
        http::throughput(stage.server.address, 32, stage.effort.time, stage.effort.seed, request).await?;
    }
    let most = stage.server.memory()?.1;
    report.hold("memory of the server: most under 32 clients", most, Bound::AtMost(120.0), "MB");
    Ok(())
}
