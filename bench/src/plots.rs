//! Drawings of what a run found, one for each section that has ratios to show.

use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::Outcome;
use crate::markdown::{grouped, number};
use crate::report::{Figures, Report};

const SIZE: (u32, u32) = (960, 440);
const COLORS: [RGBColor; 4] =
    [RGBColor(0x88, 0x90, 0x9b), RGBColor(0x1f, 0x6f, 0xb4), RGBColor(0xe0, 0x7b, 0x1a), RGBColor(0x2f, 0x8f, 0x5b)];

/// Bars side by side, group by group.
struct Drawing {
    /// The name of its file.
    name: &'static str,
    title: String,
    /// What the bars of each group are, in their order.
    series: Vec<String>,
    /// What is measured, and its bars.
    groups: Vec<(String, Vec<Option<f64>>)>,
}

/// Writes an SVG for each section that was measured; answers their names.
pub fn draw(report: &Report, folder: &Path) -> Outcome<Vec<&'static str>> {
    std::fs::create_dir_all(folder)?;
    let all = [throughput(report), baseline(report), python(report), jobs(report), flatness(report), plans(report)];
    let mut drawn = Vec::new();
    for drawing in all {
        if !drawing.groups.is_empty() {
            drawing.write(&folder.join(format!("{}.svg", drawing.name)))?;
            drawn.push(drawing.name);
        }
    }
    Ok(drawn)
}

fn throughput(report: &Report) -> Drawing {
    let title = "Throughput against PostgreSQL alone (pgbench = 1)".to_owned();
    let label = |figures: &Figures| format!("{}\n{} clients", figures.operation, figures.clients);
    let few = |figures: &Figures| figures.clients > 1;
    let groups = ratios(report, "throughput", few, label, &["pgbench", "library", "server"], "pgbench");
    Drawing { name: "throughput", title, series: strings(&["pgbench", "library", "server"]), groups }
}

fn baseline(report: &Report) -> Drawing {
    let title = "The server against the same endpoints on FastAPI, 8 clients (best worker count = 1)".to_owned();
    let of = |name: &str| -> Vec<(String, f64)> {
        let figures =
            report.figures.iter().filter(|(section, f)| section == "baseline" && f.contestant.starts_with(name));
        figures.map(|(_, f)| (f.operation.clone(), f.median)).collect()
    };
    let theirs = of("FastAPI");
    let groups = of("server").into_iter().map(|(operation, rate)| {
        let best = theirs.iter().filter(|(name, _)| *name == operation).map(|(_, rate)| *rate).fold(f64::NAN, f64::max);
        (operation, vec![Some(1.0), Some(rate / best)])
    });
    Drawing { name: "baseline", title, series: strings(&["FastAPI", "server"]), groups: groups.collect() }
}

fn python(report: &Report) -> Drawing {
    let title = "kanban_py against asyncpg with the same SQL, 8 tasks (asyncpg = 1)".to_owned();
    let contestants = ["asyncpg", "kanban_py async", "kanban_py sync"];
    let label = |figures: &Figures| figures.operation.replace(" (Python)", "");
    let groups = ratios(report, "python", |_| true, label, &contestants, "asyncpg");
    Drawing { name: "python", title, series: strings(&contestants), groups }
}

fn jobs(report: &Report) -> Drawing {
    let title = "Taken and completed one at a time, 8 workers, a second".to_owned();
    let figures: Vec<_> = report.figures.iter().filter(|(section, _)| section == "jobs").map(|(_, f)| f).collect();
    let series = figures.iter().map(|f| f.contestant.clone()).collect();
    let rates: Vec<_> = figures.iter().map(|f| Some(f.median)).collect();
    let groups = figures.first().map(|f| (f.operation.clone(), rates)).into_iter().collect();
    Drawing { name: "jobs", title, series, groups }
}

fn flatness(report: &Report) -> Drawing {
    let title =
        "A board of 100,000 cards against one of 1,000, and a late page against the first (p50, equal = 1)".to_owned();
    let bars = report.bars.iter().filter(|bar| bar.section == "flatness" && bar.unit == "×");
    let groups = bars.map(|bar| {
        let (what, _) = bar.name.split_once(':').unwrap_or((&bar.name, ""));
        let label = what.split_once(' ').map_or(what.to_owned(), |(what, when)| format!("{what}\n{when}"));
        (label, vec![Some(1.0), Some(bar.measured)])
    });
    Drawing {
        name: "flatness",
        title,
        series: strings(&["small, or first", "large, or late"]),
        groups: groups.collect(),
    }
}

