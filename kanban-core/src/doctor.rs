//! Whether what is counted agrees with what is there.

use serde::Serialize;

use crate::db::doctor;
use crate::import::find_cycle;
use crate::{Kanban, Result};

const CYCLES: &str = "dependency cycles";

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check that found it.
    pub check: &'static str,
    /// Key or id of what it is about.
    pub place: String,
    /// What was found, in a sentence.
    pub finding: String,
}

/// The outcome of an examination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// The checks that were made.
    pub checks: Vec<&'static str>,
    /// All that does not agree; empty when the boards are sound.
    pub findings: Vec<Finding>,
}

impl Kanban {
    /// Recomputes the tenant's counters, positions, sequences and visits from the rows they stand for, and compares.
    /// Changes nothing.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// assert!(kanban.examine().await?.findings.is_empty());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Unavailable`](crate::Error::Unavailable).
    pub async fn examine(&self) -> Result<Diagnosis> {
        let examined = self.read(doctor::examine).await?;
        let mut checks: Vec<&'static str> = examined.checks.iter().map(|(check, _)| *check).collect();
        checks.push(CYCLES);
        let mut findings: Vec<Finding> = examined
            .checks
            .into_iter()
            .flat_map(|(check, rows)| {
                rows.into_iter().map(move |row| Finding { check, place: row.place, finding: row.finding })
            })
            .collect();
        let edges = examined.blocks.iter().map(|(from, to)| (from.as_str(), to.as_str()));
        if let Some(cycle) = find_cycle(edges) {
            let finding = format!("cards wait for each other: {}", cycle.join(" waits for "));
            findings.push(Finding { check: CYCLES, place: cycle[0].to_owned(), finding });
        }
        Ok(Diagnosis { checks, findings })
    }
}
