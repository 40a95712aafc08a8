//! A board of another tracker is imported by the command line, into a data folder that is there already.

use std::fmt::Write as _;
use std::time::Instant;

use tokio::process::Command;

use super::Stage;
use crate::cluster::reachable_dir;
use crate::report::{Bound, Report, median};
use crate::server::{self, Server};
use crate::{Outcome, ensure};

/// As many issues as the largest public board of this format has.
const ISSUES: u32 = 2671;

pub async fn run(stage: &Stage<'_>, report: &mut Report) -> Outcome<()> {
    let mut times = Vec::new();
    for round in 0..stage.effort.rounds {
        let dir = reachable_dir()?;
        let (data, file) = (dir.path().join("data"), dir.path().join("issues.jsonl"));
        std::fs::write(&file, issues(stage.effort.seed.wrapping_add(round as u64)))?;
        Server::start(&data).await?.stop().await?;
        let start = Instant::now();
        let output = Command::new(server::program()?)
            .args(["import", "--format", "beads", "--board", "BD"])
            .arg("--data-dir")
            .arg(&data)
            .arg(&file)
            .env_remove("DATABASE_URL")
            .output()
            .await?;
        times.push(start.elapsed().as_secs_f64());
        let said = String::from_utf8_lossy(&output.stdout);
        ensure(said.contains(&format!("{ISSUES} created")), &format!("the import said: {said}"))?;
    }
    report.hold(format!("import of {ISSUES} issues, with start and stop"), median(&times), Bound::AtMost(2.0), "s");
    Ok(())
}

/// Issues like those of a real board: texts of some hundred characters, a sixth of them behind another.
fn issues(seed: u64) -> String {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut lines = String::new();
    for n in 1..=ISSUES {
        let status = ["closed", "closed", "closed", "closed", "open", "in_progress"][rng.usize(..6)];
        let text = "What is to be done, where, and how one sees it. ".repeat(rng.usize(2..25));
        let _ = write!(
            lines,
            r#"{{"id":"bd-{n:04}","title":"Issue {n} about {}","description":"{text}","status":"{status}","priority":{},"#,
            rng.u32(..500),
            rng.u32(..5)
        );
        let _ = write!(
            lines,
            r#""issue_type":"task","created_at":"2026-01-02T10:00:00Z","updated_at":"2026-01-03T10:00:00Z""#
        );
        if status == "closed" {
            lines.push_str(r#","closed_at":"2026-01-03T10:00:00Z""#);
        }
        if n > 1 && rng.u32(..6) == 0 {
            let before = rng.u32(1..n);
            let _ = write!(
                lines,
                r#","dependencies":[{{"issue_id":"bd-{n:04}","depends_on_id":"bd-{before:04}","type":"blocks","created_at":"2026-01-02T10:00:00Z"}}]"#
            );
        }
        lines.push_str("}\n");
    }
    lines
}
