//! Claims against job queues on PostgreSQL: one is taken, then completed, by eight at once, from one queue.

use std::process::Stdio;
use std::time::Instant;

use kanban_core::{Actor, BoardRef, ClaimNext};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use super::Stage;
use crate::report::{Bound, Figures, Report, median};
use crate::{Outcome, ensure};

const CLIENTS: usize = 8;
const CONTESTANTS: [&str; 3] = ["library", "pg-boss", "graphile-worker"];

pub async fn run(stage: &Stage<'_>, report: &mut Report) -> Outcome<()> {
    let (cluster, effort) = (stage.cluster, stage.effort);
    let mut admin = cluster.admin("postgres").await?;
    sqlx::raw_sql("create database queues").execute(&mut admin).await?;
    let folder = super::bench_dir().join("jobs");
    let mut node = Command::new(folder.join("node_modules/.bin/node"))
        .arg(folder.join("queues.mjs"))
        .env("PGHOST", cluster.socket())
        .env("PGPORT", cluster.port().to_string())
        .env("PGUSER", cluster.superuser())
        .env("PGDATABASE", "queues")
        // graphile-worker makes no line of log for each job
        .env("NO_LOG_SUCCESS", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("cannot run the queues: {error}. `scripts/bench` installs them"))?;
    let mut ask = node.stdin.take().ok_or("its input is not to be had")?;
    let mut answers = BufReader::new(node.stdout.take().ok_or("its output is not to be had")?).lines();
    let mut rounds: [Vec<f64>; 3] = Default::default();
    // the first round warms up
    for round in 0..=effort.rounds {
        for turn in 0..CONTESTANTS.len() {
            // each goes first in some round
            let i = (turn + round) % CONTESTANTS.len();
            let rate = match CONTESTANTS[i] {
                "library" => {
                    cluster.settle().await?;
                    claims(stage).await?
                }
                queue => {
                    let jobs = (10_000.0 * effort.time.as_secs_f64()).ceil();
                    let line = serde_json::json!({"queue": queue, "jobs": jobs, "seconds": effort.time.as_secs_f64()});
                    ask.write_all(format!("{line}\n").as_bytes()).await?;
                    let answer = answers.next_line().await?.ok_or("the queues ended")?;
                    let answer: serde_json::Value = serde_json::from_str(&answer)?;
                    answer["per_second"].as_f64().ok_or("no rate")?
                }
            };
            if round > 0 {
                rounds[i].push(rate);
            }
        }
    }
    drop(ask);
    ensure(node.wait().await?.success(), "the queues did not end well")?;
    let mut medians = Vec::new();
    for (contestant, per_second) in CONTESTANTS.into_iter().zip(rounds) {
        let median = median(&per_second);
        medians.push(median);
        let (operation, contestant) = ("take and complete".to_owned(), contestant.to_owned());
        report.add(Figures { operation, clients: CLIENTS, contestant, per_second, median });
    }
    for (queue, rate) in CONTESTANTS.into_iter().zip(&medians).skip(1) {
        report.hold(format!("take and complete: library against {queue}"), medians[0] / rate, Bound::AtLeast(1.0), "×");
    }
    Ok(())
}

/// Cards taken from the large board and completed, a second.
async fn claims(stage: &Stage<'_>) -> Outcome<f64> {
    let start = Instant::now();
    let board: BoardRef = "BIG".parse()?;
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let name = format!("worker-{client}");
            let (board, time) = (board.clone(), stage.effort.time);
            let kanban = stage.cluster.store().tenant("default", Actor::agent(&name));
            tokio::spawn(async move {
                let (kanban, mut done) = (kanban?, 0_u32);
                while start.elapsed() < time {
                    let options = ClaimNext { board: Some(board.clone()), ..ClaimNext::default() };
                    let mut claimed = kanban.claim_next(&name, options).await?.items;
                    let card = claimed.pop().ok_or("there is nothing left to take")?;
                    let epoch = card.claim.ok_or("it is not claimed")?.epoch;
                    kanban.complete_card(card.id, epoch).await?;
                    done += 1;
                }
                Outcome::Ok(done)
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await??;
    }
    ensure(done > 0, "nobody claimed anything")?;
    Ok(f64::from(done) / start.elapsed().as_secs_f64())
}
