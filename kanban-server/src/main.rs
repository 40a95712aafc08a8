//! The one binary: see `kanban-server --help`.

use std::process::ExitCode;

use clap::Parser;
use kanban_server::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
