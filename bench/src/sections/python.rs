//! The Python package in its own process, against asyncpg with the same SQL.

use std::collections::BTreeMap;

use tokio::process::Command;

use super::Stage;
use crate::Outcome;
use crate::operation::registered;
use crate::report::{Bound, Figures, Report, median};

type Rounds = BTreeMap<String, BTreeMap<String, Vec<f64>>>;

pub async fn run(stage: &Stage<'_>, report: &mut Report) -> Outcome<()> {
    let (cluster, effort) = (stage.cluster, stage.effort);
    let settings = serde_json::json!({
        "socket": cluster.socket(),
        "port": cluster.port(),
        "role": cluster.role(),
        "cards": effort.size.cards(),
        "rounds": effort.rounds,
        "seconds": effort.time.as_secs_f64(),
        "seed": effort.seed,
        "get": registered("GET_CARD")?,
        "update": registered("UPDATE_CARD")?,
    });
    let output = Command::new(super::python())
        .arg(super::bench_dir().join("python/calls.py"))
        .arg(settings.to_string())
        .stderr(std::process::Stdio::inherit())
        .output()
        .await?;
    let rounds: Rounds = serde_json::from_slice(&output.stdout)?;
    let bars = [("get", [1.7, 2.0]), ("update", [1.2, 1.4])];
    for (operation, least) in bars {
        let mut medians = BTreeMap::new();
        for (contestant, per_second) in &rounds[operation] {
            let median = median(per_second);
            medians.insert(contestant.as_str(), median);
            report.add(Figures {
                operation: format!("{operation} (Python)"),
                clients: 8,
                contestant: contestant.clone(),
                per_second: per_second.clone(),
                median,
            });
        }
        for (ours, least) in ["kanban_py async", "kanban_py sync"].into_iter().zip(least) {
            let ratio = medians[ours] / medians["asyncpg"];
            report.hold(format!("{operation}: {ours} against asyncpg"), ratio, Bound::AtLeast(least), "×");
        }
    }
    Ok(())
}
