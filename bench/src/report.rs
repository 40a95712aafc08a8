//! Figures, and the bars that they are held against.

use std::borrow::Cow;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Effort, Outcome};

/// What comes before the first section.
const FILLING: &str = "data";

/// Which side of a bar is the good one.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The figure is to be this or more.
    AtLeast(f64),
    /// The figure is to be this or less.
    AtMost(f64),
}

/// A figure with its bar.
#[derive(Debug, Serialize, Deserialize)]
pub struct Bar {
    /// The section that measured it.
    pub section: String,
    /// What was measured.
    pub name: String,
    /// The figure.
    pub measured: f64,
    /// Where it is to be.
    pub bound: Bound,
    /// What it counts.
    pub unit: Cow<'static, str>,
    /// Whether it is there.
    pub is_held: bool,
}

/// A figure without a bar.
#[derive(Debug, Serialize, Deserialize)]
pub struct Fact {
    /// The section that measured it.
    pub section: String,
    /// What was measured.
    pub name: String,
    /// The figure.
    pub measured: f64,
    /// What it counts.
    pub unit: Cow<'static, str>,
}

/// How an operation was planned on a database.
#[derive(Debug, Serialize, Deserialize)]
pub struct Plan {
    /// What was done.
    pub operation: String,
    /// How many cards there were.
    pub cards: u64,
    /// How many pages it touched.
    pub pages: f64,
    /// The nodes of the statements that it consists of, from above; the statements inside come first.
    pub plan: String,
}

/// What one contestant did in each round of one contest.
#[derive(Debug, Serialize, Deserialize)]
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

#[derive(Debug, Serialize, Deserialize)]
struct Machine {
    cores: usize,
    processor: String,
    memory_gb: f64,
    kernel: String,
    postgres: String,
}

/// Everything that a run found.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    date: String,
    quick: bool,
    seed: u64,
    rounds: usize,
    round_seconds: f64,
    cards: u64,
    machine: Machine,
    /// Rates, with the section that measured each.
    pub figures: Vec<(String, Figures)>,
    /// Figures with bars.
    pub bars: Vec<Bar>,
    /// Figures without.
    pub facts: Vec<Fact>,
    /// How operations were planned.
    pub plans: Vec<Plan>,
    #[serde(skip)]
    section: String,
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
            plans: Vec::new(),
            section: FILLING.to_owned(),
        }
    }

    /// That of an earlier run.
    pub fn read(path: &Path) -> Outcome<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(serde_json::from_str(&text)
            .map_err(|error| format!("{} is not what a run wrote: {error}", path.display()))?)
    }

    /// A section begins.
    pub fn begin(&mut self, section: String) {
        self.say(&section);
        self.section = section;
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
        self.say(&figures.line());
        self.figures.push((self.section.clone(), figures));
    }

    /// Holds a figure against its bar.
    pub fn hold(&mut self, name: impl Into<String>, measured: f64, bound: Bound, unit: &'static str) {
        let is_held = match bound {
            Bound::AtLeast(least) => measured >= least,
            Bound::AtMost(most) => measured <= most,
        };
        let (section, name, unit) = (self.section.clone(), name.into(), unit.into());
        let bar = Bar { section, name, measured, bound, unit, is_held };
        self.say(&bar.line());
        self.bars.push(bar);
    }

    /// A figure without a bar.
    pub fn note(&mut self, name: impl Into<String>, measured: f64, unit: &'static str) {
        let fact = Fact { section: self.section.clone(), name: name.into(), measured, unit: unit.into() };
        self.say(&fact.line());
        self.facts.push(fact);
    }

    /// How an operation was planned.
    pub fn show(&mut self, plan: Plan) {
        self.say(&format!("  {:<12} {:>9} cards {:>6.0} pages  {}", plan.operation, plan.cards, plan.pages, plan.plan));
        self.plans.push(plan);
    }

    /// The sections that were measured, in their order.
    pub fn sections(&self) -> Vec<String> {
        let figures = self.figures.iter().map(|(section, _)| section);
        let bars = self.bars.iter().map(|bar| &bar.section);
        let facts = self.facts.iter().map(|fact| &fact.section);
        let mut sections: Vec<String> = Vec::new();
        // filling has only facts and comes first; what else has only facts comes last
        let filling = facts.clone().filter(|section| *section == FILLING);
        for section in filling.chain(bars).chain(figures).chain(facts) {
            if !sections.contains(section) {
                sections.push(section.clone());
            }
        }
        sections
    }

    /// When, where and on what it was measured, in a line.
    pub fn about(&self) -> String {
        let Machine { cores, processor, memory_gb, postgres, .. } = &self.machine;
        let (date, rounds, seconds, cards) = (&self.date, self.rounds, self.round_seconds, self.cards);
        let quick = if self.quick { ", the quick run" } else { "" };
        format!(
            "{date}, {cores} cores of {processor}, {memory_gb:.0} GB, PostgreSQL {postgres}; {cards} cards, {rounds} rounds of \
             {seconds} s, seed {}{quick}",
            self.seed
        )
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
        for section in self.sections() {
            println!("{section}");
            for (_, figures) in self.figures.iter().filter(|(of, _)| *of == section) {
                println!("{}", figures.line());
            }
            for fact in self.facts.iter().filter(|fact| fact.section == section) {
                println!("{}", fact.line());
            }
            for bar in self.bars.iter().filter(|bar| bar.section == section) {
                println!("{}", bar.line());
            }
        }
        let missed = self.bars.iter().filter(|bar| !bar.is_held).count();
        println!("{} of {} bars are held", self.bars.len() - missed, self.bars.len());
        missed == 0
    }
}

impl Figures {
    fn line(&self) -> String {
        let Self { operation, clients, contestant, median, .. } = self;
        format!("       {operation:<20} {clients:>3} clients  {contestant:<30} {median:>9.0} a second")
    }
}

impl Fact {
    fn line(&self) -> String {
        format!("       {:<64} {:>9.2} {}", self.name, self.measured, self.unit)
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
