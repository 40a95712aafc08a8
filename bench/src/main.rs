//! Measures the product side by side with PostgreSQL alone and with what one would pick instead, prints one table with every
//! bar, and ends with an error when one of them is missed. See `scripts/bench`.

mod cluster;
mod contest;
mod data;
mod flame;
mod http;
mod markdown;
mod operation;
mod pgbench;
mod plots;
mod report;
mod sections;
mod server;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use report::Report;
use sections::Section;

/// What can go wrong in a benchmark ends it.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn ensure(holds: bool, else_why: &str) -> Outcome<()> {
    if holds { Ok(()) } else { Err(else_why.into()) }
}

#[derive(Parser)]
#[command(name = "bench", about)]
struct Arguments {
    /// Fewer cards and shorter rounds: some minutes
    #[arg(long)]
    quick: bool,
    /// Only these sections; all when absent
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Section>,
    /// Where chance begins [default: a new one, which is printed]
    #[arg(long)]
    seed: Option<u64>,
    /// Keep database and server at the end, to look at, until Ctrl-C
    #[arg(long)]
    keep: bool,
    /// Draw a flame graph of the server under load instead, as SVG; see `scripts/flame`
    #[arg(long, value_name = "FILE")]
    flame: Option<PathBuf>,
    /// Where all figures go, as JSON
    #[arg(long, default_value = "target/bench.json", value_name = "FILE")]
    json: PathBuf,
    /// Measure nothing, but take the figures that a run has left as JSON
    #[arg(long, value_name = "FILE", conflicts_with_all = ["quick", "only", "seed", "keep", "json"])]
    from: Option<PathBuf>,
    /// Draw the figures as SVG files into this folder, one for each section that has ratios to show
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
    /// Write the table as Markdown, section by section, with the rates and plans that it is made from
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// How long and how often is measured.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Whether it is the short run.
    quick: bool,
    /// How many interleaved rounds there are.
    rounds: usize,
    /// How long each contestant runs in each.
    time: Duration,
    /// How much data there is.
    size: data::Size,
    /// Where chance begins.
    seed: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: &Arguments) -> Outcome<bool> {
    let report = match &arguments.from {
        Some(file) => Report::read(file)?,
        None => measure(arguments).await?,
    };
    if let Some(folder) = &arguments.plots {
        report.say(&format!("drawn: {}", plots::draw(&report, folder)?.join(", ")));
    }
    if let Some(file) = &arguments.markdown {
        std::fs::write(file, markdown::table(&report))?;
    }
    Ok(report.print())
}

async fn measure(arguments: &Arguments) -> Outcome<Report> {
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    let effort = if arguments.quick {
        let size = data::Size { boards: 100, has_big_and_small: true };
        Effort { quick: true, rounds: 2, time: Duration::from_millis(300), size, seed }
    } else {
        let size = data::Size { boards: 1000, has_big_and_small: true };
        Effort { quick: false, rounds: 5, time: Duration::from_millis(500), size, seed }
    };
    let sections = match (&arguments.flame, &arguments.only[..]) {
        (Some(_), _) => &[],
        (None, []) => Section::value_variants(),
        (None, only) => only,
    };
    let mut report = Report::new(&effort);
    report.say(&format!("seed {seed}; {} rounds of {:?}", effort.rounds, effort.time));
    let plan = sections::Plan { sections, effort, flame: arguments.flame.as_deref(), keep: arguments.keep };
    let ended = sections::run(&plan, &mut report).await;
    // what was found before something failed is kept
    report.write(&arguments.json)?;
    ended.map(|()| report)
}
