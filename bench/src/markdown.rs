//! The table of a run as Markdown, section by section.

use std::fmt::Write as _;

use crate::report::{Bound, Report};

/// All that a run found.
pub fn table(report: &Report) -> String {
    let mut text = format!("# A run of the benchmark\n\n{}", report.about());
    for section in report.sections() {
        let _ = write!(text, "\n\n## {section}");
        rates(report, &section, &mut text);
        let bars: Vec<_> = report.bars.iter().filter(|bar| bar.section == section).collect();
        if !bars.is_empty() {
            text += "\n\n| measured | | bar | |\n| --- | ---: | ---: | --- |";
        }
        for bar in bars {
            let (sign, bound) = match bar.bound {
                Bound::AtLeast(least) => ("≥", least),
                Bound::AtMost(most) => ("≤", most),
            };
            let verdict = if bar.is_held { "held" } else { "**missed**" };
            let (figure, unit) = (number(bar.measured), &bar.unit);
            let _ = write!(text, "\n| {} | {figure} {unit} | {sign} {bound} | {verdict} |", bar.name);
        }
        let facts: Vec<_> = report.facts.iter().filter(|fact| fact.section == section).collect();
        if !facts.is_empty() {
            text += "\n\n| also | |\n| --- | ---: |";
        }
        for fact in facts {
            let _ = write!(text, "\n| {} | {} {} |", fact.name, number(fact.measured), fact.unit);
        }
        plans(report, &section, &mut text);
    }
    text + "\n"
}

/// A row for each operation and number of clients, a column for each contestant.
fn rates(report: &Report, section: &str, text: &mut String) {
    let figures: Vec<_> = report.figures.iter().filter(|(of, _)| of == section).map(|(_, figures)| figures).collect();
    let (mut contestants, mut rows) = (Vec::new(), Vec::new());
    for figures in &figures {
        if !contestants.contains(&&figures.contestant) {
            contestants.push(&figures.contestant);
        }
        let row = (&figures.operation, figures.clients);
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    if rows.is_empty() {
        return;
    }
    *text += "\n\n| medians, a second | clients |";
    for contestant in &contestants {
        let _ = write!(text, " {contestant} |");
    }
    let _ = write!(text, "\n| --- | ---: |{}", " ---: |".repeat(contestants.len()));
    for (operation, clients) in rows {
        let _ = write!(text, "\n| {operation} | {clients} |");
        for contestant in &contestants {
            let of = |f: &&&crate::report::Figures| {
                f.operation == *operation && f.clients == clients && f.contestant == **contestant
            };
            let _ = match figures.iter().find(of) {
                Some(figures) => write!(text, " {} |", number(figures.median)),
                None => write!(text, " |"),
            };
        }
    }
}

fn plans(report: &Report, section: &str, text: &mut String) {
    if section != "plans" || report.plans.is_empty() {
        return;
    }
    *text += "\n\n| operation | cards | pages | plan |\n| --- | ---: | ---: | --- |";
    for plan in &report.plans {
        let (operation, cards) = (&plan.operation, grouped(plan.cards));
        let _ = write!(text, "\n| {operation} | {cards} | {:.0} | {} |", plan.pages, plan.plan);
    }
}

/// As many digits as say something.
pub fn number(value: f64) -> String {
    match value.abs() {
        small if small < 100.0 => format!("{value:.2}"),
        _ if value.is_finite() => grouped(value.round() as u64),
        _ => "none".to_owned(),
    }
}

/// With a comma between each three digits.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}
