//! Figures, and the bars that they are held against.

use std::path::Path;

use serde::Serialize;

use crate::{Effort, Outcome};

/// Which side of a bar is the good one.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The figure is to be this or more.
    AtLeast(f64),
    /// The figure is to be this or less.
    AtMost(f64),
}

/// A figure with its bar.
#[derive(Debug, Serialize)]
pub struct Bar {
    name: String,
    measured: f64,
    bound: Bound,
    unit: &'static str,
    is_held: bool,
}

/// What one contestant did in each round of one contest.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// What was done.
    pub operation: String,
    /// How many clients did it at once.
    pub clients: usize,
    /// Who did it.
    pub contestant: String,
    /// How often a second, round by round.
    pub per_second: Vec<f64>,
    /// Their median.
    pub median: f64,
}

#[derive(Debug, Serialize)]
struct Machine {
    cores: usize,
    processor: String,
    memory_gb: f64,
    kernel: String,
    postgres: String,
}

/// Everything that a run found.
#[derive(Debug, Serialize)]
pub struct Report {
    date: String,
    quick: bool,
    seed: u64,
    rounds: usize,
    round_seconds: f64,
    cards: u64,
    machine: Machine,
    figures: Vec<Figures>,
    bars: Vec<Bar>,
    facts: Vec<(String, f64, &'static str)>,
}

impl Report {
    /// An empty one.
    pub fn new(effort: &Effort) -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let of = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_once(':').map_or("", |(_, value)| value.trim()).to_owned()
        };
        let memory = of(&read("/proc/meminfo"), "MemTotal");
        Self {
            date: today(),
            quick: effort.quick,
            seed: effort.seed,
            rounds: effort.rounds,
            round_seconds: effort.time.as_secs_f64(),
            cards: effort.size.all(),
            machine: Machine {
                cores: std::thread::available_parallelism().map_or(0, usize::from),
                processor: of(&read("/proc/cpuinfo"), "model name"),
                memory_gb: memory.split(' ').next().and_then(|kb| kb.parse().ok()).unwrap_or(0.0) / 1e6,
                kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
                postgres: String::new(),
            },
            figures: Vec::new(),
            bars: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// Which PostgreSQL it was.
    pub fn on_postgres(&mut self, version: String) {
        self.machine.postgres = version;
    }

    /// Tells whoever waits how far it is.
    pub fn say(&self, text: &str) {
        eprintln!("{text}");
    }

    /// Takes the rounds of a contestant.
    pub fn add(&mut self, figures: Figures) {
        self.say(&format!(
            "  {:<12} {:>3} clients  {:<28} {:>9.0}/s",
            figures.operation, figures.clients, figures.contestant, figures.median
        ));
        self.figures.push(figures);
    }

    /// Holds a figure against its bar.
    pub fn hold(&mut self, name: impl Into<String>, measured: f64, bound: Bound, unit: &'static str) {
        let is_held = match bound {
            Bound::AtLeast(least) => measured >= least,
            Bound::AtMost(most) => measured <= most,
        };
        let bar = Bar { name: name.into(), measured, bound, unit, is_held };
        self.say(&bar.line());
        self.bars.push(bar);
    }

    /// A figure without a bar.
    pub fn note(&mut self, name: impl Into<String>, measured: f64, unit: &'static str) {
        let name = name.into();
        self.say(&format!("  {name}: {measured:.2} {unit}"));
        self.facts.push((name, measured, unit));
    }

    /// All figures as JSON.
    pub fn write(&self, path: &Path) -> Outcome<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(path, serde_json::to_string_pretty(self)? + "\n")?)
    }

    /// The table; whether every bar is held.
    #[allow(clippy::print_stdout, reason = "the table is what the program is run for")]
    pub fn print(&self) -> bool {
        for bar in &self.bars {
            println!("{}", bar.line());
        }
        let missed = self.bars.iter().filter(|bar| !bar.is_held).count();
        println!("{} of {} bars are held", self.bars.len() - missed, self.bars.len());
        missed == 0
    }
}

impl Bar {
    fn line(&self) -> String {
        let (sign, bound) = match self.bound {
            Bound::AtLeast(least) => ("≥", least),
            Bound::AtMost(most) => ("≤", most),
        };
        let verdict = if self.is_held { "held  " } else { "MISSED" };
        format!("{verdict} {:<64} {:>9.2} {sign} {bound:<6} {}", self.name, self.measured, self.unit)
    }
}

/// The middle one of some figures.
pub fn median(figures: &[f64]) -> f64 {
    quantile(figures, 0.5)
}

/// The figure that this part of all does not exceed, by nearest rank.
pub fn quantile(figures: &[f64], part: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

fn today() -> String {
    time::OffsetDateTime::now_utc().date().to_string()
}
