//! Contestants take turns at one operation, round by round, so that what disturbs the machine disturbs all of them.

use std::net::SocketAddr;
use std::time::Instant;

use kanban_core::{Actor, Kanban};

use crate::cluster::Cluster;
use crate::operation::Operation;
use crate::report::{Figures, Report, median};
use crate::{Effort, Outcome, http, pgbench};

/// Who does the operation.
pub enum Contestant {
    /// PostgreSQL alone.
    Pgbench(pgbench::Script),
    /// The library in this process.
    Library,
    /// Whatever answers the same requests over HTTP.
    Http {
        /// Its name in tables.
        name: String,
        /// Where it answers.
        address: SocketAddr,
    },
}

impl Contestant {
    /// PostgreSQL alone, with this operation's statement.
    pub fn pgbench(operation: Operation, effort: &Effort) -> Outcome<Self> {
        pgbench::Script::new(&operation.script(effort.size)?).map(Self::Pgbench)
    }

    /// A server.
    pub fn http(name: &str, address: SocketAddr) -> Self {
        Self::Http { name: name.to_owned(), address }
    }

    fn name(&self) -> &str {
        match self {
            Self::Pgbench(_) => "pgbench",
            Self::Library => "library",
            Self::Http { name, .. } => name,
        }
    }

    /// Once for as long as a round is; how often a second it was done.
    async fn run(
        &self,
        cluster: &Cluster,
        operation: Operation,
        clients: usize,
        effort: Effort,
        seed: u64,
    ) -> Outcome<f64> {
        match self {
            Self::Pgbench(script) => pgbench::throughput(cluster, script, clients, effort.time, seed).await,
            Self::Library => {
                let kanban = cluster.store().tenant("default", Actor::human("bench"))?;
                in_process(&kanban, operation, clients, effort, seed).await
            }
            Self::Http { address, .. } => {
                let request = move |rng: &mut fastrand::Rng| operation.request(effort.size, rng);
                http::throughput(*address, clients, effort.time, seed, request).await
            }
        }
    }
}

async fn in_process(kanban: &Kanban, operation: Operation, clients: usize, effort: Effort, seed: u64) -> Outcome<f64> {
    let start = Instant::now();
    let tasks: Vec<_> = (0..clients as u64)
        .map(|client| {
            let kanban = kanban.clone();
            let mut rng = fastrand::Rng::with_seed(seed.wrapping_add(client));
            tokio::spawn(async move {
                let mut done = 0_u64;
                while start.elapsed() < effort.time {
                    operation.call(&kanban, effort.size, &mut rng).await?;
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
    Ok(done as f64 / start.elapsed().as_secs_f64())
}

/// Lets them take turns, and answers the median of each in the order of the contestants.
pub async fn hold(
    cluster: &Cluster,
    operation: Operation,
    clients: usize,
    contestants: &[Contestant],
    effort: Effort,
    report: &mut Report,
) -> Outcome<Vec<f64>> {
    let mut rounds: Vec<Vec<f64>> = vec![Vec::new(); contestants.len()];
    cluster.settle().await?;
    // the first round warms up
    for round in 0..=effort.rounds {
        for turn in 0..contestants.len() {
            // each goes first in some round
            let i = (turn + round) % contestants.len();
            let seed = effort.seed.wrapping_add(((round * 31 + i) * 1000) as u64);
            let rate = contestants[i].run(cluster, operation, clients, effort, seed).await?;
            if round > 0 {
                rounds[i].push(rate);
            }
        }
    }
    let mut medians = Vec::new();
    for (contestant, per_second) in contestants.iter().zip(rounds) {
        let median = median(&per_second);
        let (operation, contestant) = (operation.name().to_owned(), contestant.name().to_owned());
        report.add(Figures { operation, clients, contestant, per_second, median });
        medians.push(median);
    }
    Ok(medians)
}