fn plans(report: &Report) -> Drawing {
    let (mut sizes, mut operations) = (Vec::new(), Vec::new());
    for plan in &report.plans {
        if !sizes.contains(&plan.cards) {
            sizes.push(plan.cards);
        }
        if !operations.contains(&plan.operation) {
            operations.push(plan.operation.clone());
        }
    }
    let pages = |operation: &str, cards: u64| {
        report.plans.iter().find(|plan| plan.operation == operation && plan.cards == cards).map(|plan| plan.pages)
    };
    let groups = operations.into_iter().map(|operation| {
        let pages = sizes.iter().map(|cards| pages(&operation, *cards)).collect();
        (operation, pages)
    });
    let (title, groups) = ("Pages that an operation touches, by the number of cards".to_owned(), groups.collect());
    let series = sizes.iter().map(|cards| format!("{} cards", grouped(*cards))).collect();
    Drawing { name: "plans", title, series, groups }
}

/// The medians of some contestants as parts of one's.
fn ratios(
    report: &Report,
    section: &str,
    which: impl Fn(&Figures) -> bool,
    label: impl Fn(&Figures) -> String,
    contestants: &[&str],
    one: &str,
) -> Vec<(String, Vec<Option<f64>>)> {
    let figures = report.figures.iter().filter(|(of, figures)| of == section && which(figures));
    let figures: Vec<_> = figures.map(|(_, figures)| figures).collect();
    let bases = figures.iter().filter(|figures| figures.contestant == one);
    bases
        .map(|base| {
            let same = |f: &Figures| f.operation == base.operation && f.clients == base.clients;
            let ratio = |name: &&str| {
                figures.iter().find(|f| same(f) && f.contestant == **name).map(|f| f.median / base.median)
            };
            (label(base), contestants.iter().map(ratio).collect())
        })
        .collect()
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

impl Drawing {
    fn write(&self, path: &Path) -> Outcome<()> {
        let area = SVGBackend::new(path, SIZE).into_drawing_area();
        // opaque, so that it reads on a dark page as on a light one
        area.fill(&WHITE)?;
        let most = self.groups.iter().flat_map(|(_, values)| values).flatten().copied().fold(0.0, f64::max);
        let mut chart = ChartBuilder::on(&area)
            .caption(&self.title, ("sans-serif", 18))
            .margin(14)
            .x_label_area_size(44)
            .y_label_area_size(52)
            .build_cartesian_2d(0.0..self.groups.len() as f64, 0.0..most * 1.2)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(0)
            .y_labels(6)
            .y_label_style(("sans-serif", 13))
            .light_line_style(TRANSPARENT)
            .bold_line_style(RGBColor(0xdd, 0xdd, 0xdd))
            .draw()?;
        // a fifth of each group stays free
        let width = 0.8 / self.series.len() as f64;
        for (i, name) in self.series.iter().enumerate() {
            let color = COLORS[i % COLORS.len()];
            let values = self.groups.iter().enumerate().filter_map(|(group, (_, values))| Some((group, values[i]?)));
            let bars = values.map(|(group, value)| {
                let left = group as f64 + 0.1 + i as f64 * width;
                Rectangle::new([(left, 0.0), (left + width * 0.92, value)], color.filled())
            });
            chart
                .draw_series(bars)?
                .label(name)
                .legend(move |(x, y)| Rectangle::new([(x, y - 6), (x + 12, y + 6)], color.filled()));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .label_font(("sans-serif", 14))
            .background_style(WHITE)
            .border_style(RGBColor(0xbb, 0xbb, 0xbb))
            .draw()?;
        let plotted = chart.plotting_area();
        for (group, (label, values)) in self.groups.iter().enumerate() {
            let (x, y) = plotted.map_coordinate(&(group as f64 + 0.5, 0.0));
            for (line, text) in label.lines().enumerate() {
                write(&area, text, (x, y + 6 + line as i32 * 15), VPos::Top, 13)?;
            }
            for (i, value) in values.iter().enumerate().filter_map(|(i, value)| Some((i, (*value)?))) {
                let left = group as f64 + 0.1 + i as f64 * width;
                let (x, y) = plotted.map_coordinate(&(left + width * 0.46, value));
                write(&area, &short(value), (x, y - 3), VPos::Bottom, 11)?;
            }
        }
        area.present()?;
        Ok(())
    }
}

fn write(area: &DrawingArea<SVGBackend<'_>, Shift>, text: &str, at: (i32, i32), v: VPos, size: i32) -> Outcome<()> {
    let style = ("sans-serif", size).into_text_style(area).pos(Pos::new(HPos::Center, v)).color(&BLACK);
    area.draw_text(text, &style, at)?;
    Ok(())
}

/// What fits above a bar.
fn short(value: f64) -> String {
    if value < 10.0 { number(value) } else { grouped(value.round() as u64) }
}
