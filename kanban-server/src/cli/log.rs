//! Logs go to standard error: standard output is for results.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// What is logged where nothing else is asked for: of the MCP library's doings only what went wrong.
const DEFAULT: &str = "info,rmcp=warn";

/// Starts logging: text on a terminal, JSON elsewhere, or what `KANBAN_LOG_FORMAT` says; `KANBAN_LOG` filters.
pub(super) fn start() {
    let is_terminal = std::io::stderr().is_terminal();
    let filter = EnvFilter::try_from_env("KANBAN_LOG").unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let as_text = match std::env::var("KANBAN_LOG_FORMAT").as_deref() {
        Ok("text") => true,
        Ok("json") => false,
        _ => is_terminal,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if as_text {
        builder.with_target(false).with_ansi(is_terminal).init();
    } else {
        builder.json().flatten_event(true).with_span_list(false).init();
    }
}
