//! A flame graph of the server under load: where its time goes, by Linux' perf.

use std::path::Path;
use std::process::Stdio;

use inferno::collapse::{Collapse, perf};
use inferno::flamegraph;
use tokio::process::Command;

use crate::operation::Operation;
use crate::sections::Stage;
use crate::server::end;
use crate::{Outcome, ensure, http};

const CLIENTS: usize = 8;

/// Narrower frames, in percent of the whole, are left out.
const NARROWEST: f64 = 0.3;

/// Does every operation for a while and draws what the server did meanwhile.
pub async fn draw(stage: &Stage<'_>, file: &Path) -> Outcome<()> {
    let folder = tempfile::Builder::new().prefix("kanban-bench-").tempdir()?;
    let recorded = folder.path().join("perf.data");
    let mut recorder = Command::new("perf")
        .args(["record", "--quiet", "--freq=499", "--call-graph=fp", "--pid"])
        .arg(stage.server.id()?.to_string())
        .arg("--output")
        .arg(&recorded)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("cannot run perf: {error}. Install it, as with `apt install linux-perf`"))?;
    for operation in Operation::ALL {
        let size = stage.effort.size;
        let request = move |rng: &mut fastrand::Rng| operation.request(size, rng);
        http::throughput(stage.server.address, CLIENTS, stage.effort.time * 3, stage.effort.seed, request).await?;
    }
    end(&mut recorder).await?;
    let script = Command::new("perf").args(["script", "--input"]).arg(&recorded).stderr(Stdio::null()).output().await?;
    ensure(script.status.success() && !script.stdout.is_empty(), "perf has recorded nothing")?;
    let mut folded = Vec::new();
    perf::Folder::default().collapse(&*script.stdout, &mut folded)?;
    let mut options = flamegraph::Options::default();
    options.title = "kanban-server under load: all operations of the benchmark in turn, 8 clients".to_owned();
    options.min_width = NARROWEST;
    options.deterministic = true;
    let text = String::from_utf8(folded)?;
    flamegraph::from_lines(&mut options, text.lines(), std::fs::File::create(file)?)?;
    Ok(())
}
