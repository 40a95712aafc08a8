//! `kanban-server import`.

use std::fs::File;
use std::io::{BufReader, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use kanban_core::Actor;
use kanban_core::import::{ImportReport, beads};

use super::{Failure, Settings, print, store};

pub(super) async fn beads(settings: &Settings, board: &str, file: &Path, json: bool) -> Result<ExitCode, Failure> {
    // read before the database is started: a wrong file is told at once
    let cards = if file == Path::new("-") {
        beads::read(std::io::stdin().lock())?
    } else {
        let opened = File::open(file).map_err(|error| format!("Cannot read {}: {error}.", file.display()))?;
        beads::read(BufReader::new(opened)).map_err(|error| format!("{}: {error}", file.display()))?
    };
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} cards, {elapsed}")?);
    let progress = bar.clone();
    let report = store::with_migrated(settings, async |store| {
        let kanban = store.tenant("default", Actor::system("import"))?;
        kanban
            .import(board, cards, move |done, of| {
                progress.set_length(of as u64);
                progress.set_position(done as u64);
            })
            .await
    })
    .await?;
    bar.finish_and_clear();
    print(if json { serde_json::to_string(&report)? } else { text(&report) });
    Ok(ExitCode::SUCCESS)
}

fn text(report: &ImportReport) -> String {
    fn counts<K: std::fmt::Display>(counts: &std::collections::BTreeMap<K, usize>) -> String {
        let parts: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
    }
    format!(
        "board {}: {} cards in the file, {} created\n\
         statuses: {}\n\
         priorities: {}\n\
         dependencies: {} ({} created)\n\
         comments: {} on {} cards ({} created)\n\
         {} changes",
        report.board,
        report.cards,
        report.cards_created,
        counts(&report.by_status),
        counts(&report.by_priority),
        counts(&report.by_dependency),
        report.dependencies_created,
        report.comments,
        report.cards_with_comments,
        report.comments_created,
        report.changes
    )
}
