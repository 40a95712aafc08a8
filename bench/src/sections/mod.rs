//! What is measured, in the order in which it is.

mod baseline;
mod flatness;
mod import;
mod jobs;
mod mcp;
mod plans;
mod profile;
mod python;
mod search;
mod start;
mod stream;
mod throughput;

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cluster::Cluster;
use crate::report::Report;
use crate::server::Server;
use crate::{Effort, Outcome, data};

/// A part of the benchmark that can be run alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Section {
    /// Plans and pages with few cards and with many
    Plans,
    /// Starting, and memory
    Start,
    /// Importing a board of another tracker
    Import,
    /// Claims against job queues; before any lease can have ended, for the queues have none that did
    Jobs,
    /// Large boards against small ones, late pages, reordering
    Flatness,
    /// Searching among many cards
    Search,
    /// Tool calls against REST
    Mcp,
    /// The event stream
    Stream,
    /// The Python package against asyncpg
    Python,
    /// Library and server against PostgreSQL alone
    Throughput,
    /// Where PostgreSQL's time goes in a write, function by function
    Profile,
    /// The server against the same on FastAPI
    Baseline,
}

/// What every section has at hand.
pub struct Stage<'a> {
    /// The database.
    pub cluster: &'a Cluster,
    /// The server on it.
    pub server: &'a Server,
    /// How long and how often.
    pub effort: Effort,
}

/// What is to be done on a database.
pub struct Plan<'a> {
    /// What is measured.
    pub sections: &'a [Section],
    /// How long and how often.
    pub effort: Effort,
    /// Where a flame graph of the server goes, if one is wanted.
    pub flame: Option<&'a Path>,
    /// Whether all stays for a look until Ctrl-C.
    pub keep: bool,
}

/// Carries it out on a database of its own.
pub async fn run(plan: &Plan<'_>, report: &mut Report) -> Outcome<()> {
    let cluster = Cluster::start().await?;
    let outcome = on(&cluster, plan, report).await;
    // also when something went wrong: nobody else would stop it
    cluster.stop().await?;
    outcome
}

async fn on(cluster: &Cluster, plan: &Plan<'_>, report: &mut Report) -> Outcome<()> {
    let effort = plan.effort;
    let mut admin = cluster.admin("kanban").await?;
    report.on_postgres(sqlx::query_scalar("show server_version").fetch_one(&mut admin).await?);
    report.say(&format!("filling the database with {} cards", effort.size.all()));
    let start = std::time::Instant::now();
    data::fill(&mut admin, effort.size).await?;
    report.note("filling the database", start.elapsed().as_secs_f64(), "s");
    for (what, function) in [("rows", "pg_table_size"), ("indexes", "pg_indexes_size")] {
        for table in ["cards", "column_visits"] {
            let size = format!("select {function}('kanban.{table}')::float8");
            let bytes: f64 = sqlx::query_scalar(sqlx::AssertSqlSafe(size)).fetch_one(&mut admin).await?;
            report.note(format!("{what} of {table}"), bytes / effort.size.all() as f64, "bytes a card");
        }
    }
    drop(admin);
    let server = Server::start(&cluster.data_dir()).await?;
    let stage = Stage { cluster, server: &server, effort };
    for section in plan.sections {
        report.begin(section.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default());
        match section {
            Section::Plans => plans::run(&stage, report).await?,
            Section::Start => start::run(&stage, report).await?,
            Section::Import => import::run(&stage, report).await?,
            Section::Flatness => flatness::run(&stage, report).await?,
            Section::Search => search::run(&stage, report).await?,
            Section::Mcp => mcp::run(&stage, report).await?,
            Section::Stream => stream::run(&stage, report).await?,
            Section::Python => python::run(&stage, report).await?,
            Section::Throughput => throughput::run(&stage, report).await?,
            Section::Profile => profile::run(&stage, report).await?,
            Section::Baseline => baseline::run(&stage, report).await?,
            Section::Jobs => jobs::run(&stage, report).await?,
        }
    }
    let events = "select (pg_total_relation_size('kanban.events')::float8 / nullif(count(*), 0)) from kanban.events";
    let mut admin = cluster.admin("kanban").await?;
    if let Some(bytes) = sqlx::query_scalar::<_, Option<f64>>(events).fetch_one(&mut admin).await? {
        report.note("events with their indexes", bytes, "bytes each");
    }
    drop(admin);
    if let Some(file) = plan.flame {
        crate::flame::draw(&stage, file).await?;
    }
    if plan.keep {
        let (socket, port, user) = (cluster.socket(), cluster.port(), cluster.superuser());
        report.say(&format!("psql -h {socket} -p {port} -U {user} kanban; http://{}; Ctrl-C ends it", server.address));
        tokio::signal::ctrl_c().await?;
    }
    server.stop().await
}

/// The benchmark's own folder.
fn bench_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The Python that `scripts/bench` installs the contestants for.
fn python() -> PathBuf {
    bench_dir().join(".venv/bin/python")
}
