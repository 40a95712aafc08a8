//! Logs go to standard error: standard output is for results.

use std::io::IsTerminal;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, LevelFilter, filter_fn};
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// What is logged where nothing else is asked for.
const DEFAULT: &str = "info";

/// Starts logging: text on a terminal, JSON elsewhere, or what `KANBAN_LOG_FORMAT` says; `KANBAN_LOG` filters what is
/// discreet.
pub(super) fn start() {
    let is_terminal = std::io::stderr().is_terminal();
    let filter = EnvFilter::try_from_env("KANBAN_LOG").unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let as_text = match std::env::var("KANBAN_LOG_FORMAT").as_deref() {
        Ok("text") => true,
        Ok("json") => false,
        _ => is_terminal,
    };
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = if as_text {
        lines.with_target(false).with_ansi(is_terminal).boxed()
    } else {
        lines.json().flatten_event(true).with_span_list(false).boxed()
    };
    // with its hint, what nobody asked for costs no look at the filters
    let discreet = filter_fn(is_discreet).with_max_level_hint(LevelFilter::TRACE);
    tracing_subscriber::registry().with(lines.with_filter(filter.and(discreet))).init();
}

/// Whether something may be logged at all. What this program's own code writes holds no secret and no card text. Of what
/// libraries write that is so of warnings only: below them, they show what passes through. The MCP library quotes messages
/// in its warnings, too.
fn is_discreet(metadata: &Metadata<'_>) -> bool {
    let most = match metadata.target().split("::").next().unwrap_or_default() {
        "kanban_core" | "kanban_server" => Level::TRACE,
        "rmcp" => Level::ERROR,
        _ => Level::WARN,
    };
    *metadata.level() <= most
}
